import { CordonError } from "../errors.ts";
import { type FindingState, KEPT_OWN_REQUESTS, type ResourceRecord, type RunRecord } from "../journal/journal.ts";
import type { Verification } from "../types.ts";
import { briefly, differences, isSameState } from "./difference.ts";
import { reactivated } from "./key-memory.ts";
import { withLook } from "./look.ts";
import { type Account, accountBase, changesFor, sealRun } from "./records.ts";
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
  // The fallback was on its way only if the first call's refusal is journalled: somebody else may have taken the configuration away.
  const wasRefused = unfinished.receipts.some((receipt) => receipt.outcome === "refused");
  const usedFallback =
    !isOwnAfter && wasRefused && plan.fallback !== undefined && isSameState(live, plan.fallback.after);
  if (isOwnAfter || usedFallback) return conclude(run, record, view, { ...unfinished, usedFallback });

  const untilMs = Date.parse(unfinished.claimedAt) + policy.limits.settleWindowMs;
  const wasAccepted = unfinished.receipts.some((receipt) => receipt.outcome === "accepted");
  const mayBeTaken = wasAccepted || unfinished.status === "unknown";
  if (mayBeTaken && isSameState(live, plan.before) && clock.nowMs() < untilMs) {
    const until = new Date(untilMs).toISOString();
    const reasons = [
      `AWS ${wasAccepted ? "took" : "may have taken"} the change and shows the state before it; looked at again after ${until}`,
    ];
    const results = unfinished.judged.map((judged) =>
      resultFor(run, judged, "inconclusive", record.findings[judged.finding.id]?.occurrence ?? 0, { reasons }),
    );
    return { results, again: false, retryAtMs: untilMs };
  }
  return abandon(run, record, view, unfinished, wasAccepted);
}

/** Live state is what the run was to leave: the journal is brought up to it, with the facts and decisions the plan rested on. */
async function conclude<State>(
  run: Run<State>,
  record: ResourceRecord,
  view: View<State>,
  done: RunRecord,
): Promise<Pass> {
  const { cordon } = run;
  const nowMs = cordon.clock.nowMs();
  const verification: Verification = { kind: "verified", at: new Date(nowMs).toISOString(), reads: 1 };
  const accepted = done.receipts.find(({ outcome }) => outcome === "accepted");
  const notes = [
    accepted !== undefined
      ? "verified by a later run"
      : "the run ended before AWS's answer was recorded; live state is as it was to leave it, by its call or, less likely, by somebody else's",
  ];
  const accounts: Account[] = [];
  const timings =
    done.plan.kind === "contain"
      ? { containedAt: accepted?.at ?? verification.at }
      : { restoredAt: accepted?.at ?? verification.at };
  for (const judged of done.judged) {
    const state = record.findings[judged.finding.id];
    // Told already, before the container died.
    if (state === undefined || !IN_FLIGHT.includes(state.status)) continue;
    const last = await cordon.journal.readFinding(judged.finding.id);
    accounts.push({
      ...accountBase(run, record, view, judged, nowMs),
      ...(last !== undefined && { last }),
      state: stateConcluded(state, judged, done, accepted !== undefined, nowMs),
      notes,
      timings: { ...timings, verifiedAt: verification.at },
      run: sealRun({ ...done, verification }),
    });
  }
  const { number, receipts, usedFallback } = done;
  const concluded = (current: ResourceRecord) => ({
    ...withLook(freed(current), view),
    leftBy: number,
    ownRequests: withEcho(run, done, current.ownRequests),
  });
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

/**
 * Whether an event is that of a run's own call, whose answer was not recorded before the run died: it can't be told by its request id, and is known by having written
 * exactly what was planned. Whoever else wrote just that has caused nothing that was not decided. Pure.
 */
export function isEchoOf<State>(
  { signal, cordon }: Run<State>,
  { plan, usedFallback, receipts, claimedAt }: RunRecord,
): boolean {
  const left = {
    kind: "present",
    state: stateLeftBy({ plan, usedFallback }) as State,
    tags: [],
    findings: [],
  } as const;
  return (
    cordon.control.meta.stateCalls.includes(signal.name) &&
    !receipts.some(({ outcome }) => outcome === "accepted") &&
    // CloudTrail cuts times to seconds.
    Date.parse(signal.at) >= Math.floor(Date.parse(claimedAt) / 1000) * 1000 &&
    cordon.control.shows(signal, left, "exactly") === true
  );
}

function withEcho<State>(run: Run<State>, done: RunRecord, known: readonly string[]): readonly string[] {
  const { requestId } = run.signal;
  if (requestId === undefined || !isEchoOf(run, done)) return known;
  return [...known, requestId].slice(-KEPT_OWN_REQUESTS);
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
    const { claim, ...rest } = state;
    const unsuspecting = { ...rest, ...(claim !== undefined && { claim: { signal: claim.signal } }) };
    const written = wasCounted ? state : withWrite(unsuspecting, nowMs);
    return reached(written, "contained", nowMs, { removed: stateLeftBy(done) === null });
  }
  const untilMs = Date.parse(state.exception?.expiresAt ?? "");
  return reached(reactivated(state), "exempt", nowMs, {
    occurrence: state.occurrence + 1,
    basis: basisOf(finding, decision),
    ...(!Number.isNaN(untilMs) && { untilMs }),
  });
}

