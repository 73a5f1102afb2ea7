import {
  DeleteBucketReplicationCommand,
  GetBucketReplicationCommand,
  PutBucketReplicationCommand,
  PutBucketVersioningCommand,
  type ReplicationConfiguration,
  type ReplicationRule,
  type S3Client,
} from "@aws-sdk/client-s3";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { failureOf, s3Client } from "./clients.ts";

const ROLE = "arn:aws:iam::111122223333:role/replication";
let sandbox: Sandbox;
let s3: S3Client;

beforeAll(async () => {
  sandbox = await startSandbox();
  s3 = s3Client(sandbox);
});
afterAll(() => sandbox.close());
beforeEach(() => {
  sandbox.createBucket({ name: "source", versioning: true });
  sandbox.createBucket({ name: "source-unversioned" });
  for (const name of ["paris", "dublin"]) sandbox.createBucket({ name, region: "eu-west-1", versioning: true });
  sandbox.createBucket({ name: "unversioned", region: "eu-west-1" });
});

const put = (configuration: ReplicationConfiguration, Bucket = "source") =>
  s3.send(new PutBucketReplicationCommand({ Bucket, ReplicationConfiguration: configuration }));
const get = async (Bucket = "source") =>
  (await s3.send(new GetBucketReplicationCommand({ Bucket }))).ReplicationConfiguration;

const first = (rule: Partial<ReplicationRule> = {}): ReplicationRule => ({
  ID: "one",
  Prefix: "",
  Status: "Enabled",
  Destination: { Bucket: "arn:aws:s3:::paris" },
  ...rule,
});
const second = (rule: Partial<ReplicationRule> = {}): ReplicationRule => ({
  ID: "one",
  Priority: 1,
  Filter: { Prefix: "" },
  DeleteMarkerReplication: { Status: "Disabled" },
  Status: "Enabled",
  Destination: { Bucket: "arn:aws:s3:::paris" },
  ...rule,
});

describe("replication configurations survive the wire", () => {
  it.each<[string, ReplicationRule[]]>([
    ["first version", [first(), first({ ID: "two", Prefix: "a/ b&<>\"'é" })]],
    ["empty prefix filter", [second()]],
    ["empty filter", [second({ Filter: {} })]],
    ["tag filter", [second({ Filter: { Tag: { Key: "k", Value: "" } } })]],
    ["one tag under And", [second({ Filter: { And: { Prefix: "p", Tags: [{ Key: "a", Value: "b" }] } } })]],
    [
      "everything at once",
      [
        second({
          Filter: {
            And: {
              Prefix: "",
              Tags: [
                { Key: "a", Value: "1" },
                { Key: "b", Value: "true" },
              ],
            },
          },
          SourceSelectionCriteria: {
            SseKmsEncryptedObjects: { Status: "Enabled" },
            ReplicaModifications: { Status: "Disabled" },
          },
          ExistingObjectReplication: { Status: "Disabled" },
          Destination: {
            Bucket: "arn:aws:s3:::paris",
            Account: "012345678901",
            StorageClass: "STANDARD_IA",
            AccessControlTranslation: { Owner: "Destination" },
            EncryptionConfiguration: { ReplicaKmsKeyID: "arn:aws:kms:eu-west-1:012345678901:key/x" },
            ReplicationTime: { Status: "Enabled", Time: { Minutes: 15 } },
            Metrics: { Status: "Enabled", EventThreshold: { Minutes: 15 } },
          },
        }),
        second({ ID: "two", Priority: 0, Status: "Disabled", Destination: { Bucket: "arn:aws:s3:::dublin" } }),
      ],
    ],
  ])("%s", async (_name, Rules) => {
    await put({ Role: ROLE, Rules });

    expect(await get()).toEqual({ Role: ROLE, Rules });
  });

  it("holds for random configurations", async () => {
    const text = fc.string({ unit: fc.constantFrom("a", "B", "0", " ", "/", "&", "<", '"', "'", "é", "😀", ".") });
    const key = text.map((value) => `k${value}`);
    const tag = fc.record({ Key: key, Value: text });
    const filter = fc.oneof(
      fc.constant({}),
      fc.record({ Prefix: text }),
      fc.record({ Tag: tag }),
      fc.record({ And: fc.record({ Prefix: text, Tags: fc.array(tag, { minLength: 1, maxLength: 3 }) }) }),
    );
    const status = fc.constantFrom("Enabled" as const, "Disabled" as const);
    const destination = fc.constantFrom("arn:aws:s3:::paris", "arn:aws:s3:::dublin");
    const rules = fc.uniqueArray(
      fc.record({ ID: key, Filter: filter, Status: status, Bucket: destination, Priority: fc.nat(1000) }),
      { selector: ({ ID }) => ID, minLength: 1, maxLength: 5 },
    );
    await fc.assert(
      fc.asyncProperty(rules, async (specs) => {
        const Rules = specs.map(({ Bucket, ...rule }, index) =>
          second({ ...rule, Priority: rule.Priority * 10 + index, Destination: { Bucket } }),
        );

        await put({ Role: ROLE, Rules });

        expect(await get()).toEqual({ Role: ROLE, Rules });
      }),
      { numRuns: 60 },
    );
  });

  it("gives a rule without an ID one", async () => {
    const { ID: _none, ...rule } = second();

    await put({ Role: ROLE, Rules: [rule] });

    expect((await get())?.Rules?.[0]?.ID).toMatch(/^.{10,255}$/);
  });
});

