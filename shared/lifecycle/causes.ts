import { type Cause, type FindingState, KEPT_CAUSES, type ResourceRecord } from "../journal/journal.ts";
import { isOwnCall } from "../journal/own-calls.ts";
import type { Causes } from "../policy/may-decide.ts";
import { identityOf, isNamedSo } from "../policy/people.ts";
import type { Exception } from "../types.ts";
import { partHash, stateHash } from "./difference.ts";
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
  detection: View<State>["detection"],
): Promise<Heard | undefined> {
  const { signal, cordon } = run;
  const { control } = cordon;
  if (signal.source !== "cloudtrail" || isOwnCall(signal, record)) return undefined;
  const { arn, sourceIdentity } = signal.principal ?? {};
  const cause: Cause | undefined =
    arn === undefined && sourceIdentity === undefined
      ? undefined
      : { ...(arn !== undefined && { arn }), ...(sourceIdentity !== undefined && { sourceIdentity }) };
  // That a key is known to others, or tried out, no call has caused: there is nobody to be missed.
  if (cause === undefined && signal.report !== undefined) return undefined;
  if (!control.meta.stateCalls.includes(signal.name)) return { cause };
  // No less than all that is there, and no more: a call that wrote some of it may be anybody's.
  if (control.shows(signal, detection, "exactly") === true)
    return { cause, wrote: { state: detection.state, isThere: true } };
  if (record.leftBy === undefined) return { cause };
  const last = await cordon.journal.readRun(record.resource, record.leftBy);
  if (last === undefined) return { cause };
  if (isEchoOf(run, last)) return undefined;
  const before = { kind: "present", state: last.plan.before as State, tags: [], findings: [] } as const;
  const isBefore = control.shows(signal, before, "exactly") === true;
  return { cause, ...(isBefore && { wrote: { state: before.state, isThere: false } }) };
}

/**
 * The record with who is known to have caused what is open on it: everybody whose call was heard while it was, for a call writes the whole configuration. Nobody of them
 * decides about it, so that rather one too many is kept. That whoever caused a finding is among them is known once the call is heard that wrote the part as it is; or, of a
 * part that had been there before and nothing was wrong with, the call that gave the data another class. Nothing is kept once nothing is open. Pure.
 *
 * @param before the record as it was read, to tell what is new
 */
export function withCauses<State>(
  run: Run<State>,
  before: ResourceRecord,
  record: ResourceRecord,
  view: View<State>,
): ResourceRecord {
  const { causes: _causes, isCauseLost: _lost, ...rest } = record;
  if (!isAnythingOpen(record)) return rest;
  const judged = new Map(view.judged.map((each) => [each.finding.id, each]));
  const findings = Object.fromEntries(
    Object.entries(record.findings).map(([id, { caused: _, ...state }]) => {
      if (state.status === "resolved") return [id, state];
      const { finding, decision } = judged.get(id) ?? {};
      const isLive = finding !== undefined && view.isReadable && decision?.kind !== "compliant";
      const part = isLive ? partHash(view.detection.state, finding.part) : undefined;
      const caused = causedBy(run, view, before, { id, state, name: finding?.part, part });
      return [id, caused === undefined ? state : { ...state, caused }];
    }),
  );
  return { ...withCause(run, record, view.heard), findings };
}

/** What is known of one finding: its state, the name of its part and, while that offends, its hash. */
interface Open {
  readonly id: string;
  readonly state: FindingState;
  readonly name: string | undefined;
  readonly part: string | undefined;
}

/** The part whose cause is known; undefined when it is not, or not any more: a part that was written anew has another. */
function causedBy<State>(
  { signal, cordon }: Run<State>,
  view: View<State>,
  before: ResourceRecord,
  { id, state, name, part }: Open,
): string | undefined {
  const { cause, wrote } = view.heard ?? {};
  const last = before.findings[id];
  const isNew = isNewOccurrence(last, state);
  if (cause !== undefined && wrote !== undefined) {
    const isSame = part === undefined || name === undefined || partHash(wrote.state, name) === part;
    const isAfter =
      !wrote.isThere || Date.parse(signal.at) + CUT_MS >= sinceMs(last, cordon.policy.limits.settleWindowMs);
    if (isSame && isAfter && (wrote.isThere || !isNew || part !== undefined)) return part ?? last?.caused ?? EARLIER;
  }
  const isOfClass = cause !== undefined && isNew && !cordon.control.meta.stateCalls.includes(signal.name);
  if (isOfClass && part !== undefined && before.quiet === stateHash(view.detection.state)) return part;
  const was = isNew ? undefined : last?.caused;
  return part === undefined || part === was ? was : undefined;
}

