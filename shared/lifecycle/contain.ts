import type { ControlMeta } from "../control.ts";
import { shortHash } from "../ids.ts";
import type { EvidenceRecord, FindingRecord, FindingState, ResourceRecord } from "../journal/journal.ts";
import { shownArn } from "../shown.ts";
import type { Hold, Plan, ResultStatus } from "../types.ts";
import type { Leave } from "./blast-radius.ts";
import { byWhom, recentContainments } from "./hesitate.ts";
import { planContainment } from "./plan.ts";
import { changesFor } from "./records.ts";
import { resultFor } from "./results.ts";
import type { ChangingRun, Judged, Pass, Run, View } from "./run.ts";
import { assertTimeLeft, type Outcome, runPlan, type Undertaking } from "./run-plan.ts";
import { reached, violatingIn, withWrite } from "./transition.ts";

/** What a containment does about the parts besides stopping them. */
interface Manner {
  /** The storm that it is a part of, where there is one. */
  readonly storm?: Extract<Leave, { readonly kind: "go" }>;
  /** Parts that may go with the harder stop, should AWS refuse the first; undefined: none. */
  readonly mayGo?: ReadonlySet<string>;
  /** Evidence that has to be in the journal before the first mutating call. */
  readonly beforehand?: readonly EvidenceRecord[];
  /** The finding as it was recorded last, where it is done on a person's word. */
  readonly last?: FindingRecord;
}

/**
 * Contains the findings that policy says to contain, all in one write.
 *
 * Side effects: changes the customer's resource; writes the journal. Calls: claim, write, re-read, finish.
 */
export async function contain<State>(
  run: ChangingRun<State>,
  record: ResourceRecord,
  view: View<State>,
  offending: readonly Judged[],
  storm?: Manner["storm"],
): Promise<Pass & { readonly record: ResourceRecord }> {
  if (offending.length === 0) return { results: [], again: false, record };
  const wrong = view.judged.filter(({ decision }) => decision.kind === "contain").map(({ finding }) => finding.part);
  // In a storm the reversible stop goes on; what could break an application waits for a person.
  const isStorm = storm?.parent !== undefined;
  return containParts(run, record, view, offending, {
    ...(storm !== undefined && { storm }),
    ...(!isStorm && { mayGo: new Set(wrong) }),
  });
}

/**
 * Contains parts for which that has been decided, by policy or by a person: plans, and runs the plan.
 *
 * Side effects: as `contain`.
 * @throws Error for a plan that changes nothing
 */
export async function containParts<State>(
  run: ChangingRun<State>,
  record: ResourceRecord,
  view: View<State>,
  offending: readonly Judged[],
  { storm, mayGo, last, beforehand = [] }: Manner,
): Promise<Pass & { readonly record: ResourceRecord }> {
  assertTimeLeft(run);
  const { cordon, signal } = run;
  const { control, policy } = cordon;
  const parts = new Set(offending.map(({ finding }) => finding.part));
  const port = control.port(cordon.ports);
  const nowMs = cordon.clock.nowMs();
  const findings = offending.map(({ finding }) => finding);
  const at = new Date(control.timeFor?.(findings, nowMs) ?? nowMs).toISOString();
  const plan = planContainment(control, port, view.detection.state, parts, mayGo, view.classified, at);
  // `judge` asks a person then.
  if (plan.steps.every(({ changes }) => changes.length === 0))
    throw new Error("a containment that changes nothing contains nothing");
  const {
    outcome,
    told,
    number,
    record: finished,
  } = await runPlan(run, record, view, {
    plan,
    judged: offending,
    beforehand,
    ...(storm?.parent !== undefined && { parent: storm.parent }),
    ...(last !== undefined && { last }),
    claimed: (judged, number, nowMs) =>
      violatingIn(judged, "containing", nowMs, {
        run: number,
        removed: false,
        // After a run without an answer the echo of its write can't be told from somebody else's: nobody is suspected then.
        claim: {
          signal: shortHash(signal.id),
          ...(judged.previous?.status !== "inconclusive" && { atMs: view.readAtMs }),
        },
      }),
    finished: (state, outcome) => stateAfter(state, outcome, control.meta),
    remarks: remarksOn(run, plan, storm),
  });

  const done = { number, plan, usedFallback: outcome.usedFallback };
  const results = told.map(({ judged, state, notes }) =>
    resultFor(run, judged, ANSWER[state.status] ?? "inconclusive", state.occurrence, {
      reasons: notes,
      changes: outcome.applied.kind === "accepted" ? changesFor(done, judged.finding.part) : [],
    }),
  );
  const isOpen = outcome.verification?.kind === "inconclusive";
  const later = isOpen ? { retryAtMs: outcome.atMs + policy.limits.settleWindowMs } : {};
  return { results, again: outcome.verification?.kind === "drifted", record: finished, ...later };
}

