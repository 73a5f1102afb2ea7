import { shortHash } from "../ids.ts";
import type { KeyReport, ResourceRef, Signal } from "../types.ts";
import { isTemporaryKey, keyRef, parseKeyId, roleByName, rootRef, userByName } from "./iam-refs.ts";
import type { Parsed } from "./parsed.ts";

/** A credential as a report tells of it; every part may be missing or wrong. */
export interface ToldCredential {
  readonly keyId: unknown;
  /** As GuardDuty and CloudTrail call it: `IAMUser`, `Root`, `AssumedRole`, `Role`, `FederatedUser` ...; undefined where nothing is told of whose key it is. */
  readonly userType?: string | undefined;
  readonly userName?: unknown;
  readonly account: unknown;
  readonly partition: string;
}

/** Types of whom GuardDuty tells that the credential is a role's session. */
const ROLE_TYPES: readonly string[] = ["AssumedRole", "Role"];

/**
 * Whose a reported credential is; a text says why that can't be told. A long-lived key is found by its id, whatever name the report has for its user: users are renamed. Of a
 * session nobody can ask IAM, so that the report's own word for it counts. Pure.
 */
export function holderOf({ keyId, userType, userName, account, partition }: ToldCredential): ResourceRef | string {
  const id = parseKeyId(keyId);
  if (id === undefined) return "names no access key; expected an id that begins with AKIA or ASIA";
  const holder = () => {
    if (userType === "Root") return rootRef(account, partition);
    if (!isTemporaryKey(id)) return keyRef(id, account, partition);
    if (userType === "IAMUser") return userByName(userName, account, partition);
    if (userType !== undefined && ROLE_TYPES.includes(userType)) return roleByName(userName, account, partition);
    return undefined;
  };
  const type = (userType ?? "nobody").slice(0, 40);
  return (
    holder() ??
    `tells not whose credential it is: found one of ${type}; expected the account, and for a session's the name of its user or role`
  );
}

/** Whether IAM has to be asked for the path of what `holderOf` has found by a name. */
export function isFoundByName({ type }: ResourceRef): boolean {
  return type === "AWS::IAM::User" || type === "AWS::IAM::Role";
}

/**
 * The signal of a report on one credential, or why there is none.
 *
 * @param told what the report is in words, for a refusal
 * @param at when it was told, which differs between copies of one report
 * @param version tells this telling of the report from a later one, and is the same in each copy
 */
export function reportSignal(
  source: Signal["source"],
  told: string,
  report: KeyReport,
  { at, version }: { readonly at: string; readonly version: string },
  credential: ToldCredential,
): Parsed {
  const resource = holderOf(credential);
  if (typeof resource === "string") return { kind: "refused", reason: `${told} ${resource}` };
  const keyId = parseKeyId(credential.keyId) ?? "";
  return {
    kind: "signal",
    signal: {
      // Signals' ids are recorded and logged: the key's is in it as a hash only.
      id: `${source}:${report.id}:${version}:${resource.account}:${shortHash(keyId)}`,
      source,
      name: report.type,
      at,
      resource,
      ...(isFoundByName(resource) && { isNameOnly: true as const }),
      report,
      keyId,
    },
  };
}

/** A time as ISO 8601, from what AWS writes in several ways; undefined when it is none. Pure. */
export function isoTime(text: string | undefined): string | undefined {
  const ms = Date.parse(text ?? "");
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}
