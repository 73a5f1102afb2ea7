import { CordonError } from "../errors.ts";
import type { Reading, ResourcePort } from "../resources/port.ts";
import type { Clock, ResourceRef, Verification } from "../types.ts";
import { briefly, differences, isSameState } from "./difference.ts";

/** Waits between re-reads; S3 configuration is eventually consistent, mostly within a second. */
const WAITS_MS = [100, 200, 400, 800, 1_600];

/**
 * Re-reads live state until it equals `after` (verified), is neither `after` nor `before` (drifted: somebody else wrote), or the time is up
 * (inconclusive: the read may be stale, or the write lost). No side effects.
 *
 * @param deadlineMs the time by the clock after which no further read is started
 */
export async function verifyState<State>(
  resource: ResourceRef,
  expected: { readonly before: State; readonly after: State },
  port: ResourcePort<State>,
  clock: Clock,
  deadlineMs: number,
): Promise<Verification> {
  for (let reads = 1; ; reads++) {
    const reading = await readOrNot(port, resource);
    const at = new Date(clock.nowMs()).toISOString();
    // A resource that is gone holds no state: the same as nothing configured.
    const live = reading.kind === "present" ? reading.state : reading.kind === "absent" ? null : undefined;
    if (live !== undefined) {
      if (isSameState(live, expected.after)) return { kind: "verified", at, reads };
      if (!isSameState(live, expected.before)) {
        return { kind: "drifted", at, reads, differences: briefly(differences(expected.after, live)) };
      }
    }
    const waitMs = WAITS_MS[reads - 1];
    if (waitMs === undefined || clock.nowMs() + waitMs > deadlineMs) {
      const reason = reading.kind === "unreadable" ? reading.reason : "the state before the write is still read";
      return { kind: "inconclusive", at, reads, reason };
    }
    await clock.sleep(waitMs);
  }
}

/** AWS not answering a read says nothing about the write, whose receipt must not be lost over it. */
async function readOrNot<State>(port: ResourcePort<State>, resource: ResourceRef): Promise<Reading<State>> {
  try {
    return await port.read(resource);
  } catch (error) {
    if (error instanceof CordonError && error.kind === "unavailable")
      return { kind: "unreadable", reason: error.message };
    throw error;
  }
}
