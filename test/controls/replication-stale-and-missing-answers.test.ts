import type { ReplicationConfiguration } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { CordonError } from "../../shared/errors.ts";
import { deathAt, intercepted, staleReads } from "../contract/ports.ts";
import { sqs } from "../support/events.ts";
import { callsOf, ONLY_FRANKFURT, policyWith, type StageOptions } from "../support/stage.ts";
import { BUCKET, idOf, open, ROLE, rule, statusOf } from "./replication-stage.ts";

describe("the Region of a destination", () => {
  it("is read again once the cache is older than five minutes, so that a bucket created again elsewhere is noticed", async () => {
    const set = await open([rule("copy", "ireland-copy")]);
    const container = set.container();
    expect(statusOf(await container.results(set.event()), "copy")).toBe("compliant");
    set.sandbox.createBucket({ name: "ireland-copy", region: "us-west-2", versioning: true });
    set.advance(5 * 60_000 - 1);
    expect(statusOf(await container.results(set.event("PutBucketTagging")), "copy")).toBe("compliant");
    set.advance(1);
    expect(statusOf(await container.results(set.event("PutBucketTagging")), "copy")).toBe("contained");
  });

  it("costs one call less while it is cached: a compliant event is two S3 calls and one update then", async () => {
    const set = await open([rule("copy", "ireland-copy")]);
    const container = set.container();
    await container.results(set.event());
    set.sandbox.clearCalls();
    await container.results(set.event());
    const { s3, table } = callsOf(set.sandbox);
    expect({ s3: s3.length, table: table.length }).toEqual({ s3: 2, table: 1 });
  });

  it("is not asked for rules that are off", async () => {
    const set = await open([rule("old", "us-copy", { Status: "Disabled" })]);
    await set.container().results(set.event());
    expect(callsOf(set.sandbox).s3).not.toContain("HeadBucket");
  });
});

