import { CordonError } from "../errors.ts";
import type { FindingState, ResourceRecord, RunRecord } from "../journal/journal.ts";
import { isOwnCall } from "../journal/own-calls.ts";
import { type Pass, type Run, resultFor, type View } from "../pipeline.ts";
import type { Verification } from "../types.ts";
import { isSameState } from "./difference.ts";
import { changesFor, recordsOf, sealRun } from "./records.ts";
import { contained, reached } from "./transition.ts";

/** The state a run leaves behind when AWS takes it. */
export function stateLeftBy(run: Pick<RunRecord, "plan" | "usedFallback">): unknown {
  return run.usedFallback ? run.plan.fallback?.after : run.plan.after;
}

/**
 * Takes up a run that was claimed and never finished: its container died, or AWS went on showing the state from before its write. Live state
 * tells what became of it, whatever the journal missed. Afterwards the pass starts anew.
 *
 * Side effects: one read and one transaction of the journal; no change in AWS.
 */
export async function recoverRun<State>(run: Run<State>, record: ResourceRecord, view: View<State>): Promise<Pass> {
  const { journal, clock, policy } = run.cordon;
  const number = record.unfinishedRun ?? 0;
  const unfinished = await journal.readRun(run.signal.resource, number);
  if (unfinished === undefined) throw new CordonError("conflict", `run ${number} is claimed but not in the journal`);

  const live = view.detection.state;
  const { plan } = unfinished;
  const isOwnAfter = isSameState(live, plan.after);
  const usedFallback = !isOwnAfter && plan.fallback !== undefined && isSameState(live, plan.fallback.after);
  if (isOwnAfter || usedFallback) return conclude(run, record, view, { ...unfinished, usedFallback });

  const untilMs = Date.parse(unfinished.claimedAt) + policy.limits.settleWindowMs;
  const wasAccepted = unfinished.receipts.some((receipt) => receipt.outcome === "accepted");
  if (wasAccepted && isSameState(live, plan.before) && clock.nowMs() < untilMs) {
    const reasons = [
      `AWS took the change but still shows the state before it; looked at again after ${new Date(untilMs).toISOString()}`,
    ];
    const results = unfinished.judged.map((judged) =>
      resultFor(run, judged, "inconclusive", record.findings[judged.finding.id]?.occurrence ?? 0, { reasons }),
    );
    return { results, again: false };
  }
  await abandon(run, record, unfinished, wasAccepted);
  return { results: [], again: true };
}

/** The run did reach its end: the journal is brought up to it, with the facts and decisions the plan rested on. */
async function conclude<State>(
  run: Run<State>,
  record: ResourceRecord,
  view: View<State>,
  done: RunRecord,
): Promise<Pass> {
  const { cordon, signal } = run;
  const nowMs = cordon.clock.nowMs();
  const verification: Verification = { kind: "verified", at: new Date(nowMs).toISOString(), reads: 1 };
  const notes = [
    done.receipts.length > 0
      ? "verified by a later run"
      : "the run that made this change ended before it could record AWS's answer; live state shows that it took effect",
  ];
  const sealed = sealRun({ ...done, verification });
  const told = done.judged.map((judged) => {
    const state = stateConcluded(record, judged.finding.id, done, nowMs);
    const account = {
      meta: cordon.control.meta,
      ...judged,
      state,
      classified: view.classified,
      signal,
      isOwn: isOwnCall(signal, record),
      nowMs,
      notes,
      timings: { containedAt: done.receipts.at(-1)?.at ?? verification.at, verifiedAt: verification.at },
      run: sealed,
    };
    return { judged, state, ...recordsOf(account, record.version + 1) };
  });
  const states = Object.fromEntries(told.map(({ judged, state }) => [judged.finding.id, state]));
  const next = { ...freed(record, states), leftBy: done.number };
  const { number, receipts, usedFallback } = done;
  await cordon.journal.save(record, next, {
    finishedRun: { number, receipts, usedFallback, status: "verified", verification },
    findings: told.map(({ finding }) => finding),
    evidence: told.map(({ evidence }) => evidence),
  });
  const results = told.map(({ judged, state }) =>
    resultFor(run, judged, state.status === "contained" ? "contained" : "exempt", state.occurrence, {
      reasons: notes,
      changes: changesFor(done, judged.finding.part),
    }),
  );
  return { results, again: true };
}

function stateConcluded(record: ResourceRecord, id: string, done: RunRecord, nowMs: number): FindingState {
  const state = record.findings[id];
  if (state === undefined) throw new Error(`finding ${id} has a run but no state`);
  return done.plan.kind === "contain"
    ? contained(state, nowMs, { removed: stateLeftBy(done) === null })
    : reached(state, "exempt", nowMs, { occurrence: state.occurrence + 1 });
}

/** The run came to nothing, or somebody wrote over it: it is closed, and its findings are judged anew. */
async function abandon<State>(
  run: Run<State>,
  record: ResourceRecord,
  unfinished: RunRecord,
  wasAccepted: boolean,
): Promise<void> {
  const nowMs = run.cordon.clock.nowMs();
  const states: Record<string, FindingState> = {};
  for (const { finding } of unfinished.judged) {
    const state = record.findings[finding.id];
    if (state === undefined) continue;
    // A containment goes on in the same occurrence; a rollback that came to nothing leaves what was contained.
    if (unfinished.plan.kind === "roll-back") states[finding.id] = reached(state, "contained", nowMs);
    else if (wasAccepted) states[finding.id] = reached(state, "inconclusive", nowMs);
    else {
      // Nothing shows that AWS ever took the write: should the part be off now, somebody else did it.
      const { run: _, ...unchanged } = state;
      states[finding.id] = reached(unchanged, "inconclusive", nowMs);
    }
  }
  const { number, receipts, usedFallback } = unfinished;
  await run.cordon.journal.save(record, freed(record, states), {
    finishedRun: { number, receipts, usedFallback, status: "abandoned" },
  });
}

function freed(record: ResourceRecord, states: Readonly<Record<string, FindingState>>): ResourceRecord {
  const { unfinishedRun: _, ...rest } = record;
  return { ...rest, leaseUntilMs: 0, findings: { ...record.findings, ...states } };
}
