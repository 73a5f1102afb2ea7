import type { ReplicationConfiguration } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import { carryOut } from "../../shared/decisions/carry-out.ts";
import { CordonError } from "../../shared/errors.ts";
import { findingId } from "../../shared/ids.ts";
import { dueAtMs } from "../../shared/journal/due.ts";
import type { Entries } from "../../shared/journal/journal.ts";
import { approve } from "../../shared/lifecycle/approve.ts";
import { extend } from "../../shared/lifecycle/extend.ts";
import { reject } from "../../shared/lifecycle/reject.ts";
import { rollBack } from "../../shared/lifecycle/roll-back.ts";
import type { Decider } from "../../shared/policy/may-decide.ts";
import type { Mode, Signal } from "../../shared/types.ts";
import { policyWith } from "../support/stage.ts";
import { accountInMemory, arnOf, configurationOf, idOf, proved, refOf } from "./account-in-memory.ts";

/** Ways around a limit, an approval or an identity that somebody has tried, and what has to become of each. */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const policyOf = (mode: Mode, more: object = {}) =>
  policyWith({
    controls: { [control.meta.id]: { mode } },
    limits: { approvals: { by: [arnOf("owner"), arnOf("developer")], validHours: 8 } },
    ...more,
  });

type Account = ReturnType<typeof accountInMemory>;
const found = async (set: Account, bucket = "orders") => {
  const finding = await set.findingOf(bucket);
  if (finding === undefined) throw new Error(`there is no finding of ${bucket}`);
  return finding;
};
/** A call on the bucket that says nothing of replication. */
const tagging = (set: Account, principal: Signal["principal"], index = 0): Signal => ({
  id: `tag-${set.clock.nowMs()}-${index}`,
  source: "cloudtrail",
  name: "PutBucketTagging",
  at: new Date(set.clock.nowMs() - 50_000).toISOString(),
  resource: refOf("orders"),
  requestId: `TAG${index}`,
  ...(principal !== undefined && { principal }),
});
/** A journal whose container dies when a run is to be finished. */
const mortal = () => {
  const life = { isOver: false };
  const wrap: Parameters<typeof accountInMemory>[0] = (journal, s3) => ({
    s3,
    journal: new Proxy(journal, {
      get(target, name) {
        const member = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        if (name !== "save") return member.bind(target);
        return async (...args: [unknown, unknown, Entries]) => {
          if (life.isOver && args[2].finishedRun !== undefined)
            throw new CordonError("unavailable", "the container died");
          return member.apply(target, args);
        };
      },
    }),
  });
  return { life, wrap };
};

