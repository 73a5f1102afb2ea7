import { type Caller, identityOf, isSamePerson, matchesPrincipal } from "./people.ts";
import type { ResidencyPolicy } from "./policy.ts";

/**
 * Somebody who wants to decide. `unproved`: whoever may invoke the function says so, and may propose.
 * Policy names approvers by ARN, so that a member of Slack decides as the principal that policy maps him to.
 */
export type Decider =
  | { readonly kind: "proved"; readonly caller: Caller; readonly how: string }
  | { readonly kind: "unproved"; readonly said: string };

/** Who caused what is to be decided: everybody who has written to the resource while something was open on it, and whether whoever caused this is known to be among them. */
export interface Causes {
  readonly known: readonly Caller[];
  readonly areAll: boolean;
  /** No call has caused it: a key has grown old, or strangers have come by it. Whoever has changed it meanwhile, and whose it is, is known. */
  readonly isUncaused?: true;
}

/**
 * Why somebody may not decide about a finding; undefined when he may. Who caused something never decides about it, nor does anybody while it is not known who
 * caused it, or who asks. Pure.
 *
 * @param isUndoing he takes back what Cordon did, in an emergency perhaps: those whom policy names may, also while it is not known who caused it
 */
export function objectionTo(
  decider: Decider,
  { known, areAll, isUncaused }: Causes,
  policy: ResidencyPolicy,
  isUndoing: boolean,
): string | undefined {
  const notAllowed = mayNot(decider, policy.limits.approvals.by, policy);
  if (notAllowed !== undefined || decider.kind === "unproved") return notAllowed;
  const identity = identityOf(decider.caller, policy);
  for (const cause of known) {
    const its = identityOf(cause, policy);
    // Who may undo in an emergency is trusted by name not to be behind a session that nobody can tell.
    if (its === undefined && isUndoing && policy.limits.approvals.by.length > 0) continue;
    if (its === undefined)
      return `it was caused by ${nameOf(cause)}, and who is behind that can't be told: ${HOW_TO_TELL}`;
    if (identity !== undefined && isSamePerson(identity, its))
      return `${identity.name} caused it${identity.name === nameOf(cause) ? "" : ` as ${nameOf(cause)}`}: somebody else has to decide`;
  }
  if (areAll && (known.length > 0 || isUncaused === true)) return undefined;
  if (isUndoing && policy.limits.approvals.by.length > 0) return undefined;
  return "who caused it is not known, so that nobody can be told from whoever did: it can be decided once the call that caused it is heard, or let be by an exception in the policy (a containment can be rolled back by those whom limits.approvals.by names)";
}

/** Why somebody may not switch the brake; undefined when he may. Pure. */
export function objectionToBrake(decider: Decider, policy: ResidencyPolicy): string | undefined {
  const { brake, approvals } = policy.limits;
  return mayNot(decider, brake.by.length > 0 ? brake.by : approvals.by, policy);
}

/** Why somebody is none of those allowed, whatever he has to do with the matter; undefined when he is. Pure. */
export function mayNot(decider: Decider, allowed: readonly string[], policy: ResidencyPolicy): string | undefined {
  if (decider.kind === "unproved") return UNPROVED;
  const { caller } = decider;
  if (!isAmong(caller, allowed, policy))
    return `found ${nameOf(caller)}, expected one of those who may decide by policy: ${allowed.join(", ")}`;
  if (identityOf(caller, policy) === undefined) return `who is behind ${nameOf(caller)} can't be told: ${HOW_TO_TELL}`;
  return undefined;
}

/** What evidence calls a decider. Pure. */
export function deciderName(decider: Decider, policy: ResidencyPolicy): string {
  if (decider.kind === "unproved") return decider.said;
  return identityOf(decider.caller, policy)?.name ?? nameOf(decider.caller);
}

const UNPROVED =
  "who asks is not proved, so that nothing is decided: ask by the command line (cordon approve, reject, extend, rollback), which signs";
const HOW_TO_TELL = "expected a user, or a session that the policy's people or namedSessions tell";

function isAmong(caller: Caller, allowed: readonly string[], { people }: ResidencyPolicy): boolean {
  if (allowed.length === 0) return true;
  const { arn, slack } = caller;
  if (arn !== undefined && allowed.some((pattern) => matchesPrincipal(pattern, arn))) return true;
  const mapped = people.filter((person) => slack !== undefined && person.slack.includes(slack));
  return mapped
    .flatMap(({ principals }) => principals)
    .some((name) => allowed.some((pattern) => pattern === name || matchesPrincipal(pattern, name)));
}

function nameOf({ arn, sourceIdentity, slack }: Caller): string {
  const who = arn ?? (slack === undefined ? "somebody without a name" : `member ${slack} of Slack`);
  return sourceIdentity === undefined ? who : `${who} (source identity ${sourceIdentity})`;
}
