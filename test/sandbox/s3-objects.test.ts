import { Readable } from "node:stream";
import {
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { failureOf, s3Client } from "./clients.ts";

let sandbox: Sandbox;
let s3: S3Client;
beforeEach(async () => {
  sandbox = await startSandbox();
  s3 = s3Client(sandbox);
  sandbox.createBucket({ name: "plain" });
  sandbox.createBucket({ name: "versioned", versioning: true });
});
afterEach(() => sandbox.close());

const put = (Bucket: string, Key: string, Body: PutObjectCommandInput["Body"] = "body", more: object = {}) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const read = async (Bucket: string, Key: string, VersionId?: string) => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, VersionId }));
  return Body?.transformToString();
};

describe("an object", () => {
  it.each(["a", "a/b/c.json", "a b/é+c&d=1?#.json", "a//b", "日本/語"])("is kept under the key %s", async (key) => {
    await put("plain", key, "hällo");

    expect(await read("plain", key)).toBe("hällo");
    expect(sandbox.objects("plain")).toMatchObject([{ key, body: "hällo", versionId: "null" }]);
  });

  it("comes back with what was said about it", async () => {
    const { ETag } = await put("plain", "a", "hello", { ContentType: "application/json", Metadata: { entry: "7" } });

    const expected = {
      ETag,
      ContentLength: 5,
      ContentType: "application/json",
      Metadata: { entry: "7" },
      ServerSideEncryption: "AES256",
    };
    const object = await s3.send(new GetObjectCommand({ Bucket: "plain", Key: "a" }));
    expect(object).toMatchObject(expected);
    const putAt = sandbox.calls[0]?.at ?? 0;
    expect(object.LastModified?.getTime()).toBe(Math.floor(putAt / 1000) * 1000);
    expect(await s3.send(new HeadObjectCommand({ Bucket: "plain", Key: "a" }))).toMatchObject(expected);
  });

  it("is taken out of the chunks a stream is sent in", async () => {
    const stream = Readable.from([Buffer.from("hello "), Buffer.from("world")]);

    await put("plain", "a", stream, { ContentLength: 11 });

    expect(await read("plain", "a")).toBe("hello world");
  });

  it.each<[string, object]>([
    ["Content-MD5", { ContentMD5: "AAAAAAAAAAAAAAAAAAAAAA==" }],
    ["CRC32", { ChecksumCRC32: "AAAAAA==" }],
    ["SHA-256", { ChecksumSHA256: "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCA=" }],
  ])("is refused when its %s is not that of the body", async (_name, more) => {
    expect(await failureOf(put("plain", "a", "hello", more))).toMatchObject({ name: "BadDigest" });
    expect(sandbox.objects("plain")).toEqual([]);
  });

  it("is missing by its own error, which HEAD can only hint at", async () => {
    const get = s3.send(new GetObjectCommand({ Bucket: "plain", Key: "none" }));
    expect(await failureOf(get)).toMatchObject({ name: "NoSuchKey", $metadata: { httpStatusCode: 404 } });
    const head = s3.send(new HeadObjectCommand({ Bucket: "plain", Key: "none" }));
    expect(await failureOf(head)).toMatchObject({ name: "NotFound" });
  });

  it("is not told to be missing to those who may not list the bucket", async () => {
    sandbox.deny({ action: "s3:ListBucket" });

    const get = s3.send(new GetObjectCommand({ Bucket: "plain", Key: "none" }));

    expect(await failureOf(get)).toMatchObject({ name: "AccessDenied" });
  });

  it("is refused with members of the request the sandbox would have to ignore", async () => {
    expect(await failureOf(put("plain", "a", "x", { WebsiteRedirectLocation: "/b" }))).toMatchObject({
      name: "NotImplemented",
    });
  });
});

describe("If-None-Match: *", () => {
  const putOnce = (bucket: string, body: string) => put(bucket, "a", body, { IfNoneMatch: "*" });

  it("lets one of ten racing writers win, and tells the others", async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, (_, n) => putOnce("versioned", String(n))));

    const refused = outcomes.filter((outcome) => outcome.status === "rejected");
    expect(refused).toHaveLength(9);
    expect(refused[0]?.reason).toMatchObject({ name: "PreconditionFailed", $metadata: { httpStatusCode: 412 } });
    expect(sandbox.objects("versioned")).toHaveLength(1);
  });

  it("takes a deleted object for none", async () => {
    await putOnce("versioned", "1");
    await s3.send(new DeleteObjectCommand({ Bucket: "versioned", Key: "a" }));

    await putOnce("versioned", "2");

    expect(await read("versioned", "a")).toBe("2");
  });

  it("is the only value a write takes", async () => {
    const call = put("plain", "a", "x", { IfNoneMatch: '"etag"' });

    expect(await failureOf(call)).toMatchObject({ $metadata: { httpStatusCode: 501 } });
  });
});

