import type { Signal } from "../../shared/types.ts";

/** The report is made anew every four hours: a look a few minutes later chooses the same users. */
const COVERS_MS = 10 * 60_000;

/** The looks through accounts that this container has ended a moment ago. */
export interface RecentLooks {
  /** When the account was looked through, where that covers this look, too; a person's is always his own. */
  covering(signal: Signal, nowMs: number): string | undefined;
  /** It has ended: one that failed covers nothing. */
  done(signal: Signal, nowMs: number): void;
}

/**
 * AWS Config tells of each user with an old key, fifty at once after its own daily evaluation, and each is a look through the account. A container does it once for all; another
 * container may do it once more, which costs its calls and changes nothing. That is why no item of the table has to remember it.
 */
export function recentLooks(): RecentLooks {
  const atMs = new Map<string, number>();
  return {
    covering({ source, resource: { arn } }, nowMs) {
      const before = atMs.get(arn);
      const isCovered = source !== "operator" && before !== undefined && Math.abs(nowMs - before) < COVERS_MS;
      return isCovered ? new Date(before).toISOString() : undefined;
    },
    done: ({ resource: { arn } }, nowMs) => void atMs.set(arn, nowMs),
  };
}
