import type { AccessKeyFacts } from "../types.ts";
import type { AccessKeyRules, KeyLimits } from "./access-keys.ts";
import { breakGlassOf, possibleLimits } from "./key-users.ts";
import type { Subject } from "./subject.ts";
import type { Verdict } from "./verdict.ts";

export const DAY_MS = 86_400_000;

/**
 * Whether a key has lived too long: warned of, deactivated, in the end deleted. Whatever depends on it is told first, or a person decides. Where it can't be told which
 * limits hold, what all of them say is said. Pure.
 */
export function judgeKeyAge(facts: AccessKeyFacts, subject: Subject, rules: AccessKeyRules, nowMs: number): Verdict {
  const glass = breakGlassOf(rules.breakGlass, subject);
  if (glass.applies === "yes") {
    const reasons = ["it is of a user for emergencies, whose keys do not age"];
    return { kind: "compliant", rule: "built-in:break-glass", reasons };
  }
  const possible = possibleLimits(rules, subject);
  const judged = possible.map(({ limits }) => judgeWithin(facts, { ...rules, limits }, nowMs));
  const [verdict] = judged.slice(-1);
  if (verdict === undefined) throw new Error("there are always limits");
  const doubts = [
    ...(glass.applies === "unknown" ? [`whether the user is one for emergencies can't be told: ${glass.why}`] : []),
    ...possible.flatMap(({ doubt }) => (doubt === undefined ? [] : [`which limits hold can't be told: ${doubt}`])),
  ];
  const isSettled = judged.every(({ kind, rule }) => kind === verdict.kind && rule === verdict.rule);
  if (isSettled && (glass.applies === "no" || verdict.kind === "compliant")) return verdict;
  return { kind: "undecidable", rule: "built-in:which-user", reasons: [...doubts, ...verdict.reasons] };
}

type Rules = Pick<AccessKeyRules, "limits" | "deletion">;

function judgeWithin(facts: AccessKeyFacts, rules: Rules, nowMs: number): Verdict {
  const createdMs = Date.parse(facts.createdAt);
  if (!Number.isFinite(createdMs) || !Number.isFinite(nowMs)) {
    const reasons = [`how old it is can't be told: found "${facts.createdAt}" for when it was created`];
    return { kind: "undecidable", rule: "built-in:unreadable", reasons };
  }
  return facts.status === "Active"
    ? judgeActive(facts, createdMs, rules.limits, nowMs)
    : judgeInactive(facts, createdMs, rules, nowMs);
}

function judgeActive(facts: AccessKeyFacts, createdMs: number, limits: KeyLimits, nowMs: number): Verdict {
  const { warnDays, deactivateDays, minWarningDays, recentDays } = limits;
  const isUnused = facts.lastUsed === "never";
  const mostDays = isUnused ? Math.min(limits.neverUsedDays, deactivateDays) : deactivateDays;
  const warnMs = createdMs + Math.max(0, mostDays - (deactivateDays - warnDays)) * DAY_MS;
  const overMs = createdMs + mostDays * DAY_MS;
  const created = `it was created at ${facts.createdAt}${isUnused ? " and was never used" : ""}`;
  if (nowMs < warnMs) return { kind: "compliant", rule: "built-in:young", reasons: [created] };
  // Of a key that was deleted and had the same letters, perhaps: nobody was warned of this one then.
  const warnedMs = facts.warnedAt === undefined ? NaN : Date.parse(facts.warnedAt);
  const isWarned = warnedMs >= createdMs;
  const isUsed = isRecent(facts, recentDays, nowMs);
  const graceMs = (isWarned ? warnedMs : nowMs) + minWarningDays * DAY_MS;
  const replace = "create another key, change what uses this one, and deactivate it";
  if (nowMs < overMs) {
    const reasons = [created, `it is deactivated at ${iso(Math.max(overMs, graceMs))}: until then, ${replace}`];
    return { kind: "announced", rule: "built-in:key-warning", reasons, dueAtMs: overMs };
  }
  const over = `${created}, and policy lets it live ${mostDays} days`;
  const { other } = facts;
  if (other?.status === "Active" && Date.parse(other.createdAt) < createdMs) {
    const rule = "built-in:older-first";
    const older = `the user's older key ${other.key} is active`;
    // It is never stopped, and may not keep this one alive for ever.
    if (other.isOwn === true)
      return {
        kind: "needs-approval",
        rule,
        reasons: [over, `${older}, and Cordon itself works with it: this one is deactivated on a person's word only`],
      };
    // Whoever has an old key in use and a new one that never was is in the middle of changing them, or has forgotten to.
    if (nowMs < Date.parse(other.createdAt) + deactivateDays * DAY_MS)
      return {
        kind: "needs-approval",
        rule,
        reasons: [over, `${older}, and not too old: this one goes first on a person's word only`],
      };
    return { kind: "announced", rule, reasons: [over, `${older}, and is treated first`] };
  }
  const used = usedInWords(facts);
  if ((isWarned || isUsed) && nowMs < graceMs) {
    const warned = isWarned ? `its owner was warned at ${iso(warnedMs)}` : "this is the first warning of its owner";
    const reasons = [over, used, `${warned}: before ${iso(graceMs)} it is deactivated on a person's word only`];
    return { kind: "needs-approval", rule: "access-keys:warn-first", reasons, dueAtMs: graceMs };
  }
  return { kind: "violating", rule: "access-keys:deactivate", reasons: [over, used] };
}

