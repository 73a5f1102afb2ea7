import { controls } from "../controls/registry.ts";
import type { Classified, JournalledClass } from "../shared/classification/classify.ts";
import type { AnyControl, Asked, Control, Detection, Ports } from "../shared/control.ts";
import { CordonError, type CordonErrorKind, describeError } from "../shared/errors.ts";
import type { FindingState, ResourceRecord } from "../shared/journal/journal.ts";
import { judge } from "../shared/lifecycle/judge.ts";
import type { Judged, View } from "../shared/lifecycle/run.ts";
import { stateOf } from "../shared/lifecycle/transition.ts";
import type { PolicyInForce } from "../shared/policy/policy.ts";
import { systemClock } from "../shared/runtime/clock.ts";
import { eventsOf } from "../shared/signals/control-events.ts";
import { parseSignals } from "../shared/signals/parse-signals.ts";
import type { Exception, Mode, ResourceRef, Signal } from "../shared/types.ts";

/** The controls that the command line can try on an event: those that judge customers' data, and whose ports it has. Objects are read by functions/tag-objects alone. */
export const triedControls: readonly Control<unknown>[] = controls.filter(
  (control): control is typeof control & { readonly changes?: never } =>
    control.changes !== "nothing" && !("subject" in control.meta),
) as readonly Control<unknown>[];

/** What the journal knows of a resource that a decision may rest on. Exceptions by the id of their finding. */
export interface Journalled extends JournalledClass {
  readonly exceptions: Readonly<Record<string, Exception>>;
}

/** Nothing is known: the event is the first one heard of its resource. */
export const NOT_JOURNALLED: Journalled = { exceptions: {} };

/** Asks the journal, or what stands in for it. May read; never writes. */
export type JournalledSource = (
  resource: ResourceRef,
  control: AnyControl<unknown>,
  asked: Asked,
) => Promise<Journalled>;

/** The most that may be done, whatever policy says, and what says so. */
export interface Ceiling {
  readonly mode: Mode;
  readonly reason: string;
}

/** No ceiling: decisions are policy's own. */
export const POLICY_ALONE: Ceiling = { mode: "enforce", reason: "nothing" };

/** What one control makes of an event before policy: each signal in it with the state that was found, or why there is none. */
export type Look =
  | { readonly kind: "ignored" | "refused"; readonly reason: string }
  | {
      readonly kind: "seen";
      readonly signal: Signal;
      readonly detection: Seen;
      readonly journalled: Journalled;
      /** When the look began. */
      readonly readAtMs: number;
    }
  /** The resource is no longer there. */
  | { readonly kind: "absent"; readonly signal: Signal; readonly reason: string }
  /** AWS gave no answer, or the resource is none of those that are served (`foreign-account`). */
  | { readonly kind: "failed"; readonly signal: Signal; readonly reason: string; readonly error: CordonErrorKind };

/** Live state, or that AWS would not show it. */
export type Seen = Exclude<Detection<unknown>, { readonly kind: "absent" }>;

/** A look, judged. Of what is `unanswered` nothing can be said yet, because AWS did not answer. */
export type Outcome =
  | Exclude<Look, { readonly kind: "seen" }>
  | {
      readonly kind: "judged";
      readonly signal: Signal;
      readonly classified: Classified;
      /** A finding for each part of the resource, with its decision; none where nothing is configured. */
      readonly judged: readonly Judged[];
      readonly unanswered: readonly Judged[];
      readonly journalled: Journalled;
      /** False when AWS would not show the state. */
      readonly isReadable: boolean;
    };

/** What one control made of an event. */
export interface LooksOfControl {
  readonly control: AnyControl<unknown>;
  readonly looks: readonly Look[];
}
export interface OutcomesOfControl {
  readonly control: AnyControl<unknown>;
  readonly outcomes: readonly Outcome[];
}

export interface LookOptions {
  /** How much is to be read of what is costly to read. */
  readonly policy: PolicyInForce;
  readonly controls: readonly AnyControl<unknown>[];
  readonly ports: Ports;
  readonly nowMs: number;
  /** Left out: nothing is journalled. */
  readonly journalled?: JournalledSource;
}

export interface JudgeOptions {
  readonly policy: PolicyInForce;
  readonly nowMs: number;
  /** Left out: policy alone decides. */
  readonly ceiling?: Ceiling;
}

