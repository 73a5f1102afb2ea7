import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import { CordonError } from "../../shared/errors.ts";
import type { Journal } from "../../shared/journal/journal.ts";
import { type ApproveRequest, approve } from "../../shared/lifecycle/approve.ts";
import { extend } from "../../shared/lifecycle/extend.ts";
import { reject } from "../../shared/lifecycle/reject.ts";
import { rollBack } from "../../shared/lifecycle/roll-back.ts";
import type { Decider } from "../../shared/policy/may-decide.ts";
import type { S3Buckets } from "../../shared/resources/s3-buckets.ts";
import type { Mode, Result } from "../../shared/types.ts";
import { policyWith } from "../support/stage.ts";
import { accountInMemory, arnOf, configurationOf, idOf, proved } from "./account-in-memory.ts";

const HOUR_MS = 3_600_000;
const policyOf = (mode: Mode, more: object = {}) =>
  policyWith({
    controls: { [control.meta.id]: { mode } },
    limits: { approvals: { by: [arnOf("owner"), arnOf("developer")], validHours: 8 } },
    ...more,
  });
const APPROVE = policyOf("approve");

/** A rule that waits for a person, switched on by the developer. */
async function waiting(wrap?: Parameters<typeof accountInMemory>[0]) {
  const set = accountInMemory(wrap);
  const cordon = set.cordonOf(APPROVE);
  await set.handle(set.put("orders", "developer"), cordon);
  const decide = async (by: string | Decider, more: Partial<ApproveRequest> = {}, its = cordon): Promise<Result> => {
    const finding = await set.findingOf("orders");
    if (finding === undefined) throw new Error("there is no finding");
    const decider = typeof by === "string" ? proved(by) : by;
    return approve({ action: "approve", finding, reason: "stop it", decider, ...more }, its, set.deadlineMs());
  };
  const finding = async () => {
    const found = await set.findingOf("orders");
    if (found === undefined) throw new Error("there is no finding");
    return found;
  };
  return { ...set, cordon, decide, finding };
}

describe("what waits for a person", () => {
  it("has its exact plan in the table, with until when, who may decide and how", async () => {
    const set = await waiting();
    expect(await set.finding()).toMatchObject({
      status: "awaiting-approval",
      pending: {
        id: expect.stringMatching(/^[0-9a-f]{12}$/),
        steps: [
          {
            operation: "PutBucketReplication",
            changes: [{ path: "Rules[to-us].Status", before: "Enabled", after: "Disabled" }],
            inverse: { changes: [{ path: "Rules[to-us].Status", before: "Disabled", after: "Enabled" }] },
          },
        ],
        permissions: ["s3:PutReplicationConfiguration", "iam:PassRole"],
        expiresAt: new Date(set.clock.nowMs() + 8 * HOUR_MS).toISOString(),
        unanswered: 0,
      },
      holds: [{ limit: "approval", whose: `${arnOf("owner")}, ${arnOf("developer")}` }],
    });
    expect(set.writes).toEqual([]);
  });

  it("is asked once, however often it is seen", async () => {
    const set = await waiting();
    const before = await set.finding();
    set.advance(60_000);
    await set.handle(set.look("orders"), set.cordon);
    expect(await set.finding()).toEqual(before);
  });

  it("is asked again, louder, when nobody has decided in time; the old question is over", async () => {
    const set = await waiting();
    const first = await set.finding();
    set.advance(8 * HOUR_MS);
    expect(await set.decide("owner")).toMatchObject({
      status: "awaiting-approval",
      reasons: [expect.stringContaining("the question expired at")],
    });
    expect(set.writes).toEqual([]);
    const again = await set.finding();
    expect(again).toMatchObject({
      severity: "critical",
      pending: { id: first.pending?.id, unanswered: 1 },
      notes: [expect.stringContaining("nobody has decided in time, once")],
    });
    expect(Date.parse(again.pending?.expiresAt ?? "")).toBe(set.clock.nowMs() + 8 * HOUR_MS);
    expect(await set.decide("owner")).toMatchObject({ status: "contained" });
  });

  it("is another question once the part has changed, and the same while only its neighbours have", async () => {
    const set = await waiting();
    const first = await set.finding();
    const neighbours = configurationOf("Enabled");
    neighbours.Rules?.[1] && Object.assign(neighbours.Rules[1], { Status: "Disabled" });
    await set.handle(set.put("orders", "developer", neighbours), set.cordon);
    expect((await set.finding()).pending?.id).toBe(first.pending?.id);

    await set.handle(set.put("orders", "developer", configurationOf("Enabled", "nowhere")), set.cordon);
    expect((await set.finding()).pending?.id).not.toBe(first.pending?.id);
  });
});

