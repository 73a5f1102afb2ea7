import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketTaggingCommand,
  GetBucketAbacCommand,
  GetBucketAclCommand,
  GetBucketLocationCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectAclCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  PutBucketAbacCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  S3Client,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { failureOf, s3Client } from "./clients.ts";

let sandbox: Sandbox;
let s3: S3Client;
beforeEach(async () => {
  sandbox = await startSandbox();
  s3 = s3Client(sandbox);
});
afterEach(() => sandbox.close());

/** Status and Region header of a HEAD on a bucket, as sent over the wire. */
async function head(bucket: string, region?: string, expectedOwner?: string): Promise<[number, string | null]> {
  const seen: [number, string | null][] = [];
  const client = s3Client(sandbox, region);
  client.middlewareStack.add(
    (next) => async (parameters) => {
      const output = await next(parameters);
      const { statusCode, headers } = output.response as { statusCode: number; headers: Record<string, string> };
      seen.push([statusCode, headers["x-amz-bucket-region"] ?? null]);
      return output;
    },
    { step: "deserialize", priority: "low" },
  );
  await client.send(new HeadBucketCommand({ Bucket: bucket, ExpectedBucketOwner: expectedOwner })).catch(() => {});
  const [last] = seen;
  if (!last) throw new Error("No response was seen");
  return last;
}

describe("HeadBucket says where a bucket is", () => {
  beforeEach(() => {
    sandbox.createBucket({ name: "home" });
    sandbox.createBucket({ name: "away", region: "us-west-2" });
    sandbox.createBucket({ name: "foreign", account: "999999999999" });
  });

  it("on 200, 301 and 403, and not on 404", async () => {
    expect(await head("home")).toEqual([200, "eu-central-1"]);
    expect(await head("away")).toEqual([301, "us-west-2"]);
    expect(await head("foreign")).toEqual([403, "eu-central-1"]);
    expect(await head("home", undefined, "999999999999")).toEqual([403, "eu-central-1"]);
    expect(await head("nowhere")).toEqual([404, null]);
  });

  it("also when the permission is denied", async () => {
    sandbox.deny({ action: "s3:ListBucket", resource: "home" });

    expect(await head("home")).toEqual([403, "eu-central-1"]);
  });

  it("through the SDK's own answer", async () => {
    const { BucketRegion } = await s3.send(new HeadBucketCommand({ Bucket: "home" }));

    expect(BucketRegion).toBe("eu-central-1");
  });
});

describe("who may call", () => {
  it("redirects a call from another Region", async () => {
    sandbox.createBucket({ name: "away", region: "us-west-2" });

    const error = await failureOf(s3.send(new GetBucketTaggingCommand({ Bucket: "away" })));

    expect(error).toMatchObject({ name: "PermanentRedirect", $metadata: { httpStatusCode: 301 } });
  });

  it("refuses the wrong expected owner and a stranger", async () => {
    sandbox.createBucket({ name: "home", tags: { a: "b" } });
    const stranger = sandbox.createPrincipal({ type: "IAMUser", name: "stranger", account: "999999999999" });

    const wrongOwner = s3.send(new GetBucketTaggingCommand({ Bucket: "home", ExpectedBucketOwner: "999999999999" }));
    const strange = s3Client(sandbox, undefined, stranger).send(new GetBucketTaggingCommand({ Bucket: "home" }));

    expect(await failureOf(wrongOwner)).toMatchObject({ name: "AccessDenied", $metadata: { httpStatusCode: 403 } });
    expect(await failureOf(strange)).toMatchObject({ name: "AccessDenied", $metadata: { httpStatusCode: 403 } });
  });

  it("refuses an access key nobody has", async () => {
    const client = new S3Client({
      endpoint: sandbox.endpoint,
      region: "eu-central-1",
      forcePathStyle: true,
      credentials: { accessKeyId: "AKIAUNKNOWN", secretAccessKey: "x" },
    });

    expect(await failureOf(client.send(new ListBucketsCommand({})))).toMatchObject({
      name: "InvalidAccessKeyId",
      $metadata: { httpStatusCode: 403 },
    });
  });

  it("does not let unknown requests fall through to known ones", async () => {
    sandbox.createBucket({ name: "home" });

    expect(await failureOf(s3.send(new GetBucketAclCommand({ Bucket: "home" })))).toMatchObject({
      name: "NotImplemented",
    });
    expect(await failureOf(s3.send(new GetObjectAclCommand({ Bucket: "home", Key: "a/b" })))).toMatchObject({
      name: "NotImplemented",
    });
    const part = { Bucket: "home", Key: "a/b", UploadId: "1", PartNumber: 1, CopySource: "home/c" };
    expect(await failureOf(s3.send(new UploadPartCopyCommand(part)))).toMatchObject({ name: "NotImplemented" });
    expect(sandbox.objects("home")).toEqual([]);
    expect(sandbox.hasBucket("home")).toBe(true);
  });
});

