import { CordonError } from "../errors.ts";
import {
  type EvidenceRecord,
  type FindingRecord,
  type FindingState,
  KEPT_OWN_REQUESTS,
  type ResourceRecord,
  type RunOutcome,
  type RunRecord,
  type Timings,
} from "../journal/journal.ts";
import type { ResourcePort } from "../resources/port.ts";
import type { Clock, Hold, Plan, Receipt, ResourceRef, Severity, Verification } from "../types.ts";
import { type Applied, applyPlan } from "./apply.ts";
import { withCauses } from "./causes.ts";
import { leaseHeld } from "./lease.ts";
import { withLook } from "./look.ts";
import { type Account, accountBase, calledAt, findingRecord, isQuiet, keptState, sealRun } from "./records.ts";
import type { ChangingRun, Judged, Run, View } from "./run.ts";
import { FINDINGS_A_SAVE, saveAccounts } from "./save.ts";
import { verifyState } from "./verify.ts";

/** Less time than this before the deadline, and a run is not begun: it could not be verified any more. */
const MIN_RUN_MS = 3_000;
/** A lease outlives the run's deadline by this much; a clock a little off doesn't make two holders. */
const LEASE_MARGIN_MS = 5_000;
/** Verification may take this long, and leaves this much for each transaction of the finish. */
const VERIFY_MS = 5_000;
const FINISH_MS = 500;
/** So many findings are told of by the claim itself; a transaction takes 100 items. The others are told of at the end. */
const TOLD_AT_CLAIM = 60;

/** What a run came to, for those who have to say how its findings stand now. */
export interface Outcome<State> {
  readonly applied: Applied<State>;
  readonly verification?: Verification;
  readonly usedFallback: boolean;
  readonly atMs: number;
}

/** What differs between containing and rolling back. */
export interface Undertaking<State> {
  readonly plan: Plan<State>;
  readonly judged: readonly Judged[];
  /** How a finding stands once claimed. */
  claimed(judged: Judged, run: number, nowMs: number): FindingState;
  /** The finding of the storm that this is a part of. */
  readonly parent?: string;
  /** The finding as it was recorded last, where it is done on a person's word. */
  readonly last?: FindingRecord;
  /** Evidence that has to be in the journal before the first mutating call. */
  readonly beforehand?: readonly EvidenceRecord[];
  /** How a finding stands at the end, given how it stood when claimed. */
  finished(state: FindingState, outcome: Outcome<State>): FindingState;
  /** What a reader has to know beyond the plan, and how loud it has to be. */
  remarks(
    state: FindingState,
    outcome: Outcome<State>,
  ): { readonly notes: readonly string[]; readonly severity: Severity; readonly holds?: readonly Hold[] };
}

/** One finding at the end of a run. */
export interface Told {
  readonly judged: Judged;
  readonly state: FindingState;
  readonly notes: readonly string[];
}

/** A run that is over, with the record it left. */
export interface Ran<State> {
  readonly number: number;
  readonly outcome: Outcome<State>;
  readonly told: readonly Told[];
  readonly record: ResourceRecord;
}

export function assertTimeLeft<State>({ cordon, deadlineMs }: Run<State>): void {
  if (cordon.clock.nowMs() + MIN_RUN_MS <= deadlineMs) return;
  throw new CordonError(
    "unavailable",
    "too little time is left to change and verify; the event has to be delivered again",
  );
}

/**
 * claim -> apply -> verify -> record: the one way in which a customer's resource is changed.
 *
 * The plan with the state before is stored by the claim, before the first mutating call (invariant 3); the claim is conditional on the record
 * as it was read before live state (invariant 8). A crash after the claim leaves an unfinished run, which the next delivery takes up.
 *
 * Calls: claim, write, re-read, finish.
 * @throws CordonError `conflict` when the journal has moved, or AWS gave no usable answer to the write: look again
 */
