import type { Cordon } from "../cordon.ts";
import type { Result } from "../types.ts";
import { isSameQuestion, openMatter } from "./approve.ts";
import { exceptionFor, exemptBy } from "./exception.ts";
import { withLook } from "./look.ts";
import { proposedPlans } from "./pending.ts";
import { answerFor, type Request, refuse, sayingOf } from "./person.ts";
import { recordTransitions } from "./record.ts";
import { accountBase } from "./records.ts";
import { resultFor } from "./results.ts";
import { saidSoFar } from "./said.ts";
import { saveAccounts } from "./save.ts";
import { basisOf, reached } from "./transition.ts";

/** A person's word that what waits must not be done: it is let be, for a time. */
export interface RejectRequest extends Request {
  /** The plan that was shown. */
  readonly plan?: string;
  readonly expiresAtMs?: number;
}

/**
 * Turns a plan down: the finding is let be by an exception that ends, bound to what it is now; then it is judged and asked anew. Nothing is changed in AWS.
 *
 * Side effects: writes the journal.
 * @throws CordonError `unavailable`, `lease-held`, `conflict`
 */
export async function reject<State>(
  request: RejectRequest,
  cordon: Cordon<State>,
  deadlineMs: number,
): Promise<Result> {
  const opened = await openMatter(request, cordon, deadlineMs);
  if (opened.kind === "answered") return opened.result;
  const { run, record, state, view, judged, recorded } = opened.matter;
  const answer = answerFor(run, recorded);
  const { finding, decision } = judged;
  const plan = proposedPlans(run, view, [judged]).get(finding.id);
  const isShown = request.plan === undefined || request.plan === plan?.id;
  if (!isShown || !isSameQuestion(state, judged, plan?.id)) {
    await recordTransitions(run, record, view);
    return answer(
      "awaiting-approval",
      ["it is not as it was when it was shown; look at it again, and say so of that"],
      state,
    );
  }
  const nowMs = cordon.clock.nowMs();
  const saying = sayingOf(run, request, "done");
  const { classified } = view;
  const granted = {
    finding,
    classified,
    reason: request.reason,
    approver: saying.by,
    nowMs,
    expiresAtMs: request.expiresAtMs,
  };
  const exception = exceptionFor(granted, cordon.policy);
  if (exception === undefined) {
    const why =
      "its destination or its class is not known, so that nobody can let it be: settle that first, or approve the plan";
    return refuse(run, { record, finding: recorded }, request, [why, ...decision.reasons]);
  }
  const exempt = exemptBy(exception, decision, "let be", cordon.policy);
  const next = reached(state, "exempt", nowMs, {
    basis: basisOf(finding, exempt),
    exception,
    untilMs: Date.parse(exception.expiresAt),
  });
  const account = {
    ...accountBase(run, record, view, { finding, decision: exempt }, nowMs),
    state: next,
    last: { ...recorded, sayings: saidSoFar(recorded, saying) },
  };
  await saveAccounts(cordon.journal, record, [account], (last) => withLook(last, view));
  return resultFor(run, { finding, decision: exempt }, "exempt", state.occurrence);
}