describe("a bucket's life", () => {
  it("is created, versioned, listed and deleted", async () => {
    await s3.send(
      new CreateBucketCommand({
        Bucket: "fresh",
        CreateBucketConfiguration: { LocationConstraint: "eu-central-1", Tags: [{ Key: "a", Value: "b" }] },
      }),
    );
    expect((await s3.send(new GetBucketVersioningCommand({ Bucket: "fresh" }))).Status).toBeUndefined();
    await s3.send(new PutBucketVersioningCommand({ Bucket: "fresh", VersioningConfiguration: { Status: "Enabled" } }));
    expect((await s3.send(new GetBucketVersioningCommand({ Bucket: "fresh" }))).Status).toBe("Enabled");
    expect((await s3.send(new ListBucketsCommand({}))).Buckets).toMatchObject([
      { Name: "fresh", BucketRegion: "eu-central-1" },
    ]);
    expect(sandbox.bucket("fresh").tags).toEqual([{ Key: "a", Value: "b" }]);
    await s3.send(new DeleteBucketCommand({ Bucket: "fresh" }));
    expect(sandbox.hasBucket("fresh")).toBe(false);
  });

  it("has no location constraint in us-east-1 only", async () => {
    sandbox.createBucket({ name: "virginia", region: "us-east-1" });
    sandbox.createBucket({ name: "home" });
    const locate = async (client: S3Client, Bucket: string) =>
      (await client.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint;

    expect(await locate(s3Client(sandbox, "us-east-1"), "virginia")).toBeFalsy();
    expect(await locate(s3, "home")).toBe("eu-central-1");
  });

  it("begins in the Region that was called", async () => {
    const elsewhere = new CreateBucketCommand({
      Bucket: "fresh",
      CreateBucketConfiguration: { LocationConstraint: "us-west-2" },
    });

    expect(await failureOf(s3.send(elsewhere))).toMatchObject({ name: "IllegalLocationConstraintException" });
  });

  it("has a name that is free", async () => {
    sandbox.createBucket({ name: "home" });
    sandbox.createBucket({ name: "foreign", account: "999999999999" });
    const create = (Bucket: string) =>
      s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: "eu-central-1" } }));

    expect(await failureOf(create("home"))).toMatchObject({ name: "BucketAlreadyOwnedByYou" });
    expect(await failureOf(create("foreign"))).toMatchObject({ name: "BucketAlreadyExists" });
  });
});

describe("tags", () => {
  const put = (tags: Record<string, string>) =>
    s3.send(
      new PutBucketTaggingCommand({
        Bucket: "home",
        Tagging: { TagSet: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
      }),
    );
  const get = async () => (await s3.send(new GetBucketTaggingCommand({ Bucket: "home" }))).TagSet;
  beforeEach(() => sandbox.createBucket({ name: "home" }));

  it("are replaced as a whole and deleted as a whole", async () => {
    await put({ a: "1", "b <&>": "é" });
    expect(await get()).toEqual([
      { Key: "a", Value: "1" },
      { Key: "b <&>", Value: "é" },
    ]);
    await s3.send(new DeleteBucketTaggingCommand({ Bucket: "home" }));
    expect(await failureOf(get())).toMatchObject({ name: "NoSuchTagSet", $metadata: { httpStatusCode: 404 } });
  });

  it("are refused when they are AWS's own or too many", async () => {
    expect(await failureOf(put({ "aws:x": "1" }))).toMatchObject({ name: "InvalidTag" });
    expect(await failureOf(put(Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, ""]))))).toMatchObject(
      {
        name: "BadRequest",
      },
    );
  });

  it("change only by TagResource and UntagResource once ABAC is on", async () => {
    await put({ a: "1" });
    await s3.send(new PutBucketAbacCommand({ Bucket: "home", AbacStatus: { Status: "Enabled" } }));
    expect((await s3.send(new GetBucketAbacCommand({ Bucket: "home" }))).AbacStatus?.Status).toBe("Enabled");
    expect(await failureOf(put({ b: "2" }))).toMatchObject({ $metadata: { httpStatusCode: 405 } });
    expect(await failureOf(s3.send(new DeleteBucketTaggingCommand({ Bucket: "home" })))).toMatchObject({
      $metadata: { httpStatusCode: 405 },
    });

    expect(await control("POST", "", "<Tags><Tag><Key>b</Key><Value>2</Value></Tag></Tags>")).toMatchObject({
      status: 204,
    });
    expect(await get()).toHaveLength(2);
    expect(await control("DELETE", "?tagKeys=a")).toMatchObject({ status: 204 });
    expect(await get()).toEqual([{ Key: "b", Value: "2" }]);
    expect(await control("GET", "")).toEqual({
      status: 200,
      body: expect.stringContaining("<Tags><Tag><Key>b</Key><Value>2</Value></Tag></Tags>"),
    });
    expect(sandbox.calls.slice(-3).map(({ operation }) => operation)).toEqual([
      "UntagResource",
      "GetBucketTagging",
      "ListTagsForResource",
    ]);
  });

  /** S3 Control's client is not installed: this is its request as its API reference shows it. */
  async function control(method: string, query: string, body?: string): Promise<{ status: number; body: string }> {
    const key = sandbox.environment().AWS_ACCESS_KEY_ID;
    const response = await fetch(
      `${sandbox.endpoint}/v20180820/tags/${encodeURIComponent("arn:aws:s3:::home")}${query}`,
      {
        method,
        headers: {
          "x-amz-account-id": sandbox.account,
          authorization: `AWS4-HMAC-SHA256 Credential=${key}/20261121/eu-central-1/s3/aws4_request, SignedHeaders=host, Signature=0`,
        },
        ...(body === undefined
          ? {}
          : {
              body: `<TagResourceRequest xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/">${body}</TagResourceRequest>`,
            }),
      },
    );
    return { status: response.status, body: await response.text() };
  }
});
