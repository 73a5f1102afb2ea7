import { CONSUMERS, type Consumer, outboxShards } from "../journal/keys.ts";
import type { Clock } from "../types.ts";

/** An entry that its consumer has not acknowledged. */
export interface Waiting {
  readonly pk: string;
  readonly sk: string;
  /** When it was written or last emitted again. */
  readonly outboxAt: string;
}

/** The outbox as the sweep sees it. Every method throws CordonError. */
export interface Outbox {
  /** Entries of one partition that have waited since before a time, the longest waiting first. */
  readWaiting(
    shard: string,
    before: string,
    limit: number,
  ): Promise<{ readonly waiting: readonly Waiting[]; readonly isMore: boolean }>;
  /**
   * Has the stream tell of an entry again.
   *
   * @returns since when it waits; undefined when it no longer waits as it was read, and nothing was done
   */
  reEmit(entry: Waiting, at: string): Promise<string | undefined>;
}

/** What a sweep did. */
export interface Swept {
  readonly reEmitted: Readonly<Record<Consumer, number>>;
  /** Whether more is due than was emitted: the next sweep goes on with it. */
  readonly left: Readonly<Record<Consumer, boolean>>;
  /** How long the longest waiting entry that was due has waited since it was first written; 0 when none was due. */
  readonly oldestAgeSeconds: Readonly<Record<Consumer, number>>;
}

/** How often the sweep comes round: its schedule (deploy/functions.ts) and the alarm on what it tells (deploy/alarms.ts) follow from this. */
export const SWEEPS_EVERY_MINUTES = 15;
/**
 * An entry waits so long before it is emitted again. Consumers try again for minutes by themselves, so what is older has fallen out of the stream or been
 * given up. A little less than what lies between two sweeps, so that what one has emitted is due again, and its age is told, at the next.
 */
export const DUE_AFTER_MS = (SWEEPS_EVERY_MINUTES - 1) * 60_000;
/** An entry this old was emitted again and still not acknowledged. Found so by two sweeps, which takes 45 minutes at most, it raises an alarm. */
export const OVERDUE_SECONDS = 20 * 60;
/**
 * At most so many of a partition in one sweep, which makes 480 for each consumer and 2,000 an hour: what was missed comes on top of what is new, and a
 * tracker takes about a ticket a second.
 */
export const MOST_A_SHARD = 60;
/** Updates under way at once. */
const AT_ONCE = 10;
/** Kept back from the deadline for what is under way. */
const RESERVE_MS = 2_000;

/**
 * Emits again what was never acknowledged, so that a consumer that was down for longer than the stream remembers loses nothing. Doing it twice does no
 * harm: consumers know what they have had, and what was emitted is due only at the next sweep.
 *
 * Side effects: one query a partition, one update an entry.
 * @throws CordonError when the table gives no usable answer; what was emitted until then stays so
 */
export async function sweepOutbox(outbox: Outbox, clock: Clock, deadlineMs: number): Promise<Swept> {
  const swept = {
    reEmitted: { tickets: 0, archive: 0 },
    left: { tickets: false, archive: false },
    oldestAgeSeconds: { tickets: 0, archive: 0 },
  };
  const before = new Date(clock.nowMs() - DUE_AFTER_MS).toISOString();
  const isTimeUp = () => clock.nowMs() + RESERVE_MS > deadlineMs;
  for (const consumer of CONSUMERS) {
    for (const shard of outboxShards(consumer)) {
      if (isTimeUp()) {
        swept.left[consumer] = true;
        break;
      }
      const { waiting, isMore } = await outbox.readWaiting(shard, before, MOST_A_SHARD);
      if (isMore) swept.left[consumer] = true;
      for (let done = 0; done < waiting.length; done += AT_ONCE) {
        if (isTimeUp()) {
          swept.left[consumer] = true;
          break;
        }
        const nowMs = clock.nowMs();
        const at = new Date(nowMs).toISOString();
        const since = await Promise.all(waiting.slice(done, done + AT_ONCE).map((entry) => outbox.reEmit(entry, at)));
        for (const each of since) {
          if (each === undefined) continue;
          swept.reEmitted[consumer]++;
          const ageSeconds = Math.floor((nowMs - Date.parse(each)) / 1000);
          swept.oldestAgeSeconds[consumer] = Math.max(swept.oldestAgeSeconds[consumer], ageSeconds);
        }
      }
    }
  }
  return swept;
}
