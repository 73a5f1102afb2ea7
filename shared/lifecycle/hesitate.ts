import { shortHash } from "../ids.ts";
import type { FindingState, ResourceRecord, RunRecord, Storm } from "../journal/journal.ts";
import { isOwnCall } from "../journal/own-calls.ts";
import type { Result, Signal } from "../types.ts";
import { askLeave, type Leave } from "./blast-radius.ts";
import { isSameState } from "./difference.ts";
import type { News } from "./record.ts";
import { remembered } from "./remembered.ts";
import { resultFor } from "./results.ts";
import { canChange, type Judged, type Run, type View } from "./run.ts";
import { basisOf, occurrenceOf, violatingIn } from "./transition.ts";
import { type Wait, waitsForLeave } from "./wait.ts";

/** Findings to contain now; results for those that have to wait, what is to be recorded of them, and when to look again. */
interface Hesitation {
  readonly ready: readonly Judged[];
  readonly results: readonly Result[];
  readonly news: readonly News[];
  readonly retryAtMs?: number;
  /** In a storm: its finding, and what there is to say of it. */
  readonly storm?: Extract<Leave, { readonly kind: "go" }>;
  /** The resource's turn in it, or that a person is asked, and on whose account: to be recorded. */
  readonly turn?: Pick<ResourceRecord, "turnMs" | "turnCause">;
}

/**
 * Sorts the findings to be contained by whether there is a reason to wait: the state may be a stale read from before our own write (settle
 * window), somebody keeps switching it back (flip guard), AWS has just refused the same change, or there have been too many changes (blast radius). Reads the
 * journal only after a recent containment, once for each run that made one; counts the change, in one update or two.
 *
 * @param storm of the run's scope, as it was read with the record
 */
export async function hesitate<State>(
  run: Run<State>,
  record: ResourceRecord,
  view: View<State>,
  offending: readonly Judged[],
  storm: Storm | undefined,
): Promise<Hesitation> {
  const readRun = remembered((number: number) => run.cordon.journal.readRun(run.signal.resource, number));
  const ready: Judged[] = [];
  const waits: { readonly judged: Judged; readonly wait: Wait }[] = [];
  let stale: Wait | undefined;
  for (const judged of offending) {
    stale ??= await waitForSettling(run, record, view, judged, readRun);
    const wait = waitForRefusal(run, judged) ?? waitForFlips(run, judged);
    if (wait === undefined) ready.push(judged);
    else waits.push({ judged, wait });
  }
  // A look that may be stale is stale for all: a plan made on it would switch on again what has been contained.
  if (stale !== undefined) {
    const wait = stale;
    const all = offending.map((judged) => ({ judged, wait }));
    return heldBack(run, [], all);
  }
  // Once anything is changed, what AWS refused before is tried with it: together they may allow what each alone did not.
  const joining = waits.filter(({ judged }) => ready.length > 0 && judged.previous?.refused === true);
  const waiting = waits.filter((each) => !joining.includes(each));
  const wanted = [...ready, ...joining.map(({ judged }) => judged)];
  if (wanted.length === 0) return heldBack(run, [], waiting);
  // A new object that gets its tag is no breach: however many there are, they are no storm.
  if (run.cordon.control.meta.isRoutine === true) return heldBack(run, wanted, waiting);
  const isAsked = wanted.some(({ previous }) => previous?.status === "awaiting-approval" && previous.isHeld === true);
  const leave = await askLeave(run, record, storm, isAsked);
  if (leave.kind === "go") return { ...heldBack(run, wanted, waiting), storm: leave };
  const held = heldBack(run, [], [...waiting, ...waitsForLeave(run, view, wanted, leave)]);
  return { ...held, turn: { ...(leave.kind === "later" && { turnMs: leave.atMs }), turnCause: leave.cause } };
}

function heldBack<State>(
  run: Run<State>,
  ready: readonly Judged[],
  waits: readonly { readonly judged: Judged; readonly wait: Wait }[],
): Hesitation {
  const times = waits.flatMap(({ wait }) => (wait.retryAtMs === undefined ? [] : [wait.retryAtMs]));
  return {
    ready,
    results: waits.map(({ judged, wait }) =>
      resultFor(run, judged, wait.status, occurrenceOf(judged.previous), { reasons: [wait.reason] }),
    ),
    news: waits.flatMap(({ judged, wait }) =>
      wait.state === undefined
        ? []
        : [
            {
              judged,
              state: wait.state,
              notes: [wait.reason],
              ...(wait.hold !== undefined && { holds: [wait.hold] }),
              ...(wait.parent !== undefined && { parent: wait.parent }),
              ...(wait.pending !== undefined && { pending: wait.pending }),
            },
          ],
    ),
    ...(times.length > 0 && { retryAtMs: Math.min(...times) }),
  };
}

