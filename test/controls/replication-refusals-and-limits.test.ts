import { describe, expect, it } from "vitest";
import { differences, isSameState } from "../../shared/lifecycle/difference.ts";
import { sqs } from "../support/events.ts";
import { callsOf } from "../support/stage.ts";
import { idOf, open, ROLE, rule, statusOf } from "./replication-stage.ts";

describe("when AWS refuses the change (PassRole denied)", () => {
  it("deletes the configuration if every enabled rule offends, keeps it as `before`, and puts it back exactly", async () => {
    const rules = [
      rule("us-a", "us-copy"),
      rule("us-b", "us-east-copy"),
      rule("old", "us-copy", { Status: "Disabled" }),
    ];
    const set = await open(rules);
    const before = set.configuration();
    const allow = set.sandbox.deny({ principal: set.role.arn, action: "iam:PassRole" });

    const results = await set.container().results(set.event());

    expect(statusOf(results, "us-a")).toBe("contained");
    expect(set.configuration()).toBeNull();
    expect(callsOf(set.sandbox).writes).toEqual(["PutBucketReplication", "DeleteBucketReplication"]);
    expect(JSON.parse(String(set.journal.runs()[0]?.content)).plan.before).toEqual(before);
    expect(set.journal.finding(idOf("us-a"))?.notes.join()).toContain("was taken away");
    // Rules that are no longer there were removed by Cordon: their findings stay contained.
    const later = await set.container().results(set.event("PutBucketTagging"));
    expect(later.every(({ status }) => status !== "contained")).toBe(true);
    expect(set.journal.finding(idOf("us-a"))?.status).toBe("contained");

    allow();
    const container = set.container();
    expect((await container.rollBack(idOf("us-a"))).status).toBe("exempt");
    expect(set.status()).toEqual({ "us-a": "Enabled", "us-b": "Disabled", old: "Disabled" });
    expect((await container.rollBack(idOf("us-b"))).status).toBe("exempt");
    expect(isSameState(set.configuration(), before)).toBe(true);
  });

  it("changes nothing, asks for approval and opens a critical ticket if a compliant rule would go with it", async () => {
    const set = await open([rule("to-us", "us-copy"), rule("to-ireland", "ireland-copy")]);
    set.sandbox.deny({ principal: set.role.arn, action: "iam:PassRole" });
    const results = await set.container().results(set.event());
    expect(statusOf(results, "to-us")).toBe("awaiting-approval");
    expect(set.status()).toEqual({ "to-us": "Enabled", "to-ireland": "Enabled" });
    expect(set.journal.finding(idOf("to-us"))).toMatchObject({ severity: "critical", status: "awaiting-approval" });
  });

  it("does the same when deleting is refused as well, and does not try again at every event", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    const allow = set.sandbox.deny({ principal: set.role.arn, action: "s3:PutReplicationConfiguration" });
    expect(statusOf(await set.container().results(set.event()), "to-us")).toBe("awaiting-approval");
    set.sandbox.clearCalls();
    expect(statusOf(await set.container().results(set.event()), "to-us")).toBe("awaiting-approval");
    expect(callsOf(set.sandbox).writes).toEqual([]);

    allow();
    set.advance(61_000);
    expect(statusOf(await set.container().results(set.event()), "to-us")).toBe("contained");
  });
});

describe("AWS's refusal", () => {
  it("holds for what was refused: another destination is tried at once", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    const allow = set.sandbox.deny({ principal: set.role.arn, action: "s3:PutReplicationConfiguration" });
    await set.container().results(set.event());
    allow();
    set.advance(2_000);
    await set.configure({ Role: ROLE, Rules: [rule("to-us", "us-east-copy")] });
    expect(statusOf(await set.container().results(set.event()), "to-us")).toBe("contained");
  });

  it("is tried again by the queue when its time is over", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    set.sandbox.deny({ principal: set.role.arn, action: "s3:PutReplicationConfiguration" });
    await set.container().results(set.event());
    const answer = await set.container().send(sqs(set.event("PutBucketTagging")));
    expect(answer.batchItemFailures).toHaveLength(1);
  });
});

describe("limits", () => {
  it("past the limit of automatic changes the reversible stop goes on, told by one critical finding, and nothing is deleted", async () => {
    const set = await open([rule("to-us", "us-copy")], {
      policy: { limits: { automaticChanges: { count: 1, windowMinutes: 60 } } },
    });
    await set.container().results(set.event());
    set.advance(120_000);
    await set.configure({ Role: ROLE, Rules: [rule("again", "us-copy")] });
    await set.container().results(set.event());
    const storm = set.journal.findings().find(({ controlId }) => controlId === "cordon-changes-stay-within-limits");
    expect(storm).toMatchObject({
      status: "awaiting-approval",
      severity: "critical",
      title: expect.stringContaining("user/developer"),
    });
    expect(set.journal.finding(idOf("again"))).toMatchObject({
      status: "contained",
      severity: "high",
      parent: storm?.id,
    });

    set.advance(120_000);
    set.sandbox.deny({ principal: set.role.arn, action: "iam:PassRole" });
    await set.configure({ Role: ROLE, Rules: [rule("third", "us-copy")] });
    await set.container().results(set.event());
    expect(set.journal.finding(idOf("third"))).toMatchObject({ status: "awaiting-approval", severity: "critical" });
    expect(set.status()).toEqual({ third: "Enabled" });
  });
});

