import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import { carryOut } from "../../shared/decisions/carry-out.ts";
import { accountOf } from "../../shared/lifecycle/cell-matters.ts";
import { endStorm, STORMS } from "../../shared/lifecycle/storm.ts";
import type { Severity } from "../../shared/types.ts";
import { policyWith } from "../support/stage.ts";
import { accountInMemory, arnOf, idOf, proved, queueOf, refOf } from "./account-in-memory.ts";

const MINUTE_MS = 60_000;
const LIMITS = { count: 5, windowMinutes: 60, reserve: 3, cappedIntervalSeconds: 10, quietMinutes: 30 };
const policyOf = (more: object = {}) =>
  policyWith({
    controls: { [control.meta.id]: { mode: "enforce" } },
    limits: { automaticChanges: { ...LIMITS, ...more }, approvals: { by: [arnOf("owner")] } },
  });

/** Somebody offends on many buckets, and the queue delivers each event as often as it is put off. */
function account(more: { severity?: Severity; mayBreak?: boolean; limits?: object } = {}) {
  const set = accountInMemory();
  const meta = {
    ...control.meta,
    ...(more.severity !== undefined && { severity: more.severity }),
    ...(more.mayBreak === true && { mayBreakApplications: true }),
  };
  const policy = policyOf(more.limits);
  const cordon = set.cordonOf(policy, "enforce", { ...control, meta });
  const { waiting, deliver, runUntil: queueUntil } = queueOf(set, cordon);
  const offend = (bucket: string, by: string) => deliver(set.put(bucket, by));
  const storms = () => set.journal.findings().filter(({ controlId }) => controlId === STORMS.id);
  const isOff = (bucket: string) => set.statusOf(bucket) === "Disabled";
  return { ...set, policy, cordon, waiting, offend, deliver, queueUntil, storms, isOff };
}

const names = (count: number, prefix = "bucket") => Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

describe("more automatic changes than the limit, for one cause (S8)", () => {
  it("are a storm: told by one critical finding that names the cause, and not by a page for each", async () => {
    const set = account();
    for (const bucket of names(20)) await set.offend(bucket, "deployer");

    const [storm, ...others] = set.storms();
    expect(others).toEqual([]);
    expect(storm).toMatchObject({
      severity: "critical",
      status: "awaiting-approval",
      title: expect.stringContaining("user/deployer"),
    });
    const children = set.journal.findings().filter(({ controlId }) => controlId === control.meta.id);
    expect(children.filter(({ severity }) => severity === "critical")).toEqual([]);
    expect(children.filter(({ parent }) => parent === storm?.id).length).toBe(15);
  });

  it("go on one at a time, at the capped rate, until all is contained", async () => {
    const set = account();
    const buckets = names(12);
    for (const bucket of buckets) await set.offend(bucket, "deployer");
    // Within the limit at once, and the first turn of the storm.
    expect(buckets.filter(set.isOff)).toHaveLength(6);

    await set.queueUntil(set.clock.nowMs() + 2 * MINUTE_MS);

    expect(buckets.filter(set.isOff)).toHaveLength(12);
    const capped = set.writes.slice(5).map(({ atMs }) => atMs);
    for (const [index, atMs] of capped.slice(1).entries())
      expect(atMs - (capped[index] ?? 0)).toBeGreaterThanOrEqual(10_000);
  });

  it("what waits says which limit, whose count and until when", async () => {
    const set = account();
    for (const bucket of names(8)) await set.offend(bucket, "deployer");
    const last = await set.findingOf("bucket-7");
    expect(last).toMatchObject({
      status: "waiting",
      holds: [
        { limit: "blast-radius", whose: expect.stringContaining("user/deployer"), most: 5, until: expect.any(String) },
      ],
    });
    expect(Date.parse(last?.holds?.[0]?.until ?? "") - set.clock.nowMs()).toBe(20_000);
  });

  it("asked twice for the same thing keep their turn", async () => {
    const set = account();
    for (const bucket of names(8)) await set.offend(bucket, "deployer");
    const turn = (await set.findingOf("bucket-7"))?.holds?.[0]?.until;
    for (let again = 0; again < 5; again++) await set.deliver(set.waiting[0]?.signal ?? set.look("bucket-7"));
    expect((await set.findingOf("bucket-7"))?.holds?.[0]?.until).toBe(turn);
  });

  it("of critical controls, there is a reserve", async () => {
    const [high, critical] = [account(), account({ severity: "critical" })];
    for (const bucket of names(8)) await high.offend(bucket, "deployer");
    for (const bucket of names(8)) await critical.offend(bucket, "deployer");
    expect(names(8).filter(high.isOff)).toHaveLength(6);
    expect(names(8).filter(critical.isOff)).toHaveLength(8);
    expect(critical.storms()).toEqual([]);
  });

  it("that could break an application wait for a person, and for no turn", async () => {
    const set = account({ mayBreak: true });
    for (const bucket of names(7)) await set.offend(bucket, "deployer");
    expect(names(7).filter(set.isOff)).toHaveLength(5);
    expect(await set.findingOf("bucket-6")).toMatchObject({
      status: "awaiting-approval",
      pending: { steps: [{ changes: [{ path: "Rules[to-us].Status" }] }] },
      holds: [{ limit: "blast-radius" }],
    });
    const order = { action: "approve" as const, findingId: idOf("bucket-6"), reason: "stop it" };
    const office = { cordon: set.cordon, controls: [set.cordon.control], cell: accountOf(refOf("bucket-6")) };
    expect(await carryOut(order, proved("owner"), office, set.deadlineMs())).toMatchObject({ status: "contained" });
    expect(set.isOff("bucket-6")).toBe(true);
  });
});

