import { dueAfter, dueOf } from "../journal/due.ts";
import { outboxShards } from "../journal/keys.ts";
import type { Clock, ResourceRef } from "../types.ts";
import type { Outbox, Waiting } from "./sweep-outbox.ts";

/** A resource that is due, with the controls it is due for. */
export interface Due {
  readonly resource: ResourceRef;
  readonly leaseUntilMs: number;
  readonly byControl: Readonly<Record<string, Parameters<typeof dueOf>[0]>>;
}

/** What the sweep does about resources that are due. Every method throws CordonError. */
export interface Looks {
  /** The item of an entry; undefined when it is there no more. */
  read(entry: Waiting): Promise<Due | undefined>;
  /** Has a control's function look at a resource; false when no function of this deployment runs it. */
  send(controlId: string, resource: ResourceRef, dueAt: string): Promise<boolean>;
  /** Cordon's own matters are settled here: no function looks at them. False when the control is none of these. */
  settle(controlId: string, findingIds: readonly string[]): Promise<boolean>;
}

/** What a sweep did about looks. */
export interface SweptLooks {
  readonly sent: number;
  readonly settled: number;
  /** More is due than was seen to: the next sweep goes on. */
  readonly isLeft: boolean;
}

/** At most so many of a partition in one sweep. */
const MOST_A_SHARD = 60;
const RESERVE_MS = 2_000;
/** What has been due for four hours is looked at again after one. */
const LATER_EACH_TIME = 4;

/**
 * Has everything looked at that is due: runs that were left unfinished, questions that nobody has answered, exceptions that are over, turns in a storm, containments to be
 * verified again. It changes nothing itself: a look takes the way of every event, under the same limits, in the function that has the rights.
 *
 * Side effects: one query a partition; one read, one message and one update a resource. Doing it twice does no harm.
 * @throws CordonError when the table or a queue gave no usable answer; everything else was seen to all the same
 */
export async function sweepLooks(outbox: Outbox, looks: Looks, clock: Clock, deadlineMs: number): Promise<SweptLooks> {
  const swept = { sent: 0, settled: 0, isLeft: false };
  const failures: unknown[] = [];
  for (const shard of outboxShards("looks")) {
    const { waiting, isMore } = await outbox.readWaiting(shard, new Date(clock.nowMs()).toISOString(), MOST_A_SHARD);
    if (isMore) swept.isLeft = true;
    for (const entry of waiting) {
      if (clock.nowMs() + RESERVE_MS > deadlineMs) return { ...swept, isLeft: true };
      let nextMs = clock.nowMs();
      try {
        const { sent, settled, dueSinceMs, dueNextMs } = await seeTo(entry, looks, clock.nowMs());
        swept.sent += sent;
        swept.settled += settled;
        // What can't be settled must not put off the end of another matter of the same resource.
        nextMs = Math.min(clock.nowMs() + dueSinceMs / LATER_EACH_TIME, dueNextMs);
      } catch (error) {
        // One that fails must not hold up all that are due after it.
        failures.push(error);
      }
      // Due again, unless the look moves it: a message that got lost is sent again, and what no look can settle ever more seldom.
      await outbox.reEmit(entry, new Date(nextMs).toISOString()).catch((error: unknown) => failures.push(error));
    }
  }
  if (failures.length > 0) throw failures[0];
  return swept;
}

async function seeTo(entry: Waiting, looks: Looks, nowMs: number) {
  const done = { sent: 0, settled: 0, dueSinceMs: 0, dueNextMs: Number.POSITIVE_INFINITY };
  const due = await looks.read(entry);
  for (const [controlId, record] of Object.entries(due?.byControl ?? {})) {
    const dueMs = dueOf(record, due?.leaseUntilMs ?? 0);
    done.dueNextMs = Math.min(done.dueNextMs, dueAfter(record, due?.leaseUntilMs ?? 0, nowMs) ?? done.dueNextMs);
    if (due === undefined || dueMs === undefined || dueMs > nowMs) continue;
    // What the brake holds is looked at each time: off, it is not to be waited for.
    const isBraked = Object.values(record.findings).some(({ status, lookAtMs }) => status === "observed" && lookAtMs);
    if (!isBraked) done.dueSinceMs = Math.max(done.dueSinceMs, nowMs - dueMs);
    const open = Object.keys(record.findings).filter((id) => record.findings[id]?.status !== "resolved");
    if (await looks.settle(controlId, open)) done.settled++;
    else if (await looks.send(controlId, due.resource, new Date(dueMs).toISOString())) done.sent++;
  }
  return done;
}