const ANSWER: Partial<Record<FindingState["status"], ResultStatus>> = {
  contained: "contained",
  "awaiting-approval": "awaiting-approval",
};

/** What AWS refused is tried again of its own accord, too, should nothing happen to the resource: rights may have been given meanwhile. */
const REFUSED_LOOK_MS = 6 * 3_600_000;

function stateAfter<State>(
  state: FindingState,
  { applied, verification, atMs }: Outcome<State>,
  { isRoutine }: ControlMeta,
): FindingState {
  if (applied.kind !== "accepted") {
    return reached(state, "awaiting-approval", atMs, { refused: true, lookAtMs: atMs + REFUSED_LOOK_MS });
  }
  const written = withWrite(state, atMs);
  if (verification?.kind !== "verified") return reached(written, "inconclusive", atMs);
  // Of a million objects nobody looks at each once more.
  return reached(written, "contained", atMs, {
    removed: applied.after === null,
    ...(isRoutine && { isChecked: true }),
  });
}

function remarksOn<State>(run: Run<State>, plan: Plan<State>, storm: Manner["storm"]): Undertaking<State>["remarks"] {
  const { flips } = run.cordon.policy.limits;
  return (state, { applied, usedFallback, verification, atMs }) => {
    const times = recentContainments(state.containedAtMs, atMs, flips.windowMs).length;
    const notes: string[] = [];
    if (applied.kind === "refused") notes.push(`AWS refused the change (${applied.reason}); a person has to stop this`);
    if (applied.kind === "refused" && plan.fallback === undefined) {
      notes.push(
        "taking the whole configuration away was no option: compliant parts would have gone with it, or a storm or a person's approval of less holds it back",
      );
    }
    if (usedFallback && plan.fallback?.isAsHard === true) {
      notes.push("AWS refused the change, for want of room or of a right; the same was done by another way");
    } else if (usedFallback) {
      notes.push(
        "AWS refused to change the part, so the whole configuration, in which every enabled part offended, was taken away; the run keeps it as `before`",
      );
    }
    if (verification?.kind === "drifted")
      notes.push("somebody else wrote at the same time; live state is judged again");
    if (verification?.kind === "inconclusive") notes.push(`not verified yet: ${verification.reason}`);
    const isTugOfWar = times >= flips.count;
    if (isTugOfWar) {
      notes.push(
        `contained ${times} times within ${flips.windowMs / 60_000} minutes: it is switched back again and again, the last time${byWhom(run.signal) || " by somebody or some pipeline"}`,
      );
    }
    if (storm?.note !== undefined) notes.push(storm.note);
    // A storm is told by its own finding, which is critical for all of its parts.
    const isCritical = applied.kind === "refused" || isTugOfWar;
    const { meta } = run.cordon.control;
    const until = new Date(atMs + flips.cappedIntervalMs).toISOString();
    const hold: Hold = { limit: "refused-by-aws", whose: `${meta.id} on ${shownArn(run.signal.resource)}`, until };
    return {
      notes,
      severity: isCritical ? "critical" : meta.severity,
      ...(applied.kind === "refused" && { holds: [hold] }),
    };
  };
}