describe("a storm is over", () => {
  const stormy = async () => {
    const set = account();
    for (const bucket of names(7)) await set.offend(bucket, "deployer");
    const [storm] = set.storms();
    if (storm === undefined) throw new Error("there is no storm");
    return { ...set, storm };
  };

  it("once nothing was to be changed for long enough: then changes are counted anew", async () => {
    const set = await stormy();
    set.advance(29 * MINUTE_MS);
    const untilMs = await endStorm(set.storm, { kind: "quiet" }, set.cordon, set.clock.nowMs());
    expect(untilMs).toBeGreaterThan(set.clock.nowMs());
    expect(set.storms()).toMatchObject([{ status: "awaiting-approval" }]);

    set.advance(2 * MINUTE_MS);
    expect(await endStorm(set.storm, { kind: "quiet" }, set.cordon, set.clock.nowMs())).toBeUndefined();
    expect(set.storms()).toMatchObject([{ status: "resolved" }]);

    for (const bucket of names(5, "later")) await set.offend(bucket, "deployer");
    expect(names(5, "later").filter(set.isOff)).toHaveLength(5);
    expect(set.storms()).toMatchObject([{ status: "resolved" }]);
  });

  it("by the word of somebody who may decide, who is named; and of nobody else", async () => {
    const set = await stormy();
    const order = { action: "close" as const, findingId: set.storm.id, reason: "every change is wanted" };
    const office = { cordon: set.cordon, controls: [], cell: accountOf(refOf("bucket-0")) };
    const close = (by: string) => carryOut(order, proved(by), office, set.deadlineMs());

    expect(await close("stranger")).toMatchObject({
      status: "refused",
      reasons: [expect.stringContaining("expected one of those who may decide")],
    });
    expect(await close("owner")).toMatchObject({ status: "compliant" });
    expect(set.storms()).toMatchObject([
      { status: "resolved", sayings: [{ action: "close", outcome: "done", by: arnOf("owner") }] },
    ]);
    expect(await close("owner")).toMatchObject({ status: "refused", reasons: [expect.stringContaining("is over")] });

    await set.offend("after", "deployer");
    expect(set.isOff("after")).toBe(true);
  });

  it("and comes back as the same finding, with its count", async () => {
    const set = await stormy();
    await endStorm(
      set.storm,
      {
        kind: "person",
        saying: { action: "close", at: "", by: "b", how: "h", reason: "r", outcome: "done" },
        principal: { type: "Approver" },
      },
      set.cordon,
      set.clock.nowMs(),
    );
    for (const bucket of names(7, "again")) await set.offend(bucket, "deployer");
    expect(set.storms()).toMatchObject([{ id: set.storm.id, status: "awaiting-approval", occurrence: 2 }]);
  });
});