describe("the brake", () => {
  it("stops what Cordon does by itself, not a person's rollback", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    await set.container().results(set.event());
    await set.putItem({ pk: "BRAKE", sk: "BRAKE", on: true, reason: "incident", by: "on-call" });
    expect((await set.container().rollBack(idOf("to-us"))).status).toBe("exempt");
    expect(set.status()).toEqual({ "to-us": "Enabled" });
  });
});

describe("a brake that somebody got wrong", () => {
  it.each([{ on: "true" }, { on: 1 }, {}, { on: null }])("holds all the same: %o", async (item) => {
    const set = await open([rule("to-us", "us-copy")]);
    await set.putItem({ pk: "BRAKE", sk: "BRAKE", ...item });
    expect(statusOf(await set.container().results(set.event()), "to-us")).toBe("observed");
  });

  it("is off when it says so", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    await set.putItem({ pk: "BRAKE", sk: "BRAKE", on: false });
    expect(statusOf(await set.container().results(set.event()), "to-us")).toBe("contained");
  });
});

describe("large configurations", () => {
  it("two hundred offending rules are all contained, in one write", async () => {
    const rules = Array.from({ length: 200 }, (_, index) => rule(`to-us-${index}`, "us-copy", { Priority: index }));
    const set = await open(rules);
    const results = await set.container().results(set.event());
    expect(results.filter(({ status }) => status === "contained")).toHaveLength(200);
    expect(new Set(Object.values(set.status()))).toEqual(new Set(["Disabled"]));
    expect(callsOf(set.sandbox).writes).toHaveLength(1);
  });

  it("a configuration too large for one item of the table is journalled in pieces, and restored exactly", async () => {
    const noise = (seed: number) =>
      Array.from({ length: 240 }, (_, i) => ((seed * 7919 + i * 104_729) % 36).toString(36)).join("");
    const rules = Array.from({ length: 900 }, (_, index) =>
      rule(`r${index}-${noise(index)}`, index === 0 ? "us-copy" : "ireland-copy", {
        Priority: index,
        Filter: { Prefix: noise(index + 31) },
      }),
    );
    const set = await open(rules);
    const before = set.configuration();
    const results = await set.container().results(set.event());
    const contained = results.find(({ status }) => status === "contained");
    expect(set.journal.runs()[0]?.pieces).toBeGreaterThan(0);
    expect((await set.container().rollBack(String(contained?.findingId))).status).toBe("exempt");
    expect(set.configuration()).toEqual(before);
  });
});

describe("the journal's size", () => {
  it("stays bounded when rules come and go under new names", async () => {
    const set = await open([], { mode: "observe" });
    for (let round = 0; round < 5; round++) {
      await set.configure({
        Role: ROLE,
        Rules: Array.from({ length: 50 }, (_, index) => rule(`r${round}-${index}`, "us-copy", { Priority: index })),
      });
      await set.container().results(set.event());
    }
    const states = Object.values(set.journal.resource().findings);
    expect(states.filter(({ status }) => status === "observed")).toHaveLength(50);
    expect(states.filter(({ status }) => status === "resolved").length).toBeLessThanOrEqual(100);
  });

  it("takes forty rules full of long tags, and a fallback that deletes a large configuration", async () => {
    const long = (seed: string, length: number) => `${seed}${"\u4e2d".repeat(length - seed.length)}`;
    const Tags = Array.from({ length: 10 }, (_, index) => ({
      Key: long(`k${index}`, 128),
      Value: long(`v${index}`, 256),
    }));
    const rules = Array.from({ length: 45 }, (_, index) =>
      rule(`r${index}`, "us-copy", { Priority: index, Filter: { And: { Prefix: `p${index}/`, Tags } } }),
    );
    const set = await open(rules);
    const allow = set.sandbox.deny({ principal: set.role.arn, action: "iam:PassRole" });
    const before = set.configuration();
    const results = await set.container().results(set.event());
    expect(results.filter(({ status }) => status === "contained")).toHaveLength(45);
    expect(set.configuration()).toBeNull();
    allow();
    for (const { findingId: id } of results.slice(0, 2))
      expect((await set.container().rollBack(String(id))).status).toBe("exempt");
    expect(set.status()).toMatchObject({ r0: "Enabled", r1: "Enabled", r2: "Disabled" });
    expect(differences(before, set.configuration()).map(({ path }) => path)).toHaveLength(43);
  });
});
