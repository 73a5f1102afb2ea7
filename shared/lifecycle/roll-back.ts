import type { Cordon } from "../cordon.ts";
import { contentHash, shortHash } from "../ids.ts";
import type { EvidenceRecord, FindingRecord, FindingState, ResourceRecord, RunRecord } from "../journal/journal.ts";
import { evidenceKey } from "../journal/keys.ts";
import { deciderName, objectionTo } from "../policy/may-decide.ts";
import type { Change, Exception, Result } from "../types.ts";
import { causesOf } from "./causes.ts";
import { briefly, differences } from "./difference.ts";
import { exceptionFor, exemptBy } from "./exception.ts";
import { judge } from "./judge.ts";
import { reactivated } from "./key-memory.ts";
import { answerFor, openSettled, type Request, refuse, runFor, sayingOf, turnedAway } from "./person.ts";
import { planRollback } from "./plan.ts";
import { stateLeftBy } from "./recover.ts";
import { resultFor } from "./results.ts";
import { askedBy, type ChangingRun, type Judged, type View } from "./run.ts";
import { assertTimeLeft, runPlan } from "./run-plan.ts";
import { saidSoFar } from "./said.ts";
import { basisOf, reached } from "./transition.ts";

/** A person's decision to take one containment back. */
export interface RollbackRequest extends Request {
  /** The run that was shown: what has been contained anew since is another matter. */
  readonly run?: number;
  /** Until when the finding is let be afterwards; policy's default when left out. */
  readonly expiresAtMs?: number;
}