describe("noise", () => {
  it("in one principal's name never holds back the containment of another's, however loud", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 5 }), async (noise, real) => {
        const set = account();
        for (const bucket of names(noise, "noise")) await set.offend(bucket, "mallory");
        for (const bucket of names(real, "real")) {
          const results = await set.offend(bucket, "victim");
          expect(results.map(({ status }) => status)).toContain("contained");
          expect(set.isOff(bucket)).toBe(true);
        }
      }),
      { numRuns: 25 },
    );
  });

  it("in a role's name is the role's, whatever its sessions are called", async () => {
    const set = account();
    const session = (index: number) => `arn:aws:sts::111122223333:assumed-role/deploy/run-${index}`;
    for (const [index, bucket] of names(8).entries()) await set.offend(bucket, session(index));
    expect(set.storms()).toHaveLength(1);
    expect(names(8).filter(set.isOff)).toHaveLength(6);
  });

  it("ends: whatever is wanted in a storm is contained in the end", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom("mallory", "victim"), fc.integer({ min: 0, max: 20_000 })), {
          minLength: 6,
          maxLength: 30,
        }),
        async (offences) => {
          const set = account();
          for (const [index, [by, waitMs]] of offences.entries()) {
            await set.offend(`bucket-${index}`, by);
            await set.queueUntil(set.clock.nowMs() + waitMs);
          }
          await set.queueUntil(set.clock.nowMs() + 20 * MINUTE_MS);
          expect(offences.map((_, index) => set.statusOf(`bucket-${index}`))).toEqual(offences.map(() => "Disabled"));
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe("the limit of whoever caused it holds by whichever event it is met", () => {
  const config = (set: ReturnType<typeof account>, bucket: string) => ({
    ...set.look(bucket),
    id: `config-${bucket}`,
    source: "config" as const,
    name: "ConfigurationItem",
  });

  it("AWS Config tells of the same changes: they keep their turns", async () => {
    const set = account();
    const buckets = names(12);
    for (const bucket of buckets) await set.offend(bucket, "deployer");
    const before = buckets.filter(set.isOff).length;
    for (const bucket of buckets) await set.deliver(config(set, bucket));
    expect(buckets.filter(set.isOff)).toHaveLength(before);
    expect(set.storms()).toHaveLength(1);
  });

  it("what a storm has a person asked about waits for him, whatever is heard, and when nobody answers", async () => {
    const set = account({ mayBreak: true });
    for (const bucket of names(8)) await set.offend(bucket, "deployer");
    await set.deliver(config(set, "bucket-7"));
    expect(set.isOff("bucket-7")).toBe(false);

    set.advance(73 * 60 * MINUTE_MS);
    await set.deliver(set.look("bucket-7"));

    expect(set.isOff("bucket-7")).toBe(false);
    expect(await set.findingOf("bucket-7")).toMatchObject({
      status: "awaiting-approval",
      pending: { unanswered: 1 },
      notes: [expect.stringContaining("a person has to approve it")],
    });
  });

  it("what the brake has held is counted for whoever caused it, once it is off", async () => {
    const set = account();
    const buckets = names(8);
    const braked = { isOn: true, reason: "looking", by: "on-call" };
    await set.journal.switchBrake(braked);
    for (const bucket of buckets) await set.offend(bucket, "deployer");
    await set.journal.switchBrake({ ...braked, isOn: false });
    set.advance(10 * MINUTE_MS);
    for (const bucket of buckets) await set.deliver(set.look(bucket));
    expect(set.storms()).toMatchObject([{ title: expect.stringContaining("user/deployer") }]);
  });

  it("a long line goes the quicker the longer it is, and not all at once in the end", async () => {
    const set = account();
    const buckets = names(400);
    for (const bucket of buckets) await set.offend(bucket, "deployer");
    const fromMs = set.clock.nowMs();
    await set.queueUntil(fromMs + 31 * MINUTE_MS);
    expect(buckets.filter(set.isOff)).toHaveLength(400);
    const turns = set.writes.map(({ atMs }) => atMs - fromMs).filter((ms) => ms > 0);
    const mostIn = (ms: number) =>
      Math.max(...turns.map((at) => turns.filter((one) => one >= at && one < at + ms).length));
    expect(mostIn(10_000)).toBeLessThan(30);
  });
});
