import { type Cause, KEPT_CAUSES, type ResourceRecord } from "../journal/journal.ts";
import { isOwnCall } from "../journal/own-calls.ts";
import { isEchoOf } from "./recover.ts";
import type { Run } from "./run.ts";

/**
 * The record with who is known to have caused what is open on it: everybody whose call was heard while it was. Nobody of them decides about it, so that rather one too many
 * is kept. Nothing is once nothing is open. Pure.
 */
export function withCauses<State>(run: Run<State>, record: ResourceRecord): ResourceRecord {
  const { causes = [], isCauseLost: _, ...rest } = record;
  if (!isAnythingOpen(record)) return rest;
  const cause = newCause(run, record);
  if (cause === undefined) return record;
  if (cause === "lost" || causes.length >= KEPT_CAUSES) return { ...record, isCauseLost: true };
  return { ...record, causes: [...causes, cause] };
}

/**
 * Whether an event names somebody, or nobody, that is not yet known to have written to what is open.
 *
 * Side effects: one read of the journal when it does, and Cordon has written to the resource: its own call may come back to it without a receipt.
 */
export async function isCauseNews<State>(run: Run<State>, record: ResourceRecord): Promise<boolean> {
  return isAnythingOpen(record) && newCause(run, record) !== undefined && !(await isLostEcho(run, record));
}

/** Who caused what is open, for those who have to be others. Pure. */
export function causesOf({ causes = [], isCauseLost }: ResourceRecord): "unknown" | readonly Cause[] {
  return isCauseLost ? "unknown" : causes;
}

function newCause<State>({ signal }: Run<State>, record: ResourceRecord): Cause | "lost" | undefined {
  const { causes = [], isCauseLost } = record;
  if (signal.source !== "cloudtrail" || isCauseLost || isOwnCall(signal, record)) return undefined;
  const { arn, sourceIdentity } = signal.principal ?? {};
  if (arn === undefined && sourceIdentity === undefined) return "lost";
  if (causes.some((each) => each.arn === arn && each.sourceIdentity === sourceIdentity)) return undefined;
  return { ...(arn !== undefined && { arn }), ...(sourceIdentity !== undefined && { sourceIdentity }) };
}

/** The event of a call of Cordon's own, of which no answer was recorded. */
async function isLostEcho<State>(run: Run<State>, record: ResourceRecord): Promise<boolean> {
  const { control, journal } = run.cordon;
  if (record.leftBy === undefined || !control.meta.stateCalls.includes(run.signal.name)) return false;
  const last = await journal.readRun(record.resource, record.leftBy);
  return last !== undefined && isEchoOf(run, last);
}

function isAnythingOpen({ findings }: ResourceRecord): boolean {
  return Object.values(findings).some(({ status }) => status !== "resolved");
}
