import { IAM_ROLE } from "../signals/iam-refs.ts";
import type { AccessKeyFacts, KeyReport, SessionFacts } from "../types.ts";
import { type AccessKeyRules, accessKeyRules } from "./access-keys.ts";
import { DAY_MS, judgeKeyAge } from "./judge-key-age.ts";
import { breakGlassOf } from "./key-users.ts";
import type { ResidencyPolicy } from "./policy.ts";
import type { Subject } from "./subject.ts";
import type { Verdict } from "./verdict.ts";

/**
 * Whether an access key may stay as it is: by its age, or by what was reported of it. Pure.
 *
 * @param subject whose finding has these facts; the user's tags tell which rules are for him
 */
export function judgeAccessKey(
  facts: AccessKeyFacts,
  subject: Subject,
  policy: Pick<ResidencyPolicy, "accessKeys">,
  nowMs: number,
): Verdict {
  const rules = accessKeyRules(policy);
  const verdict =
    facts.about === "age" ? judgeKeyAge(facts, subject, rules, nowMs) : judgeExposure(facts, subject, rules, nowMs);
  return facts.isOwn === true ? unlessOwn(verdict) : verdict;
}

/** What Cordon works with it must not stop, on nobody's word: it is told beforehand, and no change is planned that the write would refuse. */
function unlessOwn(verdict: Verdict): Verdict {
  if (verdict.kind === "compliant") return verdict;
  const reasons = [OWN, ...verdict.reasons];
  if (verdict.kind === "announced") return { ...verdict, reasons };
  return { ...verdict, kind: "for-a-person", rule: "built-in:own-key", reasons };
}

const OWN =
  "Cordon itself works with this key, and does not change it: stopped, it could protect nobody. Give Cordon other credentials, then deactivate it by hand";

/** An exposed key is deactivated at once, whatever its age and whichever of two it is. */
function judgeExposure(
  { reported, status, other }: AccessKeyFacts,
  subject: Subject,
  rules: AccessKeyRules,
  nowMs: number,
): Verdict {
  if (reported === undefined) return { kind: "compliant", rule: "built-in:unreported", reasons: [UNREPORTED] };
  const told = reportInWords(reported);
  if (status === "Inactive")
    return { kind: "compliant", rule: "built-in:inactive", reasons: [told, "it is switched off: nobody can use it"] };
  if (reported.by === "cloudtrail") {
    const rule = "access-keys:denied-burst";
    const dueAtMs = Date.parse(reported.at) + BURST_COUNTS_MS;
    // Written the other way round: denied calls at a time that is none are of now.
    if (nowMs >= dueAtMs)
      return { kind: "compliant", rule: "built-in:unreported", reasons: [`${told}, and not again within a week`] };
    const reasons = [told, "somebody may be trying out what it can do, or a program lacks a right"];
    return rules.deniedBursts.do === "deactivate"
      ? { kind: "needs-approval", rule, reasons, dueAtMs }
      : { kind: "announced", rule, reasons: [...reasons, "policy has this told, and nothing done about it"], dueAtMs };
  }
  // Also when the other one has been stopped meanwhile: this one may be the good one.
  if (reported.by === "aws-quarantine" && other !== undefined) {
    const reasons = [told, `which of the user's keys is known to others AWS does not say: this one, or ${other.key}`];
    return { kind: "needs-approval", rule: "access-keys:one-of-two", reasons };
  }
  if (isGuess(reported)) {
    const reasons = [told, "that is a guess by what is usual, or a test of somebody's: no proof that others have it"];
    return { kind: "needs-approval", rule: "access-keys:unproved", reasons };
  }
  const stopped = "it has to be deactivated at once and replaced: everything that uses it stops then";
  return unlessBreakGlass({ kind: "violating", rule: "access-keys:exposed", reasons: [told, stopped] }, subject, rules);
}

/** Of GuardDuty's findings those that a new pipeline sets off as well as a thief, and those about tools of penetration tests. */
function isGuess({ by, type }: KeyReport): boolean {
  return by === "guardduty" && /AnomalousBehavior|^PenTest:/.test(type);
}

/**
 * Deactivating a key does not end what was begun with it: sessions go on until they are denied. And what is begun after the denial, because the key still works, is not denied by it: one dated from before
 * the key's end is enough only until then. Pure.
 */