export async function runPlan<State>(
  run: ChangingRun<State>,
  record: ResourceRecord,
  view: View<State>,
  undertaking: Undertaking<State>,
): Promise<Ran<State>> {
  const { cordon, signal, deadlineMs } = run;
  const { clock } = cordon;
  const { plan } = undertaking;
  const number = record.runs + 1;
  const port = cordon.control.port(cordon.ports);

  let held = await claim(run, record, view, undertaking, number);
  if (clock.nowMs() >= held.leaseUntilMs) throw new CordonError("conflict", "the lease ran out before the write");
  const applied = await applyPlan(plan, signal.resource, port, async (refusal) => {
    const finishedRun: RunOutcome = { number, status: "claimed", receipts: [refusal], usedFallback: false };
    held = await cordon.journal.save(held, held, { finishedRun });
  });
  if (applied.kind === "unknown") return letGo(run, held, number, applied);
  const expected = applied.kind === "accepted" ? { before: plan.before, after: applied.after } : undefined;
  const finishMs = FINISH_MS * Math.ceil(undertaking.judged.length / FINDINGS_A_SAVE);
  const verifyUntilMs = Math.min(clock.nowMs() + VERIFY_MS, deadlineMs - finishMs);
  const verification = expected && (await verified(port, signal.resource, expected, clock, verifyUntilMs));
  const outcome: Outcome<State> = {
    applied,
    usedFallback: applied.kind === "accepted" && applied.after !== plan.after,
    atMs: clock.nowMs(),
    ...(verification !== undefined && { verification }),
  };
  return { outcome, number, ...(await finish(run, held, view, undertaking, number, outcome)) };
}

/** Where AWS shows at once what it has taken, its word is the second look. */
async function verified<State>(
  port: ResourcePort<State>,
  resource: ResourceRef,
  expected: { readonly before: State; readonly after: State },
  clock: Clock,
  untilMs: number,
): Promise<Verification> {
  if (port.isConsistent === true) return { kind: "verified", at: new Date(clock.nowMs()).toISOString(), reads: 0 };
  return verifyState(resource, expected, port, clock, untilMs);
}

/** Takes the lease, stores the plan and tells of the findings, in one transaction: from here on nothing can happen that nobody hears of. */
async function claim<State>(
  run: Run<State>,
  record: ResourceRecord,
  view: View<State>,
  { plan, judged, claimed, parent, last, beforehand = [] }: Undertaking<State>,
  number: number,
): Promise<ResourceRecord> {
  const { cordon, signal } = run;
  const nowMs = cordon.clock.nowMs();
  if (record.leaseUntilMs > nowMs) throw leaseHeld(record);
  const accounts = judged.map((each) => ({
    ...accountBase(run, record, view, each, nowMs),
    state: claimed(each, number, nowMs),
    ...(parent !== undefined && { parent }),
    ...(last !== undefined && { last }),
    timings: timingsOf(run, view, plan.kind, [], undefined),
  }));
  const claimedRun: RunRecord = {
    number,
    status: "claimed",
    plan,
    judged: judged.map(({ finding, decision }) => ({ finding, decision })),
    claimedAt: new Date(nowMs).toISOString(),
    signalId: signal.id,
    receipts: [],
    usedFallback: false,
  };
  const states = Object.fromEntries(accounts.map((each) => [each.finding.id, keptState(each)]));
  const next = {
    ...withCauses(
      run,
      record,
      withLook({ ...withoutTurn(record), findings: { ...record.findings, ...states } }, view, judged),
      view,
    ),
    leaseUntilMs: run.deadlineMs + LEASE_MARGIN_MS,
    runs: number,
    unfinishedRun: number,
  };
  // Of what is routine nobody is told that it is about to be done: its record at the end says all of it, and a run that has none is taken up again.
  const news = accounts.filter((account) => !isQuiet(account));
  const findings = news.slice(0, TOLD_AT_CLAIM).map((account) => findingRecord(account, record.version + 1));
  return cordon.journal.save(record, next, { claimedRun, findings, evidence: beforehand });
}