/**
 * Live state is not what the run was to leave: it came to nothing, or somebody wrote after it. Parts that are as the run was to leave them count as
 * done; the others are judged anew.
 */
async function abandon<State>(
  run: Run<State>,
  record: ResourceRecord,
  view: View<State>,
  unfinished: RunRecord,
  wasAccepted: boolean,
): Promise<Pass> {
  const nowMs = run.cordon.clock.nowMs();
  const live = view.detection.state;
  const { plan, number, receipts, usedFallback } = unfinished;
  const verification: Verification = {
    kind: "drifted",
    at: new Date(nowMs).toISOString(),
    reads: 1,
    differences: briefly(differences(plan.after, live)),
  };
  const states: Record<string, FindingState> = {};
  const accounts: Account[] = [];
  for (const judged of unfinished.judged) {
    const { id, part } = judged.finding;
    const state = record.findings[id];
    if (state === undefined || !IN_FLIGHT.includes(state.status)) continue;
    const isDone = differences(plan.after, live, part).length === 0 && differences(plan.before, live, part).length > 0;
    // A rollback that came to nothing leaves what was contained; a containment goes on in the same occurrence.
    const last = isDone || plan.kind === "roll-back" ? await run.cordon.journal.readFinding(id) : undefined;
    const base = { ...accountBase(run, record, view, judged, nowMs), ...(last !== undefined && { last }) };
    if (plan.kind === "roll-back" && isDone) states[id] = reached(state, "inconclusive", nowMs);
    else if (plan.kind === "roll-back") {
      accounts.push({
        ...base,
        state: reached(state, "contained", nowMs),
        notes: ["the rollback came to nothing: the part is still contained; the exception that was granted stands"],
        timings: {},
        evidenceOf: "rollback-not-applied",
      });
    } else if (!isDone) states[id] = reached(wasAccepted ? state : withoutRun(state), "inconclusive", nowMs);
    else {
      accounts.push({
        ...base,
        state: stateConcluded(state, judged, unfinished, wasAccepted, nowMs),
        notes: [
          "the run ended before it could be verified, and somebody has changed the configuration since; this part is as the run was to leave it",
        ],
        timings: { containedAt: receipts.at(-1)?.at ?? verification.at },
        run: sealRun({ ...unfinished, verification }),
      });
    }
  }
  const isDone = plan.kind === "contain" && accounts.length > 0;
  const status = isDone ? ("drifted" as const) : ("abandoned" as const);
  const concluded = (current: ResourceRecord) => ({
    ...withLook({ ...freed(current), findings: { ...current.findings, ...states } }, view),
    ...(isDone && { leftBy: number }),
  });
  await saveAccounts(run.cordon.journal, record, accounts, concluded, {
    number,
    receipts,
    usedFallback,
    status,
    verification,
  });
  const results = accounts.map(({ finding, decision, state, notes = [] }) =>
    resultFor(run, { finding, decision }, isDone ? "contained" : "already-contained", state.occurrence, {
      reasons: notes,
      changes: isDone ? changesFor(unfinished, finding.part) : [],
    }),
  );
  return { results, again: true };
}

/** A run that was neither concluded nor told of. */
const IN_FLIGHT: readonly FindingState["status"][] = ["containing", "inconclusive", "rolling-back"];

/** Nothing shows that AWS ever took the write: should the part be off one day, somebody else did it. */
function withoutRun({ run: _, ...state }: FindingState): FindingState {
  return state;
}

function freed({ unfinishedRun: _, ...rest }: ResourceRecord): ResourceRecord {
  return { ...rest, leaseUntilMs: 0 };
}
