import type { Ports } from "../../shared/control.ts";
import { findingId, shortHash } from "../../shared/ids.ts";
import type { Journal } from "../../shared/journal/journal.ts";
import { findAssumedRoles } from "../../shared/keys/assumed-roles.ts";
import type { ResidencyPolicy } from "../../shared/policy/policy.ts";
import { usersOf } from "../../shared/resources/iam-users.ts";
import { shownKeyId } from "../../shared/shown.ts";
import { isTemporaryKey, parseKeyId } from "../../shared/signals/iam-refs.ts";
import type { Clock, KeyStatus, ResourceRef, Signal } from "../../shared/types.ts";

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
    const keyStatus = found.roles.length === 0 ? undefined : await statusOf(keyId, resource, ports);
    const told = { ...signal, keyId, ...(keyStatus !== undefined && { keyStatus }) };
    for (const { role } of found.roles)
      signals.push({ ...told, id: `${signal.id}:${shortHash(keyId)}:${role.arn}`, resource: role });
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

/**
 * Whether roles can still be assumed with a key; what AWS won't say is taken to be so. Of a session's own key nothing is told: it is denied with its user's, and until then it may assume any.
 */
async function statusOf(keyId: string, user: ResourceRef, ports: Ports): Promise<KeyStatus | undefined> {
  if (isTemporaryKey(keyId)) return undefined;
  const reading = await usersOf(ports).keys.read(user);
  if (reading.kind === "absent") return "Inactive";
  if (reading.kind === "unreadable") return "Active";
  const its = reading.state.keys.find(({ key }) => key === shownKeyId(keyId));
  return its?.status ?? "Inactive";
}

/**
 * What is told of a key's exposure: a report; or that a key which was reported before has been stopped or switched on. Roles that were assumed with it until then have to be looked for once more, and what was
 * denied on them before is not enough. One read of the journal for such a call.
 *
 * @returns the signal itself, or what the roles are told in place of it: whoever has stopped the key has caused nothing of theirs
 */
export async function exposureOf(signal: Signal, controlId: string, journal: Pick<Journal, "open">): Promise<Signal> {
  const { resource, request, name, at, id } = signal;
  const keyId = parseKeyId(request?.accessKeyId);
  if (signal.report !== undefined || keyId === undefined || !KEY_CALLS.has(name)) return signal;
  const { record } = await journal.open(resource, controlId);
  const { reported: report } = record.findings[findingId(controlId, resource, shownKeyId(keyId))] ?? {};
  if (report === undefined) return signal;
  return { id, source: "schedule", name, at, resource, report, keyId, ...(request !== undefined && { request }) };
}

const KEY_CALLS: ReadonlySet<string> = new Set(["UpdateAccessKey", "DeleteAccessKey"]);