describe("approving", () => {
  it("carries out the plan, verified, with who, when and why in finding and evidence", async () => {
    const set = await waiting();
    const at = new Date(set.clock.nowMs()).toISOString();
    expect(await set.decide("owner")).toMatchObject({
      status: "contained",
      changes: [{ path: "Rules[to-us].Status" }],
    });
    expect(await set.finding()).toMatchObject({
      status: "contained",
      decision: {
        kind: "contain",
        reasons: expect.arrayContaining([`approved by ${arnOf("owner")} at ${at}: stop it`]),
      },
      sayings: [{ action: "approve", outcome: "done", by: arnOf("owner"), how: "a test", reason: "stop it", at }],
    });
    expect(set.stateOf("orders")).toEqual(configurationOf("Disabled"));
  });

  it("twice changes nothing the second time", async () => {
    const set = await waiting();
    await set.decide("owner");
    expect(await set.decide("owner")).toMatchObject({
      status: "refused",
      reasons: [expect.stringContaining("the finding is contained")],
    });
    expect(set.writes).toHaveLength(1);
  });

  it("is for the plan that was shown, and for no other", async () => {
    const set = await waiting();
    expect(await set.decide("owner", { plan: "0123456789ab" })).toMatchObject({
      status: "awaiting-approval",
      changes: [{ path: "Rules[to-us].Status" }],
    });
    expect(set.writes).toEqual([]);
  });

  it("of what has changed since is asked anew, with the new plan", async () => {
    const set = await waiting();
    const first = await set.finding();
    const changed = set.put("orders", "developer", configurationOf("Enabled", "nowhere"));
    expect(await set.decide("owner")).toMatchObject({
      status: "awaiting-approval",
      reasons: [expect.stringContaining("it is not as it was when the plan was shown")],
    });
    expect(set.writes).toEqual([]);
    const again = await set.finding();
    expect(again.pending?.id).not.toBe(first.pending?.id);
    // Nobody knows yet who changed it.
    expect(await set.decide("owner", { plan: String(again.pending?.id) })).toMatchObject({ status: "refused" });
    await set.handle(changed, set.cordon);
    expect(await set.decide("owner", { plan: String(again.pending?.id) })).toMatchObject({ status: "contained" });
  });

  it.each<readonly [string, (set: Awaited<ReturnType<typeof waiting>>) => unknown, Partial<Result>]>([
    [
      "is switched off already",
      (set) => set.put("orders", "developer", configurationOf("Disabled")),
      { status: "compliant" },
    ],
    [
      "stays in the jurisdiction now",
      (set) => set.put("orders", "developer", configurationOf("Enabled", "ireland-copy")),
      { status: "compliant" },
    ],
    ["is gone", (set) => set.put("orders", "developer", { Role: "r", Rules: [] }), { status: "compliant" }],
  ])("of what %s changes nothing, and settles the matter", async (_, change, expected) => {
    const set = await waiting();
    change(set);
    expect(await set.decide("owner")).toMatchObject(expected);
    expect(set.writes).toEqual([]);
    expect((await set.finding()).status).toBe("resolved");
  });

  it.each<readonly [string, Decider, string]>([
    ["who caused it", proved("developer"), "user/developer caused it"],
    ["who is none of those who may", proved("stranger"), "expected one of those who may decide by policy"],
    [
      "of whom nobody knows who it is",
      { kind: "proved", caller: { arn: "arn:aws:sts::111122223333:assumed-role/owner/session" }, how: "a test" },
      "expected one of those who may decide",
    ],
  ])("by somebody %s is refused, and that is kept", async (_, decider, reason) => {
    const set = await waiting();
    expect(await set.decide(decider)).toMatchObject({ status: "refused", reasons: [expect.stringContaining(reason)] });
    expect(set.writes).toEqual([]);
    expect(await set.finding()).toMatchObject({
      status: "awaiting-approval",
      sayings: [{ action: "approve", outcome: "refused", why: expect.stringContaining(reason) }],
      pending: { unanswered: 0 },
    });
  });

  it("by nobody that is proved is a proposal", async () => {
    const set = await waiting();
    expect(await set.decide({ kind: "unproved", said: "somebody" })).toMatchObject({
      status: "awaiting-approval",
      reasons: [expect.stringContaining("proposed, and nothing was done")],
    });
    expect(await set.finding()).toMatchObject({ sayings: [{ outcome: "proposed", by: "somebody" }] });
    expect(set.writes).toEqual([]);
  });

  it("is nobody's while it is not known who caused it, and whoever is heard to have is known from then on", async () => {
    const set = accountInMemory();
    const cordon = set.cordonOf(APPROVE);
    const event = set.put("orders", "developer");
    await set.handle(set.look("orders"), cordon);
    const decide = async (by: string) => {
      const finding = await set.findingOf("orders");
      if (finding === undefined) throw new Error("there is no finding");
      return approve({ action: "approve", finding, reason: "stop it", decider: proved(by) }, cordon, set.deadlineMs());
    };
    expect(await decide("owner")).toMatchObject({
      status: "refused",
      reasons: [expect.stringContaining("who caused it is not known")],
    });
    await set.handle(event, cordon);
    expect(await decide("developer")).toMatchObject({
      status: "refused",
      reasons: [expect.stringContaining("caused it")],
    });
    expect(await decide("owner")).toMatchObject({ status: "contained" });
  });

  it("is no way around the brake, or around a deployment that only observes", async () => {
    const set = await waiting();
    await set.journal.switchBrake({ isOn: true, reason: "stop", by: "on-call" });
    expect(await set.decide("owner")).toMatchObject({
      status: "refused",
      reasons: expect.arrayContaining([expect.stringContaining("the brake")]),
    });
    await set.journal.switchBrake({ isOn: false, reason: "go", by: "on-call" });
    const held = await set.decide("owner", {}, set.cordonOf(APPROVE, "observe"));
    expect(held.status).toBe("refused");
    expect(set.writes).toEqual([]);
  });
});