describe("who caused something", () => {
  it("is not known by an innocent call of somebody else's, where the finding was found without one", async () => {
    const set = accountInMemory();
    const cordon = set.cordonOf(policyOf("approve"));
    const { resource, at } = set.put("orders", "developer");
    await set.handle({ id: "config", source: "config", name: "ConfigurationItem", at, resource }, cordon);
    set.advance(2 * MINUTE_MS);
    await set.handle(tagging(set, { type: "IAMUser", arn: arnOf("bystander") }), cordon);
    const mine = { action: "reject" as const, finding: await found(set), reason: "mine", decider: proved("developer") };
    expect(await reject(mine, cordon, set.deadlineMs())).toMatchObject({
      status: "refused",
      reasons: [expect.stringContaining("who caused it is not known")],
    });
  });

  it("is known where a call gave the data another class, of a part that nothing had been wrong with", async () => {
    let value = "public";
    const set = accountInMemory((journal, s3) => ({
      journal,
      s3: { ...s3, readTags: async () => [{ key: "data-residency", value }] },
    }));
    const cordon = set.cordonOf(policyOf("approve"));
    await set.handle(set.put("orders", "developer"), cordon);
    set.advance(HOUR_MS);
    value = "eu-only";
    await set.handle(tagging(set, { type: "IAMUser", arn: arnOf("data-steward") }), cordon);
    const ask = async (by: string) =>
      approve(
        { action: "approve", finding: await found(set), reason: "stop it", decider: proved(by) },
        { ...cordon, policy: policyOf("approve", { limits: { approvals: { by: null } } }) },
        set.deadlineMs(),
      );
    expect(await ask("data-steward")).toMatchObject({ status: "refused" });
    expect(await ask("owner")).toMatchObject({ status: "contained" });
  });

  it("is known as soon as the call that shows what is there is heard", async () => {
    const set = accountInMemory();
    const cordon = set.cordonOf(policyOf("approve"));
    const event = set.put("orders", "developer");
    await set.handle(set.look("orders"), cordon);
    await set.handle(tagging(set, { type: "IAMUser", arn: arnOf("bystander") }), cordon);
    await set.handle(event, cordon);
    const ask = async (by: string) =>
      approve(
        { action: "approve", finding: await found(set), reason: "stop it", decider: proved(by) },
        cordon,
        set.deadlineMs(),
      );
    expect((await ask("developer")).status).toBe("refused");
    expect((await ask("owner")).status).toBe("contained");
  });

  it("stays known however many calls of others, with a name or without, come after", async () => {
    const set = accountInMemory();
    const cordon = set.cordonOf(policyOf("enforce"));
    await set.handle(set.put("orders", "developer"), cordon);
    set.advance(MINUTE_MS);
    await set.handle(tagging(set, { type: "AWSService", invokedBy: "x.amazonaws.com" }), cordon);
    for (let index = 0; index < 12; index++)
      await set.handle(tagging(set, { type: "IAMUser", arn: arnOf(`noise-${index}`) }, index), cordon);
    const back = async (by: string) =>
      rollBack(
        { action: "roll-back", finding: await found(set), reason: "mine", decider: proved(by) },
        cordon,
        set.deadlineMs(),
      );
    expect(await back("developer")).toMatchObject({ status: "refused" });
    expect(set.statusOf("orders")).toBe("Disabled");
    expect(await back("owner")).toMatchObject({ status: "exempt" });
  });

  it("is one, where a named pipeline runs under a hundred session names: others can still decide", async () => {
    const set = accountInMemory();
    const people = [{ name: "pipeline", principals: ["arn:aws:sts::111122223333:assumed-role/ci/*"] }];
    const cordon = set.cordonOf(policyOf("approve", { people }));
    await set.handle(set.put("orders", "developer"), cordon);
    for (let index = 0; index < 20; index++)
      await set.handle(
        tagging(set, { type: "AssumedRole", arn: `arn:aws:sts::111122223333:assumed-role/ci/run-${index}` }, index),
        cordon,
      );
    const stop = { action: "approve" as const, finding: await found(set), reason: "stop it", decider: proved("owner") };
    expect(await approve(stop, cordon, set.deadlineMs())).toMatchObject({ status: "contained" });
  });
});

