import { describe, expect, it, onTestFinished } from "vitest";
import { control } from "../../controls/s3-object-carries-its-class/control.ts";
import type { Accounts } from "../../shared/aws/accounts.ts";
import { CordonError } from "../../shared/errors.ts";
import { answerBatchJob, isBatchJob } from "../../shared/runtime/batch-operations.ts";
import { s3Client } from "../sandbox/clients.ts";
import { eventBridge, objectRecord, sqs } from "../support/events.ts";
import { callsOf } from "../support/stage.ts";
import { EU_ONLY, IBANS, open } from "./object-world.ts";

/** What becomes of objects, by the scenarios T1 to T8 and beyond them. */

describe("an object", () => {
  it("gets its tag by S3's own event, with three calls of S3, and nobody is told by a ticket", async () => {
    const set = await open([{ bucket: "public-data", key: "list.txt", body: IBANS, tags: { owner: "billing" } }]);
    const container = set.container();
    await container.results(set.created("public-data", "other.txt"));
    set.sandbox.clearCalls();
    const [result] = await container.results(set.created("public-data", "list.txt"));
    expect(result).toMatchObject({ status: "contained", decision: "contain" });
    expect(set.tagsOf("public-data", "list.txt")).toEqual({ owner: "billing", ...EU_ONLY });
    expect([...callsOf(set.sandbox).s3].sort()).toEqual(["GetObject", "GetObjectTagging", "PutObjectTagging"]);
    const item = set.journal.items().find(({ entity }) => entity === "finding");
    expect(item).not.toHaveProperty("outbox");
    expect(set.findingOf("public-data", "list.txt")).toMatchObject({
      isQuiet: true,
      facts: { found: [{ detector: "iban", matches: 5, distinct: 5 }] },
    });
    expect(JSON.stringify(set.journal.items())).not.toContain("DE8937");
  });

  it("that nobody can tag is told of, and so is that somebody can at last", async () => {
    const tags = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`t${index}`, "x"]));
    const set = await open([{ bucket: "eu-data", key: "full.txt", body: "x", tags }]);
    await set.container().results(set.created("eu-data", "full.txt"));
    const outbox = () => set.journal.items().find(({ entity }) => entity === "finding")?.outbox;
    expect(outbox()).toMatch(/^tickets#/);
    set.sandbox.createObject({ bucket: "eu-data", key: "full.txt", body: "x" });
    const [result] = await set.container().results(set.created("eu-data", "full.txt"));
    expect(result?.status).toBe("contained");
    expect(outbox()).toMatch(/^tickets#/);
  });

  it("of a new version has a finding and tags of its own; the version that the event names is tagged, and no other", async () => {
    const set = await open([], {}, { versioning: true });
    const first = set.sandbox.createObject({ bucket: "eu-data", key: "a.txt", body: "1" });
    set.sandbox.createObject({ bucket: "eu-data", key: "a.txt", body: "2" });
    await set.container().results(set.created("eu-data", "a.txt", first));
    const versions = set.sandbox.objects("eu-data").map(({ versionId, tags }) => [versionId === first, tags]);
    expect(versions).toContainEqual([true, EU_ONLY]);
    expect(versions).toContainEqual([false, {}]);
  });

  it("written anew again and again is tagged each time: that is no tug of war", async () => {
    const set = await open([{ bucket: "eu-data", key: "latest.json", body: "1" }]);
    const container = set.container();
    for (let round = 1; round <= 6; round++) {
      set.advance(2_000);
      set.sandbox.createObject({ bucket: "eu-data", key: "latest.json", body: `${round}` });
      const [result] = await container.results({
        ...set.created("eu-data", "latest.json"),
        id: `round-${round}`,
      });
      expect(result?.status).toBe("contained");
    }
    expect(set.journal.findings().filter(({ severity }) => severity === "critical")).toEqual([]);
  });

  it("is no storm with all the others, however many policy lets through", async () => {
    const keys = Array.from({ length: 8 }, (_, index) => `n/${index}`);
    const set = await open(
      keys.map((key) => ({ bucket: "eu-data", key, body: "x" })),
      { limits: { automaticChanges: { count: 2, windowMinutes: 60 } } },
    );
    const container = set.container();
    for (const key of keys) await container.results(set.created("eu-data", key));
    expect(keys.every((key) => set.tagsOf("eu-data", key)?.["data-residency"] === "eu-only")).toBe(true);
    expect(set.journal.findings()).toHaveLength(8);
  });

  it.each([
    ["somebody lowers it by hand", { "data-residency": "public" }],
    ["somebody takes its tags away", {}],
  ])("T7: is tagged again when %s", async (_, tags) => {
    const set = await open([{ bucket: "public-data", key: "list.txt", body: IBANS }]);
    await set.container().results(set.created("public-data", "list.txt"));
    set.sandbox.createObject({ bucket: "public-data", key: "list.txt", body: "harmless by now", tags });
    const lowered = objectRecord("public-data", "list.txt", {
      name: "PutObjectTagging",
      requestId: "BY-HAND",
      id: "t7",
    });
    const [result] = await set.container().results(lowered);
    expect(result?.status).toBe("contained");
    expect(set.tagsOf("public-data", "list.txt")).toEqual(EU_ONLY);
  });

  it("T7: waits for a person then, where policy says so", async () => {
    const set = await open([{ bucket: "public-data", key: "list.txt", body: IBANS }], {
      objects: { onLowered: "ask" },
    });
    await set.container().results(set.created("public-data", "list.txt"));
    set.sandbox.createObject({ bucket: "public-data", key: "list.txt", body: IBANS });
    const lowered = objectRecord("public-data", "list.txt", {
      name: "DeleteObjectTagging",
      requestId: "BY-HAND",
      id: "t7",
    });
    const [result] = await set.container().results(lowered);
    expect(result).toMatchObject({ status: "awaiting-approval" });
    expect(set.findingOf("public-data", "list.txt")?.decision.rule).toBe("built-in:lowered");
  });

  it("T4: keeps a tag that policy protects, and a person is asked", async () => {
    const set = await open([{ bucket: "eu-data", key: "a.txt", body: "x", tags: { "data-residency": "public" } }], {
      objects: { protectedTags: ["data-residency"] },
    });
    const [result] = await set.container().results(set.created("eu-data", "a.txt"));
    expect(result?.status).toBe("awaiting-approval");
    expect(set.tagsOf("eu-data", "a.txt")).toEqual({ "data-residency": "public" });
  });

  it("T6: gets the higher class of Macie's finding, and keeps it", async () => {
    const set = await open([{ bucket: "public-data", key: "notes.txt", body: "x" }]);
    await set.container().results(set.created("public-data", "notes.txt"));
    expect(set.tagsOf("public-data", "notes.txt")).toEqual({ "data-residency": "public" });
    const finding = {
      type: "SensitiveData:S3Object/Personal",
      accountId: "111122223333",
      region: "eu-central-1",
      resourcesAffected: { s3Bucket: { name: "public-data" }, s3Object: { key: "notes.txt" } },
    };
    const [result] = await set.container().results(eventBridge(finding, "Macie Finding", "aws.macie"));
    expect(result?.status).toBe("contained");
    expect(set.tagsOf("public-data", "notes.txt")).toEqual(EU_ONLY);
    // Live state alone would say otherwise by now.
    const [later] = await set
      .container()
      .results(objectRecord("public-data", "notes.txt", { name: "PutObjectTagging", requestId: "OTHER", id: "later" }));
    expect(later?.status).toBe("already-contained");
    expect(set.tagsOf("public-data", "notes.txt")).toEqual(EU_ONLY);
  });

  it("is not read again for the echo of the tag that it got", async () => {
    const set = await open([{ bucket: "public-data", key: "list.txt", body: IBANS }]);
    const container = set.container();
    await container.results(set.created("public-data", "list.txt"));
    const own = set.sandbox.calls.find(({ operation }) => operation === "PutObjectTagging");
    set.sandbox.clearCalls();
    const detail = { bucket: { name: "public-data" }, object: { key: "list.txt" }, "request-id": own?.requestId };
    const [result] = await container.results(eventBridge(detail, "Object Tags Added", "aws.s3"));
    expect(result).toMatchObject({ status: "ignored", reasons: [expect.stringContaining("echo")] });
    expect(callsOf(set.sandbox)).toMatchObject({ s3: [], table: ["BatchGetItem"] });
  });

  it("is the one that a notification to a queue names, whose key is URL-encoded", async () => {
    const set = await open([{ bucket: "eu-data", key: "a b+c/\u00fc.txt", body: "x" }]);
    const notification = {
      Records: [
        {
          eventSource: "aws:s3",
          eventName: "ObjectCreated:Put",
          eventTime: "2026-03-01T09:00:00Z",
          awsRegion: "eu-central-1",
          responseElements: { "x-amz-request-id": "R9" },
          s3: { bucket: { name: "eu-data" }, object: { key: "a+b%2Bc/%C3%BC.txt", sequencer: "1" } },
        },
      ],
    };
    await set.container().send(sqs(notification));
    expect(set.tagsOf("eu-data", "a b+c/\u00fc.txt")).toEqual(EU_ONLY);
  });
});

