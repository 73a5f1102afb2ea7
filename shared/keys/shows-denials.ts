import type { Denial, DeniedSessions } from "../resources/iam-sessions.ts";
import type { UserKeys } from "../resources/iam-users.ts";
import type { Reading } from "../resources/port.ts";
import { shownKeyId } from "../shown.ts";
import { asText } from "../signals/shapes.ts";
import type { Signal } from "../types.ts";
import { DENIAL_PATH, DENIAL_POLICY, parseDenials, writeDenials } from "./denial-policy.ts";

/**
 * Whether live state shows what a call wrote of a user's or role's policies; of those that are not Cordon's there is nothing to show. Undefined when it can't be told. Pure.
 *
 * @param state undefined where it can't be read
 */
export function showsDenials({ request, name }: Signal, state: DeniedSessions | undefined): boolean | undefined {
  if (request === undefined || state === undefined) return undefined;
  const [policyName, policyArn] = [asText(request.policyName), asText(request.policyArn)];
  if (policyArn !== undefined) return policyArn.includes(`:policy${DENIAL_PATH}${DENIAL_POLICY}-`) ? undefined : true;
  if (policyName === undefined) return undefined;
  if (policyName !== DENIAL_POLICY) return true;
  const inline = state.denied.filter(({ how }) => how === "inline");
  if (name.startsWith("Delete")) return inline.length === 0;
  const written = parseDenials(asText(request.policyDocument) ?? "", "inline");
  return written === undefined ? undefined : textOf(written) === textOf(inline);
}

/** Whether a user's keys show what a call wrote of one of them; undefined for any other call, and when it can't be told. Pure. */
export function showsKey(
  { request, name }: Signal,
  keys: Exclude<Reading<UserKeys>, { readonly kind: "absent" }> | undefined,
): boolean | undefined {
  const id = asText(request?.accessKeyId);
  if (id === undefined || keys?.kind !== "present") return undefined;
  const status = keys.state.keys.find(({ key }) => key === shownKeyId(id))?.status;
  if (name === "DeleteAccessKey") return status === undefined;
  return name === "UpdateAccessKey" ? status === undefined || status === asText(request?.status) : undefined;
}

function textOf(denied: readonly Denial[]): string {
  return denied.length === 0 ? "" : writeDenials(denied);
}
