import type { Detection } from "../control.ts";
import { findingId } from "../ids.ts";
import type { FindingState, ResourceRecord } from "../journal/journal.ts";
import { shownKeyId } from "../shown.ts";
import type { AccessKeyFacts, Decision, Finding, KeyReport, SessionFacts, Signal } from "../types.ts";
import type { Run } from "./run.ts";

/** What live state does not show of an access key, and its treatment rests on: AWS tells neither when somebody was warned nor what was reported of it. */

/**
 * A finding about a key with what the journal knows of it, and what the event has just told. Pure.
 *
 * @param previous how the finding stands in the journal
 * @param others what other controls keep with the user
 */
export function withMemory(
  finding: Finding,
  previous: FindingState | undefined,
  signal: Signal,
  nowMs: number,
  others: ResourceRecord["others"] = {},
): Finding {
  const { facts } = finding;
  if (facts.kind === "sessions") {
    const offAtMs = keyOffAtMs(facts, previous, signal, nowMs);
    const keyOff = offAtMs === undefined ? {} : { keyOffAt: iso(offAtMs) };
    return { ...finding, facts: { ...facts, ...reportOn(facts, previous, signal, nowMs), ...keyOff } };
  }
  if (facts.kind === "condition" && facts.isAboutKeys === true && !facts.holds) {
    // Whichever of root's it is: there is no list of them.
    const { keyId: _, ...anyOfThem } = signal;
    return { ...finding, facts: { ...facts, ...reportOn({ key: "" }, previous, anyOfThem, nowMs) } };
  }
  if (facts.kind !== "access-key") return finding;
  if (facts.about === "exposure")
    return { ...finding, facts: { ...facts, ...reportOn(facts, previous, signal, nowMs) } };
  const { warnedAtMs } = previous ?? {};
  const isOff = facts.status === "Inactive";
  const stopped = isOff ? stoppedAsExposed(finding, others) : undefined;
  const deactivatedAtMs = isOff ? (deactivationOf(previous) ?? stopped?.atMs) : undefined;
  const isForReport = stopped !== undefined && deactivatedAtMs === stopped.atMs;
  return {
    ...finding,
    facts: {
      ...facts,
      ...(warnedAtMs !== undefined && { warnedAt: iso(warnedAtMs) }),
      ...(deactivatedAtMs !== undefined && { deactivatedAt: iso(deactivatedAtMs) }),
      ...(isForReport && { deactivatedFor: stopped.report }),
    },
  };
}

/** What was done about an earlier report of sessions is no tug of war with a later one: nobody has switched anything back. Pure. */
export function asReported({ facts }: Finding, previous: FindingState | undefined): FindingState | undefined {
  if (facts.kind !== "sessions" || previous?.reported === undefined) return previous;
  const { by, id } = previous.reported;
  return facts.reported?.by === by && facts.reported.id === id ? previous : { ...previous, containedAtMs: [] };
}

/**
 * What was seen, with the findings that the journal alone knows of: whose sessions are to be denied, no list of AWS's tells. What was resolved is over. Pure.
 */
export function withRemembered<State>(
  { cordon, signal }: Run<State>,
  seen: Extract<Detection<State>, { readonly kind: "present" }>,
  known: ResourceRecord["findings"] = {},
): Extract<Detection<State>, { readonly kind: "present" }> {
  const { control } = cordon;
  // Of a resource that is gone, or that can't be read, there is nothing to say.
  if (control.remembered === undefined || seen.state === undefined) return seen;
  const ids = new Set(seen.findings.map(({ id }) => id));
  const more = Object.entries(known).flatMap(([id, { key, status }]) => {
    if (key === undefined || status === "resolved" || ids.has(id)) return [];
    return control.remembered?.(seen, signal.resource, key) ?? [];
  });
  return more.length === 0 ? seen : { ...seen, findings: [...seen.findings, ...more] };
}

/**
 * A finding's state with what has to be known of its key when it is seen next; unchanged of whatever is no key. Pure.
 *
 * @param finding with its memory, as it was decided about
 */
export function remembering(state: FindingState, { facts }: Finding, decision: Told, nowMs: number): FindingState {
  if (facts.kind === "condition" && facts.isAboutKeys === true) {
    const { reported: _, ...unreported } = state;
    return { ...unreported, ...(facts.reported !== undefined && { reported: facts.reported }) };
  }
  if (facts.kind !== "access-key" && facts.kind !== "sessions") return state;
  const { deactivatedAtMs: _, keyOffAtMs: __, ...kept } = state;
  if (facts.kind === "sessions" || facts.about === "exposure")
    return {
      ...kept,
      ...(facts.kind === "sessions" && { key: facts.key }),
      ...(facts.kind === "sessions" && facts.keyOffAt !== undefined && { keyOffAtMs: Date.parse(facts.keyOffAt) }),
      ...(facts.reported !== undefined && { reported: facts.reported }),
    };
  const isWarned = state.warnedAtMs !== undefined && state.warnedAtMs >= Date.parse(facts.createdAt);
  return {
    ...kept,
    ...(isWarning(facts, decision) && !isWarned && { warnedAtMs: nowMs }),
    ...(facts.deactivatedAt !== undefined && { deactivatedAtMs: Date.parse(facts.deactivatedAt) }),
  };
}

/** A state that says no longer when its key was deactivated: it is active again. Pure. */
export function reactivated({ deactivatedAtMs: _, ...state }: FindingState): FindingState {
  return state;
}

