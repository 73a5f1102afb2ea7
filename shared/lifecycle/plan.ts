import type { Classified } from "../classification/classify.ts";
import type { Control } from "../control.ts";
import type { ResourcePort } from "../resources/port.ts";
import type { Plan, Step } from "../types.ts";
import { differences, invert } from "./difference.ts";

/** Stands for the time at which a plan is carried out, for as long as it waits for a person. */
export const WHEN_DONE = "(when it is done)";

/**
 * The plan that contains the offending parts: exact before and after, each step with its inverse. Pure.
 *
 * @param mayGo parts that may go with the harder stop, for when AWS refuses the first: all that offend, also those not treated now; undefined when
 * there may be none
 * @param classified the class of the data
 * @param at when it is carried out, or `WHEN_DONE`
 */
export function planContainment<State>(
  control: Control<State>,
  port: ResourcePort<State>,
  before: State,
  offending: ReadonlySet<string>,
  mayGo: ReadonlySet<string> | undefined,
  classified: Classified,
  at: string,
): Plan<State> {
  const after = control.comply(before, offending, classified, at);
  const other = control.otherwise?.(before, offending, at);
  const retreat = mayGo === undefined ? undefined : control.retreat(before, mayGo);
  return {
    ...planOf(control, port, "contain", before, after, [...offending]),
    ...(retreat !== undefined && { fallback: { after: retreat, steps: [stepOf(port, before, retreat)] } }),
    ...(other !== undefined && { fallback: { after: other, steps: [stepOf(port, before, other)], isAsHard: true } }),
  };
}

/** The plan that puts one part of `original` back into what Cordon left behind. Pure. */
export function planRollback<State>(
  control: Control<State>,
  port: ResourcePort<State>,
  left: State,
  original: State,
  part: string,
): Plan<State> {
  return planOf(control, port, "roll-back", left, control.restore(left, original, part), [part]);
}

function planOf<State>(
  control: Control<State>,
  port: ResourcePort<State>,
  kind: Plan["kind"],
  before: State,
  after: State,
  parts: readonly string[],
): Plan<State> {
  return {
    kind,
    parts,
    before,
    after,
    steps: [stepOf(port, before, after)],
    permissions: [...control.meta.iam.write, ...(control.meta.iam.passRoleTo.length > 0 ? ["iam:PassRole"] : [])],
    reversible: reversibleOf(control, before, after, parts),
  };
}

/** Whether and how a change of these parts can be taken back, in words. Pure. */
export function reversibleOf<State>(
  control: Control<State>,
  before: State,
  after: State,
  parts: readonly string[],
): string {
  return control.noWayBack?.(before, after, parts) ?? control.meta.reversible;
}

function stepOf<State>(port: ResourcePort<State>, before: State, after: State): Step {
  const changes = differences(before, after);
  return {
    operation: port.operation(after, before),
    changes,
    inverse: { operation: port.operation(before, after), changes: invert(changes) },
  };
}
