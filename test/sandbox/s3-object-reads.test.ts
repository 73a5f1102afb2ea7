import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
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
});
afterEach(() => sandbox.close());

const put = (Key: string, Body: string, more: object = {}) =>
  s3.send(new PutObjectCommand({ Bucket: "plain", Key, Body, ...more }));
const get = (Key: string, more: object = {}) => s3.send(new GetObjectCommand({ Bucket: "plain", Key, ...more }));
const head = (Key: string, more: object = {}) => s3.send(new HeadObjectCommand({ Bucket: "plain", Key, ...more }));
const statusOf = async (call: Promise<unknown>) => (await failureOf(call)).$metadata?.httpStatusCode;

describe("a range", () => {
  it.each([
    ["bytes=0-3", "0123", "bytes 0-3/10"],
    ["bytes=4-", "456789", "bytes 4-9/10"],
    ["bytes=-3", "789", "bytes 7-9/10"],
    ["bytes=-30", "0123456789", "bytes 0-9/10"],
    ["bytes=8-30", "89", "bytes 8-9/10"],
  ])("%s gives %s", async (Range, expected, contentRange) => {
    await put("digits", "0123456789");

    const { Body, ...answer } = await get("digits", { Range });

    expect(await Body?.transformToString()).toBe(expected);
    expect(answer).toMatchObject({
      $metadata: { httpStatusCode: 206 },
      ContentRange: contentRange,
      ContentLength: expected.length,
    });
    expect(await head("digits", { Range })).toMatchObject({ ContentRange: contentRange });
  });

  it.each(["bytes=10-", "bytes=99-100", "bytes=-0"])("%s is not satisfiable in ten bytes", async (Range) => {
    await put("digits", "0123456789");

    expect(await failureOf(get("digits", { Range }))).toMatchObject({
      name: "InvalidRange",
      $metadata: { httpStatusCode: 416 },
    });
  });

  it.each(["bytes=0-0", "bytes=0-", "bytes=-1"])("%s is not satisfiable in an empty object", async (Range) => {
    sandbox.createObject({ bucket: "plain", key: "empty" });

    expect(await failureOf(get("empty", { Range }))).toMatchObject({ name: "InvalidRange" });
    expect((await get("empty")).ContentLength).toBe(0);
  });

  it.each(["bytes=5-2", "bytes=-", "lines=1-2", "bytes=a-b"])("that is none, %s, counts as none", async (Range) => {
    await put("digits", "0123456789");

    const { Body, $metadata } = await get("digits", { Range });

    expect($metadata.httpStatusCode).toBe(200);
    expect(await Body?.transformToString()).toBe("0123456789");
  });
});

describe("a conditional read", () => {
  it("goes by the ETag", async () => {
    const { ETag } = await put("a", "1");
    await get("a", { IfMatch: ETag });
    await put("a", "2");

    expect(await failureOf(get("a", { IfMatch: ETag }))).toMatchObject({
      name: "PreconditionFailed",
      $metadata: { httpStatusCode: 412 },
    });
    expect(await statusOf(head("a", { IfMatch: ETag }))).toBe(412);
    await get("a", { IfNoneMatch: ETag });
    expect(await statusOf(get("a", { IfNoneMatch: "*" }))).toBe(304);
  });

  it("goes by dates where there is no ETag", async () => {
    const { LastModified } = await put("a", "1").then(() => head("a"));
    const before = new Date((LastModified?.getTime() ?? 0) - 1000);

    await get("a", { IfUnmodifiedSince: LastModified });
    expect(await statusOf(get("a", { IfUnmodifiedSince: before }))).toBe(412);
    await get("a", { IfModifiedSince: before });
    expect(await statusOf(get("a", { IfModifiedSince: LastModified }))).toBe(304);
    await get("a", { IfMatch: "*", IfUnmodifiedSince: before });
  });
});

it("tells how an object is encoded and shown, without what a stream was sent in", async () => {
  const said = {
    ContentEncoding: "gzip",
    ContentLanguage: "de",
    CacheControl: "no-store",
    ContentDisposition: "inline",
  };
  await put("a", "x", said);
  const stream = Readable.from([Buffer.from("hello")]);
  await s3.send(
    new PutObjectCommand({ Bucket: "plain", Key: "b", Body: stream, ContentLength: 5, ContentEncoding: "gzip" }),
  );

  expect(await head("a")).toMatchObject(said);
  expect((await head("b")).ContentEncoding).toBe("gzip");
});