describe("rejecting", () => {
  const rejected = async (hours = 2) => {
    const set = await waiting();
    const finding = await set.finding();
    const expiresAtMs = set.clock.nowMs() + hours * HOUR_MS;
    const request = {
      action: "reject" as const,
      finding,
      reason: "a contract is in place",
      decider: proved("owner"),
      expiresAtMs,
    };
    return { ...set, result: await reject(request, set.cordon, set.deadlineMs()) };
  };

  it("lets it be until its time is over, and then it is asked anew", async () => {
    const set = await rejected();
    expect(set.result).toMatchObject({ status: "exempt" });
    expect(await set.finding()).toMatchObject({
      status: "exempt",
      exception: { approver: arnOf("owner"), reason: "a contract is in place" },
      sayings: [{ action: "reject", outcome: "done" }],
    });
    set.advance(2 * HOUR_MS - 1);
    await set.handle(set.look("orders"), set.cordon);
    expect((await set.finding()).status).toBe("exempt");
    set.advance(1);
    await set.handle(set.look("orders"), set.cordon);
    expect(await set.finding()).toMatchObject({ status: "awaiting-approval", pending: { unanswered: 0 } });
    expect(set.writes).toEqual([]);
  });

  it("is bound to what it was: another destination is asked about at once", async () => {
    const set = await rejected();
    await set.handle(set.put("orders", "developer", configurationOf("Enabled", "nowhere")), set.cordon);
    expect(await set.finding()).toMatchObject({ status: "awaiting-approval" });
  });

  it("what can't be seen can't be let be", async () => {
    const set = accountInMemory();
    const cordon = set.cordonOf(APPROVE);
    await set.handle(set.put("orders", "developer", configurationOf("Enabled", "nowhere")), cordon);
    const finding = await set.findingOf("orders");
    if (finding === undefined) throw new Error("there is no finding");
    const request = { action: "reject" as const, finding, reason: "r", decider: proved("owner") };
    expect(await reject(request, cordon, set.deadlineMs())).toMatchObject({
      status: "refused",
      reasons: expect.arrayContaining([expect.stringContaining("its destination or its class is not known")]),
    });
  });
});

