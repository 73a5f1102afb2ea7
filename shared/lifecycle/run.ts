import type { Classified } from "../classification/classify.ts";
import type { AnyControl, Asked, Control, Detection } from "../control.ts";
import type { Cordon } from "../cordon.ts";
import type { Cause, FindingState } from "../journal/journal.ts";
import type { Decision, Finding, Result, Signal } from "../types.ts";

/** One finding with what policy says of it and how the journal knows it. */
export interface Judged {
  readonly finding: Finding;
  readonly decision: Decision;
  readonly previous?: FindingState;
}

/** One look at live state, judged. */
export interface View<State> {
  readonly detection: Extract<Detection<State>, { kind: "present" }>;
  readonly classified: Classified;
  readonly judged: readonly Judged[];
  /** Findings of which nothing can be said yet, because AWS did not answer. */
  readonly unanswered: readonly Judged[];
  /** When the look at live state began: whatever somebody wrote after it, it may not show. */
  readonly readAtMs: number;
  /** Whom the event names, where it is a call of somebody's (causes.ts). */
  readonly heard?: Heard;
  /** When it was decided. */
  readonly decidedAtMs: number;
  /** False when AWS would not show the state: what is not seen is not gone then. */
  readonly isReadable: boolean;
}

/**
 * Who made a call, undefined when the event names nobody; and the state that the call wrote, exactly, where that is seen: it is still there, or was before Cordon answered
 * it.
 */
export interface Heard {
  readonly cause: Cause | undefined;
  readonly wrote?: { readonly state: unknown; readonly isThere: boolean };
}

/** What one run knows throughout. */
export interface Run<State> {
  readonly signal: Signal;
  readonly cordon: Cordon<State, AnyControl<State>>;
  readonly heardAtMs: number;
  /** By then the run has to be over. */
  readonly deadlineMs: number;
}

/** A run whose control can change what it judges. */
export interface ChangingRun<State> extends Run<State> {
  readonly cordon: Cordon<State, Control<State>>;
}

/** What a look of this run is for. */
export function askedBy<State>({ cordon, signal, deadlineMs }: Run<State>): Asked {
  return { policy: cordon.policy, signal, deadlineMs, clock: cordon.clock };
}

export function canChange<State>(run: Run<State>): run is ChangingRun<State> {
  return run.cordon.control.changes !== "nothing";
}

/** One pass over a resource: its results, and whether live state has to be looked at again. */
export interface Pass {
  readonly results: readonly Result[];
  readonly again: boolean;
  /** Some results are not final: the event has to be delivered again then. */
  readonly retryAtMs?: number;
}
