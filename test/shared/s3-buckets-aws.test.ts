import {
  GetBucketReplicationCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  PutBucketReplicationCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { mockClient } from "aws-sdk-client-mock";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { AwsClients } from "../../shared/aws/clients.ts";
import { LISTING_MS, MAX_LISTED_PAGES } from "../../shared/resources/s3-buckets.ts";
import { s3BucketsOnAws } from "../../shared/resources/s3-buckets-aws.ts";
import type { Clock, ResourceRef } from "../../shared/types.ts";
import { START_MS } from "../support/events.ts";

/** What AWS can answer and the sandbox doesn't, or not at will. */
const s3 = mockClient(S3Client);
afterAll(() => s3.restore());
const bucket: ResourceRef = {
  type: "AWS::S3::Bucket",
  arn: "arn:aws:s3:::eu-data",
  name: "eu-data",
  account: "111122223333",
  region: "eu-central-1",
};
const clock: Clock = { nowMs: () => START_MS, sleep: async () => {} };
const port = () => s3BucketsOnAws(new AwsClients(), clock);

const WINDOW = { fromMs: START_MS, toMs: START_MS + 5_000 };

function failure(name: string, httpStatusCode?: number, headers: Record<string, string> = {}) {
  return Object.assign(new Error(name), {
    name,
    $metadata: { httpStatusCode, requestId: "R1" },
    $response: { headers },
  });
}

beforeEach(() => {
  s3.reset();
});

describe("every call on the customer's bucket", () => {
  it("names the owner it expects, so that a confused event reaches no other account's bucket", async () => {
    s3.onAnyCommand().resolves({ $metadata: { requestId: "R1" } });
    const { replication, readTags, countObjects } = port();
    await Promise.all([
      replication.read(bucket),
      readTags(bucket),
      replication.write(bucket, null),
      replication.write(bucket, { Role: "r", Rules: [] }),
      countObjects(bucket, "", WINDOW),
    ]);
    const inputs = s3.calls().map(({ args }) => args[0].input);
    expect(inputs).toHaveLength(5);
    for (const input of inputs) expect(input).toMatchObject({ Bucket: "eu-data", ExpectedBucketOwner: "111122223333" });
  });
});

describe("reading the replication configuration", () => {
  it.each([
    ["none is configured", failure("ReplicationConfigurationNotFoundError", 404), "present"],
    ["the bucket is gone", failure("NoSuchBucket", 404), "absent"],
    ["it is denied", failure("AccessDenied", 403), "unreadable"],
    ["the bucket lies in another Region", failure("PermanentRedirect", 301), "unreadable"],
  ])("when %s", async (_, error, kind) => {
    s3.on(GetBucketReplicationCommand).rejects(error);
    expect((await port().replication.read(bucket)).kind).toBe(kind);
  });

  it.each([
    ["throttled", failure("SlowDown", 503)],
    ["broken off within an answer of success", failure("SyntaxError", 200)],
    ["without an answer", failure("TimeoutError")],
    ["our own credentials ran out", failure("ExpiredToken", 400)],
  ])("%s concludes nothing", async (_, error) => {
    s3.on(GetBucketReplicationCommand).rejects(error);
    await expect(port().replication.read(bucket)).rejects.toMatchObject({ kind: "unavailable", retry: true });
  });
});

describe("writing it", () => {
  it("gives a receipt for a refusal, with AWS's request id and reason", async () => {
    s3.on(PutBucketReplicationCommand).rejects(failure("AccessDenied", 403));
    expect(await port().replication.write(bucket, { Role: "r", Rules: [] })).toMatchObject({
      outcome: "refused",
      requestId: "R1",
      error: "AccessDenied: AccessDenied",
    });
  });

  it.each([
    failure("TimeoutError"),
    failure("InternalError", 500),
    failure("SyntaxError", 200),
    failure("OperationAborted", 409),
  ])("doesn't claim to know what became of it after %s", async (error) => {
    s3.on(PutBucketReplicationCommand).rejects(error);
    await expect(port().replication.write(bucket, { Role: "r", Rules: [] })).rejects.toMatchObject({
      kind: "unavailable",
    });
  });
});

describe("the Region of a bucket", () => {
  const told = { "x-amz-bucket-region": "us-west-2" };
  it.each([
    ["another Region's, by 301", failure("301", 301, told), { region: "us-west-2" }],
    ["another account's, by 403", failure("403", 403, told), { region: "us-west-2" }],
    ["a bucket that is not there", failure("NotFound", 404), { unknown: "the bucket us-copy does not exist" }],
    ["a denial that tells nothing", failure("403", 403), { unknown: expect.stringContaining("403") }],
  ])("%s", async (_, error, answer) => {
    s3.on(HeadBucketCommand).rejects(error);
    expect(await port().regionOf("us-copy", bucket)).toEqual(answer);
  });

  it("is unknown, and not kept, when S3 answers without it", async () => {
    s3.on(HeadBucketCommand).resolvesOnce({ $metadata: {} }).resolves({ BucketRegion: "eu-west-1", $metadata: {} });
    const { regionOf } = port();
    expect(await regionOf("x-copy", bucket)).toMatchObject({ unknown: expect.any(String) });
    expect(await regionOf("x-copy", bucket)).toEqual({ region: "eu-west-1" });
  });
});

describe("counting objects that were last modified within a time", () => {
  const at = (ms: number, Size = 1) => ({
    Key: "personal/jane.doe@example.org",
    LastModified: new Date(START_MS + ms),
    Size,
  });
  const page = (contents: readonly object[], next?: string) => ({
    Contents: [...contents],
    IsTruncated: next !== undefined,
    NextContinuationToken: next,
    $metadata: {},
  });
  const inputs = () => s3.commandCalls(ListObjectsV2Command).map(({ args }) => args[0].input);
  /** A clock that goes on by so much with each page. */
  const slowPort = (msPerPage: number) => {
    const nowMs = () => START_MS + s3.commandCalls(ListObjectsV2Command).length * msPerPage;
    return s3BucketsOnAws(new AwsClients(), { nowMs, sleep: async () => {} });
  };

  it("adds up the pages, and gives no key", async () => {
    s3.on(ListObjectsV2Command)
      .resolvesOnce(page([at(3_000, 30), at(60_000, 500)], "next"))
      .resolves(page([at(1_000, 10), at(-60_000, 500), at(4_000, 40)]));

    expect(await port().countObjects(bucket, "orders/", WINDOW)).toEqual({
      objects: 3,
      bytes: 80,
      firstMs: START_MS + 1_000,
      lastMs: START_MS + 4_000,
      looked: 5,
      isAll: true,
    });

    expect(inputs()).toMatchObject([{ Prefix: "orders/", EncodingType: "url" }, { ContinuationToken: "next" }]);
    expect(inputs()[0]).not.toHaveProperty("ContinuationToken");
  });

  it.each([
    ["the second before the one it begins in", -1_000, 0],
    ["the second it begins in, which S3 cuts off", 0, 1],
    ["the second it ends in", 5_000, 1],
    ["the second after", 6_000, 0],
  ])("at its edges: %s", async (_, ms, objects) => {
    s3.on(ListObjectsV2Command).resolves(page([at(ms)]));
    const window = { fromMs: START_MS + 700, toMs: START_MS + 5_300 };
    expect(await port().countObjects(bucket, "", window)).toMatchObject({ objects, looked: 1, isAll: true });
  });

  it("is nothing, without times, in an empty bucket, which S3 lists without contents", async () => {
    s3.on(ListObjectsV2Command).resolves({ KeyCount: 0, IsTruncated: false, $metadata: {} });
    expect(await port().countObjects(bucket, "", WINDOW)).toEqual({ objects: 0, bytes: 0, looked: 0, isAll: true });
  });

  it("ends after so many pages, and says that it is not all", async () => {
    s3.on(ListObjectsV2Command).resolves(page([at(0)], "next"));

    expect(await port().countObjects(bucket, "", WINDOW)).toMatchObject({
      objects: MAX_LISTED_PAGES,
      looked: MAX_LISTED_PAGES,
      isAll: false,
    });

    expect(inputs()).toHaveLength(MAX_LISTED_PAGES);
  });

  it("is all when the last page it may ask for is the last there is", async () => {
    let pages = 0;
    s3.on(ListObjectsV2Command).callsFake(async () => page([at(0)], ++pages < MAX_LISTED_PAGES ? "next" : undefined));
    expect(await port().countObjects(bucket, "", WINDOW)).toMatchObject({ objects: MAX_LISTED_PAGES, isAll: true });
  });

  it.each([
    ["its own limit", {}, LISTING_MS / 4, 4],
    ["the caller's, if that is sooner", { deadlineMs: START_MS + 2_000 }, 1_000, 2],
    ["its own, if the caller's is later", { deadlineMs: START_MS + 10 * LISTING_MS }, LISTING_MS / 4, 4],
    ["the caller's, passed already: one page is asked for", { deadlineMs: START_MS - 1 }, 1_000, 1],
  ])("ends at a deadline: %s", async (_, more, msPerPage, pages) => {
    s3.on(ListObjectsV2Command).resolves(page([at(0)], "next"));

    const count = await slowPort(msPerPage).countObjects(bucket, "", { ...WINDOW, ...more });

    expect(count).toMatchObject({ objects: pages, isAll: false });
    expect(inputs()).toHaveLength(pages);
  });

  it.each([
    ["a page that is cut off without saying how to go on", { ...page([at(0)]), IsTruncated: true }],
    ["an object without a time", page([at(0), { Key: "k", Size: 1 }])],
  ])("is not all after %s", async (_, answer) => {
    s3.on(ListObjectsV2Command).resolves(answer);
    expect(await port().countObjects(bucket, "", WINDOW)).toMatchObject({ objects: 1, looked: 1, isAll: false });
  });

  it.each([
    ["it is denied", failure("AccessDenied", 403), "AccessDenied: AccessDenied"],
    ["the bucket is gone", failure("NoSuchBucket", 404), "the bucket eu-data does not exist"],
    ["the bucket lies in another Region", failure("PermanentRedirect", 301), "PermanentRedirect: PermanentRedirect"],
  ])("is no number when %s, also after a first page", async (_, error, unreadable) => {
    s3.on(ListObjectsV2Command)
      .resolvesOnce(page([at(0)], "next"))
      .rejects(error);
    expect(await port().countObjects(bucket, "", WINDOW)).toEqual({ unreadable });
  });

  it.each([
    failure("SlowDown", 503),
    failure("SyntaxError", 200),
    failure("TimeoutError"),
    failure("ExpiredToken", 400),
  ])("concludes nothing when a page gets no answer (%s)", async (error) => {
    s3.on(ListObjectsV2Command)
      .resolvesOnce(page([at(0)], "next"))
      .rejects(error);
    await expect(port().countObjects(bucket, "", WINDOW)).rejects.toMatchObject({ kind: "unavailable", retry: true });
  });
});