describe("extending", () => {
  it("moves the end of a question, as far as policy allows", async () => {
    const set = await waiting();
    const ask = async (hours: number) =>
      extend(
        {
          action: "extend",
          finding: await set.finding(),
          reason: "on holiday",
          decider: proved("owner"),
          untilMs: set.clock.nowMs() + hours * HOUR_MS,
        },
        set.cordon,
        set.deadlineMs(),
      );
    set.advance(4 * HOUR_MS);
    expect(await ask(9)).toMatchObject({ status: "refused", reasons: [expect.stringContaining("not after")] });
    expect(await ask(1)).toMatchObject({ status: "refused", reasons: [expect.stringContaining("later than")] });
    expect(await ask(8)).toMatchObject({ status: "awaiting-approval" });
    set.advance(6 * HOUR_MS);
    expect(await set.decide("owner")).toMatchObject({ status: "contained" });
  });

  it("of what is over is no more", async () => {
    const set = await waiting();
    set.advance(8 * HOUR_MS);
    const late = {
      action: "extend" as const,
      finding: await set.finding(),
      reason: "r",
      decider: proved("owner"),
      untilMs: set.clock.nowMs() + HOUR_MS,
    };
    expect(await extend(late, set.cordon, set.deadlineMs())).toMatchObject({
      status: "refused",
      reasons: [expect.stringContaining("it was over at")],
    });
  });
});

describe("a revoked thing that must come back (K10)", () => {
  it("comes back once, on somebody's proved word, with evidence; the second time nothing is changed", async () => {
    const set = accountInMemory();
    const cordon = set.cordonOf(policyOf("enforce"));
    await set.handle(set.put("orders", "developer"), cordon);
    const back = async (by: Decider) => {
      const finding = await set.findingOf("orders");
      if (finding === undefined) throw new Error("there is no finding");
      return rollBack({ action: "roll-back", finding, reason: "needed", decider: by }, cordon, set.deadlineMs());
    };
    expect(await back({ kind: "unproved", said: "somebody" })).toMatchObject({ status: "awaiting-approval" });
    expect(await back(proved("developer"))).toMatchObject({ status: "refused" });
    expect(set.statusOf("orders")).toBe("Disabled");
    expect(await back(proved("owner"))).toMatchObject({ status: "exempt" });
    expect(set.stateOf("orders")).toEqual(configurationOf("Enabled"));
    expect(await back(proved("owner"))).toMatchObject({
      status: "exempt",
      reasons: [expect.stringContaining("nothing was changed now")],
    });
    expect(set.writes).toHaveLength(2);
  });
});