describe("an archived object", () => {
  const tags = { Bucket: "plain", Key: "old" };

  it.each(["GLACIER", "DEEP_ARCHIVE"])("in %s is described and tagged, and not read", async (StorageClass) => {
    await put("old", "x", { StorageClass });

    expect(await head("old")).toMatchObject({ StorageClass, ContentLength: 1 });
    expect(await failureOf(get("old"))).toMatchObject({
      name: "InvalidObjectState",
      $metadata: { httpStatusCode: 403 },
      StorageClass,
    });
    await s3.send(new PutObjectTaggingCommand({ ...tags, Tagging: { TagSet: [{ Key: "k", Value: "v" }] } }));
    expect((await s3.send(new GetObjectTaggingCommand(tags))).TagSet).toHaveLength(1);
  });

  it("is read while it is restored", async () => {
    const restoredUntil = sandbox.clock.now() + 60_000;
    sandbox.createObject({ bucket: "plain", key: "old", body: "x", storageClass: "GLACIER", restoredUntil });

    expect((await get("old")).Restore).toContain('ongoing-request="false"');
    sandbox.clock.advance(61_000);
    expect(await failureOf(get("old"))).toMatchObject({ name: "InvalidObjectState" });
  });

  it.each(["STANDARD_IA", "GLACIER_IR", "INTELLIGENT_TIERING"])("is not what %s holds", async (StorageClass) => {
    await put("a", "x", { StorageClass });
    expect((await get("a")).StorageClass).toBe(StorageClass);
  });

  it("is in no class that S3 doesn't have", async () => {
    expect(await failureOf(put("a", "x", { StorageClass: "ATTIC" }))).toMatchObject({ name: "InvalidStorageClass" });
  });
});

describe("an object with the customer's own key", () => {
  const key = Buffer.alloc(32, 7);
  const withKey = { SSECustomerAlgorithm: "AES256", SSECustomerKey: key };

  it("is read with that key only", async () => {
    const { ETag } = await put("own", "secret", withKey);

    expect(await (await get("own", withKey)).Body?.transformToString()).toBe("secret");
    expect(await failureOf(get("own"))).toMatchObject({ name: "InvalidRequest", $metadata: { httpStatusCode: 400 } });
    expect(await statusOf(head("own"))).toBe(400);
    const other = { ...withKey, SSECustomerKey: Buffer.alloc(32, 8) };
    expect(await statusOf(get("own", other))).toBe(403);
    expect(ETag).not.toContain(createHash("md5").update("secret").digest("hex"));
  });

  it("is tagged without it", async () => {
    sandbox.createObject({ bucket: "plain", key: "own", body: "secret", hasCustomerKey: true, tags: { a: "1" } });
    const named = { Bucket: "plain", Key: "own" };

    await s3.send(new PutObjectTaggingCommand({ ...named, Tagging: { TagSet: [{ Key: "b", Value: "2" }] } }));

    expect(await statusOf(get("own"))).toBe(400);
    expect(sandbox.objects("plain")[0]?.tags).toEqual({ b: "2" });
  });

  it("is the only one a key is for", async () => {
    await put("a", "x");
    expect(await failureOf(get("a", withKey))).toMatchObject({ name: "InvalidRequest" });
  });
});

describe("an object of 5 GB that is made as it is read", () => {
  const sizeBytes = 5 * 1024 ** 3;
  const alphabet = Buffer.from("abcdefghijklmnopqrstuvwxyz");
  const fill = (from: number, to: number) =>
    Uint8Array.from({ length: to - from }, (_, n) => alphabet[(from + n) % alphabet.length] ?? 0);

  it("has its size, its listing and its ranges, and costs no memory", async () => {
    sandbox.createObject({ bucket: "plain", key: "huge", sizeBytes, fill, contentType: "text/plain" });

    expect(await head("huge")).toMatchObject({ ContentLength: sizeBytes, ContentType: "text/plain" });
    const last = await get("huge", { Range: "bytes=-4" });
    expect(await last.Body?.transformToString()).toBe(Buffer.from(fill(sizeBytes - 4, sizeBytes)).toString());
    expect(last.ContentRange).toBe(`bytes ${sizeBytes - 4}-${sizeBytes - 1}/${sizeBytes}`);
    expect(last.ETag).toMatch(/^"[0-9a-f]{32}-\d+"$/);
    expect(sandbox.objects("plain")[0]).toMatchObject({ sizeBytes, body: "" });
  });

  it("comes piece by piece to who reads all of it, and may be left", async () => {
    const made: number[] = [];
    sandbox.createObject({
      bucket: "plain",
      key: "huge",
      sizeBytes,
      fill(from, to) {
        // Its ends are read when it is made, for its ETag.
        if (to < sizeBytes) made.push(to);
        return new Uint8Array(to - from);
      },
    });

    const { Body } = await get("huge");
    let received = 0;
    for await (const chunk of Body as Readable) {
      received += (chunk as Buffer).length;
      if (received > 4 * 1024 ** 2) break;
    }

    expect(Math.max(...made)).toBeLessThan(64 * 1024 ** 2);
  });
});
