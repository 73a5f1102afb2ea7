import type { Signal } from "../types.ts";

/** What a deployment changes is looked at once it is over, which takes minutes; a longer one is told in part, and resolves when it is done. */
const DEPLOYMENT_MS = 10 * 60_000;

/** Whether a call was made by a deployment: CloudFormation alone deploys, and CloudTrail vouches for `invokedBy`. Pure. */
export function isOfDeployment({ principal }: Signal): boolean {
  return principal?.invokedBy === "cloudformation.amazonaws.com";
}

/** How the controls on Cordon itself take a call: one of a deployment is given time; whatever else is heard may not show yet, but what shows counts. */
export const patience = {
  shows: (signal: Signal) => (isOfDeployment(signal) ? false : undefined),
  settlesMs: (signal: Signal) => (isOfDeployment(signal) ? DEPLOYMENT_MS : undefined),
} as const;

/** Whether a deployment that was last heard of at that time may still go on. Pure. */
export function mayGoOn(heardAt: string | undefined, nowMs: number): boolean {
  return heardAt !== undefined && nowMs - Date.parse(heardAt) < DEPLOYMENT_MS;
}
