import type { Cordon } from "../cordon.ts";
import type { FindingRecord } from "../journal/journal.ts";
import { evidenceKey } from "../journal/keys.ts";
import { mayNot } from "../policy/may-decide.ts";
import { type Clocks, clocksOf } from "../ticketing/clocks.ts";
import type { FindingStatus, Result, ResultStatus } from "../types.ts";
import { answerFor, evidenceOf, openSettled, type Request, refuse, runFor, sayingOf, turnedAway } from "./person.ts";
import { saidSoFar } from "./said.ts";

/**
 * Records that the organisation is aware of a breach, and since when: from then on the time of the law runs (GDPR Art. 33(1): 72 hours "after having become aware of it"). The
 * first confirmation counts, and asking again changes nothing. Whoever caused it may say so, too: it lets no data leave. Nothing is changed in AWS.
 *
 * Source: https://eur-lex.europa.eu/eli/reg/2016/679/oj
 *
 * Side effects: writes the journal.
 * @throws CordonError `unavailable`, `lease-held`, `conflict`
 */
export async function aware<State>(request: Request, cordon: Cordon<State>, deadlineMs: number): Promise<Result> {
  const run = runFor(request, cordon, deadlineMs);
  const { policy, journal } = cordon;
  const settled = await openSettled(run, request.finding);
  const { record, finding } = settled;
  const may = mayNot(request.decider, policy.limits.approvals.by, policy);
  const away = may === undefined ? undefined : await turnedAway(run, settled, request, may);
  if (away !== undefined) return away;
  const clocks = clocksOf(finding, policy);
  if (clocks === undefined)
    return refuse(run, settled, request, [
      "no clock runs for it: policy has none (tickets.personal, tickets.clocks) for what it is about",
    ]);
  const answer = (now: Clocks, before: string) =>
    answerFor(run, finding)(STATUS[finding.status], reasonsOf(now, before), record.findings[finding.id]);
  if (clocks.aware !== undefined) return answer(clocks, "confirmed already, and the first time counts: ");
  const saying = sayingOf(run, request, "done");
  const told: FindingRecord = {
    ...finding,
    lastSeenAt: saying.at,
    sayings: saidSoFar(finding, saying),
    evidence: [evidenceKey(record.version + 1, finding.id)],
  };
  await journal.save(record, record, { findings: [told], evidence: [evidenceOf(record, finding, saying)] });
  return answer(clocksOf(told, policy) ?? clocks, "");
}

function reasonsOf({ laws, aware: said }: Clocks, before: string): readonly string[] {
  const ends = laws.map(
    ({ clock: { citation, ms }, endsAt }) =>
      `${citation.framework} ${citation.reference}: ${ms / 3_600_000} h end ${endsAt}`,
  );
  return [...ends, `${before}aware since ${said?.at} by ${said?.by}: ${said?.reason}`];
}

/** How the finding stands, which stays as it is. */
const STATUS: Readonly<Record<FindingStatus, ResultStatus>> = {
  observed: "observed",
  "awaiting-approval": "awaiting-approval",
  contained: "contained",
  exempt: "exempt",
  resolved: "compliant",
  containing: "inconclusive",
  inconclusive: "inconclusive",
  waiting: "inconclusive",
  "rolling-back": "inconclusive",
};
