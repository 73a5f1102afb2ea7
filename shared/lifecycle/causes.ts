import { type Cause, type FindingState, KEPT_CAUSES, type ResourceRecord } from "../journal/journal.ts";
import { isOwnCall } from "../journal/own-calls.ts";
import type { Causes } from "../policy/may-decide.ts";
import { identityOf, isSamePerson } from "../policy/people.ts";
import { isEchoOf } from "./recover.ts";
import type { Heard, Run, View } from "./run.ts";

/**
 * Who is behind an event that may have caused what is open on a resource; undefined for whatever is no call of somebody else's.
 *
 * Side effects: one read of the journal, when the event tells of something that is not there any more and Cordon has written to the resource: it may be Cordon's own call,
 * whose answer was lost, or the call that Cordon has answered.
 */
export async function hear<State>(
  run: Run<State>,
  record: ResourceRecord,
  view: View<State>,
): Promise<Heard | undefined> {
  const { signal, cordon } = run;
  if (signal.source !== "cloudtrail" || isOwnCall(signal, record)) return undefined;
  const { arn, sourceIdentity } = signal.principal ?? {};
  const cause: Cause | undefined =
    arn === undefined && sourceIdentity === undefined
      ? undefined
      : { ...(arn !== undefined && { arn }), ...(sourceIdentity !== undefined && { sourceIdentity }) };
  const isStateCall = cordon.control.meta.stateCalls.includes(signal.name);
  const isShown = isStateCall && cordon.control.shows(signal, view.detection, "at least") === true;
  if (isShown || !isStateCall || record.leftBy === undefined) return { cause, isShown };
  const last = await cordon.journal.readRun(record.resource, record.leftBy);
  if (last !== undefined && isEchoOf(run, last)) return undefined;
  const before = { kind: "present", state: last?.plan.before as State, tags: [], findings: [] } as const;
  return { cause, isShown: last !== undefined && cordon.control.shows(signal, before, "at least") === true };
}

/**
 * The record with who is known to have caused what is open on it: everybody whose call was heard while it was, for a call writes the whole configuration. Nobody of them
 * decides about it, so that rather one too many is kept. What an event opened that names somebody is caused by him; what was found otherwise is known to be once the call
 * that shows it is heard. Nothing is kept once nothing is open. Pure.
 *
 * @param before the record as it was read, to tell what is new
 */
export function withCauses<State>(
  run: Run<State>,
  before: ResourceRecord,
  record: ResourceRecord,
  heard: Heard | undefined,
): ResourceRecord {
  const { causes: _causes, isCauseLost: _lost, ...rest } = record;
  if (!isAnythingOpen(record)) return rest;
  const isNamed = heard?.cause !== undefined;
  const findings = Object.fromEntries(
    Object.entries(record.findings).map(([id, state]) => {
      const isNew = isNewOccurrence(before.findings[id], state);
      const isCaused = isNew ? isNamed : state.isCaused === true || (isNamed && heard.isShown);
      const { isCaused: _, ...others } = state;
      return [id, isCaused && state.status !== "resolved" ? { ...others, isCaused: true as const } : others];
    }),
  );
  return { ...withCause(run, record, heard), findings };
}

/** Whether an event tells of a cause what is not known yet. Pure. */
export function isCauseNews<State>(run: Run<State>, record: ResourceRecord, heard: Heard | undefined): boolean {
  if (heard === undefined || !isAnythingOpen(record)) return false;
  if (withCause(run, record, heard) !== record) return true;
  const isUncaused = ({ status, isCaused }: FindingState) => status !== "resolved" && isCaused !== true;
  return heard.cause !== undefined && heard.isShown && Object.values(record.findings).some(isUncaused);
}

/** Who caused a finding, as far as it is known, and whether all of them are. Pure. */
export function causesOf({ causes = [], isCauseLost, findings }: ResourceRecord, findingId: string): Causes {
  return { known: causes, areAll: isCauseLost !== true && findings[findingId]?.isCaused === true };
}

function withCause<State>({ cordon }: Run<State>, record: ResourceRecord, heard: Heard | undefined): ResourceRecord {
  const { causes = [], isCauseLost } = record;
  if (heard === undefined) return record;
  const { cause } = heard;
  if (cause !== undefined && causes.some((each) => isSameCause(each, cause, cordon.policy))) return record;
  if (cause === undefined || causes.length >= KEPT_CAUSES)
    return isCauseLost === true ? record : { ...record, isCauseLost: true };
  return { ...record, causes: [...causes, cause] };
}

/** Sessions of one role are many, and need be kept but once where nobody can tell who is in them; so does one person under several names. */
function isSameCause(one: Cause, other: Cause, policy: Run<unknown>["cordon"]["policy"]): boolean {
  if (one.arn === other.arn && one.sourceIdentity === other.sourceIdentity) return true;
  const [first, second] = [identityOf(one, policy), identityOf(other, policy)];
  if (first !== undefined && second !== undefined) return isSamePerson(first, second);
  return first === undefined && second === undefined && roleOf(one) !== undefined && roleOf(one) === roleOf(other);
}

function roleOf({ arn }: Cause): string | undefined {
  return /^(.*:assumed-role\/[^/]+)\//.exec(arn ?? "")?.[1];
}

function isNewOccurrence(before: FindingState | undefined, { occurrence }: FindingState): boolean {
  return before === undefined || before.status === "resolved" || before.occurrence !== occurrence;
}

function isAnythingOpen({ findings }: ResourceRecord): boolean {
  return Object.values(findings).some(({ status }) => status !== "resolved");
}
