import { describe, expect, it } from "vitest";
import { callsOf, ONLY_FRANKFURT, policyWith } from "../support/stage.ts";
import { idOf, open, ROLE, rule, statusOf } from "./replication-stage.ts";

describe("R8: classification is a ratchet", () => {
  it.each([
    ["removed", "DeleteBucketTagging", {}],
    ["removed through TagResource's twin", "UntagResource", {}],
    ["lowered", "PutBucketTagging", { "data-residency": "public" }],
    ["lowered through TagResource", "TagResource", { "data-residency": "public" }],
  ])("a class tag that is %s frees nothing", async (_, call, tags) => {
    const set = await open([]);
    await set.container().results(set.event("PutBucketTagging"));
    set.retag(tags);
    await set.configure({ Role: ROLE, Rules: [rule("to-us", "us-copy")] });

    const results = await set.container().results(set.event(call));

    expect(statusOf(results, "to-us")).toBe("contained");
    expect(results[0]?.reasons.join()).toContain("only a data owner's decision lowers a class");
  });

  it("a bucket classified after replication was set up is contained then", async () => {
    const set = await open([rule("to-us", "us-copy")], { bucket: { tags: { "data-residency": "public" } } });
    expect(statusOf(await set.container().results(set.event()), "to-us")).toBe("compliant");
    set.retag({ "data-residency": "eu-only" });
    expect(statusOf(await set.container().results(set.event("PutBucketTagging")), "to-us")).toBe("contained");
  });

  it("a policy change makes an old rule a violation", async () => {
    const set = await open([rule("to-ireland", "ireland-copy")]);
    expect(statusOf(await set.container().results(set.event()), "to-ireland")).toBe("compliant");
    const narrower = policyWith(ONLY_FRANKFURT);
    const results = await set.container({ policy: narrower }).results(set.event("PutBucketTagging"));
    expect(statusOf(results, "to-ireland")).toBe("contained");
  });

  it("a journalled class that the policy no longer knows needs approval", async () => {
    const set = await open([]);
    await set.container().results(set.event("PutBucketTagging"));
    await set.configure({ Role: ROLE, Rules: [rule("to-us", "us-copy")] });
    const renamed = policyWith({
      classifications: [{ name: "restricted", rank: 50, residency: ["eu"] }],
      unclassified: { treatAs: "restricted" },
      transfers: [],
      objects: null,
    });
    expect(statusOf(await set.container({ policy: renamed }).results(set.event()), "to-us")).toBe("awaiting-approval");
  });
});

