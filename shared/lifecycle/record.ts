import type { FindingState, ResourceRecord } from "../journal/journal.ts";
import type { Decision, Result } from "../types.ts";
import { tellForeignWrite } from "./foreign-write.ts";
import { isLookNews, withLook } from "./look.ts";
import { type Account, accountBase } from "./records.ts";
import { compliantResults, resultFor } from "./results.ts";
import type { Judged, Run, View } from "./run.ts";
import { saveAccounts } from "./save.ts";
import { gone, type Transition, transition, unansweredTransition } from "./transition.ts";

interface Recorded {
  readonly record: ResourceRecord;
  readonly results: readonly Result[];
}

/** A finding's next state with what there is to say about it. */
export interface News {
  readonly state: FindingState;
  readonly judged: Judged;
  readonly notes?: readonly string[];
}

/**
 * Records what changed for the findings that need no change in AWS: observed, awaiting approval, exempt, waiting, unanswered, resolved. No call
 * when nothing changed.
 *
 * @param waiting findings that are to be contained, but not now
 */
export async function recordTransitions<State>(
  run: Run<State>,
  record: ResourceRecord,
  view: View<State>,
  waiting: readonly News[] = [],
): Promise<Recorded> {
  const { journal, clock, policy } = run.cordon;
  const nowMs = clock.nowMs();
  const results: Result[] = [];
  const news: News[] = [...waiting];
  for (const judged of view.judged) {
    if (!isPassive(judged.decision)) continue;
    const step = named(run, judged, transition(judged.previous, judged.finding, judged.decision, nowMs));
    results.push(resultFor(run, judged, step.status, step.occurrence));
    if (step.next !== undefined) news.push({ state: step.next, judged });
  }
  for (const judged of view.unanswered) {
    const step = unansweredTransition(judged.previous, judged.finding, nowMs, policy.limits.settleWindowMs);
    results.push(resultFor(run, judged, step.status, step.occurrence));
    if (step.next !== undefined) news.push({ state: step.next, judged });
  }
  const untold: Record<string, FindingState> = {};
  for (const [id, state] of goneStates(record, view)) {
    const step = gone(state, nowMs, view.detection.state === null);
    if (step.next === undefined) continue;
    const judged = await judgedGone(run, record, id);
    if (judged === undefined) untold[id] = step.next;
    else {
      results.push(resultFor(run, judged, step.status, step.occurrence));
      news.push({ state: step.next, judged });
    }
  }
  if (results.length === 0 && view.judged.length === 0) results.push(...compliantResults(run, view));
  let saved = record;
  // A class that rose, or a transfer that nothing is wrong with, has to be remembered as well while findings are open.
  if (news.length > 0 || Object.keys(untold).length > 0 || isLookNews(record, view)) {
    const accounts = news.map((each) => accountOf(run, record, view, each, nowMs));
    const concluded = (last: ResourceRecord) => withLook({ ...last, findings: { ...last.findings, ...untold } }, view);
    saved = await saveAccounts(journal, record, accounts, concluded);
  }
  return { record: await tellForeignWrite(run, saved), results };
}

/**
 * A condition that a schedule found broken is told without a name; the call that broke it is often heard later. Its name is news then, for a person has to ask
 * somebody. What Cordon contains by itself needs no name to be stopped.
 */
function named<State>({ signal }: Run<State>, { finding, decision, previous }: Judged, step: Transition): Transition {
  if (finding.facts.kind !== "condition" || decision.kind === "compliant") return step;
  if (signal.principal === undefined)
    return step.next === undefined ? step : { ...step, next: { ...step.next, isUnnamed: true } };
  const next = step.next ?? (previous?.isUnnamed === true ? previous : undefined);
  if (next === undefined) return step;
  const { isUnnamed: _, ...state } = next;
  return { ...step, next: state };
}

function isPassive(decision: Decision): decision is Decision & { readonly kind: Exclude<Decision["kind"], "contain"> } {
  return decision.kind !== "contain";
}

/** What the journal knows and live state doesn't show. What can't be seen is not gone. */
function goneStates<State>(record: ResourceRecord, view: View<State>): readonly (readonly [string, FindingState])[] {
  if (!view.isReadable) return [];
  const present = new Set([...view.judged, ...view.unanswered].map(({ finding }) => finding.id));
  return Object.entries(record.findings).filter(([id]) => !present.has(id));
}

/** A finding whose part is gone, as it was last recorded. */
async function judgedGone<State>(run: Run<State>, record: ResourceRecord, id: string): Promise<Judged | undefined> {
  const last = await run.cordon.journal.readFinding(id);
  const previous = record.findings[id];
  if (last === undefined || previous === undefined) return undefined;
  const { controlId, resource, part, title, facts } = last;
  const reasons = [`${part} is no longer there`];
  const { digest } = run.cordon.policy;
  const isOff =
    facts.kind === "transfer"
      ? { ...facts, active: false }
      : facts.kind === "condition"
        ? { ...facts, holds: true }
        : facts;
  return {
    finding: { id, controlId, resource, part, title, facts: isOff },
    decision: {
      kind: "compliant",
      rule: "built-in:gone",
      reasons,
      policyDigest: digest,
      digest,
      citations: last.decision.citations,
      explanation: { verdict: "compliant", facts: { part }, considered: [] },
    },
    previous,
  };
}

function accountOf<State>(
  run: Run<State>,
  record: ResourceRecord,
  view: View<State>,
  { state, judged, notes = [] }: News,
  nowMs: number,
): Account {
  const { at } = run.signal;
  return {
    ...accountBase(run, record, view, judged, nowMs),
    state,
    notes,
    ...(notes.length > 0 && { severity: "critical" as const }),
    timings: { ...(at !== "" && { calledAt: at }), heardAt: new Date(run.heardAtMs).toISOString() },
  };
}