/** Something depends on it, or may: what can't be told counts as use. */
function isRecent({ lastUsed }: AccessKeyFacts, recentDays: number, nowMs: number): boolean {
  if (lastUsed === "never") return false;
  if ("unreadable" in lastUsed) return true;
  return !(nowMs - Date.parse(lastUsed.at) >= recentDays * DAY_MS);
}

function usedInWords({ lastUsed }: AccessKeyFacts): string {
  if (lastUsed === "never") return "it was never used";
  if ("unreadable" in lastUsed) return `when it was used last can't be read: ${lastUsed.unreadable}`;
  return `it was used last at ${lastUsed.at}, for ${lastUsed.service} in ${lastUsed.region}`;
}

const NO_WAY_BACK = "a deleted key can't come back";

function judgeInactive(facts: AccessKeyFacts, createdMs: number, { limits, deletion }: Rules, nowMs: number): Verdict {
  const { deactivateDays, deleteAfterDays } = limits;
  const rule = "access-keys:delete";
  const off = { kind: "compliant", rule: "built-in:inactive" } as const;
  if (facts.deactivatedAt !== undefined) {
    const dueMs = Date.parse(facts.deactivatedAt) + deleteAfterDays * DAY_MS;
    const { deactivatedFor: report } = facts;
    const why = report === undefined ? "" : `, because it was reported to be known to others (${report.type})`;
    const by = `Cordon deactivated it at ${facts.deactivatedAt}${why}`;
    // Written the other way round: at a time that is none nothing is deleted.
    if (!(nowMs >= dueMs)) return { ...off, reasons: [by] };
    const reasons = [`${by}, and policy keeps it ${deleteAfterDays} days`, NO_WAY_BACK];
    return { kind: deletion === "enforce" ? "violating" : "needs-approval", rule, reasons };
  }
  const somebody = "somebody else than Cordon has deactivated it";
  if (nowMs < createdMs + (deactivateDays + deleteAfterDays) * DAY_MS) return { ...off, reasons: [somebody] };
  const { lastUsed } = facts;
  if (lastUsed !== "never" && "unreadable" in lastUsed)
    return { kind: "undecidable", rule: "built-in:unreadable", reasons: [somebody, usedInWords(facts)] };
  if (isRecent(facts, deleteAfterDays, nowMs)) return { ...off, reasons: [somebody, usedInWords(facts)] };
  // When it was switched off is not known: whoever did so may have a reason to keep it.
  const old = `it is older than the ${deactivateDays} and ${deleteAfterDays} days that policy gives a key`;
  return { kind: "needs-approval", rule, reasons: [somebody, old, usedInWords(facts), NO_WAY_BACK] };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
