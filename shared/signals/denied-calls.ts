import { isTemporaryKey, parseKeyId, userRef } from "./iam-refs.ts";
import type { Parsed } from "./parsed.ts";
import { asObject, asText, type Json } from "./shapes.ts";

/**
 * How the codes begin by which AWS's services say that the caller has no permission. EventBridge's patterns are made of them (deploy/denied-calls.ts).
 * Not among them: wrong signatures and unknown keys, which CloudTrail doesn't tell.
 */
export const DENIALS: readonly string[] = [
  "AccessDenied",
  "AuthorizationError",
  "Client.UnauthorizedOperation",
  "UnauthorizedOperation",
];

/** Whether a CloudTrail record's errorCode says that the call was denied. */
export function isDenial(errorCode: unknown): boolean {
  const code = asText(errorCode);
  return code !== undefined && DENIALS.some((prefix) => code.startsWith(prefix));
}

/**
 * A call that AWS denied to a long-lived key of an IAM user -> a signal that counts; undefined for every other record. One such call means nothing: who tries a
 * key out makes many (shared/keys/denied-bursts.ts).
 */
export function parseDeniedCall(record: Json): Parsed | undefined {
  if (!isDenial(record.errorCode)) return undefined;
  const identity = asObject(record.userIdentity);
  const keyId = parseKeyId(identity?.accessKeyId);
  const resource = userRef(identity?.arn);
  if (identity?.type !== "IAMUser" || keyId === undefined || isTemporaryKey(keyId) || resource === undefined)
    return undefined;
  // Whoever owns what was called has a record of the call, too; the caller's own account is told it as well.
  const owner = asText(record.recipientAccountId);
  if (owner !== undefined && owner !== resource.account) return undefined;
  const at = asText(record.eventTime) ?? "";
  const name = asText(record.eventName) ?? "";
  const id = asText(record.eventID) ?? `${name}:${resource.arn}:${at}`;
  return { kind: "signal", signal: { id, source: "cloudtrail", name, at, resource, keyId, denied: true } };
}
