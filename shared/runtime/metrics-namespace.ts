/** Where a stack's own metrics are: functions write them there, alarms read them. */
export function metricsNamespace(stackName: string | undefined): string {
  return stackName ? `Cordon/${stackName}` : "Cordon";
}
