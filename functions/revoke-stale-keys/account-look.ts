import type { Ports } from "../../shared/control.ts";
import { CordonError } from "../../shared/errors.ts";
import { type AgeLimits, chooseUsers, inTurn } from "../../shared/keys/choose-users.ts";
import { parseCredentialReport } from "../../shared/keys/credential-report.ts";
import type { Handled } from "../../shared/pipeline.ts";
import { accessKeyRules } from "../../shared/policy/access-keys.ts";
import type { ResidencyPolicy } from "../../shared/policy/policy.ts";
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
 * Looks through an account's users: its credential report says whom a live look could come to anything for, and only they are looked at.
 *
 * Calls: the report's, and those of each user chosen.
 * @throws CordonError `unavailable` when the report is still being made, or somebody could not be looked at: the look comes again
 */
export async function lookThroughAccount(signal: Signal, office: LookOffice, deadlineMs: number): Promise<Handled> {
  const { ports, policy, clock } = office;
  const { resource, at } = signal;
  if (ports.reports === undefined) throw new Error("no credential reports here");
  const report = await ports.reports.read(resource, deadlineMs - USER_MS);
  if (report.kind === "pending")
    throw new CordonError("unavailable", "IAM is still making the credential report", {
      retryAtMs: clock.nowMs() + REPORT_MS,
    });
  if (report.kind === "unreadable") throw new CordonError("denied", report.reason);
  const rows = parseCredentialReport([report.csv], resource.account);
  const chosen = chooseUsers(rows, shortestLimits(policy), clock.nowMs());
  if (chosen.unreadable > 0)
    throw new CordonError(
      "denied",
      `${chosen.unreadable} rows of the credential report can't be read: users may be missing`,
    );
  const arns = [...chosen.due, ...inTurn(chosen.unsure, TURN_DAYS, clock.nowMs())];
  const looks = packUsers(arns, at);
  if (arns.length > AT_ONCE) {
    await office.send(looks.map((each) => JSON.stringify(each)));
    return { results: [told(signal, `${arns.length} users are looked at one after the other`)] };
  }
  const signals = looks
    .flatMap((each) => parseUserLooks(each) ?? [])
    .flatMap((each) => (each.kind === "signal" ? [each.signal] : []));
  const results = await lookAtAll(signals, office, deadlineMs);
  return { results: [...results, told(signal, `${arns.length} users looked at`)] };
}

/** @throws what the first of them threw whose look did not end, once all had their turn */
async function lookAtAll(
  signals: readonly Signal[],
  { look, clock, send }: LookOffice,
  deadlineMs: number,
): Promise<readonly Result[]> {
  const waiting = [...signals];
  const results: Result[] = [];
  const failures: unknown[] = [];
  const left: Signal[] = [];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (clock.nowMs() + USER_MS > deadlineMs) {
        left.push(next);
        continue;
      }
      await look(next, deadlineMs).then(
        ({ results: of }) => results.push(...of),
        (error: unknown) => failures.push(error),
      );
    }
  };
  await Promise.all(Array.from({ length: TOGETHER }, work));
  const [first] = left;
  if (first !== undefined)
    await send(
      packUsers(
        left.map(({ resource }) => resource.arn),
        first.at,
      ).map((each) => JSON.stringify(each)),
    );
  if (failures.length > 0) throw failures[0];
  return results;
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
