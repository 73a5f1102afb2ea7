import { shortHash } from "../ids.ts";
import type { ReportedKey, ReportRow } from "./credential-report.ts";

/** Of the policy's access keys: the shortest of each that any user has. */
export interface AgeLimits {
  readonly warnDays: number;
  readonly deactivateDays: number;
  readonly neverUsedDays: number;
  readonly deleteAfterDays: number;
}

/** Who has to be looked at, by the credential report. ARNs, each once. */
export interface ChosenUsers {
  /** A key of theirs is due by what the report says, or the report can't be read for them. */
  readonly due: readonly string[];
  /**
   * They have an active key that was created or switched on not long ago, as users who rotate theirs have, and nothing but a look tells which: switched on again it is older than
   * it seems. To be looked at in turn (`inTurn`).
   */
  readonly unsure: readonly string[];
  /** The account's root user has keys; undefined when the report doesn't tell. */
  readonly rootHasKeys: boolean | undefined;
  /** So many rows can't be read: somebody may be missing, and the users have to be listed. */
  readonly unreadable: number;
  /** Everybody whom the report tells of: of those listed, the others are missing in it. */
  readonly known: ReadonlySet<string>;
}

const DAY_MS = 86_400_000;
/** From one daily look to the next, and as old as the report may be. */
export const HORIZON_MS = 28 * 3_600_000;

/**
 * The users of whom a live look could come to anything but "compliant" until `HORIZON_MS` from now. Whatever key is treated by its age in that time is a key of one
 * of `due` or `unsure`, and of one of `due` if it was never switched off and on. It may have been switched since the report was made. Pure.
 *
 * What the report can't tell: keys that were made since (they are younger than any limit, unless one is shorter than the horizon, when everybody is chosen); and when Cordon
 * itself has deactivated a key that was switched on and off again since the report (the journal has the time, and looks at it then).
 */
export function chooseUsers(rows: Iterable<ReportRow>, limits: AgeLimits, nowMs: number): ChosenUsers {
  const due = new Set<string>();
  const unsure = new Set<string>();
  const known = new Set<string>();
  let rootHasKeys: boolean | undefined;
  let unreadable = 0;
  for (const row of rows) {
    if (row.kind === "unreadable") unreadable++;
    else if (row.kind === "root") rootHasKeys = row.hasKeys;
    else {
      known.add(row.arn);
      const answer = judgeRow(row, limits, nowMs);
      if (answer === "due") due.add(row.arn);
      if (answer === "unsure") unsure.add(row.arn);
    }
  }
  return { due: [...due], unsure: [...unsure].filter((arn) => !due.has(arn)), rootHasKeys, unreadable, known };
}

type Answer = "due" | "unsure" | "young";

function judgeRow(row: Extract<ReportRow, { kind: "user" }>, limits: AgeLimits, nowMs: number): Answer {
  const untilMs = nowMs + HORIZON_MS;
  const { warnDays, deleteAfterDays } = limits;
  // A key made since the report is not in it.
  const shortest = Math.min(warnDays, neverUsedWarnDays(limits), deleteAfterDays);
  if (row.hasMore || shortest * DAY_MS <= HORIZON_MS) return "due";
  const answers = row.keys.map((key) => judgeKey(key, row.createdMs, limits, untilMs, nowMs));
  return answers.find((answer) => answer === "due") ?? answers.find((answer) => answer === "unsure") ?? "young";
}

function judgeKey(
  { isActive, changedMs, lastUsed }: ReportedKey,
  userMs: number | undefined,
  limits: AgeLimits,
  untilMs: number,
  nowMs: number,
): Answer {
  // A time to come is none.
  if (isActive === undefined || changedMs === undefined || changedMs > nowMs) return "due";
  // It may be in use by now; who sees none in the report has to think of both.
  const whileOn = typeof lastUsed === "number" ? limits.warnDays : Math.min(limits.warnDays, neverUsedWarnDays(limits));
  const days = isActive ? whileOn : Math.min(whileOn, limits.deleteAfterDays);
  if (untilMs - changedMs >= days * DAY_MS) return "due";
  const canBeOlder = userMs === undefined || untilMs - userMs >= days * DAY_MS;
  if (!canBeOlder) return "young";
  // Of a key that is off the time is when it was switched off: older is the rule, and there are few.
  return isActive ? "unsure" : "due";
}

/** The age at which the owner of a key is warned that it has never been used. */
function neverUsedWarnDays({ warnDays, deactivateDays, neverUsedDays }: AgeLimits): number {
  return Math.max(0, neverUsedDays - Math.max(0, deactivateDays - warnDays));
}

/**
 * Of `arns` those whose turn it is today: each comes once in `days` days, always about as many. A key that was switched on again unseen is found so many days late at most.
 */
export function inTurn(arns: readonly string[], days: number, nowMs: number): readonly string[] {
  const today = Math.floor(nowMs / DAY_MS) % days;
  return arns.filter((arn) => Number.parseInt(shortHash(arn), 16) % days === today);
}
