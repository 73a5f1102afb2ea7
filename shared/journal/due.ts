import type { ControlRecord, FindingState, ResourceRecord } from "./journal.ts";

/** A containment is looked at once more after this long; so is what should have been concluded by then. */
export const CHECK_AFTER_MS = 5 * 60_000;

/**
 * When a resource has to be looked at again though nothing may happen to it: a run is to be taken up, nobody has decided in time, an exception is over, a turn has come,
 * a containment is to be verified again. Undefined: never. Pure.
 */
export function dueAtMs(record: ResourceRecord): number | undefined {
  const { controlId, others, leaseUntilMs } = record;
  return soonest(Object.values({ ...others, [controlId]: record }).map((each) => dueOf(each, leaseUntilMs)));
}

/** The same of one control. Pure. */
export function dueOf(record: ControlRecord, leaseUntilMs: number): number | undefined {
  return soonest(timesOf(record, leaseUntilMs));
}

/** When one control's next look is due after some time. Pure. */
export function dueAfter(record: ControlRecord, leaseUntilMs: number, afterMs: number): number | undefined {
  return soonest(timesOf(record, leaseUntilMs).filter((time) => time !== undefined && time > afterMs));
}

function timesOf({ findings, unfinishedRun }: ControlRecord, leaseUntilMs: number): readonly (number | undefined)[] {
  const takeUpMs = unfinishedRun !== undefined && leaseUntilMs > 0 ? leaseUntilMs : undefined;
  return [takeUpMs, ...Object.values(findings).map(dueOfFinding)];
}

function dueOfFinding({ status, changedAtMs, untilMs, lookAtMs, isChecked }: FindingState): number | undefined {
  if (lookAtMs !== undefined) return lookAtMs;
  switch (status) {
    case "contained":
      return isChecked ? undefined : changedAtMs + CHECK_AFTER_MS;
    case "containing":
    case "rolling-back":
    case "inconclusive":
    case "waiting":
      return changedAtMs + CHECK_AFTER_MS;
    case "awaiting-approval":
    case "exempt":
      return untilMs;
    default:
      return undefined;
  }
}

function soonest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : known.reduce((one, other) => Math.min(one, other));
}
