import type { EvidenceRecord, FindingRecord, FindingState, ResourceRecord } from "../journal/journal.ts";
import { isOwnCall } from "../journal/own-calls.ts";
import { classOf, compliantResults, type Judged, type Run, resultFor, type View } from "../pipeline.ts";
import type { Decision, Result } from "../types.ts";
import { recordsOf } from "./records.ts";
import { gone, type Transition, transition } from "./transition.ts";

/** A transaction takes 100 items: the resource, its run, and two for each finding. */
export const MAX_FINDINGS_A_SAVE = 40;

interface Recorded {
  readonly record: ResourceRecord;
  readonly results: readonly Result[];
  /** There was more to record than one transaction takes. */
  readonly again: boolean;
}

/** A finding's next state with the account of it. */
interface News {
  readonly state: FindingState;
  readonly judged: Judged;
}

/**
 * Records what changed for the findings that need no change in AWS: observed, awaiting approval, exempt, resolved. No call when nothing changed.
 *
 * @param alone false when a containment follows, whose own transactions must not wait for news of lesser weight
 */
export async function recordTransitions<State>(
  run: Run<State>,
  record: ResourceRecord,
  view: View<State>,
  alone: boolean,
): Promise<Recorded> {
  const nowMs = run.cordon.clock.nowMs();
  const results: Result[] = [];
  const news: News[] = [];
  for (const judged of view.judged) {
    if (!isPassive(judged.decision)) continue;
    const step = transition(judged.previous, judged.finding, judged.decision, nowMs);
    results.push(resultFor(run, judged, step.status, step.occurrence));
    if (step.next !== undefined) news.push({ state: step.next, judged });
  }
  for (const [id, step] of goneFindings(record, view, nowMs)) {
    if (step.next === undefined) continue;
    const judged = await judgedGone(run, record, id);
    if (judged === undefined) continue;
    results.push(resultFor(run, judged, step.status, step.occurrence));
    news.push({ state: step.next, judged });
  }
  if (news.length === 0)
    return { record, results: results.length > 0 ? results : compliantResults(run, view), again: false };
  if (!alone) return { record, results, again: true };

  const slice = news.slice(0, MAX_FINDINGS_A_SAVE);
  const saved = await save(run, record, view, slice, nowMs);
  return { record: saved, results, again: news.length > slice.length };
}

function isPassive(decision: Decision): decision is Decision & { readonly kind: Exclude<Decision["kind"], "contain"> } {
  return decision.kind !== "contain";
}

function* goneFindings<State>(
  record: ResourceRecord,
  view: View<State>,
  nowMs: number,
): Generator<[string, Transition]> {
  if (!view.isReadable) return;
  const present = new Set(view.judged.map(({ finding }) => finding.id));
  for (const [id, state] of Object.entries(record.findings)) {
    if (!present.has(id)) yield [id, gone(state, nowMs)];
  }
}

/** A finding whose part is gone, as it was last recorded. */
async function judgedGone<State>(run: Run<State>, record: ResourceRecord, id: string): Promise<Judged | undefined> {
  const last = await run.cordon.journal.readFinding(id);
  const previous = record.findings[id];
  if (last === undefined || previous === undefined) return undefined;
  const { controlId, resource, part, title, facts } = last;
  const reasons = [`${part} is no longer there`];
  const policyDigest = run.cordon.policy.digest;
  return {
    finding: {
      id,
      controlId,
      resource,
      part,
      title,
      facts: facts.kind === "transfer" ? { ...facts, active: false } : facts,
    },
    decision: { kind: "compliant", rule: "built-in:gone", reasons, policyDigest },
    previous,
  };
}

async function save<State>(
  run: Run<State>,
  record: ResourceRecord,
  view: View<State>,
  news: readonly News[],
  nowMs: number,
): Promise<ResourceRecord> {
  const findings: FindingRecord[] = [];
  const evidence: EvidenceRecord[] = [];
  for (const { state, judged } of news) {
    const account = {
      meta: run.cordon.control.meta,
      finding: judged.finding,
      decision: judged.decision,
      state,
      classified: view.classified,
      signal: run.signal,
      isOwn: isOwnCall(run.signal, record),
      nowMs,
      timings: {
        ...(run.signal.at !== "" && { calledAt: run.signal.at }),
        heardAt: new Date(run.heardAtMs).toISOString(),
      },
    };
    const records = recordsOf(account, record.version + 1);
    findings.push(records.finding);
    evidence.push(records.evidence);
  }
  const states = Object.fromEntries(news.map(({ state, judged }) => [judged.finding.id, state]));
  const next = { ...withClass(record, view), findings: { ...record.findings, ...states } };
  return run.cordon.journal.save(record, next, { findings, evidence });
}

/** The record with the class now known, which is the higher of the journalled and the live one. */
export function withClass<State>(record: ResourceRecord, view: View<State>): ResourceRecord {
  return view.classified.kind === "classified" ? { ...record, ...classOf(view.classified) } : record;
}
