import type { Cordon } from "../cordon.ts";
import type { FindingRecord, FindingState } from "../journal/journal.ts";
import { evidenceKey } from "../journal/keys.ts";
import type { Result } from "../types.ts";
import { exemptBy } from "./exception.ts";
import { answerFor, evidenceOf, openSettled, type Request, refuse, runFor, sayingOf, turnedAway } from "./person.ts";
import { saidSoFar } from "./said.ts";

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
  const { untilMs } = request;
  const run = runFor(request, cordon, deadlineMs);
  const settled = await openSettled(run, request.finding);
  const { record, finding } = settled;
  const answer = answerFor(run, finding);
  const state = record.findings[finding.id];
  const away = await turnedAway(run, settled, request);
  if (away !== undefined) return away;
  const nowMs = cordon.clock.nowMs();
  // An exception that ended is kept with a finding for its explanation, and is nothing to extend.
  const granted = state?.status === "exempt" ? state.exception : undefined;
  const isQuestion = state?.status === "awaiting-approval" && finding.pending !== undefined;
  if (state?.untilMs === undefined || (granted === undefined && !isQuestion)) {
    const why = "only a question that waits for a person, or an exception that a person granted, has an end to move";
    return refuse(run, settled, request, [`the finding is ${state?.status ?? "unknown"}: ${why}`]);
  }
  if (state.untilMs <= nowMs) {
    return refuse(run, settled, request, [`it was over at ${iso(state.untilMs)}; it is judged anew at the next look`]);
  }
  const { limits } = cordon.policy;
  const latestMs =
    granted === undefined ? nowMs + limits.approvals.validMs : Date.parse(granted.grantedAt) + limits.exception.maxMs;
  if (!(untilMs > state.untilMs && untilMs <= latestMs)) {
    const range = `later than ${iso(state.untilMs)}, when it ends now, and not after ${iso(latestMs)}, as policy allows`;
    return refuse(run, settled, request, [`found ${iso(untilMs)}, expected a time ${range}`]);
  }
  const saying = sayingOf(run, request, "done");
  const until = iso(untilMs);
  const exception = granted && { ...granted, expiresAt: until };
  const next: FindingState = { ...state, untilMs, ...(exception !== undefined && { exception }) };
  const { pending, holds } = finding;
  const told: FindingRecord = {
    ...finding,
    lastSeenAt: saying.at,
    sayings: saidSoFar(finding, saying),
    ...(isQuestion && pending !== undefined && { pending: { ...pending, expiresAt: until } }),
    ...(isQuestion &&
      holds !== undefined && { holds: holds.map((hold) => (hold.limit === "approval" ? { ...hold, until } : hold)) }),
    ...(exception !== undefined && {
      exception,
      decision: exemptBy(exception, finding.decision, "let be", cordon.policy),
    }),
    evidence: [evidenceKey(record.version + 1, finding.id)],
  };
  const saved = { ...record, findings: { ...record.findings, [finding.id]: next } };
  await cordon.journal.save(record, saved, { findings: [told], evidence: [evidenceOf(record, finding, saying)] });
  const status = exception === undefined ? "awaiting-approval" : "exempt";
  return answer(status, [`extended until ${until} by ${saying.by}: ${saying.reason}`], next);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
