import type { Ports } from "../control.ts";
import { usersOf } from "../resources/iam-users.ts";
import { ACCESS_KEY, isTemporaryKey } from "../signals/iam-refs.ts";
import type { Signal } from "../types.ts";

export type Resolved =
  | { readonly kind: "user"; readonly signal: Signal }
  | { readonly kind: "none"; readonly reason: string };

/**
 * Whose key a signal is about, by IAM: the one who has the key now, however he was called when it was told; and his ARN, where only his name was told.
 *
 * @throws CordonError `unavailable`, or `denied` when AWS won't say
 */
export async function resolveUser(signal: Signal, ports: Ports): Promise<Resolved> {
  const users = usersOf(ports);
  const { keyId, resource, isNameOnly, report } = signal;
  const isKnownByKey = keyId !== undefined && !isTemporaryKey(keyId);
  if (isKnownByKey && (resource.type === ACCESS_KEY || report !== undefined)) {
    const name = await users.ownerOf(keyId, resource);
    if (name === undefined) return { kind: "none", reason: "no user of the account has that key" };
    // Named so already, with his path.
    if (resource.type !== ACCESS_KEY && resource.name === name && isNameOnly !== true) return { kind: "user", signal };
    return byName(signal, name, ports);
  }
  if (resource.type === ACCESS_KEY)
    return { kind: "none", reason: "it is the key of a session, and nothing tells whose: name the user" };
  // Of a user who is gone nothing would be found, and nothing said of what was reported.
  const isToBeThere = isNameOnly === true || (report !== undefined && report.by !== "cloudtrail");
  return isToBeThere ? byName(signal, resource.name, ports) : { kind: "user", signal };
}

async function byName({ isNameOnly: _, ...signal }: Signal, name: string, ports: Ports): Promise<Resolved> {
  const { account, region } = signal.resource;
  const resource = await usersOf(ports).named({ name, account, region });
  if (resource === undefined) return { kind: "none", reason: `there is no user ${name}` };
  return { kind: "user", signal: { ...signal, resource } };
}