/**
 * An event as the deployed functions would judge it: understood, live state read, class and exceptions considered, decided by policy; per control, in the
 * order of `controls`, and within it in the order of the event. Reads through the ports; writes nothing, plans nothing and records nothing.
 *
 * It is `lookAtEvent` and then `judgeLook`; to judge one look by several policies, call these two.
 *
 * @param event anything that a function could be given: bare, in EventBridge's envelope, a batch
 * @throws CordonError `misconfigured`, and whatever is a mistake in Cordon itself
 */
export async function judgeEvent(
  event: unknown,
  options: LookOptions & JudgeOptions,
): Promise<readonly OutcomesOfControl[]> {
  const all = await lookAtEvent(event, options);
  return all.map(({ control, looks }) => ({
    control,
    outcomes: looks.map((look) => judgeLook(control, look, options)),
  }));
}

/**
 * The part of `judgeEvent` that reads: each control's looks at what the event is about.
 *
 * @throws as `judgeEvent` does
 */
export async function lookAtEvent(event: unknown, options: LookOptions): Promise<readonly LooksOfControl[]> {
  const all: LooksOfControl[] = [];
  for (const control of options.controls) {
    const looks: Look[] = [];
    for (const parsed of parseSignals(event, eventsOf(control.meta))) {
      looks.push(parsed.kind === "signal" ? await lookAt(control, parsed.signal, options) : parsed);
    }
    all.push({ control, looks });
  }
  return all;
}

/** The part of `judgeEvent` that decides. Pure. */
export function judgeLook(control: AnyControl<unknown>, look: Look, options: JudgeOptions): Outcome {
  if (look.kind !== "seen") return look;
  const { signal, journalled } = look;
  const { classified, judged, unanswered, isReadable } = viewOf(control, look, options);
  return { kind: "judged", signal, classified, judged, unanswered, journalled, isReadable };
}

/** By hand nobody is in a hurry. */
const LOOK_MS = 60_000;

async function lookAt(control: AnyControl<unknown>, signal: Signal, options: LookOptions): Promise<Look> {
  const { ports, journalled, nowMs, policy } = options;
  try {
    const asked = { policy, signal, deadlineMs: nowMs + LOOK_MS, clock: systemClock };
    const known = await journalled?.(signal.resource, control, asked);
    const detection = await control.detect(signal.resource, ports, asked);
    if (detection.kind === "absent" && detection.instead !== undefined)
      return lookAt(control, { ...signal, resource: detection.instead }, options);
    if (detection.kind === "absent") return { kind: "absent", signal, reason: detection.reason };
    return { kind: "seen", signal, detection, journalled: known ?? NOT_JOURNALLED, readAtMs: nowMs };
  } catch (error) {
    // A mistake in the settings holds for every event.
    if (!(error instanceof CordonError) || error.kind === "misconfigured") throw error;
    return { kind: "failed", signal, reason: describeError(error), error: error.kind };
  }
}

/** Part of a run's shape, and nothing that `judge` asks: it is pure. */
const UNASKED = undefined as never;

/** The pipeline's own judgement of a look. */
function viewOf(
  control: AnyControl<unknown>,
  { signal, detection, journalled, readAtMs }: Extract<Look, { readonly kind: "seen" }>,
  { policy, nowMs, ceiling = POLICY_ALONE }: JudgeOptions,
): View<unknown> {
  const clock = { nowMs: () => nowMs, sleep: async () => {} };
  const cordon = { control, policy, clock, ceiling, ports: UNASKED, journal: UNASKED };
  const run = { signal, cordon, heardAtMs: nowMs, deadlineMs: nowMs };
  const { exceptions, ...classed } = journalled;
  return judge(run, detection, readAtMs, { ...classed, findings: statesOf(exceptions, nowMs) });
}

/** What of a resource's record a decision may rest on. Pure. */
export function journalledOf({ classification, classSource, findings }: ResourceRecord): Journalled {
  const granted = Object.entries(findings).flatMap(([id, { exception }]) =>
    exception === undefined ? [] : [[id, exception] as const],
  );
  return { classification, classSource, exceptions: Object.fromEntries(granted) };
}

/** Exceptions as the journal keeps them: with the finding that each is for. Pure. */
export function statesOf(exceptions: Journalled["exceptions"], nowMs: number): Readonly<Record<string, FindingState>> {
  return Object.fromEntries(
    Object.entries(exceptions).map(([id, exception]) => {
      const state = stateOf(undefined, nowMs);
      return [id, { ...state, status: "exempt" as const, occurrence: 1, exception }];
    }),
  );
}
