import { CordonError } from "../errors.ts";
import {
  type EvidenceRecord,
  type FindingState,
  KEPT_OWN_REQUESTS,
  type ResourceRecord,
  type RunRecord,
  type Timings,
} from "../journal/journal.ts";
import { isOwnCall } from "../journal/own-calls.ts";
import type { Judged, Run, View } from "../pipeline.ts";
import type { Plan, Receipt, Severity, Verification } from "../types.ts";
import { type Applied, applyPlan } from "./apply.ts";
import { withClass } from "./record.ts";
import { recordsOf, sealRun } from "./records.ts";
import { verifyState } from "./verify.ts";

/** Less time than this before the deadline, and a run is not begun: it could not be verified any more. */
const MIN_RUN_MS = 3_000;
/** A lease outlives the run's deadline by this much; a clock a little off doesn't make two holders. */
const LEASE_MARGIN_MS = 5_000;
/** Verification may take this long, and leaves this much for the finish. */
const VERIFY_MS = 5_000;
const FINISH_MS = 1_000;

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
  /** Evidence that has to be in the journal before the first mutating call. */
  readonly beforehand?: readonly EvidenceRecord[];
  /** How a finding stands at the end, given how it stood when claimed. */
  finished(state: FindingState, outcome: Outcome<State>): FindingState;
  /** What a reader has to know beyond the plan, and how loud it has to be. */
  remarks(
    state: FindingState,
    outcome: Outcome<State>,
  ): { readonly notes: readonly string[]; readonly severity: Severity };
}

/** One finding at the end of a run. */
export interface Told {
  readonly judged: Judged;
  readonly state: FindingState;
  readonly notes: readonly string[];
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
 */
export async function runPlan<State>(
  run: Run<State>,
  record: ResourceRecord,
  view: View<State>,
  undertaking: Undertaking<State>,
): Promise<{ readonly outcome: Outcome<State>; readonly told: readonly Told[]; readonly number: number }> {
  const { cordon, signal, deadlineMs } = run;
  const { clock } = cordon;
  const { plan } = undertaking;
  const number = record.runs + 1;
  const port = cordon.control.port(cordon.ports);

  const claimed = await claim(run, record, view, undertaking, number);
  if (clock.nowMs() >= claimed.leaseUntilMs) throw new CordonError("conflict", "the lease ran out before the write");
  const applied = await applyPlan(plan, signal.resource, port);
  const expected = applied.kind === "accepted" ? { before: plan.before, after: applied.after } : undefined;
  const verifyUntilMs = Math.min(clock.nowMs() + VERIFY_MS, deadlineMs - FINISH_MS);
  const verification = expected && (await verifyState(signal.resource, expected, port, clock, verifyUntilMs));
  const outcome: Outcome<State> = {
    applied,
    usedFallback: applied.kind === "accepted" && applied.after !== plan.after,
    atMs: clock.nowMs(),
    ...(verification !== undefined && { verification }),
  };
  return { outcome, number, told: await finish(run, claimed, view, undertaking, number, outcome) };
}

/** Takes the lease and stores the plan, in one transaction. */
async function claim<State>(
  run: Run<State>,
  record: ResourceRecord,
  view: View<State>,
  { plan, judged, claimed, beforehand }: Undertaking<State>,
  number: number,
): Promise<ResourceRecord> {
  const nowMs = run.cordon.clock.nowMs();
  const states = judged.map((each): [string, FindingState] => [each.finding.id, claimed(each, number, nowMs)]);
  const claimedRun: RunRecord = {
    number,
    status: "claimed",
    plan,
    judged: judged.map(({ finding, decision }) => ({ finding, decision })),
    claimedAt: new Date(nowMs).toISOString(),
    signalId: run.signal.id,
    receipts: [],
    usedFallback: false,
  };
  const next = {
    ...withClass(record, view),
    leaseUntilMs: run.deadlineMs + LEASE_MARGIN_MS,
    runs: number,
    unfinishedRun: number,
    findings: { ...record.findings, ...Object.fromEntries(states) },
  };
  return run.cordon.journal.save(record, next, {
    claimedRun,
    ...(beforehand !== undefined && { evidence: beforehand }),
  });
}

/** Records what the run came to and gives the lease back, in one transaction. */
async function finish<State>(
  run: Run<State>,
  held: ResourceRecord,
  view: View<State>,
  { plan, judged, finished, remarks }: Undertaking<State>,
  number: number,
  outcome: Outcome<State>,
): Promise<readonly Told[]> {
  const { cordon, signal } = run;
  const { applied, verification, usedFallback } = outcome;
  const { receipts } = applied;
  const sealed = sealRun({ number, plan, usedFallback, receipts, ...(verification !== undefined && { verification }) });
  const told = judged.map((each) => {
    const before = held.findings[each.finding.id];
    if (before === undefined) throw new Error(`finding ${each.finding.id} was not claimed`);
    const state = finished(before, outcome);
    const { notes, severity } = remarks(state, outcome);
    const account = {
      meta: cordon.control.meta,
      ...each,
      state,
      classified: view.classified,
      signal,
      isOwn: isOwnCall(signal, held),
      nowMs: outcome.atMs,
      notes,
      severity,
      timings: timingsOf(run, plan.kind, receipts, verification),
      run: sealed,
    };
    return { judged: each, state, notes, ...recordsOf(account, held.version + 1) };
  });

  const status = applied.kind === "refused" ? "refused" : (verification?.kind ?? "inconclusive");
  const states = Object.fromEntries(told.map((each) => [each.judged.finding.id, each.state]));
  const { unfinishedRun: _, ...rest } = held;
  const next: ResourceRecord = {
    ...rest,
    leaseUntilMs: 0,
    // A run that could not be verified stays open: the next delivery looks again before anything else.
    ...(status === "inconclusive" && { unfinishedRun: number }),
    ...(applied.kind === "accepted" && { leftBy: number }),
    findings: { ...held.findings, ...states },
    ownRequests: [...held.ownRequests, ...receipts.map(({ requestId }) => requestId)]
      .filter(Boolean)
      .slice(-KEPT_OWN_REQUESTS),
  };
  await cordon.journal.save(held, next, {
    finishedRun: { number, status, receipts, usedFallback, ...(verification !== undefined && { verification }) },
    findings: told.map(({ finding }) => finding),
    evidence: told.map(({ evidence }) => evidence),
  });
  return told;
}

function timingsOf<State>(
  run: Run<State>,
  kind: Plan["kind"],
  receipts: readonly Receipt[],
  verification: Verification | undefined,
): Timings {
  const accepted = receipts.find((receipt) => receipt.outcome === "accepted");
  return {
    ...(run.signal.at !== "" && { calledAt: run.signal.at }),
    heardAt: new Date(run.heardAtMs).toISOString(),
    ...(accepted !== undefined && (kind === "contain" ? { containedAt: accepted.at } : { restoredAt: accepted.at })),
    ...(verification?.kind === "verified" && { verifiedAt: verification.at }),
  };
}