/** Who caused it, or whether it was not the very person who takes it back, can't be told: so long is it let be, and it can't be extended until it is. */
const EMERGENCY_MS = 4 * 3_600_000;

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
  const run = runFor(request, cordon, deadlineMs);
  const nowMs = run.heardAtMs;
  assertTimeLeft(run);
  const { mode, reason } = cordon.ceiling;
  if (mode === "observe")
    return answerFor(run, request.finding)("refused", [`held to "observe" by ${reason}: nothing is changed`]);

  const settled = await openSettled(run, request.finding);
  const { record, finding: recorded } = settled;
  const { resource } = recorded;
  const answer = answerFor(run, recorded);
  const away = await turnedAway(run, settled, request);
  if (away !== undefined) return away;
  const state = record.findings[recorded.id];
  if (state?.status === "exempt") {
    const expiresAt = new Date(state.untilMs ?? Date.parse(state.exception?.expiresAt ?? run.signal.at)).toISOString();
    if (Date.parse(expiresAt) > nowMs) {
      return answer("exempt", [`it is let be already, until ${expiresAt}; nothing was changed now`], state);
    }
    return answer("refused", [`its exception ended at ${expiresAt}; it is judged anew at the next event`], state);
  }
  const declined = (reasons: readonly string[], changes: readonly Change[] = []) =>
    refuse(run, settled, request, reasons, changes);
  if (state?.status === "contained" && state.run === undefined)
    return declined(["somebody else than Cordon has stopped it: there is nothing of Cordon's to take back"]);
  if (state?.status !== "contained" || state.run === undefined || record.leftBy === undefined)
    return declined([`the finding is ${state?.status ?? "unknown"}; only a contained one can be rolled back`]);
  if (request.run !== undefined && request.run !== state.run)
    return declined([
      `it has been contained anew since it was shown, by run ${state.run} and not ${request.run}: look at it again, and say so of that`,
    ]);
  const [contained, last] = await Promise.all([
    cordon.journal.readRun(resource, state.run),
    cordon.journal.readRun(resource, record.leftBy),
  ]);
  if (contained === undefined || last === undefined)
    return declined(["the run that contained it is not in the journal"]);

  const left = stateLeftBy(contained) as State;
  const gone = cordon.control.noWayBack?.(contained.plan.before as State, left, [recorded.part]);
  if (gone !== undefined) return declined([gone]);
  const readAtMs = cordon.clock.nowMs();
  const detection = await cordon.control.detect(resource, cordon.ports, askedBy(run));
  if (detection.kind !== "present") return declined([detection.reason]);
  const interference = interferenceWith(contained, last, detection.state, recorded.part);
  if (interference.length > 0) {
    const reasons = ["somebody has changed the configuration since; it is not as Cordon left it"];
    return declined(reasons, briefly(interference));
  }
  return restore(run, record, state, judge(run, detection, readAtMs, record), contained, {
    ...request,
    finding: recorded,
  });
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
  const { policy } = cordon;
  const finding = findingAtContainment(contained, recorded);
  const nowMs = cordon.clock.nowMs();
  const { reason, decider } = request;
  const approver = deciderName(decider, policy);
  const doubt = objectionTo(decider, causesOf(record, recorded.id), policy, false);
  const emergencyMs = doubt === undefined ? Number.POSITIVE_INFINITY : nowMs + EMERGENCY_MS;
  const expiresAtMs = Math.min(request.expiresAtMs ?? nowMs + policy.limits.exception.defaultMs, emergencyMs);
  const exception = exceptionFor(
    { finding, classified: view.classified, reason, approver, nowMs, expiresAtMs },
    policy,
  );
  if (exception === undefined) {
    const reasons = [
      "the finding has no known destination, or its data no known class, that an exception could be bound to",
    ];
    return refuse(run, { record, finding: recorded }, request, reasons);
  }
  const decision = exemptBy(exception, recorded.decision, "rolled back", policy);
  const judged: Judged = { finding, decision, previous: state };
  const plan = planRollback(
    control,
    control.port(cordon.ports),
    view.detection.state,
    contained.plan.before as State,
    recorded.part,
  );
  if (plan.steps.every((step) => step.changes.length === 0)) {
    return refuse(run, { record, finding: recorded }, request, ["there is nothing to restore"]);
  }

  const { outcome, told } = await runPlan(run, record, view, {
    plan,
    judged: [judged],
    beforehand: [exceptionEvidence(judged, exception, record)],
    last: { ...recorded, sayings: saidSoFar(recorded, sayingOf(run, request, "done")) },
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
      return reached(reactivated(claimed), "exempt", atMs, {
        occurrence: claimed.occurrence + 1,
        basis: basisOf(judged.finding, decision),
        untilMs: Date.parse(exception.expiresAt),
      });
    },
    remarks: (_, { applied, verification }) => ({
      notes: [
        ...reportedStill(finding, approver),
        ...(doubt === undefined ? [] : [`in an emergency, for ${EMERGENCY_MS / 3_600_000} hours at most: ${doubt}`]),
        ...(applied.kind === "refused"
          ? [`AWS refused to restore it (${applied.reason}); the exception is recorded all the same`]
          : []),
        ...(verification !== undefined && verification.kind !== "verified"
          ? [`not verified: ${verification.kind}`]
          : []),
      ],
      severity: doubt === undefined ? "medium" : control.meta.severity,
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

/** Whoever reads of it later has to know that it was known to be exposed, and who had it back nevertheless. */
function reportedStill({ facts }: Judged["finding"], approver: string): readonly string[] {
  if (facts.kind === "sessions" && facts.reported !== undefined) {
    const { type, by, at } = facts.reported;
    return [
      `sessions begun with ${facts.key} can be used again on the word of ${approver}, though it was reported to be known to others (${type} by ${by} at ${at})`,
    ];
  }
  if (facts.kind !== "access-key" || facts.reported === undefined) return [];
  const { type, by, at } = facts.reported;
  return [
    `${facts.key} works again on the word of ${approver}, though it was reported to be known to others (${type} by ${by} at ${at}): replace it`,
  ];
}

/** The finding with the facts it was contained on: the rule is off now, and facts of a rule that is off carry no destination. */
function findingAtContainment(contained: RunRecord, recorded: FindingRecord): Judged["finding"] {
  const treated = contained.judged.find(({ finding }) => finding.id === recorded.id)?.finding;
  const { id, controlId, resource, part, title, facts } = recorded;
  return treated ?? { id, controlId, resource, part, title, facts };
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
