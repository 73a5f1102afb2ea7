import type { Cordon } from "../cordon.ts";
import { CordonError } from "../errors.ts";
import { contentHash } from "../ids.ts";
import type { Brake, EvidenceRecord, FindingRecord, FindingState, ResourceRecord } from "../journal/journal.ts";
import { evidenceKey } from "../journal/keys.ts";
import { type Decider, deciderName, objectionTo } from "../policy/may-decide.ts";
import { shownArn } from "../shown.ts";
import type { Change, Principal, Result, ResultStatus, Saying } from "../types.ts";
import { causesOf } from "./causes.ts";
import { isSameState } from "./difference.ts";
import { judge } from "./judge.ts";
import { leaseHeld } from "./lease.ts";
import { recoverRun, stateLeftBy } from "./recover.ts";
import { resultFor } from "./results.ts";
import { askedBy, type ChangingRun, canChange, type Run } from "./run.ts";
import { saidSoFar } from "./said.ts";

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
  aware: "Aware",
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

/** The resource's record with no run under way, and the finding as it is recorded then. */
export interface Settled {
  readonly record: ResourceRecord;
  readonly brake?: Brake;
  readonly finding: FindingRecord;
}

/**
 * Opens the resource of a finding with no run under way: a run that died is taken up first, and one that can't be yet is waited for.
 *
 * @throws CordonError `lease-held`, `conflict` when a run is under way, and as the journal does
 */
export async function openSettled<State>(run: Run<State>, finding: FindingRecord): Promise<Settled> {
  const { journal, control, ports, clock } = run.cordon;
  const { resource } = run.signal;
  let opened = await journal.open(resource, control.meta.id);
  if (opened.record.leaseUntilMs > clock.nowMs()) throw leaseHeld(opened.record);
  if (opened.record.unfinishedRun !== undefined) {
    const detection = await control.detect(resource, ports, askedBy(run));
    if (detection.kind === "present")
      await recoverRun(run, opened.record, judge(run, detection, clock.nowMs(), opened.record));
    opened = await journal.open(resource, control.meta.id);
    if (opened.record.leaseUntilMs > clock.nowMs()) throw leaseHeld(opened.record);
    if (opened.record.unfinishedRun !== undefined)
      throw new CordonError("conflict", `a change of ${shownArn(resource)} is not verified yet`);
  }
  // What was recorded meanwhile must not be written over by what was read before.
  return { ...opened, finding: (await journal.readFinding(finding.id)) ?? finding };
}

/**
 * Whether live state may be older than what Cordon has just written: nothing may be planned on it then, for the plan would put back what was there before.
 *
 * Side effects: one read of the journal right after a change.
 * @returns when it can be told, in milliseconds; undefined when it is as Cordon left it, or was changed longer ago than AWS takes to show it
 */
export async function staleUntilMs<State>(
  run: Run<State>,
  record: ResourceRecord,
  live: State,
): Promise<number | undefined> {
  const { cordon } = run;
  if (canChange(run) && run.cordon.control.port(cordon.ports).isConsistent === true) return undefined;
  const writtenMs = Math.max(0, ...Object.values(record.findings).map(lastWriteMs));
  const untilMs = writtenMs + cordon.policy.limits.settleWindowMs;
  if (record.leftBy === undefined || cordon.clock.nowMs() >= untilMs) return undefined;
  const last = await cordon.journal.readRun(record.resource, record.leftBy);
  return last !== undefined && isSameState(stateLeftBy(last), live) ? undefined : untilMs;
}

/** When AWS took a write about a finding last: to contain it, or to put it back. */
function lastWriteMs({ status, containedAtMs, changedAtMs }: FindingState): number {
  return status === "exempt" ? changedAtMs : (containedAtMs.at(-1) ?? 0);
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

/** Of what may not be done, so much is kept: whoever may invoke the function must not fill the journal, nor keep a containment from writing to it. */
const SAID_EVERY_MS = 60_000;

/**
 * Whether the person may decide; if not, that is recorded, as evidence and with the finding, and answered. Who is not proved has proposed it: it waits for
 * somebody who is.
 *
 * Side effects: one transaction of the journal when the person may not, once a minute for each resource.
 * @param why what speaks against it; unless given, also that he has caused it
 * @returns the answer to a person who may not; undefined when he may
 */
export async function turnedAway<State>(
  run: Run<State>,
  { record, finding }: Settled,
  request: Request,
  why = objectionTo(request.decider, causesOf(record, finding.id), run.cordon.policy, request.action === "roll-back"),
): Promise<Result | undefined> {
  const { decider } = request;
  if (why === undefined) return undefined;
  const isProposed = decider.kind === "unproved";
  await keep(run, { record, finding }, request, isProposed ? "proposed" : "refused", why);
  const status = isProposed ? "awaiting-approval" : "refused";
  const state = record.findings[finding.id];
  return answerFor(run, finding)(status, [isProposed ? `proposed, and nothing was done: ${why}` : why], state);
}

/**
 * Refuses what a person who may decide has asked for. That is kept with the finding and as evidence, too, so that `explain` tells it.
 *
 * Side effects: as `turnedAway`.
 */
export async function refuse<State>(
  run: Run<State>,
  settled: Settled,
  request: Request,
  reasons: readonly string[],
  changes: readonly Change[] = [],
): Promise<Result> {
  const { record, finding } = settled;
  await keep(run, settled, request, "refused", reasons.join("; "));
  return answerFor(run, finding)("refused", reasons, record.findings[finding.id], changes);
}

/** Keeps what was said and came to nothing, once a minute for each resource. */
async function keep<State>(
  run: Run<State>,
  { record, finding }: Settled,
  request: Request,
  outcome: "proposed" | "refused",
  why: string,
): Promise<void> {
  const { journal, clock } = run.cordon;
  const isProposed = outcome === "proposed";
  const saying = sayingOf(run, request, outcome, why);
  const state = record.findings[finding.id];
  const nowMs = clock.nowMs();
  // A finding that the resource no longer knows has nobody to tell of it.
  const lastMs = (isProposed ? record.proposedAtMs : record.refusedAtMs) ?? 0;
  if (state !== undefined && nowMs >= lastMs + SAID_EVERY_MS) {
    const told: FindingRecord = {
      ...finding,
      lastSeenAt: saying.at,
      sayings: saidSoFar(finding, saying),
      evidence: [evidenceKey(record.version + 1, finding.id)],
    };
    const evidence = [evidenceOf(record, finding, saying)];
    const next = { ...record, ...(isProposed ? { proposedAtMs: nowMs } : { refusedAtMs: nowMs }) };
    await journal.save(record, next, { findings: [told], evidence });
  }
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