describe("what stands in the way of reading an object", () => {
  const rules = { objects: {} };
  it.each<[string, (set: Awaited<ReturnType<typeof open>>) => unknown, string]>([
    [
      "its key may not be used",
      (set) => set.sandbox.deny({ principal: set.role.arn, action: "s3:GetObject" }),
      "awaiting-approval",
    ],
    [
      "its tags may not be read",
      (set) => set.sandbox.deny({ principal: set.role.arn, action: "s3:GetObjectTagging" }),
      "awaiting-approval",
    ],
    [
      "it may not be tagged",
      (set) => set.sandbox.deny({ principal: set.role.arn, action: "s3:PutObjectTagging" }),
      "awaiting-approval",
    ],
  ])("%s", async (_, block, status) => {
    const set = await open([{ bucket: "public-data", key: "list.txt", body: IBANS }], rules);
    block(set);
    const [result] = await set.container().results(set.created("public-data", "list.txt"));
    expect(result?.status).toBe(status);
    expect(set.tagsOf("public-data", "list.txt")).toEqual({});
  });

  it("it is gone, or a delete marker by now: it is ignored, and nothing is opened", async () => {
    const set = await open([], {}, { versioning: true });
    for (const version of [undefined, "nosuchversion"]) {
      const [result] = await set.container().results(set.created("eu-data", "gone.txt", version));
      expect(result?.status).toBe("ignored");
    }
    expect(set.journal.findings()).toEqual([]);
  });

  it("it is written over while it is read: nothing is concluded from two halves, and the event comes again", async () => {
    const size = 12 * 1024 * 1024;
    const set = await open([
      { bucket: "public-data", key: "big.txt", sizeBytes: size, fill: (from, to) => Buffer.alloc(to - from, 0x61) },
    ]);
    let isOver = false;
    const { sandbox } = set;
    const container = set.container({
      wrap: (cordon) => ({
        ...cordon,
        ports: {
          ...cordon.ports,
          lookThrough: async (open, search) => {
            const after = async () => {
              const opened = await open();
              if (!isOver) sandbox.createObject({ bucket: "public-data", key: "big.txt", body: "other" });
              isOver = true;
              return opened;
            };
            if (cordon.ports.lookThrough === undefined) throw new Error("nothing looks here");
            return cordon.ports.lookThrough(after, search);
          },
        },
      }),
    });
    const answer = await container.send(sqs(set.created("public-data", "big.txt")));
    expect(answer.batchItemFailures).toHaveLength(1);
    expect(set.journal.findings()).toEqual([]);
  });

  it("it is empty, or a folder: it has its bucket's class", async () => {
    const set = await open([
      { bucket: "public-data", key: "empty", body: "" },
      { bucket: "eu-data", key: "folder/", body: "" },
    ]);
    for (const [bucket, key] of [
      ["public-data", "empty"],
      ["eu-data", "folder/"],
    ] as const) {
      const [result] = await set.container().results(set.created(bucket, key));
      expect(result?.status).toBe("contained");
    }
  });

  it("it is larger than its head, as are many: each lets go of its connection", async () => {
    const keys = Array.from({ length: 60 }, (_, index) => `n/${index}.txt`);
    const set = await open(
      keys.map((key) => ({ bucket: "public-data", key, body: IBANS.repeat(500) })),
      { objects: { read: { headKiB: 1, sampleKiB: 1, samples: 1, maxKiB: 8 } } },
    );
    const container = set.container();
    for (const key of keys) await container.results(set.created("public-data", key));
    expect(keys.every((key) => set.tagsOf("public-data", key)?.["data-residency"] === "eu-only")).toBe(true);
    const reads = set.sandbox.calls.filter(({ operation }) => operation === "GetObject");
    expect(reads.slice(0, 2).map(({ input }) => input.Range)).toEqual(["bytes=0-8191", "bytes=53976-54999"]);
  });

  it("it is of five gigabytes: no more is read than policy gives, and memory stays", async () => {
    const set = await open([
      {
        bucket: "public-data",
        key: "huge.log",
        sizeBytes: 5 * 1024 ** 3,
        fill: (from, to) => Buffer.alloc(to - from, "no personal data in this line at all\n"),
      },
    ]);
    const before = process.memoryUsage().rss;
    const [result] = await set.container().results(set.created("public-data", "huge.log"));
    expect(result?.status).toBe("contained");
    expect(set.tagsOf("public-data", "huge.log")).toEqual({ "data-residency": "public" });
    expect(callsOf(set.sandbox).s3.filter((name) => name === "GetObject").length).toBeLessThanOrEqual(12);
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
  });
});

