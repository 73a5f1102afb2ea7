import { CordonError } from "../errors.ts";
import type { FindingState, ResourceRecord, RunRecord } from "../journal/journal.ts";
import { isOwnCall } from "../journal/own-calls.ts";
import type { Verification } from "../types.ts";
import { isSameState } from "./difference.ts";
import { type Account, changesFor, sealRun } from "./records.ts";
import { resultFor } from "./results.ts";
import type { Pass, Run, View } from "./run.ts";
import { saveAccounts } from "./save.ts";
import { basisOf, reached, withWrite } from "./transition.ts";

/** The state a run leaves behind when AWS takes it. */
export function stateLeftBy(run: Pick<RunRecord, "plan" | "usedFallback">): unknown {
  return run.usedFallback ? run.plan.fallback?.after : run.plan.after;
}

/**
 * Takes up a run that was claimed and never finished: its container died, or AWS gave no answer to its write, or went on showing the state from
 * before. Live state tells what became of it, whatever the journal missed. Afterwards the pass starts anew.
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
    const until = new Date(untilMs).toISOString();
    const reasons = [`AWS took the change but still shows the state before it; looked at again after ${until}`];
    const results = unfinished.judged.map((judged) =>
      resultFor(run, judged, "inconclusive", record.findings[judged.finding.id]?.occurrence ?? 0, { reasons }),
    );
    return { results, again: false, retryAtMs: untilMs };
  }
  await abandon(run, record, unfinished, wasAccepted);
  return { results: [], again: true };
}

/** Live state is what the run was to leave: the journal is brought up to it, with the facts and decisions the plan rested on. */
async function conclude<State>(
  run: Run<State>,
  record: ResourceRecord,
  view: View<State>,
  done: RunRecord,
): Promise<Pass> {
  const { cordon, signal } = run;
  const nowMs = cordon.clock.nowMs();
  const verification: Verification = { kind: "verified", at: new Date(nowMs).toISOString(), reads: 1 };
  const accepted = done.receipts.find(({ outcome }) => outcome === "accepted");
  const notes = [
    accepted !== undefined
      ? "verified by a later run"
      : "the run ended before AWS's answer was recorded; live state is as it was to leave it, by its call or, less likely, by somebody else's",
  ];
  const sealed = sealRun({ ...done, verification });
  const accounts: Account[] = [];
  for (const judged of done.judged) {
    const state = record.findings[judged.finding.id];
    // Told already, before the container died.
    if (
      state === undefined ||
      (state.status !== "containing" && state.status !== "inconclusive" && state.status !== "rolling-back")
    )
      continue;
    accounts.push({
      meta: cordon.control.meta,
      ...judged,
      state: stateConcluded(state, judged, done, accepted !== undefined, nowMs),
      classified: view.classified,
      signal,
      isOwn: isOwnCall(signal, record),
      nowMs,
      notes,
      timings: { containedAt: accepted?.at ?? verification.at, verifiedAt: verification.at },
      run: sealed,
    });
  }
  const { number, receipts, usedFallback } = done;
  const concluded = (current: ResourceRecord) => ({ ...freed(current), leftBy: number });
  await saveAccounts(cordon.journal, record, accounts, concluded, {
    number,
    receipts,
    usedFallback,
    status: "verified",
    verification,
  });
  const results = accounts.map(({ finding, decision, state }) =>
    resultFor(run, { finding, decision }, state.status === "contained" ? "contained" : "exempt", state.occurrence, {
      reasons: notes,
      changes: changesFor(done, finding.part),
    }),
  );
  return { results, again: true };
}

function stateConcluded(
  state: FindingState,
  { finding, decision }: RunRecord["judged"][number],
  done: RunRecord,
  wasCounted: boolean,
  nowMs: number,
): FindingState {
  if (done.plan.kind === "contain") {
    // Without a receipt its own echo can't be recognised: nobody is to be suspected of having written in between.
    const { claim: _, ...unclaimed } = state;
    const written = wasCounted ? state : withWrite(unclaimed, nowMs);
    return reached(written, "contained", nowMs, { removed: stateLeftBy(done) === null });
  }
  return reached(state, "exempt", nowMs, { occurrence: state.occurrence + 1, basis: basisOf(finding, decision) });
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
  const next = { ...freed(record), findings: { ...record.findings, ...states } };
  await run.cordon.journal.save(record, next, { finishedRun: { number, receipts, usedFallback, status: "abandoned" } });
}

function freed({ unfinishedRun: _, ...rest }: ResourceRecord): ResourceRecord {
  return { ...rest, leaseUntilMs: 0 };
}
