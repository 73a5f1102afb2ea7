import { shortHash } from "../ids.ts";
import type { KeyReport, ResourceRef, Signal } from "../types.ts";
import { iamRegion, keyRef, parseAccount, parseKeyId, rootRef, userRef } from "./iam-refs.ts";
import { isoTime } from "./key-reports.ts";
import type { Parsed } from "./parsed.ts";
import { asText, type Json } from "./shapes.ts";

/** The signal that asks for a look through all users of an account, by its credential report. */
export const ACCOUNT_LOOK = "AccountLook";
const LOOK = "Look";

const EXPECTED =
  'expected {"cordon": "keys"} with "user" (its ARN), "key" (its full id, with "account" where it isn\'t the cell\'s own, and "exposed": true where it is known to others), or "account"';

/**
 * What somebody asks of the function by hand; undefined when it is nothing of the kind. Whoever may invoke it may have any key treated as exposed.
 *
 * `{"cordon": "keys", "user": "arn:aws:iam::111122223333:user/ci"}`: look at a user.
 * `{"cordon": "keys", "key": "AKIA...", "exposed": true}`: that key is known to others; without `exposed`: look at its user.
 * `{"cordon": "keys", "user": "arn:...", "key": "ASIA...", "exposed": true}`: so is a session of that user.
 * `{"cordon": "keys", "account": "111122223333"}`: look through an account.
 */
export function parseKeyRequest(
  event: Json,
  ownAccount: string | undefined,
  partition: string,
): readonly Parsed[] | undefined {
  if (event.cordon !== "keys") return undefined;
  const refused = (found: string): readonly Parsed[] => [{ kind: "refused", reason: `${found}; ${EXPECTED}` }];
  const { user, key, exposed } = event;
  if (exposed !== undefined && typeof exposed !== "boolean") return refused('"exposed" is neither true nor false');
  if (exposed === true && key === undefined) return refused('"exposed" without "key"');
  if (iamRegion(partition) === undefined) return refused(`IAM's Region in ${partition.slice(0, 40)} is not known`);
  const named = user === undefined ? undefined : userRef(user);
  if (user !== undefined && named === undefined) return refused('"user" is no ARN of an IAM user');
  const keyId = parseKeyId(key);
  if (key !== undefined && keyId === undefined) return refused('"key" is no id of an access key');
  const account = event.account === undefined ? (named?.account ?? ownAccount) : event.account;
  if (parseAccount(account) === undefined || (named !== undefined && named.account !== account))
    return refused('"account" is missing, no account id, or another one than the user\'s');
  const resource = named ?? (keyId === undefined ? undefined : keyRef(keyId, account, partition));
  if (resource === undefined && event.account === undefined) return refused("nothing is named");
  const about = resource ?? rootRef(account, partition);
  if (about === undefined) return refused("nothing is named");
  const at = isoTime(asText(event.at)) ?? "";
  return [{ kind: "signal", signal: signalOf(about, at, keyId, exposed === true) }];
}

function signalOf(resource: ResourceRef, at: string, keyId: string | undefined, isExposed: boolean): Signal {
  const hash = keyId === undefined ? "" : `:${shortHash(keyId)}`;
  const id = `operator:${resource.arn}${hash}:${at}`;
  const name = isExposed ? "Exposed" : resource.type === "AWS::::Account" ? ACCOUNT_LOOK : LOOK;
  if (keyId === undefined) return { id, source: "operator", name, at, resource };
  const report: KeyReport = { by: "operator", id: `operator:${resource.account}${hash}`, type: "exposed", at };
  return { id, source: "operator", name, at, resource, keyId, ...(isExposed && { report }) };
}