describe("when AWS doesn't answer", () => {
  const failing = (
    times: number,
    matches: (name: string) => boolean,
    isDone = false,
    isUntaken = false,
  ): StageOptions["wrap"] => {
    let left = times;
    return (cordon) =>
      intercepted(cordon, async (name, ask) => {
        if (!matches(name) || left <= 0) return ask();
        left--;
        if (isDone) await ask();
        throw new CordonError("unavailable", "AWS gave no usable answer", { isUntaken });
      });
  };
  const isWrite = (name: string) => name.endsWith(".write");

  it("a write that AWS says it did not take is made again within the same invocation", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    const wrap = failing(1, isWrite, false, true);
    const results = await set.container({ ...(wrap && { wrap }) }).results(set.event());
    expect(statusOf(results, "to-us")).toBe("contained");
    expect(callsOf(set.sandbox).writes).toHaveLength(1);
  });

  it("a write that had its effect all the same is found to, within the same invocation", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    const wrap = failing(1, isWrite, true);
    const results = await set.container({ ...(wrap && { wrap }) }).results(set.event());
    expect(statusOf(results, "to-us")).toBe("contained");
    expect(callsOf(set.sandbox).writes).toHaveLength(1);
    expect(set.journal.evidence().filter(({ kind }) => kind === "contained")).toHaveLength(1);
  });

  it("a write of which nothing is known is made again once the settle window is over, and never booked as somebody else's", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    const wrap = failing(1, isWrite);
    const event = set.event();
    expect((await set.container({ ...(wrap && { wrap }) }).send(sqs(event))).batchItemFailures).toHaveLength(1);
    set.advance(31_000);
    expect(statusOf(await set.container().results(event), "to-us")).toBe("contained");
    expect(set.journal.evidence().filter(({ kind }) => kind === "contained")).toHaveLength(1);
    expect((await set.container().rollBack(idOf("to-us"))).status).toBe("exempt");
  });

  it("a write that never goes through is told: there is a finding, and a ticket from it, before anything is contained", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    const wrap = failing(100, isWrite);
    const results = await set.container({ ...(wrap && { wrap }) }).results(set.event());
    expect(results.map(({ status }) => status)).toEqual(["inconclusive"]);
    expect(set.journal.finding(idOf("to-us"))?.status).toBe("containing");
  });

  it("a re-read without an answer loses no receipt", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    let written = false;
    const container = set.container({
      wrap: (cordon) =>
        intercepted(cordon, async (name, ask) => {
          if (isWrite(name)) written = true;
          if (written && name.endsWith(".read")) throw new CordonError("unavailable", "AWS gave no usable answer");
          return ask();
        }),
    });
    await container.results(set.event());
    expect(set.journal.runs()[0]).toMatchObject({ status: "inconclusive", receipts: [{ outcome: "accepted" }] });
    expect(set.journal.resource().ownRequests).toHaveLength(1);
    const later = await set.container().results(set.event("PutBucketTagging"));
    expect(statusOf(later, "to-us")).toBe("contained");
    expect(callsOf(set.sandbox).writes).toHaveLength(1);
  });

  it("one destination without an answer holds up only its own rule, which is looked at again", async () => {
    const set = await open([rule("to-us", "us-copy"), rule("to-east", "us-east-copy")]);
    const deaf: StageOptions["wrap"] = (cordon) => ({
      ...cordon,
      ports: {
        s3: {
          ...cordon.ports.s3,
          regionOf: async (name, from) => {
            if (name === "us-east-copy")
              throw new CordonError("unavailable", "AWS gave no usable answer to HeadBucket");
            return cordon.ports.s3.regionOf(name, from);
          },
        },
      },
    });
    const answer = await set.container({ wrap: deaf }).results(set.event());
    expect(statusOf(answer, "to-us")).toBe("contained");
    expect(statusOf(answer, "to-east")).toBe("inconclusive");
    expect(set.journal.finding(idOf("to-east"))).toMatchObject({ status: "inconclusive" });
    expect(statusOf(await set.container().results(set.event()), "to-east")).toBe("contained");
  });

  it("a destination without an answer is not passed over where all else is compliant", async () => {
    const set = await open([rule("to-us", "us-copy"), rule("old", "us-copy", { Status: "Disabled" })]);
    const deaf = failing(100, (name) => name.endsWith("regionOf"));
    const answer = await set.container({ ...(deaf && { wrap: deaf }) }).send(sqs(set.event()));
    expect(answer.batchItemFailures).toHaveLength(1);
    expect(callsOf(set.sandbox).writes).toEqual([]);
    expect(statusOf(await set.container().results(set.event()), "to-us")).toBe("contained");
  });

  it("a table busy with another transaction is asked again", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    set.sandbox.faults.inject({
      operation: "TransactWriteItems",
      kind: "error",
      errorCode: "TransactionCanceledException",
      members: { CancellationReasons: [{ Code: "TransactionConflict" }] },
      times: 2,
    });
    expect(statusOf(await set.container().results(set.event()), "to-us")).toBe("contained");
    expect(callsOf(set.sandbox).writes).toHaveLength(1);
  });
});

