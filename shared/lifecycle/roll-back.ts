import { type Classified, joinClasses } from "../classification/classify.ts";
import type { Cordon } from "../cordon.ts";
import { contentHash, shortHash, subjectOf } from "../ids.ts";
import type { EvidenceRecord, FindingRecord, FindingState, ResourceRecord, RunRecord } from "../journal/journal.ts";
import { evidenceKey } from "../journal/keys.ts";
import type { Change, Decision, Exception, Result, ResultStatus } from "../types.ts";
import { briefly, differences } from "./difference.ts";
import { judge } from "./judge.ts";
import { leaseHeld } from "./lease.ts";
import { planRollback } from "./plan.ts";
import { recoverRun, stateLeftBy } from "./recover.ts";
import { resultFor } from "./results.ts";
import type { ChangingRun, Judged, Run, View } from "./run.ts";
import { assertTimeLeft, runPlan } from "./run-plan.ts";
import { basisOf, reached } from "./transition.ts";

/** A person's decision to take one containment back. */
export interface RollbackRequest {
  readonly finding: FindingRecord;
  readonly reason: string;
  readonly approver: string;
  /** Until when the finding is let be afterwards; policy's default when left out. */
  readonly expiresAtMs?: number;
}

/**
 * Restores what one finding's containment changed, exactly, and only while live state is still what Cordon left; otherwise refuses and shows
 * the difference (invariant 6). The exception is recorded first, so that nothing contains the finding again before it expires.
 *
 * Side effects: changes the customer's resource; writes the journal. Asking again after it is done changes nothing.
 * @throws CordonError `unavailable`, `lease-held`, `conflict`
 */
export async function rollBack<State>(
  request: RollbackRequest,
  cordon: Cordon<State>,
  deadlineMs: number,
): Promise<Result> {
  const { finding: recorded, approver } = request;
  const { resource } = recorded;
  const nowMs = cordon.clock.nowMs();
  const at = new Date(nowMs).toISOString();
  const run: ChangingRun<State> = {
    signal: {
      id: `roll-back:${recorded.id}:${at}`,
      source: "decision",
      name: "RollBack",
      at,
      resource,
      principal: { type: "Approver", arn: approver },
    },
    cordon,
    heardAtMs: nowMs,
    deadlineMs,
  };
  assertTimeLeft(run);
  const answer = answerFor(run, recorded);
  const { mode, reason } = cordon.ceiling;
  if (mode === "observe") return answer("refused", [`held to "observe" by ${reason}: nothing is changed`]);

  const record = await openSettled(run);
  const state = record.findings[recorded.id];
  if (state?.status === "exempt") {
    const expiresAt = state.exception?.expiresAt ?? at;
    if (Date.parse(expiresAt) > nowMs) {
      return answer("exempt", [`already rolled back, exempt until ${expiresAt}; nothing was changed now`], state);
    }
    return answer("refused", [`its exception ended at ${expiresAt}; it is judged anew at the next event`], state);
  }
  if (state?.status !== "contained" || state.run === undefined || record.leftBy === undefined) {
    return answer(
      "refused",
      [`the finding is ${state?.status ?? "unknown"}; only a contained one can be rolled back`],
      state,
    );
  }
  const [contained, last] = await Promise.all([
    cordon.journal.readRun(resource, state.run),
    cordon.journal.readRun(resource, record.leftBy),
  ]);
  if (contained === undefined || last === undefined)
    return answer("refused", ["the run that contained it is not in the journal"], state);

  const readAtMs = cordon.clock.nowMs();
  const detection = await cordon.control.detect(resource, cordon.ports);
  if (detection.kind !== "present") return answer("refused", [detection.reason], state);
  const interference = interferenceWith(contained, last, detection.state, recorded.part);
  if (interference.length > 0) {
    const reasons = ["somebody has changed the configuration since; it is not as Cordon left it"];
    return answer("refused", reasons, state, briefly(interference));
  }
  return restore(run, record, state, judge(run, detection, readAtMs, record), contained, request);
}

/**
 * What somebody else has changed: in the whole since Cordon's last run, or in the part since it was contained. The part may be as its containment left
 * it, or as a later rollback of another part put it back: switched off, otherwise as it was.
 */
function interferenceWith(contained: RunRecord, last: RunRecord, live: unknown, part: string): readonly Change[] {
  const changed = differences(stateLeftBy(last), live);
  if (changed.length > 0) return changed;
  const since = differences(contained.plan.after, live, part);
  return differences(stateLeftBy(contained), live, part).length === 0 ? [] : since;
}

type Answer = (
  status: ResultStatus,
  reasons: readonly string[],
  state?: FindingState,
  changes?: readonly Change[],
) => Result;

function answerFor<State>(run: Run<State>, recorded: FindingRecord): Answer {
  const { id, controlId, resource, part, title, facts } = recorded;
  const finding = { id, controlId, resource, part, title, facts };
  return (status, reasons, state, changes = []) => {
    const judged = { finding, decision: { ...recorded.decision, reasons: [] } };
    return resultFor(run, judged, status, state?.occurrence ?? recorded.occurrence, { reasons, changes });
  };
}

