import { type Caller, identityOf, isSamePerson, matchesPrincipal } from "./people.ts";
import type { ResidencyPolicy } from "./policy.ts";

/**
 * Somebody who wants to decide. `unproved`: whoever may invoke the function says so, and may propose.
 * Policy names approvers by ARN, so that a member of Slack decides as the principal that policy maps him to.
 */
export type Decider =
  | { readonly kind: "proved"; readonly caller: Caller; readonly how: string }
  | { readonly kind: "unproved"; readonly said: string };

/** Who caused what is to be decided: everybody who has written to the resource while something was open on it; `unknown` when not all of them are known. */
export type Causes = "unknown" | readonly Caller[];

/**
 * Why somebody may not decide about a finding; undefined when he may. Who caused something never decides about it, nor does anybody while it is not known who
 * caused it, or who asks. Pure.
 *
 * @param isUndoing he takes back what Cordon did, in an emergency perhaps: those whom policy names may, also while it is not known who caused it
 */
export function objectionTo(
  decider: Decider,
  causes: Causes,
  policy: ResidencyPolicy,
  isUndoing: boolean,
): string | undefined {
  const notAllowed = mayNot(decider, policy.limits.approvals.by, policy);
  if (notAllowed !== undefined || decider.kind === "unproved") return notAllowed;
  const identity = identityOf(decider.caller, policy);
  if (identity === undefined) return `who is behind ${nameOf(decider.caller)} can't be told: ${HOW_TO_TELL}`;
  const isUnknown = causes === "unknown" || causes.length === 0;
  if (isUnknown && isUndoing && policy.limits.approvals.by.length > 0) return undefined;
  if (isUnknown)
    return "who caused it is not known, so that nobody can be told from whoever did: it can be decided once the call that caused it is heard, or let be by an exception in the policy (a containment can be rolled back by those whom limits.approvals.by names)";
  for (const cause of causes) {
    const its = identityOf(cause, policy);
    if (its === undefined)
      return `it was caused by ${nameOf(cause)}, and who is behind that can't be told: ${HOW_TO_TELL}`;
    if (isSamePerson(identity, its))
      return `${identity.name} caused it${identity.name === nameOf(cause) ? "" : ` as ${nameOf(cause)}`}: somebody else has to decide`;
  }
  return undefined;
}

/** Why somebody may not switch the brake; undefined when he may. Pure. */
export function objectionToBrake(decider: Decider, policy: ResidencyPolicy): string | undefined {
  const { brake, approvals } = policy.limits;
  return mayNot(decider, brake.by.length > 0 ? brake.by : approvals.by, policy);
}

/** Why somebody is none of those allowed, whatever he has to do with the matter; undefined when he is. Pure. */
export function mayNot(decider: Decider, allowed: readonly string[], policy: ResidencyPolicy): string | undefined {
  return decider.kind === "unproved" ? UNPROVED : notAmong(decider.caller, allowed, policy);
}

/** What evidence calls a decider. Pure. */
export function deciderName(decider: Decider, policy: ResidencyPolicy): string {
  if (decider.kind === "unproved") return decider.said;
  return identityOf(decider.caller, policy)?.name ?? nameOf(decider.caller);
}

const UNPROVED =
  "who asks is not proved, so that nothing is decided: ask by the command line (cordon approve, reject, extend, rollback), which signs";
const HOW_TO_TELL =
  "expected a user, a session with a source identity or of Identity Center, or one that the policy's people name";

function notAmong(caller: Caller, allowed: readonly string[], { people }: ResidencyPolicy): string | undefined {
  if (allowed.length === 0) return undefined;
  const { arn, slack } = caller;
  if (arn !== undefined && allowed.some((pattern) => matchesPrincipal(pattern, arn))) return undefined;
  const mapped = people.filter((person) => slack !== undefined && person.slack.includes(slack));
  const names = mapped.flatMap(({ principals }) => principals);
  if (names.some((name) => allowed.some((pattern) => pattern === name || matchesPrincipal(pattern, name))))
    return undefined;
  return `found ${nameOf(caller)}, expected one of those who may decide by policy: ${allowed.join(", ")}`;
}

function nameOf({ arn, sourceIdentity, slack }: Caller): string {
  const who = arn ?? (slack === undefined ? "somebody without a name" : `member ${slack} of Slack`);
  return sourceIdentity === undefined ? who : `${who} (source identity ${sourceIdentity})`;
}