describe("preconditions of PutBucketReplication", () => {
  it.each<[string, ReplicationConfiguration, string, RegExp, string?]>([
    [
      "unversioned source",
      { Role: ROLE, Rules: [second()] },
      "InvalidRequest",
      /Versioning must be/,
      "source-unversioned",
    ],
    [
      "missing destination",
      { Role: ROLE, Rules: [second({ Destination: { Bucket: "arn:aws:s3:::nowhere" } })] },
      "InvalidRequest",
      /must exist/,
    ],
    [
      "unversioned destination",
      { Role: ROLE, Rules: [second({ Destination: { Bucket: "arn:aws:s3:::unversioned" } })] },
      "InvalidRequest",
      /must have versioning enabled/,
    ],
    [
      "source as destination",
      { Role: ROLE, Rules: [second({ Destination: { Bucket: "arn:aws:s3:::source" } })] },
      "InvalidRequest",
      /same as the source/,
    ],
    ["no rules", { Role: ROLE, Rules: [] }, "MalformedXML", /schema/],
    ["twice the same ID", { Role: ROLE, Rules: [second(), second({ Priority: 2 })] }, "InvalidArgument", /unique/],
    ["an ID of 256", { Role: ROLE, Rules: [second({ ID: "x".repeat(256) })] }, "InvalidArgument", /255/],
    [
      "both versions mixed",
      { Role: ROLE, Rules: [second(), first({ ID: "two" })] },
      "InvalidRequest",
      /must be specified/,
    ],
    [
      "first version with delete markers",
      { Role: ROLE, Rules: [first({ DeleteMarkerReplication: { Status: "Disabled" } })] },
      "InvalidRequest",
      /cannot be used/,
    ],
    [
      "first version with two destinations",
      { Role: ROLE, Rules: [first(), first({ ID: "two", Destination: { Bucket: "arn:aws:s3:::dublin" } })] },
      "InvalidRequest",
      /distinct destination/,
    ],
    [
      "delete markers by tag",
      {
        Role: ROLE,
        Rules: [second({ Filter: { Tag: { Key: "a", Value: "b" } }, DeleteMarkerReplication: { Status: "Enabled" } })],
      },
      "InvalidRequest",
      /Tag filter/,
    ],
    [
      "one priority twice for one destination",
      { Role: ROLE, Rules: [second(), second({ ID: "two" })] },
      "InvalidRequest",
      /duplicate priority 1/,
    ],
  ])("refuses %s", async (_name, configuration, code, message, bucket) => {
    const before = sandbox.bucket(bucket ?? "source");

    const error = await failureOf(put(configuration, bucket));

    expect(error).toMatchObject({ name: code, $metadata: { httpStatusCode: 400 } });
    expect(error.message).toMatch(message);
    expect(sandbox.bucket(bucket ?? "source")).toEqual(before);
  });

  it("needs DeleteMarkerReplication and Priority beside a Filter", async () => {
    const { DeleteMarkerReplication: _marker, ...withoutMarker } = second();
    const { Priority: _priority, ...withoutPriority } = second();

    expect((await failureOf(put({ Role: ROLE, Rules: [withoutMarker] }))).message).toMatch(
      /DeleteMarkerReplication must/,
    );
    expect((await failureOf(put({ Role: ROLE, Rules: [withoutPriority] }))).message).toMatch(/Priority must/);
  });
});

describe("around replication", () => {
  it("does not find what was deleted, and keeps the history", async () => {
    await put({ Role: ROLE, Rules: [second()] });
    await s3.send(new DeleteBucketReplicationCommand({ Bucket: "source" }));

    expect(await failureOf(get())).toMatchObject({
      name: "ReplicationConfigurationNotFoundError",
      $metadata: { httpStatusCode: 404 },
    });
    expect(
      sandbox.bucket("source").replicationHistory.map(({ configuration }) => configuration?.Rules?.length),
    ).toEqual([1, undefined]);
  });

  it("keeps versioning on while a configuration is there", async () => {
    await put({ Role: ROLE, Rules: [second()] });
    const suspend = () =>
      s3.send(new PutBucketVersioningCommand({ Bucket: "source", VersioningConfiguration: { Status: "Suspended" } }));

    expect(await failureOf(suspend())).toMatchObject({
      name: "InvalidBucketState",
      $metadata: { httpStatusCode: 409 },
    });
    await s3.send(new DeleteBucketReplicationCommand({ Bucket: "source" }));
    await suspend();
    expect(sandbox.bucket("source").versioning).toBe("Suspended");
  });

  it("needs iam:PassRole", async () => {
    const intern = sandbox.createPrincipal({ type: "IAMUser", name: "intern" });
    const allow = sandbox.deny({ principal: intern.arn, action: "iam:PassRole" });
    const client = s3Client(sandbox, undefined, intern);
    const command = () =>
      client.send(
        new PutBucketReplicationCommand({
          Bucket: "source",
          ReplicationConfiguration: { Role: ROLE, Rules: [second()] },
        }),
      );

    const error = await failureOf(command());

    expect(error).toMatchObject({ name: "AccessDenied", $metadata: { httpStatusCode: 403 } });
    expect(error.message).toContain("iam:PassRole");
    await put({ Role: ROLE, Rules: [second()] });
    allow();
    await command();
  });

  it("reads one write behind when told to", async () => {
    await put({ Role: ROLE, Rules: [second({ ID: "old" })] });
    await put({ Role: ROLE, Rules: [second({ ID: "new" })] });
    sandbox.stale({ bucket: "source", operation: "GetBucketReplication", times: 1 });

    expect((await get())?.Rules?.[0]?.ID).toBe("old");
    expect((await get())?.Rules?.[0]?.ID).toBe("new");
  });
});