describe("a failure at any call", () => {
  /** Calls in their order; the one that fails throws before, or after, it has had its effect. */
  const failing = () => {
    const control = { calls: 0, failAt: 0, isAfter: false };
    const wrapOne = <Target extends object>(target: Target): Target =>
      new Proxy(target, {
        get(object, name) {
          const member = Reflect.get(object, name);
          if (name === "replication") return wrapOne(member as object);
          if (typeof member !== "function" || ["known", "operation", "findings"].includes(String(name))) {
            return typeof member === "function" ? member.bind(object) : member;
          }
          return async (...args: unknown[]) => {
            const isIt = ++control.calls === control.failAt;
            if (isIt && !control.isAfter) throw new CordonError("unavailable", "no answer");
            const answer = await member.apply(object, args);
            if (isIt) throw new CordonError("unavailable", "no answer");
            return answer;
          };
        },
      });
    const wrap = (journal: Journal, s3: S3Buckets) => ({ journal: wrapOne(journal), s3: wrapOne(s3) });
    return { control, wrap };
  };

  it("of an approval leaves nothing half done: asked again, it is done, once", async () => {
    const clean = failing();
    const set = await waiting(clean.wrap);
    clean.control.calls = 0;
    await set.decide("owner");
    const count = clean.control.calls;
    expect(count).toBeGreaterThan(5);

    for (let failAt = 1; failAt <= count; failAt++) {
      for (const isAfter of [false, true]) {
        const { control, wrap } = failing();
        const each = await waiting(wrap);
        Object.assign(control, { calls: 0, failAt, isAfter });
        const first = await each.decide("owner").catch((error: unknown) => error);
        control.failAt = 0;
        let last: unknown = first;
        for (let again = 0; again < 5 && (await each.finding()).status !== "contained"; again++) {
          each.advance(61_000);
          last = await each.decide("owner").catch((error: unknown) => error);
          if ((await each.finding()).status !== "contained") await each.handle(each.look("orders"), each.cordon);
        }
        const told = `call ${failAt} ${isAfter ? "after" : "before"} its effect: ${JSON.stringify(last)}`;
        expect((await each.finding()).status, told).toBe("contained");
        expect(each.statusOf("orders"), told).toBe("Disabled");
        expect(each.writes.length, told).toBeLessThanOrEqual(2);
        for (const write of each.writes.slice(1)) expect(write.before, told).toEqual(write.after);
      }
    }
  });
});

describe("two at the same time", () => {
  it("approve, and events come in: one change is made, whatever the order of their calls", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const scheduled = <Target extends object>(target: Target): Target =>
          new Proxy(target, {
            get(object, name) {
              const member = Reflect.get(object, name);
              if (name === "replication") return scheduled(member as object);
              if (typeof member !== "function") return member;
              if (["known", "operation", "findings"].includes(String(name))) return member.bind(object);
              return (...args: unknown[]) =>
                scheduler.schedule(Promise.resolve(), String(name)).then(() => member.apply(object, args));
            },
          });
        const set = accountInMemory((journal, s3) => ({ journal: scheduled(journal), s3: scheduled(s3) }));
        const cordon = set.cordonOf(APPROVE);
        const opening = set.handle(set.put("orders", "developer"), cordon);
        await scheduler.waitFor(opening);
        const finding = await set.findingOf("orders");
        if (finding === undefined) throw new Error("there is no finding");
        const ask = (by: string) =>
          approve(
            { action: "approve", finding, reason: "stop it", decider: proved(by) },
            cordon,
            set.deadlineMs(),
          ).catch((error: unknown) => error);
        const all = Promise.all([
          ask("owner"),
          ask("owner"),
          set.handle(set.look("orders"), cordon).catch((error: unknown) => error),
        ]);
        await scheduler.waitFor(all);

        expect(set.writes).toHaveLength(1);
        expect(set.statusOf("orders")).toBe("Disabled");
        expect(set.journal.findings().find(({ id }) => id === idOf("orders"))?.status).toBe("contained");
      }),
      { numRuns: 60 },
    );
  });
});