function waitForRefusal<State>({ cordon }: Run<State>, { finding, decision, previous }: Judged): Wait | undefined {
  // Refused for what it was then; another destination, say, is another matter.
  if (previous?.refused !== true || previous.basis !== basisOf(finding, decision)) return undefined;
  const untilMs = previous.changedAtMs + cordon.policy.limits.flips.cappedIntervalMs;
  if (cordon.clock.nowMs() >= untilMs) return undefined;
  const reason = `AWS has just refused this change; a person has to decide, and it is tried again after ${iso(untilMs)}`;
  return { status: "awaiting-approval", reason, retryAtMs: untilMs };
}

/** Contained again and again: at a capped rate, so that neither side wins by speed and the last state is never the offending one. */
function waitForFlips<State>({ cordon, signal }: Run<State>, judged: Judged): Wait | undefined {
  const { finding, previous } = judged;
  const { flips } = cordon.policy.limits;
  const nowMs = cordon.clock.nowMs();
  const recent = recentContainments(previous?.containedAtMs ?? [], nowMs, flips.windowMs);
  const last = recent.at(-1);
  if (previous === undefined || last === undefined) return undefined;
  const untilMs = last + flips.cappedIntervalMs;
  if (recent.length < flips.count || nowMs >= untilMs) return undefined;
  return {
    status: "inconclusive",
    reason: `switched back${byWhom(signal)} after being contained ${recent.length} times within ${flips.windowMs / 60_000} minutes; contained again at ${iso(untilMs)}`,
    retryAtMs: untilMs,
    hold: {
      limit: "flip-guard",
      whose: `${finding.id}, switched back${byWhom(signal)}`,
      count: recent.length,
      most: flips.count,
      until: iso(untilMs),
    },
    // The journal must not say "contained" while data moves.
    ...(previous.status !== "waiting" && { state: violatingIn(judged, "waiting", nowMs) }),
  };
}

/** Who keeps switching it back, and with what: a person, or a pipeline that will do it again. */
export function byWhom({ principal }: Signal): string {
  const who = principal?.arn ?? principal?.invokedBy;
  if (who === undefined) return "";
  return principal?.agent === undefined ? ` by ${who}` : ` by ${who} with ${principal.agent}`;
}

/** Containments within the flip window before now. */
export function recentContainments(
  containedAtMs: readonly number[],
  nowMs: number,
  windowMs: number,
): readonly number[] {
  return containedAtMs.filter((at) => nowMs - at < windowMs);
}

/** S3 may still show the state from before our write. Only a write by somebody else after ours proves that it is new. */
async function waitForSettling<State>(
  run: Run<State>,
  record: ResourceRecord,
  view: View<State>,
  { previous }: Judged,
  readRun: (number: number) => Promise<RunRecord | undefined>,
): Promise<Wait | undefined> {
  const { cordon } = run;
  const last = previous?.containedAtMs.at(-1);
  if (canChange(run) && run.cordon.control.port(cordon.ports).isConsistent === true) return undefined;
  if (previous?.status !== "contained" || last === undefined || previous.run === undefined) return undefined;
  const untilMs = last + cordon.policy.limits.settleWindowMs;
  if (cordon.clock.nowMs() >= untilMs || isLaterWrite(run, record, previous, last)) return undefined;
  const contained = await readRun(previous.run);
  if (contained === undefined || !isSameState(contained.plan.before, view.detection.state)) return undefined;
  return {
    status: "inconclusive",
    reason: `the state read may be older than the containment of ${iso(last)}; looked at again after ${iso(untilMs)}`,
    retryAtMs: untilMs,
  };
}

/** A call that writes this very state, by somebody else, not the one that was contained, and not before it was. CloudTrail cuts times to seconds. */
function isLaterWrite<State>(
  { signal, cordon }: Run<State>,
  record: ResourceRecord,
  previous: FindingState,
  lastMs: number,
): boolean {
  return (
    signal.source === "cloudtrail" &&
    cordon.control.meta.stateCalls.includes(signal.name) &&
    !isOwnCall(signal, record) &&
    shortHash(signal.id) !== previous.claim?.signal &&
    Date.parse(signal.at) >= Math.floor(lastMs / 1000) * 1000
  );
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
