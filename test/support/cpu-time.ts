/** CPU time of this process in milliseconds: what work costs, whatever else the machine does at the same time. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
