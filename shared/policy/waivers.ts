import { splitClasses } from "../classification/classify.ts";
import { isWithin } from "../classification/order.ts";
import { subjectOf } from "../ids.ts";
import type { Consideration, Exception } from "../types.ts";
import { indexesOf } from "./indexes.ts";
import { type Match, matchScope } from "./match-scope.ts";
import type { PolicyException, PolicyInForce } from "./policy.ts";
import type { Subject } from "./subject.ts";

/** What exceptions say of a finding that is not compliant. */
export interface Waivers {
  /** The exception that lets it be, and what a reader has to know of it. */
  readonly granted?: { readonly rule: string; readonly reason: string; readonly untilMs: number };
  /** Every exception that could have concerned it, and why it does or does not. */
  readonly considered: readonly Consideration[];
  /** Why it can't be told whether one of them applies: then nothing is changed on their account. */
  readonly doubt?: string;
  /** Of those that do not apply, what a reader has to know: a run-time exception that no longer holds. */
  readonly remark?: string;
}

/** Considers the exceptions of the policy and the one granted at run time. Of several that apply the one that lasts longest counts. Pure. */
export function considerExceptions(
  subject: Subject,
  policy: PolicyInForce,
  runTime: Exception | undefined,
  nowMs: number,
): Waivers {
  const { id, controlId } = subject.finding;
  const written = indexesOf(policy)
    .exceptions(controlId)
    .candidates(subject)
    .map((exception) => ({
      rule: `exception:${exception.id}`,
      ...matchException(exception, subject, policy, nowMs),
      untilMs: exception.expiresAtMs,
      by: exception.approver,
      reason: `${exception.reason} (${exception.ticket})`,
    }));
  const granted = runTime && {
    rule: `exception:${id}`,
    ...matchRunTime(runTime, subject, policy, nowMs),
    untilMs: Date.parse(runTime.expiresAt),
    by: runTime.approver,
    reason: runTime.reason,
  };
  const all = granted === undefined ? written : [granted, ...written];
  const considered = all.map(({ rule, applies, why }) => ({ rule, applies, why }));
  const open = all.find(({ applies }) => applies === "unknown");
  if (open !== undefined) return { considered, doubt: `whether ${open.rule} applies can't be told: ${open.why}` };
  const best = all.filter(({ applies }) => applies === "yes").sort((a, b) => b.untilMs - a.untilMs)[0];
  return {
    considered,
    ...(best !== undefined && { granted: { rule: best.rule, reason: describe(best), untilMs: best.untilMs } }),
    ...(granted?.applies === "no" && { remark: granted.why }),
  };
}

function describe({
  by,
  untilMs,
  reason,
}: {
  readonly by: string;
  readonly untilMs: number;
  readonly reason: string;
}): string {
  return `exception by ${by} until ${new Date(untilMs).toISOString()}: ${reason}`;
}

/** In force from the moment it was granted until, and not at, the moment it expires; and only for what can be seen, for nobody waived anything else. */
function matchException(exception: PolicyException, subject: Subject, policy: PolicyInForce, nowMs: number): Match {
  const { parts, grantedAtMs, expiresAtMs, approver } = exception;
  const no = (why: string): Match => ({ applies: "no", why });
  // Written the other way round: at a time that is none nothing holds.
  if (!(nowMs < expiresAtMs))
    return no(`the exception by ${approver} expired at ${new Date(expiresAtMs).toISOString()}`);
  if (!(nowMs >= grantedAtMs)) return no(`it holds from ${new Date(grantedAtMs).toISOString()} on`);
  if (parts !== undefined && !parts.includes(subject.finding.part)) return no(`it is for ${parts.join(", ")} only`);
  const match = matchScope(exception, subject, policy.conditions);
  const unseen = match.applies === "yes" ? unseenOf(subject) : undefined;
  return unseen === undefined ? match : { applies: "unknown", why: unseen };
}

/** What of a matter can't be seen. */
function unseenOf({ finding: { facts }, classes, transfer }: Subject): string | undefined {
  if (facts.kind === "unreadable") return "what it would let be can't be read";
  if (transfer !== undefined && transfer.to === undefined) return `where ${transfer.destination} lies is unknown`;
  return classes === undefined ? "the class of the data can't be told" : undefined;
}

/** An exception granted at run time is bound to what it was granted for: destination, data and class (docs/adr/0004). */
function matchRunTime(
  exception: Exception,
  { finding, classes }: Subject,
  policy: PolicyInForce,
  nowMs: number,
): Match {
  const { approver, expiresAt, classification } = exception;
  const by = `the exception by ${approver}`;
  // Written the other way round: a time that can't be read is over.
  if (!(nowMs < Date.parse(expiresAt))) {
    const { endedBecause } = exception;
    return {
      applies: "no",
      why: endedBecause ? `${by} was ended at ${expiresAt}: ${endedBecause}` : `${by} expired at ${expiresAt}`,
    };
  }
  if (exception.subject !== subjectOf(finding.facts)) {
    const isIdentity = finding.facts.kind === "access-key" || finding.facts.kind === "sessions";
    const what = isIdentity
      ? "another state of it, or before it was reported anew"
      : "another destination or other data";
    return { applies: "no", why: `${by} was granted for ${what}` };
  }
  if (classification === "" && classes?.length === 0) return { applies: "yes", why: `${by} was granted for just this` };
  const granted = splitClasses(classification).map((name) => policy.classifications.find((each) => each.name === name));
  const why = `${by} was granted for "${classification}" data`;
  if (granted.includes(undefined)) return { applies: "no", why };
  // While the class can't be told, neither can it be told whether the exception still covers the data; it surely does when it covers the highest.
  const all = classes ?? policy.classifications;
  const isCovered =
    all.length > 0 && all.every((each) => granted.some((given) => given !== undefined && isWithin(given, each)));
  if (isCovered) return { applies: "yes", why: `${why}, and this is no other` };
  return { applies: classes === undefined ? "unknown" : "no", why };
}
