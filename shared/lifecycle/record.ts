import type { FindingRecord, FindingState, ResourceRecord } from "../journal/journal.ts";
import type { Decision, Hold, PendingPlan, Result } from "../types.ts";
import { isCauseNews, withCauses } from "./causes.ts";
import { checkAgain } from "./check-again.ts";
import { tellForeignWrite } from "./foreign-write.ts";
import { isLookNews, withLook } from "./look.ts";
import { pendingPlan, proposedPlans } from "./pending.ts";
import { type Account, accountBase, calledAt } from "./records.ts";
import { compliantResults, resultFor } from "./results.ts";
import type { Judged, Run, View } from "./run.ts";
import { saveAccounts } from "./save.ts";
import { BRAKE_RULE, gone, type Transition, transition, unansweredTransition } from "./transition.ts";

interface Recorded {
  readonly record: ResourceRecord;
  readonly results: readonly Result[];
}

/** A finding's next state with what there is to say about it. */
export interface News {
  readonly state: FindingState;
  readonly judged: Judged;
  readonly notes?: readonly string[];
  readonly holds?: readonly Hold[];
  readonly parent?: string;
  readonly pending?: PendingPlan;
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
  const untold: Record<string, FindingState> = {};
  const asked = view.judged.filter(({ decision }) => decision.kind === "approve");
  const proposed = proposedPlans(run, view, asked);
  for (const judged of view.judged) {
    if (!isPassive(judged.decision)) continue;
    const plan = proposed.get(judged.finding.id);
    const step = named(run, judged, transition(judged.previous, judged.finding, judged.decision, nowMs, plan?.id));
    results.push(resultFor(run, judged, step.status, step.occurrence));
    if (step.next === undefined) continue;
    if (step.isMemory === true) {
      untold[judged.finding.id] = step.next;
      continue;
    }
    const pending = plan && pendingPlan(step.next, plan);
    news.push({ state: step.next, judged, ...(pending !== undefined && { pending }), ...unansweredNote(step.next) });
  }
  for (const judged of view.unanswered) {
    const step = unansweredTransition(judged.previous, judged.finding, nowMs, policy.limits.settleWindowMs);
    results.push(resultFor(run, judged, step.status, step.occurrence));
    if (step.next !== undefined) news.push({ state: step.next, judged });
  }
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
  const isCaused = isCauseNews(run, record, view);
  if (news.length > 0 || Object.keys(untold).length > 0 || isLookNews(record, view) || isCaused) {
    const before = await lastRecords(run, news);
    const accounts = news.map((each) => accountOf(run, record, view, each, before.get(each.judged.finding.id), nowMs));
    const concluded = (last: ResourceRecord) =>
      withCauses(run, record, withLook({ ...last, findings: { ...last.findings, ...untold } }, view), view);
    saved = await saveAccounts(journal, record, accounts, concluded);
  }
  return { record: await checkAgain(run, await tellForeignWrite(run, saved), view), results };
}

/** So many findings are read at once. */
const AT_ONCE = 20;

/** What is recorded of findings that are known already: it is told on. */
async function lastRecords<State>(
  { cordon }: Run<State>,
  news: readonly News[],
): Promise<ReadonlyMap<string, FindingRecord>> {
  const ids = news.filter(({ judged }) => judged.previous !== undefined).map(({ judged }) => judged.finding.id);
  const found = new Map<string, FindingRecord>();
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const records = await Promise.all(ids.slice(from, from + AT_ONCE).map((id) => cordon.journal.readFinding(id)));
    for (const record of records) if (record !== undefined) found.set(record.id, record);
  }
  return found;
}

/** Nobody has decided in time: it is asked again, louder. */
function unansweredNote({ unanswered }: FindingState): Pick<News, "notes"> {
  if (unanswered === undefined) return {};
  return {
    notes: [
      `nobody has decided in time, ${unanswered === 1 ? "once" : `${unanswered} times`} so far: it goes on, and is asked again`,
    ],
  };
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
  { state, judged, notes = [], holds = [], parent, pending }: News,
  last: FindingRecord | undefined,
  nowMs: number,
): Account {
  // A storm is told by its own finding, and each of its many parts is no louder than by itself.
  const isLoud = notes.length > 0 && parent === undefined;
  return {
    ...accountBase(run, record, view, judged, nowMs),
    state,
    notes,
    holds: [...holds, ...heldBy(judged.decision, state)],
    ...(parent !== undefined && { parent }),
    ...(pending !== undefined && { pending }),
    ...(last !== undefined && { last }),
    ...(isLoud && { severity: "critical" as const }),
    timings: {
      ...calledAt(run.signal),
      heardAt: iso(run.heardAtMs),
      decidedAt: iso(view.decidedAtMs),
    },
  };
}

/** What holds a violation that is not to be changed now: the brake, the deployment's mode, or that a person has to say. */
function heldBy({ kind, explanation, approval }: Decision, { untilMs }: FindingState): readonly Hold[] {
  const { mode, modeRule = "" } = explanation;
  if (kind === "observe" && mode === "observe" && !/^(control|default):/.test(modeRule))
    return [{ limit: modeRule.startsWith(BRAKE_RULE) ? "brake" : "mode", whose: modeRule }];
  if (kind !== "approve" || untilMs === undefined) return [];
  const whose =
    approval === undefined || approval.by.length === 0
      ? "anybody who may call Cordon and has not caused it"
      : approval.by.join(", ");
  return [{ limit: "approval", whose, until: iso(untilMs) }];
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
