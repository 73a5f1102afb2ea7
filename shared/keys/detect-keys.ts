import type { Asked, Detection, Ports } from "../control.ts";
import { findingId } from "../ids.ts";
import { type AccessKeyRules, accessKeyRules, ownerBy } from "../policy/access-keys.ts";
import { DAY_MS } from "../policy/judge-key-age.ts";
import { type ShownKey, type UserKeys, usersOf } from "../resources/iam-users.ts";
import type { AccessKeyFacts, Finding, ResourceRef } from "../types.ts";

/**
 * A user's access keys, one finding each, with what their treatment rests on. Reads the keys and the user's tags, and of a key that may be due when it was used last.
 *
 * @throws CordonError `unavailable`
 */
export async function detectKeys(
  about: AccessKeyFacts["about"],
  controlId: string,
  user: ResourceRef,
  ports: Ports,
  { policy, signal, clock }: Asked,
): Promise<Detection<UserKeys>> {
  const users = usersOf(ports);
  const reading = await users.keys.read(user);
  if (reading.kind !== "present") return reading;
  const { keys } = reading.state;
  const ownKey = await users.ownKey(user);
  const isOwn = ({ key }: ShownKey) => (key === ownKey ? { isOwn: true as const } : {});
  const rules = accessKeyRules(policy);
  // A reported key is told of with its last use; of the others the age alone counts.
  const isOfUse = (key: ShownKey) =>
    about === "age" ? canBeDue(key, rules, clock.nowMs()) : signal.report !== undefined;
  if (about === "age" && !keys.some(isOfUse))
    return { kind: "present", state: reading.state, tags: [], findings: keys.map((key) => findingOf(key, UNASKED)) };
  const [tags, ...uses] = await Promise.all([
    users.tags(user),
    ...keys.map((key) => (isOfUse(key) ? users.lastUse(user, key.key) : UNASKED)),
  ]);
  const owner = "unreadable" in tags ? undefined : ownerBy(tags, rules);
  return {
    kind: "present",
    state: reading.state,
    tags,
    findings: keys.map((key, index) => findingOf(key, uses[index] ?? UNASKED, owner)),
  };

  function findingOf(key: ShownKey, lastUsed: AccessKeyFacts["lastUsed"], owner?: string): Finding {
    const other = keys.find((each) => each !== key);
    const facts: AccessKeyFacts = {
      kind: "access-key",
      about,
      ...key,
      ...isOwn(key),
      lastUsed,
      ...(other !== undefined && { other: { ...other, ...isOwn(other) } }),
      ...(owner !== undefined && { owner }),
    };
    const title = `${about === "age" ? "Access key" : "Exposed access key"} ${key.key} of ${user.name}`;
    return { id: findingId(controlId, user, key.key), controlId, resource: user, part: key.key, title, facts };
  }
}

const UNASKED = { unreadable: "it was not asked for" } as const;

/** Whether any limit of the policy's could concern a key of that age: of younger ones nothing more is read. */
function canBeDue({ createdAt }: ShownKey, { limits, service }: AccessKeyRules, nowMs: number): boolean {
  const ageMs = nowMs - Date.parse(createdAt);
  const days = [limits, ...service.map((each) => each.limits)].flatMap((each) => [
    each.warnDays,
    each.deleteAfterDays,
    each.neverUsedDays - (each.deactivateDays - each.warnDays),
  ]);
  return !(ageMs < Math.max(0, Math.min(...days)) * DAY_MS);
}

/** The keys without the offending ones: what works stops working, and what does not is deleted. Pure. */
export function withoutKeys({ keys }: UserKeys, offending: ReadonlySet<string>): UserKeys {
  return {
    keys: keys.flatMap((each) => {
      if (!offending.has(each.key)) return [each];
      return each.status === "Active" ? [{ ...each, status: "Inactive" as const }] : [];
    }),
  };
}

/** One key as it was. A deleted one does not come back. Pure. */
export function withKeyAsBefore(left: UserKeys, before: UserKeys, part: string): UserKeys {
  const was = before.keys.find(({ key }) => key === part);
  return { keys: left.keys.map((each) => (each.key === part && was !== undefined ? was : each)) };
}

/** Why there is no way back from a change of keys; undefined where there is. Pure. */
export function deletedForGood(_: UserKeys, { keys }: UserKeys, parts: readonly string[]): string | undefined {
  const isGone = (part: string) => keys.every(({ key }) => key !== part);
  return parts.some(isGone) ? "a deleted key can't come back" : undefined;
}