describe("who decides about what he has written himself", () => {
  const everything = (destination = "us-copy") => {
    const { Role, Rules = [] } = configurationOf("Enabled", destination);
    return {
      Role,
      Rules: Rules.map((rule, index) => (index === 0 ? { ...rule, Filter: { Prefix: "everything/" } } : rule)),
    };
  };
  const rejecting = async (set: Account, cordon: ReturnType<Account["cordonOf"]>, by = "developer", plan?: string) =>
    reject(
      {
        action: "reject",
        finding: await found(set),
        reason: "mine",
        decider: proved(by),
        ...(plan !== undefined && { plan }),
      },
      cordon,
      set.deadlineMs(),
    );

  it("is refused before his call is heard: a part written anew has another cause than the one that was", async () => {
    const set = accountInMemory();
    const cordon = set.cordonOf(policyOf("approve"));
    await set.handle(set.put("orders", "colleague"), cordon);
    set.advance(10 * MINUTE_MS);
    const own = set.put("orders", "developer", everything());
    expect(await rejecting(set, cordon)).toMatchObject({ status: "awaiting-approval" });
    expect(await rejecting(set, cordon)).toMatchObject({
      status: "refused",
      reasons: [expect.stringContaining("who caused it is not known")],
    });
    await set.handle(own, cordon);
    expect(await rejecting(set, cordon)).toMatchObject({
      status: "refused",
      reasons: [expect.stringContaining("caused it")],
    });
    expect(await rejecting(set, cordon, "owner")).toMatchObject({ status: "exempt" });
  });

  it.each<[string, Signal["principal"], Signal["principal"]]>([
    [
      "another's session of the same name",
      { type: "AssumedRole", arn: "arn:aws:sts::111122223333:assumed-role/ops/s", sourceIdentity: "alice" },
      { type: "AssumedRole", arn: "arn:aws:sts::111122223333:assumed-role/ops/s", sourceIdentity: "developer" },
    ],
    [
      "the pipeline's role, taken by hand",
      { type: "AssumedRole", arn: "arn:aws:sts::111122223333:assumed-role/deploy/run-1" },
      {
        type: "AssumedRole",
        arn: "arn:aws:sts::111122223333:assumed-role/deploy/by-hand",
        sourceIdentity: "developer",
      },
    ],
  ])("is refused behind %s", async (_, first, second) => {
    const set = accountInMemory();
    const people = [{ name: "pipeline", principals: ["arn:aws:iam::111122223333:role/deploy"] }];
    const cordon = set.cordonOf(policyOf("approve", { people }));
    const by = (signal: Signal, principal: Signal["principal"]): Signal => ({
      ...signal,
      ...(principal && { principal }),
    });
    await set.handle(by(set.put("orders", "x"), first), cordon);
    set.advance(10 * MINUTE_MS);
    await set.handle(by(set.put("orders", "x", everything()), second), cordon);
    expect(await rejecting(set, cordon)).toMatchObject({
      status: "refused",
      reasons: [expect.stringContaining("caused it")],
    });
  });

  it("is refused when the call of somebody else, which wrote nothing of it, is heard first", async () => {
    const set = accountInMemory();
    const cordon = set.cordonOf(policyOf("enforce", { limits: { approvals: { by: null } } }));
    const older = set.put("orders", "colleague", configurationOf("Disabled"));
    set.advance(20_000);
    const own = set.put("orders", "developer");
    set.advance(3 * MINUTE_MS);
    await set.handle(older, cordon);
    expect(set.statusOf("orders")).toBe("Disabled");
    const back = async () =>
      rollBack(
        { action: "roll-back", finding: await found(set), reason: "mine", decider: proved("developer") },
        cordon,
        set.deadlineMs(),
      );
    expect(await back()).toMatchObject({ status: "refused" });
    await set.handle(own, cordon);
    expect(await back()).toMatchObject({ status: "refused", reasons: [expect.stringContaining("caused it")] });
  });

  it("is refused when an innocent tag is what it was found by", async () => {
    const set = accountInMemory();
    const cordon = set.cordonOf(policyOf("approve"));
    set.put("orders", "developer");
    set.advance(3 * MINUTE_MS);
    await set.handle(tagging(set, { type: "IAMUser", arn: arnOf("bystander") }), cordon);
    expect(await rejecting(set, cordon)).toMatchObject({ status: "refused" });
  });

  it("can't be told from somebody who wrote only the harmless part of it", async () => {
    const set = accountInMemory();
    const cordon = set.cordonOf(policyOf("approve"));
    const { Role, Rules = [] } = configurationOf("Enabled");
    const harmless = set.put("orders", "bystander", { Role, Rules: Rules.slice(1) });
    set.put("orders", "developer");
    await set.handle(set.look("orders"), cordon);
    await set.handle(harmless, cordon);
    expect(await rejecting(set, cordon)).toMatchObject({ status: "refused" });
  });

  it("may take it back in an emergency, by name, for four hours; and no longer once it is heard that it is his own", async () => {
    const set = accountInMemory();
    const cordon = set.cordonOf(policyOf("enforce"));
    const own = set.put("orders", "developer");
    set.advance(MINUTE_MS);
    await set.handle(set.look("orders"), cordon);
    const back = {
      action: "roll-back" as const,
      finding: await found(set),
      reason: "orders are down",
      decider: proved("developer"),
      expiresAtMs: set.clock.nowMs() + 30 * 24 * HOUR_MS,
    };
    expect(await rollBack(back, cordon, set.deadlineMs())).toMatchObject({ status: "exempt" });
    const exempt = await found(set);
    expect(Date.parse(exempt.exception?.expiresAt ?? "") - set.clock.nowMs()).toBeLessThanOrEqual(4 * HOUR_MS);
    expect(exempt.notes.join()).toContain("in an emergency, for 4 hours at most");
    const longer = { ...back, action: "extend" as const, finding: exempt, untilMs: set.clock.nowMs() + 5 * HOUR_MS };
    expect(await extend(longer, cordon, set.deadlineMs())).toMatchObject({ status: "refused" });

    set.advance(MINUTE_MS);
    await set.handle(own, cordon);

    expect(set.statusOf("orders")).toBe("Disabled");
    expect((await found(set)).decision.reasons.join()).toContain("granted by whoever had caused it");
  });
});

