import type { Cordon } from "../cordon.ts";
import { contentHash } from "../ids.ts";
import {
  type EvidenceRecord,
  type FindingRecord,
  type FindingState,
  KEPT_SAYINGS,
  type ResourceRecord,
} from "../journal/journal.ts";
import { evidenceKey } from "../journal/keys.ts";
import { type Decider, deciderName, objectionTo } from "../policy/may-decide.ts";
import type { Change, Principal, Result, ResultStatus, Saying } from "../types.ts";
import { causesOf } from "./causes.ts";
import { judge } from "./judge.ts";
import { leaseHeld } from "./lease.ts";
import { recoverRun } from "./recover.ts";
import { resultFor } from "./results.ts";
import type { ChangingRun, Run } from "./run.ts";

/** What a person wants done about one finding. */
export interface Request {
  readonly action: Saying["action"];
  readonly finding: FindingRecord;
  readonly reason: string;
  readonly decider: Decider;
}

/** The run that a person's word begins. Its signal names the person, and points to the finding's resource. Pure but for the clock. */
export function runFor<State>(
  { action, finding, decider }: Request,
  cordon: Cordon<State>,
  deadlineMs: number,
): ChangingRun<State> {
  const nowMs = cordon.clock.nowMs();
  const at = new Date(nowMs).toISOString();
  const name = NAMES[action];
  const signal = {
    id: `${action}:${finding.id}:${at}`,
    source: "decision" as const,
    name,
    at,
    resource: finding.resource,
    principal: principalOf(decider),
  };
  return { signal, cordon, heardAtMs: nowMs, deadlineMs };
}

const NAMES: Readonly<Record<Saying["action"], string>> = {
  approve: "Approve",
  reject: "Reject",
  extend: "Extend",
  "roll-back": "RollBack",
  close: "Close",
};

/** Who asks, as a principal. Pure. */
export function principalOf(decider: Decider): Principal {
  if (decider.kind === "unproved") return { type: "Unproved", arn: decider.said };
  const { arn, sourceIdentity, slack } = decider.caller;
  const name = arn ?? (slack === undefined ? undefined : `slack:${slack}`);
  return {
    type: "Approver",
    ...(name !== undefined && { arn: name }),
    ...(sourceIdentity !== undefined && { sourceIdentity }),
  };
}

/** The resource's record with no run under way; a run that died is taken up first. Throws CordonError `lease-held` and as the journal does. */
export async function openSettled<State>(run: Run<State>) {
  const { journal, control, ports, clock } = run.cordon;
  const { resource } = run.signal;
  const opened = await journal.open(resource, control.meta.id);
  const { record } = opened;
  if (record.leaseUntilMs > clock.nowMs()) throw leaseHeld(record);
  if (record.unfinishedRun === undefined) return opened;
  const detection = await control.detect(resource, ports);
  if (detection.kind !== "present") return opened;
  await recoverRun(run, record, judge(run, detection, clock.nowMs(), record));
  return journal.open(resource, control.meta.id);
}

export type Answer = (
  status: ResultStatus,
  reasons: readonly string[],
  state?: FindingState,
  changes?: readonly Change[],
) => Result;

/** What is answered about the finding. */
export function answerFor<State>(run: Run<State>, recorded: FindingRecord): Answer {
  const { id, controlId, resource, part, title, facts } = recorded;
  const finding = { id, controlId, resource, part, title, facts };
  return (status, reasons, state, changes = []) => {
    const judged = { finding, decision: { ...recorded.decision, reasons: [] } };
    return resultFor(run, judged, status, state?.occurrence ?? recorded.occurrence, { reasons, changes });
  };
}

/** What was said, as it is kept. Pure but for the clock. */
export function sayingOf<State>(
  { cordon }: Run<State>,
  { action, reason, decider }: Request,
  outcome: Saying["outcome"],
  why?: string,
): Saying {
  return {
    action,
    at: new Date(cordon.clock.nowMs()).toISOString(),
    by: deciderName(decider, cordon.policy),
    how: decider.kind === "proved" ? decider.how : "not at all",
    reason,
    outcome,
    ...(why !== undefined && { why }),
  };
}

/** What has been said, with one more. Pure. */
export function saidSoFar({ sayings = [] }: FindingRecord, saying: Saying): readonly Saying[] {
  return [...sayings, saying].slice(-KEPT_SAYINGS);
}

/**
 * Whether the person may decide; if not, that is recorded, as evidence and with the finding, and answered. Who is not proved has proposed it: it waits for
 * somebody who is.
 *
 * Side effects: one transaction of the journal when the person may not.
 * @returns the answer to a person who may not; undefined when he may
 */
export async function turnedAway<State>(
  run: Run<State>,
  record: ResourceRecord,
  request: Request,
): Promise<Result | undefined> {
  const { decider, finding } = request;
  const { policy, journal } = run.cordon;
  const why = objectionTo(decider, causesOf(record), policy, request.action === "roll-back");
  if (why === undefined) return undefined;
  const isProposed = decider.kind === "unproved";
  const saying = sayingOf(run, request, isProposed ? "proposed" : "refused", why);
  const state = record.findings[finding.id];
  const told: FindingRecord = {
    ...finding,
    lastSeenAt: saying.at,
    sayings: saidSoFar(finding, saying),
    evidence: [evidenceKey(record.version + 1, finding.id)],
  };
  // A finding that the resource no longer knows has nobody to tell of it.
  if (state !== undefined)
    await journal.save(record, record, { findings: [told], evidence: [evidenceOf(record, finding, saying)] });
  const status = isProposed ? "awaiting-approval" : "refused";
  return answerFor(run, finding)(status, [isProposed ? `proposed, and nothing was done: ${why}` : why], state);
}

/** Evidence of what a person has said. Pure. */
export function evidenceOf(
  record: ResourceRecord,
  { id, controlId, resource, occurrence }: FindingRecord,
  said: Saying,
): EvidenceRecord {
  const kind = `${said.action}-${said.outcome}`;
  const content = { kind, at: said.at, finding: id, resource, occurrence, said };
  return {
    key: evidenceKey(record.version + 1, id),
    findingId: id,
    controlId,
    occurrence,
    kind,
    at: said.at,
    content,
    contentHash: contentHash(content),
  };
}