/** Times of CloudTrail are whole seconds, cut off. */
const CUT_MS = 999;
/** The part is as Cordon left it: what it was is in the run that contained it. */
const EARLIER = "earlier";

/** No call before this has made it offend: Cordon had contained it then, or it was seen to be right. What is read may be older by the settle window. */
function sinceMs(last: FindingState | undefined, settleWindowMs: number): number {
  if (last === undefined) return 0;
  const contained = last.containedAtMs.at(-1) ?? 0;
  return last.status === "resolved" ? Math.max(contained, last.changedAtMs - settleWindowMs) : contained;
}

/** Whether an event tells of a cause what is not known yet, or something has changed of which it is not known any more who caused it. Pure. */
export function isCauseNews<State>(run: Run<State>, record: ResourceRecord, view: View<State>): boolean {
  if (!isAnythingOpen(record)) return false;
  const { causes, isCauseLost, findings } = withCauses(run, record, record, view);
  return (
    causes !== record.causes ||
    isCauseLost !== record.isCauseLost ||
    Object.entries(findings).some(([id, { caused }]) => caused !== record.findings[id]?.caused)
  );
}

/** Who caused a finding, as far as it is known, and whether all of them are. Pure. */
export function causesOf({ causes = [], isCauseLost, findings, resource }: ResourceRecord, findingId: string): Causes {
  // Nobody has caused that a key grew old or got about, and nobody decides about his own.
  if (resource.type === "AWS::IAM::User")
    return { known: [{ arn: resource.arn }, ...causes], areAll: isCauseLost !== true, isUncaused: true };
  if (resource.type === "AWS::IAM::Role") return { known: causes, areAll: isCauseLost !== true, isUncaused: true };
  return { known: causes, areAll: isCauseLost !== true && findings[findingId]?.caused !== undefined };
}

/**
 * The record without exceptions that somebody has granted for what he had written himself: his call is heard only now. They end, and what they let be is judged anew. Pure.
 */
export function withoutSelfGranted<State>(
  run: Run<State>,
  record: ResourceRecord,
  heard: Heard | undefined,
): ResourceRecord {
  const { signal, cordon } = run;
  const { cause, wrote } = heard ?? {};
  if (cause === undefined || wrote === undefined) return record;
  const nowMs = cordon.clock.nowMs();
  const ended = (exception: Exception): Exception => ({
    ...exception,
    expiresAt: new Date(nowMs).toISOString(),
    endedBecause: `it was granted by whoever had caused it: ${signal.name} of ${signal.at}`,
  });
  const findings = Object.entries(record.findings).map(([id, state]): [string, FindingState] => {
    const { exception } = state;
    const isSelfGranted =
      exception !== undefined &&
      nowMs < Date.parse(exception.expiresAt) &&
      Date.parse(signal.at) <= Date.parse(exception.grantedAt) &&
      isNamedSo(cause, exception.approver, cordon.policy);
    return [id, isSelfGranted ? { ...state, exception: ended(exception) } : state];
  });
  return { ...record, findings: Object.fromEntries(findings) };
}

function withCause<State>({ cordon }: Run<State>, record: ResourceRecord, heard: Heard | undefined): ResourceRecord {
  const { causes = [], isCauseLost } = record;
  if (heard === undefined) return record;
  const { cause } = heard;
  if (cause !== undefined && causes.some((each) => isAmong(cause, each, cordon.policy))) return record;
  if (cause === undefined || causes.length >= KEPT_CAUSES)
    return isCauseLost === true ? record : { ...record, isCauseLost: true };
  return { ...record, causes: [...causes, cause] };
}

/**
 * Whether one cause tells nobody whom another does not. Sessions of one role are many, and need be kept but once where nobody can tell who is in them; so does a pipeline
 * under a hundred names of its sessions. Who shares but one of his names with somebody is kept beside him.
 */
function isAmong(one: Cause, other: Cause, policy: Run<unknown>["cordon"]["policy"]): boolean {
  if (one.arn === other.arn && one.sourceIdentity === other.sourceIdentity) return true;
  const [first, second] = [identityOf(one, policy), identityOf(other, policy)];
  if (first !== undefined && second !== undefined) {
    const telling = first.keys.filter((key) => !key.startsWith("arn "));
    return telling.length > 0 && telling.every((key) => second.keys.includes(key));
  }
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
