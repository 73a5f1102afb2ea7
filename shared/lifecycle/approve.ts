import type { Detection } from "../control.ts";
import type { Cordon } from "../cordon.ts";
import type { FindingRecord, FindingState, ResourceRecord } from "../journal/journal.ts";
import type { Result } from "../types.ts";
import { containParts } from "./contain.ts";
import { judge } from "./judge.ts";
import { proposedPlans } from "./pending.ts";
import {
  answerFor,
  evidenceOf,
  openSettled,
  type Request,
  refuse,
  runFor,
  sayingOf,
  staleUntilMs,
  turnedAway,
} from "./person.ts";
import { recordTransitions } from "./record.ts";
import { askedBy, type ChangingRun, type Judged, type View } from "./run.ts";
import { assertTimeLeft } from "./run-plan.ts";
import { saidSoFar } from "./said.ts";
import { basisOf } from "./transition.ts";

/** A person's word that what waits may be done. */
export interface ApproveRequest extends Request {
  /** The plan that was shown. */
  readonly plan?: string;
}

/** What a person decides on: the record with the finding, and live state as it is now. */
export interface Matter<State> {
  readonly run: ChangingRun<State>;
  readonly record: ResourceRecord;
  readonly state: FindingState;
  readonly view: View<State>;
  readonly judged: Judged;
  /** The finding as it is recorded. */
  readonly recorded: FindingRecord;
}

/**
 * Carries out a plan that waits for a person, if it is still the plan: live state is read again, and what has changed since is planned and asked anew.
 *
 * Side effects: changes the customer's resource; writes the journal. Asking again after it is done changes nothing.
 * @throws CordonError `unavailable`, `lease-held`, `conflict`
 */
export async function approve<State>(
  request: ApproveRequest,
  cordon: Cordon<State>,
  deadlineMs: number,
): Promise<Result> {
  const opened = await openMatter(request, cordon, deadlineMs);
  if (opened.kind === "answered") return opened.result;
  const { run, record, state, view, judged, recorded } = opened.matter;
  const answer = answerFor(run, recorded);
  const { decision, finding } = judged;
  const plan = proposedPlans(run, view, [judged]).get(finding.id);
  if (plan === undefined) {
    const why = "there is nothing that Cordon could do about it: a person has to settle it in AWS";
    return refuse(run, { record, finding: recorded }, request, [why, ...decision.reasons]);
  }
  const nowMs = cordon.clock.nowMs();
  const isAsked = isSameQuestion(state, judged, plan.id);
  const isShown = request.plan === undefined || request.plan === plan.id;
  const isExpired = (state.untilMs ?? Infinity) <= nowMs;
  if (!isAsked || isExpired || !isShown) {
    const why = isExpired
      ? `the question expired at ${new Date(state.untilMs ?? nowMs).toISOString()}`
      : "it is not as it was when the plan was shown";
    await recordTransitions(run, record, view);
    return answer(
      "awaiting-approval",
      [`${why}; nothing was done: look at the plan ${plan.id} and approve that`],
      state,
      plan.steps.flatMap(({ changes }) => changes),
    );
  }
  const saying = sayingOf(run, request, "done");
  const approved = {
    ...judged,
    decision: {
      ...decision,
      kind: "contain" as const,
      reasons: [...decision.reasons, `approved by ${saying.by} at ${saying.at}: ${saying.reason}`],
    },
  };
  const { results } = await containParts(run, record, view, [approved], {
    beforehand: [evidenceOf(record, recorded, saying)],
    last: { ...recorded, sayings: saidSoFar(recorded, saying) },
  });
  return results[0] ?? answer("inconclusive", ["nothing is known of the outcome"], state);
}

/**
 * Whether a finding still is what a person was asked about. Policy may by now contain by itself what it asked about then; of what AWS has refused no plan was kept. Pure.
 */
export function isSameQuestion(state: FindingState, { finding, decision }: Judged, plan: string | undefined): boolean {
  const asked = (["approve", "contain"] as const).map((kind) => basisOf(finding, { ...decision, kind }, plan));
  return asked.includes(state.basis) || (state.refused === true && state.basis === basisOf(finding, decision));
}

export type Opened<State> =
  | { readonly kind: "matter"; readonly matter: Matter<State> }
  | { readonly kind: "answered"; readonly result: Result };

/**
 * What approve and reject have in common: whether somebody may decide, whether there is anything left to decide, and live state read again.
 *
 * Side effects: records that somebody may not, or that the matter has settled itself.
 * @throws CordonError as `approve`
 */
export async function openMatter<State>(
  request: Request,
  cordon: Cordon<State>,
  deadlineMs: number,
): Promise<Opened<State>> {
  const run = runFor(request, cordon, deadlineMs);
  assertTimeLeft(run);
  const answered = (result: Result) => ({ kind: "answered" as const, result });
  const settled = await openSettled(run, request.finding);
  const { record, brake, finding: recorded } = settled;
  const answer = answerFor(run, recorded);
  const state = record.findings[recorded.id];
  const away = await turnedAway(run, settled, request);
  if (away !== undefined) return answered(away);
  if (state?.status !== "awaiting-approval") {
    const why = `the finding is ${state?.status ?? "unknown"}; only one that waits for a person can be decided`;
    return answered(await refuse(run, settled, request, [why]));
  }
  const readAtMs = cordon.clock.nowMs();
  const detection: Detection<State> = await cordon.control.detect(run.signal.resource, cordon.ports, askedBy(run));
  if (detection.kind !== "present") return answered(await refuse(run, settled, request, [detection.reason]));
  const staleMs = await staleUntilMs(run, record, detection.state);
  if (staleMs !== undefined) {
    const why = `AWS may not show yet what was changed just now; ask again after ${new Date(staleMs).toISOString()}`;
    return answered(answer("inconclusive", [why], state));
  }
  const view = judge(run, detection, readAtMs, record, brake);
  const judged = [...view.judged, ...view.unanswered].find(({ finding }) => finding.id === recorded.id);
  const isOpen = judged?.decision.kind === "approve" || judged?.decision.kind === "contain";
  if (judged !== undefined && isOpen) return { kind: "matter", matter: { run, record, state, view, judged, recorded } };
  await recordTransitions(run, record, view);
  if (judged === undefined)
    return answered(answer("compliant", ["it is no longer there: nothing is left to decide"], state));
  const { kind, reasons } = judged.decision;
  if (kind === "observe") return answered(answer("refused", [...reasons, "nothing is changed now"], state));
  return answered(answer(kind === "exempt" ? "exempt" : "compliant", reasons, state));
}
