import { describe, expect, it } from "vitest";
import { CONSUMERS, type Consumer, outboxShards } from "../../shared/journal/keys.ts";
import {
  DUE_AFTER_MS,
  MOST_A_SHARD,
  type Outbox,
  SWEEPS_EVERY_MINUTES,
  sweepOutbox,
  type Waiting,
} from "../../shared/outbox/sweep-outbox.ts";
import type { Clock } from "../../shared/types.ts";
import { START_MS } from "../support/events.ts";

const HOUR_MS = 3_600_000;

interface Item extends Waiting {
  readonly since: string;
  readonly emissions: number;
}

/** An outbox in memory, and a clock that each call moves on. */
function outboxWith({ msACall = 0 } = {}) {
  let nowMs = START_MS;
  const clock: Clock = { nowMs: () => nowMs, sleep: async () => {} };
  const shards = new Map<string, Map<string, Item>>();
  const shardOf = (name: string) => {
    const shard = shards.get(name) ?? new Map<string, Item>();
    shards.set(name, shard);
    return shard;
  };
  const outbox: Outbox = {
    async readWaiting(shard, before, limit) {
      nowMs += msACall;
      const due = [...shardOf(shard).values()]
        .filter(({ outboxAt }) => outboxAt < before)
        .sort((a, b) => (a.outboxAt < b.outboxAt ? -1 : 1));
      return { waiting: due.slice(0, limit), isMore: due.length > limit };
    },
    async reEmit({ pk, outboxAt }, at) {
      nowMs += msACall;
      for (const shard of shards.values()) {
        const item = shard.get(pk);
        if (item?.outboxAt !== outboxAt) continue;
        shard.set(pk, { ...item, outboxAt: at, emissions: item.emissions + 1 });
        return item.since;
      }
      return undefined;
    },
  };
  return {
    clock,
    outbox,
    advance: (ms: number) => {
      nowMs += ms;
    },
    put: (consumer: Consumer, name: string, ageMs: number, shard = 0) => {
      const outboxAt = new Date(nowMs - ageMs).toISOString();
      const key = outboxShards(consumer)[shard] ?? "";
      shardOf(key).set(name, { pk: name, sk: "x", outboxAt, since: outboxAt, emissions: 0 });
    },
    acknowledge: (name: string) => {
      for (const shard of shards.values()) shard.delete(name);
    },
    emitted: () =>
      [...shards.values()]
        .flatMap((shard) => [...shard.values()])
        .filter(({ emissions }) => emissions > 0)
        .map(({ pk }) => pk)
        .sort(),
    sweep: (timeMs = 60_000) => sweepOutbox(outbox, clock, nowMs + timeMs),
  };
}

describe("the sweep", () => {
  it("has told again what is due, of every consumer and partition, and leaves what is younger", async () => {
    const set = outboxWith();
    for (const consumer of CONSUMERS) {
      for (const [index, shard] of outboxShards(consumer).entries()) set.put(consumer, `${shard} old`, HOUR_MS, index);
      set.put(consumer, `${consumer} young`, DUE_AFTER_MS - 1);
    }
    const swept = await set.sweep();
    expect(swept).toMatchObject({ reEmitted: { tickets: 8, archive: 8 }, left: { tickets: false, archive: false } });
    expect(set.emitted()).toEqual(
      CONSUMERS.flatMap(outboxShards)
        .map((shard) => `${shard} old`)
        .sort(),
    );
  });

  it("does so once between two sweeps, however often it is asked", async () => {
    const set = outboxWith();
    set.put("tickets", "a", 2 * HOUR_MS);
    expect((await set.sweep()).reEmitted.tickets).toBe(1);
    expect((await set.sweep()).reEmitted.tickets).toBe(0);
    // A schedule is not exact to the second.
    set.advance(SWEEPS_EVERY_MINUTES * 60_000 - 30_000);
    expect((await set.sweep()).reEmitted.tickets).toBe(1);
  });

  it("leaves alone what was acknowledged between reading and emitting", async () => {
    const set = outboxWith();
    set.put("archive", "a", HOUR_MS);
    set.put("archive", "b", HOUR_MS);
    const readWaiting: Outbox["readWaiting"] = async (...args) => {
      const answer = await set.outbox.readWaiting(...args);
      set.acknowledge("a");
      return answer;
    };
    const swept = await sweepOutbox({ ...set.outbox, readWaiting }, set.clock, set.clock.nowMs() + 60_000);
    expect(swept.reEmitted).toEqual({ tickets: 0, archive: 1 });
  });

  it("tells how long the oldest has waited since it was written, not since it was last emitted", async () => {
    const set = outboxWith();
    set.put("archive", "a", 2 * HOUR_MS);
    expect((await set.sweep()).oldestAgeSeconds).toEqual({ tickets: 0, archive: 7_200 });
    set.advance(HOUR_MS);
    expect((await set.sweep()).oldestAgeSeconds.archive).toBe(10_800);
  });

  it("takes so many at a time and says that more is left, which comes first the next time", async () => {
    const set = outboxWith();
    for (let index = 0; index < MOST_A_SHARD + 3; index++) set.put("tickets", `t-${index}`, HOUR_MS + index);
    const first = await set.sweep();
    expect(first).toMatchObject({ reEmitted: { tickets: MOST_A_SHARD }, left: { tickets: true, archive: false } });
    const second = await set.sweep();
    expect(second).toMatchObject({ reEmitted: { tickets: 3 }, left: { tickets: false } });
    expect(set.emitted()).toHaveLength(MOST_A_SHARD + 3);
  });

  it("stops in time and says what is left", async () => {
    const set = outboxWith({ msACall: 100 });
    for (let index = 0; index < 100; index++) set.put("tickets", `t-${index}`, HOUR_MS, index % 8);
    set.put("archive", "a", HOUR_MS);
    const swept = await set.sweep(5_000);
    expect(swept.left).toEqual({ tickets: true, archive: true });
    expect(swept.reEmitted.tickets).toBeGreaterThan(0);
    expect(swept.reEmitted.tickets).toBeLessThan(100);
  });

  it("brings everything through to a consumer that comes back, whenever it does", async () => {
    const set = outboxWith();
    for (let index = 0; index < 30; index++) set.put("archive", `e-${index}`, 0, index % 8);
    for (let hour = 0; hour < 26; hour++) {
      set.advance(HOUR_MS);
      await set.sweep();
    }
    expect(set.emitted()).toHaveLength(30);
    for (let index = 0; index < 30; index++) set.acknowledge(`e-${index}`);
    set.advance(HOUR_MS);
    expect((await set.sweep()).reEmitted.archive).toBe(0);
  });
});