describe("what was shown", () => {
  it("is what a person turns down: what has changed since is not let be", async () => {
    const set = accountInMemory();
    const cordon = set.cordonOf(policyOf("approve"));
    await set.handle(set.put("orders", "developer"), cordon);
    const shown = await found(set);
    set.advance(10 * MINUTE_MS);
    await set.handle(set.put("orders", "developer", configurationOf("Enabled", "nowhere")), cordon);
    const order = { action: "reject" as const, finding: shown, reason: "only that", decider: proved("owner") };
    const plan = shown.pending?.id ?? "";
    expect(await reject({ ...order, plan }, cordon, set.deadlineMs())).toMatchObject({
      status: "awaiting-approval",
      reasons: [expect.stringContaining("not as it was when it was shown")],
    });
    expect((await found(set)).exception).toBeUndefined();
  });

  it("is what a person takes back: what has been contained anew since is another matter", async () => {
    const set = accountInMemory();
    const cordon = set.cordonOf(policyOf("enforce"));
    await set.handle(set.put("orders", "developer"), cordon);
    const shown = await found(set);
    set.advance(10 * MINUTE_MS);
    await set.handle(set.put("orders", "developer"), cordon);
    const order = { action: "roll-back" as const, finding: shown, reason: "down", decider: proved("owner") };
    const run = shown.run ?? 0;
    expect(await rollBack({ ...order, run }, cordon, set.deadlineMs())).toMatchObject({
      status: "refused",
      reasons: [expect.stringContaining("contained anew since it was shown")],
    });
    expect(set.statusOf("orders")).toBe("Disabled");
    // The refusal is told by explain, too.
    expect((await found(set)).sayings).toMatchObject([{ action: "roll-back", outcome: "refused" }]);
  });
});

describe("an exception that ended", () => {
  it("does not come back by giving more time to decide", async () => {
    const set = accountInMemory();
    const cordon = set.cordonOf(policyOf("approve"));
    await set.handle(set.put("orders", "developer"), cordon);
    const decider = proved("owner");
    await reject(
      {
        action: "reject",
        finding: await found(set),
        reason: "an hour",
        decider,
        expiresAtMs: set.clock.nowMs() + HOUR_MS,
      },
      cordon,
      set.deadlineMs(),
    );
    set.advance(2 * HOUR_MS);
    await set.handle(set.look("orders"), cordon);
    set.advance(HOUR_MS);
    const more = {
      action: "extend" as const,
      finding: await found(set),
      reason: "to think",
      decider,
      untilMs: set.clock.nowMs() + 8 * HOUR_MS,
    };
    expect(await extend(more, cordon, set.deadlineMs())).toMatchObject({ status: "awaiting-approval" });
    set.advance(MINUTE_MS);
    const { results } = await set.handle(set.look("orders"), cordon);
    expect(results.find(({ findingId: id }) => id === idOf("orders"))?.status).toBe("awaiting-approval");
  });
});