describe("T8: S3 Batch Operations", () => {
  const place = { account: "111122223333", region: "eu-central-1" };
  const job = (...tasks: readonly object[]) => ({
    invocationSchemaVersion: "2.0",
    invocationId: "i",
    job: { id: "j", userArguments: {} },
    tasks: tasks.map((task, index) => ({ taskId: `t${index}`, ...task })),
  });

  it("has existing objects tagged by the same function, and is told of each what became of it", async () => {
    const set = await open([
      { bucket: "eu-data", key: "old one.csv", body: "x" },
      { bucket: "eu-data", key: "tagged", body: "x", tags: EU_ONLY },
    ]);
    const client = s3Client(set.sandbox);
    onTestFinished(() => client.destroy());
    const container = set.container();
    const event = job(
      { s3Key: "old+one.csv", s3Bucket: "eu-data" },
      { s3Key: "tagged", s3BucketArn: "arn:aws:s3:::eu-data", s3VersionId: null },
      { s3Key: "gone", s3Bucket: "eu-data" },
      { s3Bucket: "eu-data" },
    );
    expect(isBatchJob(event)).toBe(true);
    if (!isBatchJob(event)) return;
    const answer = await answerBatchJob(event, control.meta.id, place, (look) => container.send(look));
    expect(answer).toMatchObject({ invocationSchemaVersion: "2.0", invocationId: "i" });
    expect(answer.results.map(({ resultCode, resultString }) => [resultCode, resultString.split(":")[0]])).toEqual([
      ["Succeeded", "contained"],
      ["Succeeded", "compliant"],
      ["Succeeded", "ignored"],
      ["PermanentFailure", "refused"],
    ]);
    expect(set.tagsOf("eu-data", "old one.csv")).toEqual(EU_ONLY);
  });

  it.each(["s3:GetObjectTagging", "s3:GetObject", "s3:PutObjectTagging"])(
    "is told for good, and without the key, of an object for which Cordon lacks %s",
    async (action) => {
      const set = await open([{ bucket: "public-data", key: "of somebody.txt", body: IBANS }]);
      set.sandbox.deny({ principal: set.role.arn, action });
      const event = job({ s3Key: "of+somebody.txt", s3Bucket: "public-data" });
      if (!isBatchJob(event)) throw new Error("it is a job");
      const container = set.container();
      const answer = await answerBatchJob(event, control.meta.id, place, (look) => container.send(look));
      expect(answer.results).toMatchObject([{ resultCode: "PermanentFailure" }]);
      const [{ resultString = "" } = {}] = answer.results;
      expect(resultString).toMatch(/^awaiting-approval: .*(AccessDenied|Cordon may not read it)/);
      expect(resultString).not.toContain("somebody.txt");
    },
  );

  it.each([
    ["foreign-account", "found a resource of account 444455556666; expected 111122223333, the cell's own"],
    ["denied", "AWS refused to let the role be assumed"],
  ] as const)("is told for good of an account that is not served (%s)", async (kind, why) => {
    const set = await open([{ bucket: "eu-data", key: "of somebody.txt", body: "x" }]);
    const accounts = {
      learnOwn: () => {},
      credentialsFor: async () => {
        throw new CordonError(kind, why);
      },
    } as unknown as Accounts;
    const event = job({ s3Key: "of+somebody.txt", s3Bucket: "eu-data" });
    if (!isBatchJob(event)) throw new Error("it is a job");
    const container = set.container({ accounts });
    const answer = await answerBatchJob(event, control.meta.id, place, (look) => container.send(look));
    expect(answer.results).toEqual([{ taskId: "t0", resultCode: "PermanentFailure", resultString: `refused: ${why}` }]);
  });

  it("comes again where AWS gives no answer", async () => {
    const set = await open([{ bucket: "eu-data", key: "a", body: "x" }]);
    set.sandbox.faults.inject({ operation: "GetObjectTagging", kind: "server-error", times: Number.POSITIVE_INFINITY });
    const event = job({ s3Key: "a", s3Bucket: "eu-data" });
    if (!isBatchJob(event)) throw new Error("it is a job");
    const container = set.container();
    const answer = await answerBatchJob(event, control.meta.id, place, (look) => container.send(look));
    expect(answer.results).toMatchObject([{ resultCode: "TemporaryFailure" }]);
  });
});