/** The resource's record with no run under way; a run that died is taken up first. */
async function openSettled<State>(run: Run<State>): Promise<ResourceRecord> {
  const { journal, control, ports, clock } = run.cordon;
  const { resource } = run.signal;
  const { record } = await journal.open(resource, control.meta.id);
  if (record.leaseUntilMs > clock.nowMs()) throw leaseHeld(record);
  if (record.unfinishedRun === undefined) return record;
  const detection = await control.detect(resource, ports);
  if (detection.kind !== "present") return record;
  await recoverRun(run, record, judge(run, detection, clock.nowMs(), record));
  return (await journal.open(resource, control.meta.id)).record;
}

async function restore<State>(
  run: ChangingRun<State>,
  record: ResourceRecord,
  state: FindingState,
  view: View<State>,
  contained: RunRecord,
  request: RollbackRequest,
): Promise<Result> {
  const { cordon } = run;
  const { control } = cordon;
  const { finding: recorded } = request;
  const exception = exceptionFor(run, request, contained, view.classified);
  if (exception === undefined) {
    const reasons = [
      "the finding has no known destination, or its data no known class, that an exception could be bound to",
    ];
    return answerFor(run, recorded)("refused", reasons, state);
  }
  const decision: Decision = {
    kind: "exempt",
    rule: `exception:${recorded.id}`,
    reasons: [`rolled back by ${exception.approver} until ${exception.expiresAt}: ${exception.reason}`],
    policyDigest: cordon.policy.digest,
    digest: contentHash([cordon.policy.digest, exception]),
    citations: recorded.decision.citations,
    explanation: {
      verdict: "violating",
      facts: recorded.decision.explanation.facts,
      considered: [
        { rule: `exception:${recorded.id}`, applies: "yes", why: "a person took the containment back, and granted it" },
      ],
    },
  };
  const judged: Judged = { finding: findingAtContainment(contained, recorded), decision, previous: state };
  const plan = planRollback(
    control,
    control.port(cordon.ports),
    view.detection.state,
    contained.plan.before as State,
    recorded.part,
  );
  if (plan.steps.every((step) => step.changes.length === 0)) {
    return answerFor(run, recorded)("refused", ["there is nothing to restore"], state);
  }

  const { outcome, told } = await runPlan(run, record, view, {
    plan,
    judged: [judged],
    beforehand: [exceptionEvidence(judged, exception, record)],
    claimed: (_, __, nowMs) =>
      reached(state, "rolling-back", nowMs, {
        exception,
        claim: { signal: shortHash(run.signal.id), atMs: view.readAtMs },
      }),
    finished: (claimed, { applied, verification, atMs }) => {
      // Refused: what was contained still is.
      if (applied.kind === "refused") return reached(claimed, "contained", atMs);
      // Written over: it is not known how it stands until it is judged again.
      if (verification?.kind === "drifted") return reached(claimed, "inconclusive", atMs);
      if (verification?.kind !== "verified") return claimed;
      return reached(claimed, "exempt", atMs, {
        occurrence: claimed.occurrence + 1,
        basis: basisOf(judged.finding, decision),
      });
    },
    remarks: (_, { applied, verification }) => ({
      notes: [
        ...(applied.kind === "refused"
          ? [`AWS refused to restore it (${applied.reason}); the exception is recorded all the same`]
          : []),
        ...(verification !== undefined && verification.kind !== "verified"
          ? [`not verified: ${verification.kind}`]
          : []),
      ],
      severity: "medium",
    }),
  });
  const [done] = told;
  if (outcome.applied.kind === "refused") return answerFor(run, recorded)("refused", done?.notes ?? [], state);
  const status = outcome.verification?.kind === "verified" ? "exempt" : "inconclusive";
  const changes = plan.steps.flatMap((step) => step.changes);
  return resultFor(run, judged, status, done?.state.occurrence ?? state.occurrence, {
    reasons: done?.notes ?? [],
    changes,
  });
}

/** The finding with the facts it was contained on: the rule is off now, and facts of a rule that is off carry no destination. */
function findingAtContainment(contained: RunRecord, recorded: FindingRecord): Judged["finding"] {
  const treated = contained.judged.find(({ finding }) => finding.id === recorded.id)?.finding;
  const { id, controlId, resource, part, title, facts } = recorded;
  return treated ?? { id, controlId, resource, part, title, facts };
}

function exceptionFor<State>(
  { cordon }: Run<State>,
  { finding, reason, approver, expiresAtMs }: RollbackRequest,
  contained: RunRecord,
  classified: Classified,
): Exception | undefined {
  const subject = subjectOf(findingAtContainment(contained, finding).facts);
  if (subject === undefined || classified.kind !== "classified") return undefined;
  const nowMs = cordon.clock.nowMs();
  const untilMs = expiresAtMs ?? nowMs + cordon.policy.limits.exception.defaultMs;
  return {
    findingId: finding.id,
    reason,
    approver,
    grantedAt: new Date(nowMs).toISOString(),
    expiresAt: new Date(untilMs).toISOString(),
    subject,
    classification: joinClasses([classified.classification, ...(classified.also ?? [])]),
  };
}

function exceptionEvidence(judged: Judged, exception: Exception, record: ResourceRecord): EvidenceRecord {
  const { finding, previous } = judged;
  const content = {
    kind: "exception-granted",
    at: exception.grantedAt,
    finding: finding.id,
    resource: finding.resource,
    exception,
  };
  return {
    key: evidenceKey(record.version + 1, finding.id),
    findingId: finding.id,
    controlId: finding.controlId,
    occurrence: previous?.occurrence ?? 0,
    kind: "exception-granted",
    at: exception.grantedAt,
    content,
    contentHash: contentHash(content),
  };
}