describe("a look too early, when S3 still shows what was before the call", () => {
  const asked = (rules: unknown) => ({
    requestParameters: { bucketName: BUCKET, ReplicationConfiguration: { Role: ROLE, Rule: rules } },
  });

  it.each([
    ["a rule that is not there yet", asked(rule("to-us", "us-copy")), "PutBucketReplication"],
    ["one of several rules", asked([rule("a", "ireland-copy"), rule("to-us", "us-copy")]), "PutBucketReplication"],
    [
      "a class tag",
      {
        requestParameters: {
          bucketName: BUCKET,
          Tagging: { TagSet: { Tag: { Key: "data-residency", Value: "secret" } } },
        },
      },
      "PutBucketTagging",
    ],
  ])("%s is looked at again instead of being taken for compliant", async (_, request, name) => {
    const set = await open([rule("a", "ireland-copy")]);
    const event = { ...set.event(name), ...request };
    const answer = await set.container().send(sqs(event));
    expect(answer.batchItemFailures).toHaveLength(1);
    set.advance(31_000);
    expect((await set.container().send(sqs(event))).batchItemFailures).toEqual([]);
  });

  it("what is shown is taken at once, tags turned into numbers and truths by CloudTrail included", async () => {
    const set = await open([rule("a", "ireland-copy")], {
      bucket: { tags: { "data-residency": "eu-only", year: "2024", pii: "true" } },
    });
    const Tag = [
      { Key: "year", Value: 2024 },
      { Key: "pii", Value: true },
    ];
    const event = {
      ...set.event("PutBucketTagging"),
      requestParameters: { bucketName: BUCKET, Tagging: { TagSet: { Tag } } },
    };
    expect((await set.container().send(sqs(event))).batchItemFailures).toEqual([]);
    const put = { ...set.event(), ...asked(rule("a", "ireland-copy")) };
    expect((await set.container().send(sqs(put))).batchItemFailures).toEqual([]);
  });
});

describe("what a stale or missing answer must not do", () => {
  it("a destination without an answer resolves nothing that is switched on again", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    const before = set.configuration();
    await set.container().results(set.event());
    set.advance(40_000);
    await set.configure(before);
    const deaf: StageOptions["wrap"] = (cordon) =>
      intercepted(cordon, async (name, ask) => {
        if (name.endsWith("regionOf")) throw new CordonError("unavailable", "AWS gave no usable answer to HeadBucket");
        return ask();
      });
    const results = await set.container({ wrap: deaf }).results(set.event());
    expect(statusOf(results, "to-us")).toBe("inconclusive");
    expect(set.journal.finding(idOf("to-us"))).toMatchObject({ status: "inconclusive", occurrence: 2 });
    expect(statusOf(await set.container().results(set.event()), "to-us")).toBe("contained");
  });

  it("a look that may be stale for one rule is no ground for a plan on another: what was contained is never switched on again", async () => {
    const set = await open([rule("a", "us-copy"), rule("b", "ireland-copy")]);
    const lag = staleReads(1);
    const container = set.container(lag);
    await container.results(set.event());
    expect(set.status()).toEqual({ a: "Disabled", b: "Enabled" });
    // Meanwhile "b" offends as well, by policy; the next look is as stale as the state before the write was.
    const narrower = policyWith(ONLY_FRANKFURT);
    lag.left = 2;
    const other = set.container({ ...lag, policy: narrower });
    const results = await other.results(set.event("PutBucketTagging"));
    expect(results.map(({ status }) => status)).toEqual(["inconclusive", "inconclusive"]);
    expect(set.status()).toEqual({ a: "Disabled", b: "Enabled" });
    set.advance(31_000);
    await set.container({ policy: narrower }).results(set.event("PutBucketTagging"));
    expect(set.status()).toEqual({ a: "Disabled", b: "Disabled" });
  });

  it("a rule switched on again that live state doesn't show yet is looked at again, also while its finding is open", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    const before = set.configuration();
    await set.container().results(set.event());
    set.advance(5_000);
    await set.configure(before);
    const event = set.event("PutBucketReplication", "again");
    let stale = 2;
    const late: StageOptions["wrap"] = (cordon) =>
      intercepted(cordon, async (name, ask) => {
        const answer = (await ask()) as { state?: ReplicationConfiguration };
        if (!name.endsWith(".read") || stale-- <= 0) return answer;
        return { kind: "present", state: { Role: ROLE, Rules: [rule("to-us", "us-copy", { Status: "Disabled" })] } };
      });
    const answer = await set.container({ wrap: late }).send(sqs(event));
    expect(answer.batchItemFailures).toHaveLength(1);
    expect(set.journal.finding(idOf("to-us"))?.status).toBe("contained");
    expect(statusOf(await set.container().results(event), "to-us")).toBe("contained");
    expect(set.status()).toEqual({ "to-us": "Disabled" });
  });

  it("tags that can't be read do not switch off what the journal knows of the class", async () => {
    const set = await open([]);
    await set.container().results(set.event("PutBucketTagging"));
    await set.configure({ Role: ROLE, Rules: [rule("to-us", "us-copy"), rule("to-ireland", "ireland-copy")] });
    set.sandbox.deny({ principal: set.role.arn, action: "s3:GetBucketTagging" });
    const results = await set.container().results(set.event());
    expect(statusOf(results, "to-us")).toBe("contained");
    expect(statusOf(results, "to-ireland")).toBe("awaiting-approval");
  });
});

