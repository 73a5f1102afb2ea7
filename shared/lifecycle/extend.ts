import type { Cordon } from "../cordon.ts";
import type { FindingRecord, FindingState } from "../journal/journal.ts";
import { evidenceKey } from "../journal/keys.ts";
import type { Result } from "../types.ts";
import { answerFor, evidenceOf, openSettled, type Request, runFor, saidSoFar, sayingOf, turnedAway } from "./person.ts";
import { reached } from "./transition.ts";

/** A person's word that something is to last longer: the time to decide in, or an exception. */
export interface ExtendRequest extends Request {
  readonly untilMs: number;
}

/**
 * Moves the end of what waits, or of an exception that a person granted; no further than policy allows, counted from now or from when it was granted. What is over can't
 * be extended. Nothing is changed in AWS.
 *
 * Side effects: writes the journal.
 * @throws CordonError `unavailable`, `lease-held`, `conflict`
 */
export async function extend<State>(
  request: ExtendRequest,
  cordon: Cordon<State>,
  deadlineMs: number,
): Promise<Result> {
  const { finding, untilMs } = request;
  const run = runFor(request, cordon, deadlineMs);
  const answer = answerFor(run, finding);
  const { record } = await openSettled(run);
  const state = record.findings[finding.id];
  const away = await turnedAway(run, record, request);
  if (away !== undefined) return away;
  const nowMs = cordon.clock.nowMs();
  if (state?.untilMs === undefined || (state.status === "exempt" && state.exception === undefined)) {
    const why = "only a question that waits for a person, or an exception that a person granted, has an end to move";
    return answer("refused", [`the finding is ${state?.status ?? "unknown"}: ${why}`], state);
  }
  if (state.untilMs <= nowMs) {
    return answer("refused", [`it was over at ${iso(state.untilMs)}; it is judged anew at the next look`], state);
  }
  const { limits } = cordon.policy;
  const latestMs =
    state.exception === undefined
      ? nowMs + limits.approvals.validMs
      : Date.parse(state.exception.grantedAt) + limits.exception.maxMs;
  if (!(untilMs > state.untilMs && untilMs <= latestMs)) {
    const range = `later than ${iso(state.untilMs)}, when it ends now, and not after ${iso(latestMs)}, as policy allows`;
    return answer("refused", [`found ${iso(untilMs)}, expected a time ${range}`], state);
  }
  const saying = sayingOf(run, request, "done");
  const until = iso(untilMs);
  const exception = state.exception && { ...state.exception, expiresAt: until };
  const next: FindingState = {
    ...reached(state, state.status, state.changedAtMs),
    untilMs,
    ...(state.unanswered !== undefined && { unanswered: state.unanswered }),
    ...(exception !== undefined && { exception }),
  };
  const { pending } = finding;
  const told: FindingRecord = {
    ...finding,
    lastSeenAt: saying.at,
    sayings: saidSoFar(finding, saying),
    ...(pending !== undefined && { pending: { ...pending, expiresAt: until } }),
    ...(exception !== undefined && { exception, decision: { ...finding.decision, until } }),
    evidence: [evidenceKey(record.version + 1, finding.id)],
  };
  const saved = { ...record, findings: { ...record.findings, [finding.id]: next } };
  await cordon.journal.save(record, saved, { findings: [told], evidence: [evidenceOf(record, finding, saying)] });
  const status = state.status === "exempt" ? "exempt" : "awaiting-approval";
  return answer(status, [`extended until ${until} by ${saying.by}: ${saying.reason}`], next);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
