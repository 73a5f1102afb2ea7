import type { Ports } from "../../shared/control.ts";
import { findAssumedRoles } from "../../shared/keys/assumed-roles.ts";
import type { ResidencyPolicy } from "../../shared/policy/policy.ts";
import type { Clock, Signal } from "../../shared/types.ts";

export interface RolesOffice {
  readonly ports: Ports;
  readonly policy: Pick<ResidencyPolicy, "jurisdictions">;
  readonly clock: Clock;
  /** The cell's own Region. */
  readonly region: string;
}

/** Kept back: what it takes to judge the roles that are found. */
const RESERVE_MS = 20_000;
/** CloudTrail answers two calls a second in each Region. */
const MOST_MS = 45_000;
const REGION = /^[a-z]{2,4}(-[a-z]+){1,3}-\d{1,2}$/;

/**
 * The roles that an exposed key was used to assume, a signal for each; none for what says nothing of exposure. Looked for where IAM is, where the cell is, and in the Regions of
 * the policy's jurisdictions.
 */
export async function rolesAssumedWith(
  signal: Signal,
  { ports: { trail }, policy, clock, region }: RolesOffice,
  deadlineMs: number,
): Promise<{ readonly signals: readonly Signal[]; readonly missing: readonly string[] }> {
  const { report, keyId, resource } = signal;
  if (report === undefined || report.by === "cloudtrail" || keyId === undefined || trail === undefined)
    return { signals: [], missing: [] };
  const places = Object.values(policy.jurisdictions)
    .flat()
    .filter((place) => REGION.test(place));
  const sinceMs = Date.parse(report.at);
  const question = {
    keyId,
    account: resource.account,
    regions: [...new Set([resource.region, region, ...places])],
    ...(Number.isFinite(sinceMs) && { sinceMs }),
    deadlineMs: Math.min(deadlineMs - RESERVE_MS, clock.nowMs() + MOST_MS),
  };
  const { roles, missing } = await findAssumedRoles(question, trail, clock);
  return { signals: roles.map(({ role }) => ({ ...signal, id: `${signal.id}:${role.arn}`, resource: role })), missing };
}