describe("after a crash, when somebody has changed the configuration since", () => {
  it("a part that is as the run was to leave it counts as contained, with its way back", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    const death = deathAt(7, "after");
    await set
      .container({ wrap: death.wrap })
      .results(set.event())
      .catch((error) => {
        if (!death.isCause(error)) throw error;
      });
    expect(set.status()).toEqual({ "to-us": "Disabled" });
    await set.configure({ Role: ROLE, Rules: [...(set.configuration()?.Rules ?? []), rule("mine", "ireland-copy")] });
    set.advance(180_000);
    await set.container().results(set.event("PutBucketTagging"));
    expect(set.journal.finding(idOf("to-us"))?.status).toBe("contained");
    const refused = await set.container().rollBack(idOf("to-us"));
    expect(refused).toMatchObject({ status: "refused" });
    expect(refused.changes.map(({ path }) => path)).toEqual(["Rules[mine]"]);
  });

  it("a configuration that its owner took away is not booked as Cordon's own fallback", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    const death = deathAt(6, "after");
    await set
      .container({ wrap: death.wrap })
      .results(set.event())
      .catch((error) => {
        if (!death.isCause(error)) throw error;
      });
    await set.configure(null);
    set.advance(180_000);
    await set.container().results(set.event("PutBucketTagging"));
    expect(set.journal.finding(idOf("to-us"))?.status).toBe("resolved");
    expect(set.journal.evidence().filter(({ kind }) => kind === "contained")).toEqual([]);
  });

  it("a huge configuration put over ours doesn't keep the run from being recorded", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    const huge = Array.from({ length: 400 }, (_, index) =>
      rule(`r${index}`, "ireland-copy", { Priority: index, Filter: { Prefix: `${index}/${"x".repeat(1000)}` } }),
    );
    let isPut = false;
    const container = set.container({
      wrap: (cordon) =>
        intercepted(cordon, async (name, ask) => {
          const answer = await ask();
          if (name.endsWith(".write") && !isPut) {
            isPut = true;
            await set.configure({ Role: ROLE, Rules: huge });
          }
          return answer;
        }),
    });
    await container.results(set.event());
    expect(set.journal.runs()[0]).toMatchObject({ status: "drifted", receipts: [{ outcome: "accepted" }] });
    expect(set.journal.finding(idOf("to-us"))?.status).toBe("resolved");
  });
});

describe("a class that rises while findings are open", () => {
  it("is remembered, so that lowering it later frees nothing", async () => {
    const classes = {
      classifications: [
        {
          name: "eu-only",
          rank: 50,
          residency: ["eu"],
          recognisedBy: [{ tag: { key: "data-residency", value: "eu-only" } }],
        },
        {
          name: "de-only",
          rank: 80,
          residency: ["de"],
          recognisedBy: [{ tag: { key: "data-residency", value: "de-only" } }],
        },
      ],
    };
    const set = await open([rule("to-us", "us-copy")], { policy: classes });
    await set.container().results(set.event());
    set.retag({ "data-residency": "de-only" });
    await set.container().results(set.event("PutBucketTagging"));
    set.retag({ "data-residency": "eu-only" });
    await set.configure({
      Role: ROLE,
      Rules: [rule("to-us", "us-copy", { Status: "Disabled" }), rule("to-ireland", "ireland-copy")],
    });
    set.advance(60_000);
    expect(statusOf(await set.container().results(set.event()), "to-ireland")).toBe("contained");
  });

  it("is not taken from a look that came too early", async () => {
    const set = await open([], { bucket: { tags: {} } });
    const event = {
      ...set.event("PutBucketTagging"),
      requestParameters: {
        bucketName: BUCKET,
        Tagging: { TagSet: { Tag: { Key: "data-residency", Value: "public" } } },
      },
    };
    await set.container().send(sqs(event));
    set.retag({ "data-residency": "public" });
    await set.configure({ Role: ROLE, Rules: [rule("to-us", "us-copy")] });
    set.advance(31_000);
    expect(statusOf(await set.container().results(set.event()), "to-us")).toBe("compliant");
  });
});