describe("an approval", () => {
  const twoRules = (): ReplicationConfiguration => {
    const { Role, Rules: [first, last] = [] } = configurationOf("Enabled");
    if (first === undefined || last === undefined) throw new Error("two rules are expected");
    const second = {
      ...structuredClone(first),
      ID: "second",
      Priority: 3,
      Destination: { Bucket: "arn:aws:s3:::nowhere" },
    };
    return { Role, Rules: [first, second, last] };
  };

  it("on a look that is older than what Cordon has just written changes nothing: it would switch on again what was contained", async () => {
    let shown: ReplicationConfiguration | undefined;
    const set = accountInMemory((journal, s3) => ({
      journal,
      s3: {
        ...s3,
        replication: {
          ...s3.replication,
          read: async (ref) =>
            shown === undefined ? s3.replication.read(ref) : { kind: "present", state: structuredClone(shown) },
        },
      },
    }));
    const cordon = set.cordonOf(policyOf("enforce"));
    const configuration = twoRules();
    await set.handle(set.put("orders", "developer", configuration), cordon);
    const id = findingId(control.meta.id, refOf("orders"), "second");
    const finding = await set.journal.readFinding(id);
    if (finding === undefined) throw new Error("there is no finding");
    const stop = () =>
      approve({ action: "approve", finding, reason: "stop it", decider: proved("owner") }, cordon, set.deadlineMs());

    shown = configuration;
    set.advance(2_000);
    expect(await stop()).toMatchObject({
      status: "inconclusive",
      reasons: [expect.stringContaining("ask again after")],
    });
    expect(set.statusOf("orders")).toBe("Disabled");

    shown = undefined;
    expect(await stop()).toMatchObject({ status: "contained" });
    expect(set.stateOf("orders")?.Rules?.map(({ Status }) => Status)).toEqual(["Disabled", "Disabled", "Enabled"]);
  });

  it("waits for a run that is under way, and for one that was left and can't be taken up yet", async () => {
    const { life, wrap } = mortal();
    const set = accountInMemory(wrap);
    const cordon = set.cordonOf(policyOf("approve"));
    await set.handle(set.put("orders", "developer"), cordon);
    const stop = async () =>
      approve(
        { action: "approve", finding: await found(set), reason: "stop it", decider: proved("owner") },
        cordon,
        set.deadlineMs(),
      );
    life.isOver = true;
    await expect(stop()).rejects.toThrow("the container died");
    life.isOver = false;
    await expect(stop()).rejects.toMatchObject({ kind: "lease-held" });
    expect(set.writes).toHaveLength(1);
  });

  it("keeps who caused it and when, what was said, and what had crossed; the approver is no cause", async () => {
    const { life, wrap } = mortal();
    const set = accountInMemory(wrap);
    const cordon = set.cordonOf(policyOf("approve"), "enforce");
    await set.handle(set.put("orders", "developer"), cordon);
    const before = await found(set);
    life.isOver = true;
    await approve(
      { action: "approve", finding: before, reason: "stop it", decider: proved("owner") },
      cordon,
      set.deadlineMs(),
    ).catch(() => undefined);
    life.isOver = false;
    set.advance(10 * MINUTE_MS);
    await set.handle(set.look("orders"), cordon);
    set.advance(10 * MINUTE_MS);
    await set.handle(set.look("orders"), cordon);
    expect(await found(set)).toMatchObject({
      status: "contained",
      principal: { arn: arnOf("developer") },
      timings: {
        calledAt: before.timings.calledAt,
        heardAt: before.timings.heardAt,
        containedAt: expect.any(String),
        checkedAt: expect.any(String),
      },
      sayings: [{ action: "approve", outcome: "done", by: arnOf("owner") }],
      exposure: { objects: 0 },
    });
  });

  it("of what policy would by now contain by itself is carried out, and not asked about for ever", async () => {
    const set = accountInMemory();
    await set.handle(set.put("orders", "developer"), set.cordonOf(policyOf("approve")));
    const stop = { action: "approve" as const, finding: await found(set), reason: "stop it", decider: proved("owner") };
    expect(await approve(stop, set.cordonOf(policyOf("enforce")), set.deadlineMs())).toMatchObject({
      status: "contained",
    });
  });
});

describe("asking again because nobody has answered", () => {
  it("keeps the cause and what was said", async () => {
    const set = accountInMemory();
    const cordon = set.cordonOf(policyOf("approve"));
    await set.handle(set.put("orders", "developer"), cordon);
    await approve(
      {
        action: "approve",
        finding: await found(set),
        reason: "please",
        decider: { kind: "unproved", said: "somebody" },
      },
      cordon,
      set.deadlineMs(),
    );
    const before = await found(set);
    set.advance(8 * HOUR_MS);
    await set.handle(set.look("orders"), cordon);
    const { principal, sayings, timings, pending } = await found(set);
    expect({ principal, sayings, calledAt: timings.calledAt }).toEqual({
      principal: before.principal,
      sayings: before.sayings,
      calledAt: before.timings.calledAt,
    });
    expect(pending?.unanswered).toBe(1);
  });
});