export function judgeSessions(
  { reported, deniedBefore, hindrance, keyStatus, keyOffAt }: SessionFacts,
  subject: Subject,
  policy: Pick<ResidencyPolicy, "accessKeys">,
  nowMs: number,
): Verdict {
  if (reported === undefined) return { kind: "compliant", rule: "built-in:unreported", reasons: [UNREPORTED] };
  const told = reportInWords(reported);
  if (reported.by === "cloudtrail")
    return { kind: "compliant", rule: "built-in:unproved", reasons: [told, "denied calls alone prove no exposure"] };
  const offMs = keyOffAt === undefined ? Number.NEGATIVE_INFINITY : Date.parse(keyOffAt) + KEY_END_SPREADS_MS;
  const enoughMs = Math.max(Date.parse(reported.at), offMs);
  // Written the other way round: a time that can't be read denies nothing.
  if (deniedBefore !== undefined && Date.parse(deniedBefore) >= enoughMs) {
    const denied = `sessions issued before ${deniedBefore} are denied everything`;
    if (keyStatus !== "Active") return { kind: "compliant", rule: "built-in:inactive", reasons: [told, denied] };
    const reasons = [told, denied, "the key still works: sessions begun with it after that are denied once it is off"];
    return { kind: "compliant", rule: "built-in:inactive", reasons, dueAtMs: nowMs + STILL_WORKS_LOOK_MS };
  }
  const reasons = [
    told,
    deniedBefore === undefined || keyOffAt === undefined
      ? "sessions begun with it go on, whatever becomes of the key"
      : `sessions issued before ${deniedBefore} are denied everything, and the key may have worked until ${keyOffAt}: those begun in between go on`,
  ];
  if (hindrance !== undefined)
    return { kind: "for-a-person", rule: "built-in:out-of-reach", reasons: [...reasons, hindrance] };
  // Whoever else has assumed the role is as innocent as can be, and is cut off all the same.
  if (subject.finding.resource.type === IAM_ROLE)
    return { kind: "needs-approval", rule: "access-keys:role-sessions", reasons: [...reasons, EVERYBODY] };
  if (isGuess(reported)) return { kind: "needs-approval", rule: "access-keys:unproved", reasons };
  const verdict: Verdict = { kind: "violating", rule: "access-keys:sessions", reasons };
  return unlessBreakGlass(verdict, subject, accessKeyRules(policy));
}

/**
 * So long after its end a key may still begin sessions: IAM takes its time to tell all of AWS's places that it is off. AWS gives no bound; it is mostly seconds, and minutes at the worst. So long are
 * also innocent sessions of the same user or role denied that are begun in that time, so that it is no hour.
 *
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
 */
export const KEY_END_SPREADS_MS = 5 * 60_000;

/** Its end is heard; this is for when that gets lost. */
const STILL_WORKS_LOOK_MS = 60 * 60_000;

const EVERYBODY =
  "everybody who uses the role is affected: all of its sessions that were issued until then are denied everything, and have to be begun anew; if the key was stopped less than five minutes ago, those, too, that are begun in these five minutes";

/** That a key is public stays so. That calls were denied says less each day. */
const BURST_COUNTS_MS = 7 * DAY_MS;

const UNREPORTED = "nobody has reported it to be known to others";

/** What stops a user for emergencies is a person's to say: he may be at work at this very moment. */
function unlessBreakGlass(verdict: Verdict, subject: Subject, { breakGlass }: AccessKeyRules): Verdict {
  const match = breakGlassOf(breakGlass, subject);
  if (match.applies === "no") return verdict;
  const why =
    match.applies === "yes"
      ? "it is of a user for emergencies, and policy has a person decide"
      : `whether the user is one for emergencies can't be told: ${match.why}`;
  return { ...verdict, kind: "needs-approval", rule: "built-in:break-glass", reasons: [why, ...verdict.reasons] };
}

const WHO: Readonly<Record<KeyReport["by"], string>> = {
  "aws-health": "AWS Health",
  "aws-quarantine": "AWS, which has put the user under quarantine",
  guardduty: "GuardDuty",
  cloudtrail: "CloudTrail",
  operator: "whoever invoked Cordon",
};

/** Who reports it, in words. Pure. */
export function reporterOf({ by }: Pick<KeyReport, "by">): string {
  return WHO[by];
}

/** A report as a reason. Pure. */
export function reportInWords({ by, type, at }: KeyReport): string {
  return `reported by ${WHO[by]} at ${at}: ${type}`;
}