/** Its turn in a storm is taken by changing it. */
function withoutTurn({ turnMs: _turn, turnCause: _cause, ...record }: ResourceRecord): ResourceRecord {
  return record;
}

/** It is not known whether AWS took the write: the lease goes back at once, so that the next look can take the run up. */
async function letGo<State>(
  run: Run<State>,
  held: ResourceRecord,
  number: number,
  { receipts, reason, isUntaken }: Extract<Applied<State>, { kind: "unknown" }>,
): Promise<never> {
  const status = isUntaken ? "claimed" : "unknown";
  const outcome: RunOutcome = { number, status, receipts, usedFallback: false };
  await run.cordon.journal.save(held, { ...held, leaseUntilMs: 0 }, { finishedRun: outcome });
  throw new CordonError("conflict", reason);
}

/** Records what the run came to and gives the lease back. */
async function finish<State>(
  run: Run<State>,
  held: ResourceRecord,
  view: View<State>,
  { plan, judged, finished, parent, last, remarks }: Undertaking<State>,
  number: number,
  outcome: Outcome<State>,
): Promise<Pick<Ran<State>, "told" | "record">> {
  const { applied, verification, usedFallback } = outcome;
  const { receipts } = applied;
  const result = { number, receipts, usedFallback, ...(verification !== undefined && { verification }) };
  const sealed = sealRun({ ...result, plan });
  const timings = timingsOf(run, view, plan.kind, receipts, verification);
  const told: Told[] = [];
  const accounts = judged.map((each): Account => {
    const before = held.findings[each.finding.id];
    if (before === undefined) throw new Error(`finding ${each.finding.id} was not claimed`);
    const state = finished(before, outcome);
    const { notes, severity, holds } = remarks(state, outcome);
    told.push({ judged: each, state, notes });
    return {
      ...accountBase(run, held, view, each, outcome.atMs),
      state,
      notes,
      severity,
      ...(holds !== undefined && { holds }),
      ...(parent !== undefined && { parent }),
      ...(last !== undefined && { last }),
      timings,
      run: sealed,
      ...(isUndone(plan, state) && { evidenceOf: "rollback-not-applied" as const }),
    };
  });
  const status = applied.kind === "refused" ? "refused" : (verification?.kind ?? "inconclusive");
  const concluded = ({ unfinishedRun: _, ...rest }: ResourceRecord): ResourceRecord => ({
    ...withLook(rest, view, judged),
    leaseUntilMs: 0,
    // A run that could not be verified stays open: the next delivery looks again before anything else.
    ...(status === "inconclusive" && { unfinishedRun: number }),
    ...(applied.kind === "accepted" && { leftBy: number }),
    ownRequests: withOwn(rest.ownRequests, receipts),
  });
  const record = await saveAccounts(run.cordon.journal, held, accounts, concluded, { ...result, status });
  return { told, record };
}

/** A rollback after which the finding is contained as before. */
function isUndone<State>(plan: Plan<State>, state: FindingState): boolean {
  return plan.kind === "roll-back" && state.status === "contained";
}

/** Request ids of Cordon's own calls, the newest few. */
function withOwn(known: readonly string[], receipts: readonly Receipt[]): readonly string[] {
  return [...known, ...receipts.map(({ requestId }) => requestId)].filter(Boolean).slice(-KEPT_OWN_REQUESTS);
}

function timingsOf<State>(
  run: Run<State>,
  view: View<State>,
  kind: Plan["kind"],
  receipts: readonly Receipt[],
  verification: Verification | undefined,
): Timings {
  const accepted = receipts.find((receipt) => receipt.outcome === "accepted");
  return {
    ...calledAt(run.signal),
    heardAt: new Date(run.heardAtMs).toISOString(),
    decidedAt: new Date(view.decidedAtMs).toISOString(),
    ...(accepted !== undefined && (kind === "contain" ? { containedAt: accepted.at } : { restoredAt: accepted.at })),
    ...(verification?.kind === "verified" && { verifiedAt: verification.at }),
  };
}
