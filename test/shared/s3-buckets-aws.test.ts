import {
  GetBucketReplicationCommand,
  HeadBucketCommand,
  PutBucketReplicationCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { mockClient } from "aws-sdk-client-mock";
import { beforeEach, describe, expect, it } from "vitest";
import { AwsClients } from "../../shared/aws/clients.ts";
import { s3BucketsOnAws } from "../../shared/resources/s3-buckets-aws.ts";
import type { Clock, ResourceRef } from "../../shared/types.ts";
import { START_MS } from "../support/events.ts";

/** What AWS can answer and the sandbox doesn't, or not at will. */
const s3 = mockClient(S3Client);
const bucket: ResourceRef = {
  type: "AWS::S3::Bucket",
  arn: "arn:aws:s3:::eu-data",
  name: "eu-data",
  account: "111122223333",
  region: "eu-central-1",
};
const clock: Clock = { nowMs: () => START_MS, sleep: async () => {} };
const port = () => s3BucketsOnAws(new AwsClients(), clock);

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
    const { replication, readTags } = port();
    await Promise.all([
      replication.read(bucket),
      readTags(bucket),
      replication.write(bucket, null),
      replication.write(bucket, { Role: "r", Rules: [] }),
    ]);
    const inputs = s3.calls().map(({ args }) => args[0].input);
    expect(inputs).toHaveLength(4);
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