describe("what a class may be lowered to", () => {
  it("does not depend on numbers: ranks given anew by policy free nothing", async () => {
    const set = await open([]);
    await set.container().results(set.event("PutBucketTagging"));
    set.retag({ "data-residency": "public" });
    await set.configure({ Role: ROLE, Rules: [rule("to-us", "us-copy")] });
    const renumbered = policyWith({
      classifications: [
        {
          name: "public",
          rank: 60,
          residency: "anywhere",
          recognisedBy: [{ tag: { key: "data-residency", value: "public" } }],
          setBy: { principals: ["arn:aws:iam::*:role/data-owner"], enforcement: "declared" },
        },
        {
          name: "eu-only",
          rank: 100,
          residency: ["eu"],
          recognisedBy: [{ tag: { key: "data-residency", value: "eu-only" } }],
        },
      ],
    });
    expect(statusOf(await set.container({ policy: renumbered }).results(set.event()), "to-us")).toBe("contained");
  });

  it("a first tag below the default needs a person: it is neither contained nor free", async () => {
    const set = await open([], { bucket: { tags: {} } });
    await set.container().results(set.event("PutBucketTagging"));
    set.retag({ "data-residency": "public" });
    await set.configure({ Role: ROLE, Rules: [rule("to-us", "us-copy")] });
    const results = await set.container().results(set.event());
    expect(statusOf(results, "to-us")).toBe("awaiting-approval");
    expect(results[0]?.reasons.join()).toContain("a data owner has to confirm");
    expect(callsOf(set.sandbox).writes.filter((call) => call !== "PutBucketReplication")).toEqual([]);
  });

  it("the default of today counts for what was never tagged", async () => {
    const set = await open([rule("to-us", "us-copy", { Status: "Disabled" })], { bucket: { tags: {} } });
    await set.container().results(set.event());
    await set.configure({ Role: ROLE, Rules: [rule("to-us", "us-copy")] });
    const lenient = policyWith({ unclassified: { treatAs: "public" } });
    expect(statusOf(await set.container({ policy: lenient }).results(set.event()), "to-us")).toBe("compliant");
  });

  it("an exception ends when the data's class rises", async () => {
    const classes = {
      classifications: [
        {
          name: "eu-only",
          rank: 50,
          residency: ["eu"],
          recognisedBy: [{ tag: { key: "data-residency", value: "eu-only" } }],
        },
        {
          name: "secret",
          rank: 90,
          residency: ["eu"],
          recognisedBy: [{ tag: { key: "data-residency", value: "secret" } }],
        },
      ],
    };
    const set = await open([rule("to-us", "us-copy")], { policy: classes });
    await set.container().results(set.event());
    await set.container().rollBack(idOf("to-us"));
    set.advance(120_000);
    set.retag({ "data-residency": "secret" });
    const results = await set.container().results(set.event("PutBucketTagging"));
    expect(statusOf(results, "to-us")).toBe("contained");
    expect(results[0]?.reasons.join()).toContain('granted for "eu-only" data');
  });
});

describe("an exception", () => {
  it("does not cover the rule once it points elsewhere", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    await set.container().results(set.event());
    await set.container().rollBack(idOf("to-us"));
    set.advance(120_000);
    await set.configure({ Role: ROLE, Rules: [rule("to-us", "us-east-copy")] });
    const results = await set.container().results(set.event());
    expect(statusOf(results, "to-us")).toBe("contained");
    expect(results[0]?.reasons.join()).toContain("granted for another destination");
  });

  it("ends at its second, not before and not after", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    await set.container().results(set.event());
    const expiresAtMs = set.clock.nowMs() + 3_600_000;
    await set.container().rollBack(idOf("to-us"), { expiresAtMs });
    set.advance(expiresAtMs - set.clock.nowMs() - 1);
    expect(statusOf(await set.container().results(set.event()), "to-us")).toBe("exempt");
    set.advance(1);
    const results = await set.container().results(set.event());
    expect(statusOf(results, "to-us")).toBe("contained");
    expect(results[0]?.occurrence).toBe(2);
  });

  it("is refused when Cordon may not change anything", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    await set.container().results(set.event());
    const refused = await set.container({ mode: "observe" }).rollBack(idOf("to-us"));
    expect(refused).toMatchObject({ status: "refused" });
    expect(set.status()).toEqual({ "to-us": "Disabled" });
  });
});

describe("a rollback", () => {
  it("is refused when the part itself was changed after its containment, also with another run in between", async () => {
    const set = await open([rule("a", "us-copy"), rule("b", "ireland-copy")]);
    await set.container().results(set.event());
    set.advance(60_000);
    // The disabled rule is narrowed by hand, then another one offends and is contained.
    await set.configure({
      Role: ROLE,
      Rules: [rule("a", "us-copy", { Status: "Disabled", Filter: { Prefix: "only-public/" } }), rule("b", "us-copy")],
    });
    await set.container().results(set.event());
    expect(set.status()).toEqual({ a: "Disabled", b: "Disabled" });
    const refused = await set.container().rollBack(idOf("a"));
    expect(refused.status).toBe("refused");
    expect(refused.changes.map(({ path }) => path)).toEqual(["Rules[a].Filter.Prefix"]);
    expect((await set.container().rollBack(idOf("b"))).status).toBe("exempt");
  });
});