describe("an exception, when the class can't be told any more", () => {
  it("is not overridden: where it may still hold, nothing is changed", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    await set.container().results(set.event());
    await set.container().rollBack(idOf("to-us"));
    set.sandbox.deny({ principal: set.role.arn, action: "s3:GetBucketTagging" });
    set.advance(60_000);
    const results = await set.container().results(set.event("PutBucketTagging"));
    expect(["exempt", "awaiting-approval"]).toContain(statusOf(results, "to-us"));
    expect(set.status()).toEqual({ "to-us": "Enabled" });
  });
});

describe("a rollback that came to nothing", () => {
  it("is told as such: the finding is contained again, in item and ticket alike", async () => {
    const set = await open([rule("to-us", "us-copy")]);
    await set.container().results(set.event());
    await expect(
      set
        .container({
          wrap: (cordon) =>
            intercepted(cordon, async (name, ask) => {
              if (name.endsWith(".write")) throw new CordonError("unavailable", "AWS gave no usable answer");
              return ask();
            }),
        })
        .rollBack(idOf("to-us")),
    ).rejects.toThrow("no usable answer");
    expect(set.journal.finding(idOf("to-us"))?.status).toBe("rolling-back");
    set.advance(180_000);
    const results = await set.container().results(set.event("PutBucketTagging"));
    expect(results).toMatchObject([{ status: "already-contained", changes: [] }]);
    expect(set.journal.finding(idOf("to-us"))?.status).toBe("contained");
    expect(set.journal.finding(idOf("to-us"))?.notes.join()).toContain("came to nothing");
  });
});

describe("PassRole denied for one offending rule, joined by another", () => {
  it("takes the configuration away as soon as nothing compliant is left in it", async () => {
    const set = await open([rule("a", "us-copy"), rule("c", "ireland-copy")]);
    set.sandbox.deny({ principal: set.role.arn, action: "iam:PassRole" });
    expect(statusOf(await set.container().results(set.event()), "a")).toBe("awaiting-approval");
    set.advance(20_000);
    await set.configure({ Role: ROLE, Rules: [rule("a", "us-copy"), rule("b", "us-east-copy")] });
    const results = await set.container().results(set.event());
    expect(results.map(({ status }) => status)).toEqual(["contained", "contained"]);
    expect(set.configuration()).toBeNull();
  });
});

describe("a user who switches rules off while Cordon contains one", () => {
  it("is told that Cordon's write may have switched one on again", async () => {
    const set = await open([rule("to-us", "us-copy"), rule("to-ireland", "ireland-copy")]);
    await set.container().results(set.event("PutBucketReplication", "cause"));
    const off = [
      rule("to-us", "us-copy", { Status: "Disabled" }),
      rule("to-ireland", "ireland-copy", { Status: "Disabled" }),
    ];
    const lost = {
      ...set.event("PutBucketReplication", "lost"),
      requestParameters: { bucketName: BUCKET, ReplicationConfiguration: { Role: ROLE, Rule: off } },
    };
    await set.container().results(lost);
    expect(set.journal.finding(idOf("to-us"))?.notes.join()).toContain("may have been overwritten");
  });
});
