import type { ResourceRecord } from "../journal/journal.ts";
import { isOwnCall } from "../journal/own-calls.ts";
import { type Judged, type Run, resultFor, type View } from "../pipeline.ts";
import type { Result } from "../types.ts";
import { isSameState } from "./difference.ts";
import { occurrenceOf } from "./transition.ts";

/** Findings to contain now, and results for those that have to wait; what waits is delivered again. */
interface Hesitation {
  readonly ready: readonly Judged[];
  readonly waiting: readonly Result[];
}

/**
 * Sorts the findings to be contained by whether there is a reason to wait: the state may be a stale read from before our own write (settle
 * window), somebody keeps switching it back (flip guard), or AWS has just refused the same change. One read of the journal at most, and
 * only after a recent containment.
 */
export async function hesitate<State>(
  run: Run<State>,
  record: ResourceRecord,
  view: View<State>,
  offending: readonly Judged[],
): Promise<Hesitation> {
  const ready: Judged[] = [];
  const waiting: Result[] = [];
  for (const judged of offending) {
    const wait =
      waitForRefusal(run, judged) ?? waitForFlips(run, judged) ?? (await waitForSettling(run, record, view, judged));
    if (wait === undefined) ready.push(judged);
    else waiting.push(resultFor(run, judged, wait.status, occurrenceOf(judged.previous), { reasons: [wait.reason] }));
  }
  return { ready, waiting };
}

interface Wait {
  readonly status: "inconclusive" | "awaiting-approval";
  readonly reason: string;
}

function waitForRefusal<State>({ cordon }: Run<State>, { previous }: Judged): Wait | undefined {
  if (previous?.refused !== true) return undefined;
  const untilMs = previous.changedAtMs + cordon.policy.limits.flips.cappedIntervalMs;
  if (cordon.clock.nowMs() >= untilMs) return undefined;
  return {
    status: "awaiting-approval",
    reason: `AWS has just refused this change; a person has to decide, or it is tried again after ${iso(untilMs)}`,
  };
}

/** Contained again and again: at a capped rate, so that neither side wins by speed and the last state is never the offending one. */
function waitForFlips<State>({ cordon }: Run<State>, { previous }: Judged): Wait | undefined {
  const { flips } = cordon.policy.limits;
  const nowMs = cordon.clock.nowMs();
  const recent = recentContainments(previous?.containedAtMs ?? [], nowMs, flips.windowMs);
  const last = recent.at(-1);
  if (last === undefined || recent.length < flips.count || nowMs >= last + flips.cappedIntervalMs) return undefined;
  return {
    status: "inconclusive",
    reason: `contained ${recent.length} times within ${flips.windowMs / 60_000} minutes and switched back each time; contained again at ${iso(last + flips.cappedIntervalMs)}`,
  };
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
): Promise<Wait | undefined> {
  const { cordon, signal } = run;
  const last = previous?.containedAtMs.at(-1);
  if (previous?.status !== "contained" || last === undefined || previous.run === undefined) return undefined;
  const untilMs = last + cordon.policy.limits.settleWindowMs;
  if (cordon.clock.nowMs() >= untilMs) return undefined;
  // CloudTrail times are whole seconds, cut off.
  const isLaterWrite = signal.source === "cloudtrail" && Date.parse(signal.at) > last && !isOwnCall(signal, record);
  if (isLaterWrite) return undefined;
  const contained = await cordon.journal.readRun(signal.resource, previous.run);
  if (contained === undefined || !isSameState(contained.plan.before, view.detection.state)) return undefined;
  return {
    status: "inconclusive",
    reason: `the state read may be older than the containment of ${iso(last)}; looked at again after ${iso(untilMs)}`,
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
