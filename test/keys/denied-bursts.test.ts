import { describe, expect, it } from "vitest";
import { CordonError } from "../../shared/errors.ts";
import { deniedBursts } from "../../shared/keys/denied-bursts.ts";
import { userRef } from "../../shared/signals/iam-refs.ts";
import type { Signal } from "../../shared/types.ts";

const MINUTE = 60_000;
const START = Date.parse("2026-03-01T09:00:00Z");
const KEY = "AKIAIOSFODNN7EXAMPLE";
const LIMITS = { count: 5, windowMs: 10 * MINUTE };

/** Counters as the table keeps them. */
function counters() {
  const counts = new Map<string, number>();
  const scopes: string[] = [];
  return {
    scopes,
    isDown: false,
    async count(scope: string, windowMs: number, nowMs: number) {
      if (this.isDown) throw new CordonError("unavailable", "the table is away");
      scopes.push(scope);
      const key = `${scope}#${Math.floor(nowMs / windowMs)}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      return counts.get(key) ?? 0;
    },
  };
}

function deniedCall(minutes: number, keyId = KEY, more: Partial<Signal> = {}): Signal {
  const resource = userRef("arn:aws:iam::111122223333:user/ci");
  if (resource === undefined) throw new Error("no user");
  const at = new Date(START + minutes * MINUTE).toISOString();
  return {
    id: `call-${minutes}`,
    source: "cloudtrail",
    name: "ListBuckets",
    at,
    resource,
    keyId,
    denied: true,
    ...more,
  };
}

describe("denied calls of one key", () => {
  it("are a burst from the limit on, under one id, until it is told; then they cost nothing any more", async () => {
    const journal = counters();
    const bursts = deniedBursts(journal, LIMITS);
    const reports = [];
    for (let n = 0; n < 7; n++) reports.push(await bursts.count(deniedCall(n), START));
    expect(reports.map((report) => report !== undefined)).toEqual([false, false, false, false, true, true, true]);
    expect(reports[4]).toMatchObject({ by: "cloudtrail", type: "denied-burst", at: "2026-03-01T09:04:00.000Z" });
    expect(reports[6]?.id).toBe(reports[4]?.id);

    if (reports[4] !== undefined) bursts.told(reports[4]);
    expect(await bursts.count(deniedCall(8), START)).toBeUndefined();
    expect(journal.scopes).toHaveLength(7);
  });

  it("are another burst in the next window", async () => {
    const bursts = deniedBursts(counters(), { ...LIMITS, count: 1 });
    const [one, other] = [await bursts.count(deniedCall(9), START), await bursts.count(deniedCall(10), START)];
    expect(one?.id).not.toBe(other?.id);
  });

  it("count when they were made, and not when they are heard: what was kept back is no burst", async () => {
    const bursts = deniedBursts(counters(), LIMITS);
    for (let n = 0; n < 10; n++) expect(await bursts.count(deniedCall(n * 10), START + 200 * MINUTE)).toBeUndefined();
  });

  it("are no other key's, and the table has neither's id", async () => {
    const journal = counters();
    const bursts = deniedBursts(journal, LIMITS);
    for (let n = 0; n < 8; n++)
      expect(await bursts.count(deniedCall(0, n % 2 === 0 ? KEY : "AKIAI44QH8DHBEXAMPLE"), START)).toBeUndefined();
    expect(new Set(journal.scopes).size).toBe(2);
    expect(journal.scopes.join()).not.toMatch(/AKIA/);
  });

  it("are counted once more when the table was away", async () => {
    const journal = counters();
    const bursts = deniedBursts(journal, { ...LIMITS, count: 1 });
    journal.isDown = true;
    await expect(bursts.count(deniedCall(0), START)).rejects.toThrow("away");
    journal.isDown = false;
    expect(await bursts.count(deniedCall(0), START)).toBeDefined();
  });

  it("are not what any other signal is", async () => {
    const journal = counters();
    const { denied: _, ...other } = deniedCall(0);
    expect(await deniedBursts(journal, { ...LIMITS, count: 1 }).count(other, START)).toBeUndefined();
    expect(journal.scopes).toEqual([]);
  });
});