describe("whoever may only invoke the function", () => {
  const bob: Decider = { kind: "unproved", said: "somebody who may invoke the function" };
  const propose = (set: Account, cordon: ReturnType<Account["cordonOf"]>, reason: string) =>
    carryOut(
      { action: "roll-back", findingId: idOf("orders"), reason, expiresAtMs: set.clock.nowMs() + HOUR_MS },
      bob,
      { cordon, controls: [control as never], cell: refOf("orders") },
      set.deadlineMs(),
    );

  it("does not keep a containment from being made by proposing all the time", async () => {
    let spam: (() => Promise<void>) | undefined;
    const set = accountInMemory((journal, s3) => ({
      journal,
      s3: { ...s3, readTags: (bucket) => Promise.resolve(spam?.()).then(() => s3.readTags(bucket)) },
    }));
    const cordon = set.cordonOf(policyOf("enforce"));
    await set.handle(set.put("orders", "developer"), cordon);
    set.advance(MINUTE_MS);
    let isIn = false;
    spam = async () => {
      if (isIn) return;
      isIn = true;
      await propose(set, cordon, "please");
      isIn = false;
    };
    const { results } = await set.handle(set.put("orders", "developer"), cordon);
    expect(results.map(({ status }) => status)).toContain("contained");
  });

  it("does not fill the journal, nor push out what was really decided", async () => {
    const set = accountInMemory();
    const cordon = set.cordonOf(policyOf("approve"));
    await set.handle(set.put("orders", "developer"), cordon);
    await approve(
      { action: "approve", finding: await found(set), reason: "stop it", decider: proved("owner") },
      cordon,
      set.deadlineMs(),
    );
    for (let index = 0; index < 30; index++) {
      set.advance(20_000);
      await propose(set, cordon, `proposal ${index}`);
    }
    const { sayings = [] } = await found(set);
    expect(sayings).toHaveLength(5);
    expect(sayings[0]).toMatchObject({ action: "approve", outcome: "done" });
  });

  it("puts no older record over a newer one: a run that was left is taken up first", async () => {
    const { life, wrap } = mortal();
    const set = accountInMemory(wrap);
    const cordon = set.cordonOf(policyOf("enforce"));
    life.isOver = true;
    await set.handle(set.put("orders", "developer"), cordon).catch(() => undefined);
    life.isOver = false;
    set.advance(2 * MINUTE_MS);
    await propose(set, cordon, "please");
    expect(await found(set)).toMatchObject({ status: "contained", sayings: [{ outcome: "proposed" }] });
  });
});

describe("the brake", () => {
  it("leaves nothing behind when it is off again: what it held is looked at, without any event", async () => {
    const set = accountInMemory();
    const cordon = set.cordonOf(policyOf("enforce"));
    await set.journal.switchBrake({ isOn: true, reason: "r", by: "b" });
    await set.handle(set.put("orders", "developer"), cordon);
    await set.journal.switchBrake({ isOn: false, reason: "r", by: "b" });
    const { record } = await set.journal.open(refOf("orders"), control.meta.id);
    const dueMs = dueAtMs(record) ?? Number.POSITIVE_INFINITY;
    expect(dueMs).toBeLessThanOrEqual(set.clock.nowMs() + 15 * MINUTE_MS);
    set.advance(dueMs - set.clock.nowMs());
    await set.handle(set.look("orders"), cordon);
    expect(set.statusOf("orders")).toBe("Disabled");
  });
});

describe("a storm", () => {
  it("can't be made a quiet hour by rewriting one bucket a thousand times", async () => {
    const set = accountInMemory();
    const cordon = set.cordonOf(policyOf("enforce"));
    for (let index = 0; index < 60; index++) await set.handle(set.put(`bucket-${index}`, "mallory"), cordon);
    for (let index = 0; index < 300; index++) {
      const configuration = configurationOf("Enabled");
      const [rule] = configuration.Rules ?? [];
      if (rule !== undefined) rule.ID = `rule-${index}`;
      set.advance(200);
      await set.handle(set.put("dummy", "mallory", configuration), cordon).catch(() => undefined);
    }
    const atMs = set.clock.nowMs();
    const { retryAtMs = atMs } = await set.handle(set.put("orders", "mallory"), cordon);
    expect(retryAtMs - atMs).toBeLessThan(2 * MINUTE_MS);
  });

  it("of changes that could break an application goes on for as long as they are wanted", async () => {
    const set = accountInMemory();
    const meta = { ...control.meta, mayBreakApplications: true };
    const limits = { automaticChanges: { count: 2, windowMinutes: 60, reserve: 1, quietMinutes: 30 } };
    const cordon = set.cordonOf(policyOf("enforce", { limits }), "enforce", { ...control, meta });
    const statuses: string[] = [];
    for (let index = 0; index < 14; index++) {
      const { results } = await set.handle(set.put(`bucket-${index}`, "mallory"), cordon);
      statuses.push(results.find(({ decision }) => decision === "contain")?.status ?? "");
      set.advance(5 * MINUTE_MS);
    }
    expect(statuses).toEqual(["contained", "contained", ...Array.from({ length: 12 }, () => "awaiting-approval")]);
  });
});
