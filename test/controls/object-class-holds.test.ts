import {
  DeleteObjectCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from "@aws-sdk/client-s3";
import { describe, expect, it, onTestFinished } from "vitest";
import { control } from "../../controls/s3-object-carries-its-class/control.ts";
import { control as replication } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import type { Control } from "../../shared/control.ts";
import type { Cordon } from "../../shared/cordon.ts";
import { s3Client } from "../sandbox/clients.ts";
import { cloudTrailRecord, eventBridge, objectRecord, sqs } from "../support/events.ts";
import { callsOf, policyDocument, policyWith } from "../support/stage.ts";
import { EU_ONLY, IBANS, open } from "./object-world.ts";

/** What an object's class rests on holds: against time that passes, tags that somebody changes meanwhile, and classes that fall. */

type Stage = Awaited<ReturnType<typeof open>>;

/** Has something happen while an object is open. */
function whileOpen(happens: () => Promise<void> | void) {
  return <State>(cordon: Cordon<State>): Cordon<State> => ({
    ...cordon,
    ports: {
      ...cordon.ports,
      lookThrough: async (opens, search) => {
        if (cordon.ports.lookThrough === undefined) throw new Error("nothing looks here");
        return cordon.ports.lookThrough(async () => {
          const opened = await opens();
          await happens();
          return opened;
        }, search);
      },
    },
  });
}

function asSomebody(set: Stage) {
  const client = s3Client(set.sandbox);
  onTestFinished(() => client.destroy());
  return client;
}

const tagSet = (tags: Readonly<Record<string, string>>) => ({
  TagSet: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
});

describe("time that passes while an object is looked through", () => {
  it("until it is over: nothing is concluded, and the event is delivered again, and then it is", async () => {
    const set = await open([{ bucket: "public-data", key: "list.txt", body: IBANS }]);
    const slow = set.container({ wrap: whileOpen(() => set.advance(60_000)) });
    const answer = await slow.send(sqs(set.created("public-data", "list.txt")));
    expect(answer.batchItemFailures).toHaveLength(1);
    expect(set.journal.findings()).toEqual([]);
    expect(set.tagsOf("public-data", "list.txt")).toEqual({});
    const [result] = await set.container().results(set.created("public-data", "list.txt"));
    expect(result?.status).toBe("contained");
  });

  it("while somebody sets other tags: they are kept", async () => {
    const set = await open([{ bucket: "public-data", key: "list.txt", body: IBANS, tags: { owner: "billing" } }]);
    const client = asSomebody(set);
    let isSet = false;
    const setTags = async () => {
      set.advance(2_100);
      if (isSet) return;
      isSet = true;
      const Tagging = tagSet({ owner: "billing", project: "apollo" });
      await client.send(new PutObjectTaggingCommand({ Bucket: "public-data", Key: "list.txt", Tagging }));
    };
    const container = set.container({ wrap: whileOpen(setTags) });
    const [result] = await container.results(set.created("public-data", "list.txt"));
    expect(isSet).toBe(true);
    expect(result?.status).toBe("contained");
    expect(set.tagsOf("public-data", "list.txt")).toEqual({ owner: "billing", project: "apollo", ...EU_ONLY });
  });
});

describe("a class that is journalled", () => {
  it("of a bucket holds for its new objects after its tag was lowered", async () => {
    const set = await open([{ bucket: "eu-data", key: "new.txt", body: "x" }]);
    // What is to be seen of a bucket is not believed before the settle window is over.
    set.advance(60_000);
    await set.container({ control: replication as Control<unknown> }).send(cloudTrailRecord("eu-data"));
    const Tagging = tagSet({ "data-residency": "public" });
    await asSomebody(set).send(new PutBucketTaggingCommand({ Bucket: "eu-data", Tagging }));
    const [result] = await set.container().results(set.created("eu-data", "new.txt"));
    expect(result?.status).toBe("contained");
    expect(set.tagsOf("eu-data", "new.txt")).toEqual(EU_ONLY);
  });

  it("is what is certain of an object, although more can't be told, and it does not fall", async () => {
    const secret = { name: "secret", rank: 90, residency: ["eu-central-1"] };
    const recognisedBy = [{ tag: { key: "data-residency", value: "secret" } }];
    const { classifications } = policyDocument() as { readonly classifications: readonly object[] };
    const rule = { id: "any-iban", classification: "secret", content: { detectors: ["iban"] } };
    const objects = { rules: [rule] };
    const set = await open([{ bucket: "eu-data", key: "old.txt", body: IBANS, storageClass: "DEEP_ARCHIVE" }], {
      classifications: [...classifications, { ...secret, recognisedBy }],
      objects,
    });
    const [first] = await set.container().results(set.created("eu-data", "old.txt"));
    expect(first?.status).toBe("awaiting-approval");
    const item = () => set.journal.items().find(({ entity }) => entity === "resource");
    expect(item()).toMatchObject({ classification: "eu-only", classSource: "tag" });

    // By all that is seen by then it would be public.
    const Tagging = tagSet({ "data-residency": "public" });
    await asSomebody(set).send(new PutBucketTaggingCommand({ Bucket: "eu-data", Tagging }));
    const policy = policyWith({ controls: { [control.meta.id]: { mode: "enforce" } }, objects: { rules: [] } });
    const [later] = await set.container({ policy }).results({ ...set.created("eu-data", "old.txt"), id: "later" });
    expect(later?.status).toBe("contained");
    expect(set.tagsOf("eu-data", "old.txt")).toEqual(EU_ONLY);
    expect(item()).toMatchObject({ classification: "eu-only", classSource: "tag" });
  });
});

describe("an object", () => {
  it("T6: that is archived gets the class of Macie's finding, and nothing of it is read", async () => {
    const set = await open([{ bucket: "public-data", key: "old.txt", body: "x", storageClass: "DEEP_ARCHIVE" }]);
    const finding = {
      type: "SensitiveData:S3Object/Personal",
      accountId: "111122223333",
      region: "eu-central-1",
      resourcesAffected: { s3Bucket: { name: "public-data" }, s3Object: { key: "old.txt" } },
    };
    const [result] = await set.container().results(eventBridge(finding, "Macie Finding", "aws.macie"));
    expect(result?.status).toBe("contained");
    expect(set.tagsOf("public-data", "old.txt")).toEqual(EU_ONLY);
    expect(callsOf(set.sandbox).s3).not.toContain("GetObject");
  });

  it('is the same by its version "null" and by none: one item, and one finding', async () => {
    const set = await open([{ bucket: "eu-data", key: "a.txt", body: "x" }]);
    await set.container().results(set.created("eu-data", "a.txt", "null"));
    await set.container().results({ ...set.created("eu-data", "a.txt"), id: "again" });
    expect(set.journal.findings()).toHaveLength(1);
    expect(set.journal.items().filter(({ entity }) => entity === "resource")).toHaveLength(1);
    expect(set.idOf("eu-data", "a.txt", "null")).toBe(set.idOf("eu-data", "a.txt"));
    expect(set.idOf("eu-data", "a.txt", "v1")).not.toBe(set.idOf("eu-data", "a.txt"));
  });

  it("of a bucket with versions is the current version, where an event names none: one item, and one finding", async () => {
    const set = await open([], {}, { versioning: true });
    const version = set.sandbox.createObject({ bucket: "public-data", key: "list.txt", body: IBANS });
    const container = set.container();
    await container.results(set.created("public-data", "list.txt", version));
    const Tagging = tagSet({ "data-residency": "public" });
    await asSomebody(set).send(new PutObjectTaggingCommand({ Bucket: "public-data", Key: "list.txt", Tagging }));
    const [result] = await container.results(
      objectRecord("public-data", "list.txt", { name: "PutObjectTagging", requestId: "HAND", id: "by-hand" }),
    );
    expect(result?.status).toBe("contained");
    expect(set.tagsOf("public-data", "list.txt")).toEqual(EU_ONLY);
    expect(set.journal.findings()).toHaveLength(1);
    expect(set.journal.findings()[0]).toMatchObject({ resource: { version }, occurrence: 2 });
    expect(set.journal.items().filter(({ entity }) => entity === "resource")).toHaveLength(1);
  });

  it("of a bucket that got versions later: what is open on the object of before is looked at, too", async () => {
    const pdf = Buffer.from("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n\0\x01", "latin1");
    const set = await open([{ bucket: "public-data", key: "list.pdf", body: pdf }]);
    const client = asSomebody(set);
    const [first] = await set.container().results(set.created("public-data", "list.pdf"));
    expect(first?.status).toBe("awaiting-approval");
    const Bucket = "public-data";
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
    await client.send(new PutObjectCommand({ Bucket, Key: "list.pdf", Body: "nothing of interest" }));
    await set.container().results(set.created(Bucket, "list.pdf"));
    expect(set.findingOf(Bucket, "list.pdf")).toMatchObject({ status: "awaiting-approval" });

    await client.send(new DeleteObjectCommand({ Bucket, Key: "list.pdf", VersionId: "null" }));
    await set.container().results(set.created(Bucket, "list.pdf"));
    expect(set.findingOf(Bucket, "list.pdf")).toMatchObject({ status: "resolved" });
  });

  it("that came to be by a call that names no version is nobody's by name: another may have written the current one", async () => {
    const set = await open([], {}, { versioning: true });
    set.sandbox.createObject({ bucket: "eu-data", key: "a.txt", body: "1" });
    await set.container().results(objectRecord("eu-data", "a.txt", { name: "PutObject" }));
    const [finding] = set.journal.findings();
    expect(finding?.status).toBe("contained");
    expect(finding).not.toHaveProperty("principal");
  });

  it("T4: with ten tags, one of them with the key of its class, is tagged, and keeps the other nine", async () => {
    const nine = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`t${index}`, "x"]));
    const set = await open([
      { bucket: "eu-data", key: "full.txt", body: "x", tags: { ...nine, "data-residency": "public" } },
    ]);
    const [result] = await set.container().results(set.created("eu-data", "full.txt"));
    expect(result?.status).toBe("contained");
    expect(set.tagsOf("eu-data", "full.txt")).toEqual({ ...nine, ...EU_ONLY });
  });

  it("T7: lowered by hand often enough, at any pace, is told of by a ticket although its tag is the course of things", async () => {
    const set = await open([{ bucket: "eu-data", key: "a.txt", body: "x" }]);
    const client = asSomebody(set);
    const container = set.container();
    await container.results(set.created("eu-data", "a.txt"));
    const item = () => set.journal.items().find(({ entity }) => entity === "finding");
    for (let flip = 1; flip <= 2; flip++) {
      expect(item(), `before flip ${flip}`).not.toHaveProperty("outbox");
      // Slower than the capped rate, so that none of them has to wait.
      set.advance(120_000);
      const Tagging = tagSet({ "data-residency": "public" });
      await client.send(new PutObjectTaggingCommand({ Bucket: "eu-data", Key: "a.txt", Tagging }));
      const [result] = await container.results(
        objectRecord("eu-data", "a.txt", { name: "PutObjectTagging", requestId: `HAND${flip}`, id: `flip-${flip}` }),
      );
      expect(result?.status).toBe("contained");
    }
    expect(set.findingOf("eu-data", "a.txt")).toMatchObject({ severity: "critical", status: "contained" });
    expect(set.findingOf("eu-data", "a.txt")).not.toHaveProperty("isQuiet");
    expect(item()?.outbox).toMatch(/^tickets#/);
  });
});
