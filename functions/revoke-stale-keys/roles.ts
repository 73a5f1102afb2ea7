import type { Ports } from "../../shared/control.ts";
import { shortHash } from "../../shared/ids.ts";
import { findAssumedRoles } from "../../shared/keys/assumed-roles.ts";
import type { ResidencyPolicy } from "../../shared/policy/policy.ts";
import { usersOf } from "../../shared/resources/iam-users.ts";
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

/** What was found, a signal for each role and key; and why there may be more. */
export interface RolesFound {
  readonly signals: readonly Signal[];
  readonly missing: readonly string[];
}

/**
 * The roles that an exposed key was used to assume; undefined for what says nothing of exposure, and without a history to read. Looked for where IAM is, where the cell is, and
 * in the Regions of the policy's jurisdictions. Where the report names no key (AWS's quarantine), those of each of the user's keys, active or not: it may have been switched off
 * a moment ago.
 */
export async function rolesAssumedWith(
  signal: Signal,
  { ports, policy, clock, region }: RolesOffice,
  deadlineMs: number,
): Promise<RolesFound | undefined> {
  const { report, resource } = signal;
  const { trail } = ports;
  if (report === undefined || report.by === "cloudtrail" || trail === undefined) return undefined;
  const keys = await keysOf(signal, ports);
  if ("unreadable" in keys) return { signals: [], missing: [keys.unreadable] };
  const places = Object.values(policy.jurisdictions)
    .flat()
    .filter((place) => REGION.test(place));
  const sinceMs = Date.parse(report.at);
  const endMs = Math.min(deadlineMs - RESERVE_MS, clock.nowMs() + MOST_MS);
  const signals: Signal[] = [];
  const missing = new Set<string>();
  for (const [index, keyId] of keys.entries()) {
    // What one key takes must not leave the other without a look.
    const shareMs = (endMs - clock.nowMs()) / (keys.length - index);
    const question = {
      keyId,
      account: resource.account,
      regions: [...new Set([resource.region, region, ...places])],
      ...(Number.isFinite(sinceMs) && { sinceMs }),
      deadlineMs: clock.nowMs() + shareMs,
    };
    const found = await findAssumedRoles(question, trail, clock);
    for (const { role } of found.roles)
      signals.push({ ...signal, id: `${signal.id}:${shortHash(keyId)}:${role.arn}`, resource: role, keyId });
    for (const reason of found.missing) missing.add(reason);
  }
  return { signals, missing: [...missing] };
}

/** In full: a user has two at most. */
async function keysOf(
  { keyId, resource }: Signal,
  ports: Ports,
): Promise<readonly string[] | { readonly unreadable: string }> {
  if (keyId !== undefined) return [keyId];
  const ids = await usersOf(ports).keyIds(resource);
  if (!("unreadable" in ids) && ids.length === 0)
    return { unreadable: "the report names no key, and the user has none now" };
  return ids;
}