/** What of a decision says whether somebody was told of it in earnest. */
type Told = Pick<Decision, "kind" | "rule"> & { readonly explanation?: Pick<Decision["explanation"], "mode"> };

/** What tells the owner that the key will be deactivated. What policy only has observed is no warning: nothing would follow from it. */
const WARNINGS = new Set(["built-in:key-warning", "access-keys:warn-first"]);

function isWarning({ status }: AccessKeyFacts, { kind, rule, explanation }: Told): boolean {
  const isMeant = kind === "approve" || (rule === "built-in:key-warning" && explanation?.mode !== "observe");
  return status === "Active" && WARNINGS.has(rule) && isMeant;
}

/** When Cordon deactivated a key that is inactive. A crash may have kept the time of the write from being recorded, and not that it was seen done. */
function deactivationOf(previous: FindingState | undefined): number | undefined {
  if (previous?.deactivatedAtMs !== undefined) return previous.deactivatedAtMs;
  return previous?.status === "contained" ? (previous.containedAtMs.at(-1) ?? previous.changedAtMs) : undefined;
}

/** From AWS's answer to the write until it is seen done. */
const SEEN_WITHIN_MS = 3_600_000;

/**
 * When the control of exposed keys deactivated a key, and for which report. What was found switched off long after Cordon's last write, somebody else has switched off. That control's
 * findings are told by what they remember; those of sessions, which have the same parts, by their key.
 */
function stoppedAsExposed(
  { resource, part }: Finding,
  others: ResourceRecord["others"],
): { readonly atMs: number; readonly report: KeyReport } | undefined {
  for (const [controlId, { findings }] of Object.entries(others)) {
    const state = findings[findingId(controlId, resource, part)];
    if (state?.status !== "contained" || state.reported === undefined || state.key !== undefined) continue;
    const atMs = state.containedAtMs.at(-1);
    if (atMs !== undefined && state.changedAtMs - atMs < SEEN_WITHIN_MS) return { atMs, report: state.reported };
  }
  return undefined;
}

/** Whether a look rests on what another control has done, which no container remembers. Pure. */
export function needsOthers(findings: readonly Finding[]): boolean {
  return findings.some(
    ({ facts }) => facts.kind === "access-key" && facts.about === "age" && facts.status === "Inactive",
  );
}

/**
 * When a key stopped, at the latest: AWS does not tell, but it had stopped when it was first seen so. What is said of an earlier time proves nothing, for it may have been switched on again since; a call that
 * switched it on, heard later, does. Once known it stays, so that a denial that was enough stays enough, however often it is looked at or reported.
 */
function keyOffAtMs(
  { key, keyStatus }: SessionFacts,
  previous: FindingState | undefined,
  signal: Signal,
  nowMs: number,
): number | undefined {
  const knownMs = previous?.keyOffAtMs;
  if (keyStatus === undefined) return knownMs;
  if (keyStatus === "Active") return undefined;
  return knownMs === undefined || switchedOnMs(key, signal) > knownMs ? nowMs : knownMs;
}

/** When a call switched this very key on. What can't be told has happened a moment ago; what is no such call never. */
function switchedOnMs(key: string, { name, request, at }: Signal): number {
  const isOn = name === "UpdateAccessKey" && request?.status === "Active";
  if (!isOn || typeof request.accessKeyId !== "string" || shownKeyId(request.accessKeyId) !== key)
    return Number.NEGATIVE_INFINITY;
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? Number.POSITIVE_INFINITY : ms;
}

function reportOn(
  { key }: Pick<SessionFacts, "key">,
  previous: FindingState | undefined,
  { report, keyId }: Signal,
  nowMs: number,
): { readonly reported?: KeyReport } {
  // Which of the user's keys it is, AWS does not always say: then it may be any.
  const isAbout = keyId === undefined || shownKeyId(keyId) === key;
  const heard = report !== undefined && isAbout ? recordable(report, nowMs) : undefined;
  const reported = weightier(previous?.reported, heard);
  return reported === undefined ? {} : { reported };
}

/** Without the key's full id; and a time that can't be read, or is still to come, is when it was heard: no denial could ever be enough for it. */
function recordable({ by, id, type, at }: KeyReport, nowMs: number): KeyReport {
  return { by, id, type, at: Date.parse(at) <= nowMs ? at : iso(nowMs) };
}

/** A quarantine is AWS's word, and does not say which key is meant. */
const WEIGHTS: Readonly<Record<KeyReport["by"], number>> = {
  cloudtrail: 0,
  "aws-quarantine": 1,
  "aws-health": 2,
  guardduty: 2,
  operator: 2,
};

/**
 * Which of two reports counts. Denied calls, which anybody can make, must not take the place of AWS's word that a key is public, nor a quarantine that of a report that names the key; of equals the later one counts, so
 * that an older one that is delivered again changes nothing.
 */
function weightier(known: KeyReport | undefined, heard: KeyReport | undefined): KeyReport | undefined {
  if (known === undefined || heard === undefined) return known ?? heard;
  const [weightKnown, weightHeard] = [WEIGHTS[known.by], WEIGHTS[heard.by]];
  if (weightKnown !== weightHeard) return weightHeard > weightKnown ? heard : known;
  const isSame = known.by === heard.by && known.id === heard.id;
  return !isSame && Date.parse(heard.at) > Date.parse(known.at) ? heard : known;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
