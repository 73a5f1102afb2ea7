import type { Ports } from "../../shared/control.ts";
import { CordonError } from "../../shared/errors.ts";
import { type AgeLimits, chooseUsers, inTurn } from "../../shared/keys/choose-users.ts";
import { parseCredentialReport } from "../../shared/keys/credential-report.ts";
import type { Handled } from "../../shared/pipeline.ts";
import { accessKeyRules } from "../../shared/policy/access-keys.ts";
import type { ResidencyPolicy } from "../../shared/policy/policy.ts";
import { usersOf } from "../../shared/resources/iam-users.ts";
import { withoutFinding } from "../../shared/runtime/answer.ts";
import { packUsers, parseUserLooks } from "../../shared/signals/look-users.ts";
import type { Clock, Result, Signal } from "../../shared/types.ts";

export interface LookOffice {
  readonly ports: Ports;
  readonly policy: Pick<ResidencyPolicy, "accessKeys">;
  readonly clock: Clock;
  /** Puts messages into the function's own queue. */
  send(bodies: readonly string[]): Promise<void>;
  /** Looks at one user. */
  look(signal: Signal, deadlineMs: number): Promise<Handled>;
  /**
   * Judges root's keys.
   *
   * @param hasNone the report says that there are none: no call is needed for it
   */
  lookAtRoot(hasNone: boolean): Promise<Handled>;
}

/** So many users are looked at in the invocation that chose them; of more, the queue makes invocations of their own. */
const AT_ONCE = 50;
/** So many at a time: IAM throttles an account as a whole. */
const TOGETHER = 4;
/** What a user takes at worst. */
const USER_MS = 10_000;
/** A key that was switched off and on again unseen is found within so many days. */
const TURN_DAYS = 30;
const REPORT_MS = 60_000;

/**
 * Looks through an account's users: its credential report says whom a live look could come to anything for, and only they are looked at. Where a part of the report can't be
 * read the users are listed, and those it does not tell of are looked at as well.
 *
 * Calls: the report's, and those of each user chosen. Whoever's look does not end here is put into the queue.
 * @throws CordonError `unavailable` when the report is still being made, or the queue does not take everybody: the look comes again; `denied` when AWS won't give the report
 */
export async function lookThroughAccount(signal: Signal, office: LookOffice, deadlineMs: number): Promise<Handled> {
  const { at } = signal;
  const { arns, rootHasKeys } = await choose(signal, office, deadlineMs);
  const root = await office.lookAtRoot(rootHasKeys === false);
  if (arns.length > AT_ONCE) {
    await sendUsers(arns, at, office);
    const queued = told(signal, `${arns.length} users are looked at one after the other, by the queue`);
    return { results: [...root.results, queued] };
  }
  const signals = packUsers(arns, at)
    .flatMap((each) => parseUserLooks(each) ?? [])
    .flatMap((each) => (each.kind === "signal" ? [each.signal] : []));
  const { results, left } = await lookAtAll(signals, office, deadlineMs);
  await sendUsers(left, at, office);
  const again = left.length === 0 ? "" : `; ${left.length} of them come again, by the queue`;
  return { results: [...root.results, ...results, told(signal, `${arns.length} users looked at${again}`)] };
}

async function choose(
  { resource }: Signal,
  { ports, policy, clock }: LookOffice,
  deadlineMs: number,
): Promise<{ readonly arns: readonly string[]; readonly rootHasKeys: boolean | undefined }> {
  if (ports.reports === undefined) throw new Error("no credential reports here");
  const report = await ports.reports.read(resource, deadlineMs - USER_MS);
  const nowMs = clock.nowMs();
  if (report.kind === "pending")
    throw new CordonError("unavailable", "IAM is still making the credential report", {
      retryAtMs: nowMs + REPORT_MS,
    });
  if (report.kind === "unreadable") throw new CordonError("denied", report.reason);
  const rows = parseCredentialReport([report.csv], resource.account);
  const { due, unsure, unreadable, known, rootHasKeys } = chooseUsers(rows, shortestLimits(policy), nowMs);
  const listed = unreadable === 0 ? [] : await usersOf(ports).all(resource);
  const missing = listed.filter((arn) => !known.has(arn));
  return { arns: [...due, ...missing, ...inTurn(unsure, TURN_DAYS, nowMs)], rootHasKeys };
}

async function sendUsers(arns: readonly string[], at: string, { send }: LookOffice): Promise<void> {
  if (arns.length > 0) await send(packUsers(arns, at).map((each) => JSON.stringify(each)));
}

/** `left`: those for whom there was no time, whom AWS gave no answer about, and who have to be looked at once more. */
async function lookAtAll(
  signals: readonly Signal[],
  { look, clock }: LookOffice,
  deadlineMs: number,
): Promise<{ readonly results: readonly Result[]; readonly left: readonly string[] }> {
  const waiting = [...signals];
  const results: Result[] = [];
  const left: string[] = [];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { arn } = next.resource;
      const handled = clock.nowMs() + USER_MS > deadlineMs ? undefined : await attempt(() => look(next, deadlineMs));
      const isOver = handled?.retryAtMs === undefined && handled?.results.every(isEnded) === true;
      // The message of its own has a delivery for each attempt, and an alarm when there is none left.
      if (!isOver) left.push(arn);
      results.push(...(handled?.results.filter(isEnded) ?? []));
    }
  };
  await Promise.all(Array.from({ length: TOGETHER }, work));
  return { results, left };
}

const isEnded = ({ status }: Result): boolean => status !== "inconclusive";

/** Undefined when it did not end: one user keeps nobody else from anything. */
async function attempt(look: () => Promise<Handled>): Promise<Handled | undefined> {
  try {
    return await look();
  } catch {
    return undefined;
  }
}

/** The shortest of each limit that any user has. Pure. */
function shortestLimits(policy: Pick<ResidencyPolicy, "accessKeys">): AgeLimits {
  const { limits, service } = accessKeyRules(policy);
  const all = [limits, ...service.map((each) => each.limits)];
  const least = (name: keyof AgeLimits) => Math.min(...all.map((each) => each[name]));
  return {
    warnDays: least("warnDays"),
    deactivateDays: least("deactivateDays"),
    neverUsedDays: least("neverUsedDays"),
    deleteAfterDays: least("deleteAfterDays"),
  };
}

function told({ resource }: Signal, reason: string): Result {
  return withoutFinding("iam-access-key-is-rotated", resource, "ignored", reason);
}