describe("versions", () => {
  it("pile up, each readable by its id", async () => {
    const { VersionId: first } = await put("versioned", "a", "1");
    await put("versioned", "a", "2");

    expect(await read("versioned", "a")).toBe("2");
    expect(await read("versioned", "a", first)).toBe("1");
    expect(sandbox.objects("versioned").map(({ body }) => body)).toEqual(["1", "2"]);
  });

  it("are hidden by a delete marker, and back when it is deleted", async () => {
    await put("versioned", "a", "1");
    const marker = await s3.send(new DeleteObjectCommand({ Bucket: "versioned", Key: "a" }));
    expect(marker.DeleteMarker).toBe(true);
    expect(await failureOf(read("versioned", "a"))).toMatchObject({ name: "NoSuchKey" });
    expect(await failureOf(read("versioned", "a", marker.VersionId))).toMatchObject({ name: "MethodNotAllowed" });

    await s3.send(new DeleteObjectCommand({ Bucket: "versioned", Key: "a", VersionId: marker.VersionId }));

    expect(await read("versioned", "a")).toBe("1");
  });

  it("are gone for good when deleted by id; an id nobody has is deleted already", async () => {
    const { VersionId } = await put("versioned", "a", "1");
    for (const id of [VersionId, VersionId]) {
      await s3.send(new DeleteObjectCommand({ Bucket: "versioned", Key: "a", VersionId: id }));
    }

    expect(sandbox.objects("versioned")).toEqual([]);
    expect(await failureOf(read("versioned", "a", VersionId))).toMatchObject({ name: "NoSuchVersion" });
  });

  it("are overwritten without versioning, and one called null while it is suspended", async () => {
    await put("plain", "a", "1");
    await put("plain", "a", "2");
    expect(sandbox.objects("plain").map(({ body }) => body)).toEqual(["2"]);

    await put("versioned", "a", "1");
    const suspended = { Status: "Suspended" as const };
    await s3.send(new PutBucketVersioningCommand({ Bucket: "versioned", VersioningConfiguration: suspended }));
    await put("versioned", "a", "2");
    await put("versioned", "a", "3");

    expect(sandbox.objects("versioned").map(({ body }) => body)).toEqual(["1", "3"]);
  });
});

describe("listings", () => {
  it("go through a prefix in pages, in the order of bytes, without what is deleted", async () => {
    for (const key of ["e/10", "e/2", "e/é", "e/Z", "f/1", "e/gone"]) await put("versioned", key);
    await s3.send(new DeleteObjectCommand({ Bucket: "versioned", Key: "e/gone" }));
    const keys: (string | undefined)[][] = [];
    let token: string | undefined;
    do {
      const page = await s3.send(
        new ListObjectsV2Command({ Bucket: "versioned", Prefix: "e/", MaxKeys: 3, ContinuationToken: token }),
      );
      keys.push((page.Contents ?? []).map(({ Key }) => Key));
      token = page.NextContinuationToken;
    } while (token);

    expect(keys).toEqual([["e/10", "e/2", "e/Z"], ["e/é"]]);
  });

  it("write keys as URLs do, for who asks", async () => {
    await put("versioned", "e/a b é.json");

    const page = await s3.send(new ListObjectsV2Command({ Bucket: "versioned", Prefix: "e/", EncodingType: "url" }));

    expect(page).toMatchObject({ EncodingType: "url", Prefix: "e/" });
    expect(page.Contents?.map(({ Key }) => Key)).toEqual(["e/a%20b%20%C3%A9.json"]);
  });

  it("show versions newest first, in pages, with their delete markers", async () => {
    await put("versioned", "a", "1");
    await put("versioned", "a", "2");
    await s3.send(new DeleteObjectCommand({ Bucket: "versioned", Key: "a" }));
    await put("versioned", "b", "3");
    const list = (more: object) => s3.send(new ListObjectVersionsCommand({ Bucket: "versioned", MaxKeys: 2, ...more }));

    const first = await list({});
    const { NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = first;
    const second = await list({ KeyMarker, VersionIdMarker });

    const [marker] = first.DeleteMarkers ?? [];
    expect(marker).toMatchObject({ Key: "a", IsLatest: true });
    expect(first.Versions).toMatchObject([{ Key: "a", IsLatest: false, Size: 1 }]);
    expect(second.Versions).toMatchObject([
      { Key: "a", IsLatest: false },
      { Key: "b", IsLatest: true },
    ]);
    expect([first.IsTruncated, second.IsTruncated]).toEqual([true, false]);
  });
});

it("records the actions and resources IAM is asked for", async () => {
  const key = "e/1";
  await put("versioned", key, "x", { Tagging: "a=b" });
  const VersionId = sandbox.objects("versioned")[0]?.versionId;
  const named = { Bucket: "versioned", Key: key };
  await s3.send(new GetObjectCommand(named));
  await s3.send(new GetObjectCommand({ ...named, VersionId }));
  await s3.send(new HeadObjectCommand(named));
  await s3.send(new DeleteObjectCommand(named));
  await s3.send(new DeleteObjectCommand({ ...named, VersionId }));
  await s3.send(new ListObjectsV2Command({ Bucket: "versioned" }));
  await s3.send(new ListObjectVersionsCommand({ Bucket: "versioned" }));

  const object = "arn:aws:s3:::versioned/e/1";
  const bucket = "arn:aws:s3:::versioned";
  expect(sandbox.calls.map(({ permissions }) => permissions.map(({ action, resource }) => [action, resource]))).toEqual(
    [
      [
        ["s3:PutObject", object],
        ["s3:PutObjectTagging", object],
      ],
      [["s3:GetObject", object]],
      [["s3:GetObjectVersion", object]],
      [["s3:GetObject", object]],
      [["s3:DeleteObject", object]],
      [["s3:DeleteObjectVersion", object]],
      [["s3:ListBucket", bucket]],
      [["s3:ListBucketVersions", bucket]],
    ],
  );
  expect(
    sandbox.calls.every(({ permissions }) => permissions.every(({ account }) => account === sandbox.account)),
  ).toBe(true);
});

it("does not delete a bucket with objects in it, and makes no management events of theirs", async () => {
  await put("plain", "a");

  expect(await failureOf(s3.send(new DeleteBucketCommand({ Bucket: "plain" })))).toMatchObject({
    name: "BucketNotEmpty",
  });
  expect(sandbox.events.map(({ detail }) => detail.eventName)).toEqual(["DeleteBucket"]);
});
