import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  type CopyObjectCommandInput,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { failureOf, s3Client } from "./clients.ts";

const PART_BYTES = 5 * 1024 ** 2;
const KEY = "arn:aws:kms:eu-central-1:111122223333:key/1";

let sandbox: Sandbox;
let s3: S3Client;
beforeEach(async () => {
  sandbox = await startSandbox();
  s3 = s3Client(sandbox);
  sandbox.createBucket({ name: "from", versioning: true });
  sandbox.createBucket({ name: "to" });
});
afterEach(() => sandbox.close());

const put = (Bucket: string, Key: string, Body: string, more: object = {}) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const read = async (Bucket: string, Key: string) => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return Body?.transformToString();
};
const asked = () =>
  sandbox.calls.at(-1)?.permissions.map(({ action, resource }) => `${action} ${resource.replace("arn:aws:s3:::", "")}`);

describe("a copy", () => {
  const copy = (CopySource: string, more: Partial<CopyObjectCommandInput> = {}) =>
    s3.send(new CopyObjectCommand({ Bucket: "to", Key: "copy", CopySource, ...more }));

  it.each(["a b+c.csv", "é/日本", "100%.csv", "a%20b", "a?b#c&d=e"])("takes %s from its bucket", async (key) => {
    await put("from", key, "hello");
    const path = `from/${encodeURIComponent(key)}`;

    await copy(path);

    expect(await read("to", "copy")).toBe("hello");
  });

  it("brings metadata and tags along, and no storage class", async () => {
    const said = { ContentType: "text/csv", Metadata: { owner: "x" }, StorageClass: "STANDARD_IA" as const };
    await put("from", "a", "1", { ...said, Tagging: "class=restricted" });

    await copy("from/a", { ContentType: "text/plain" });

    const head = await s3.send(new HeadObjectCommand({ Bucket: "to", Key: "copy" }));
    expect(head).toMatchObject({ ContentType: "text/csv", Metadata: { owner: "x" }, TagCount: 1 });
    expect(head.StorageClass).toBeUndefined();
  });

  it("has metadata and tags of its own where that is asked for", async () => {
    await put("from", "a", "1", { Metadata: { owner: "x" }, Tagging: "class=restricted" });

    await copy("from/a", {
      MetadataDirective: "REPLACE",
      ContentType: "text/plain",
      TaggingDirective: "REPLACE",
      Tagging: "other=1",
    });

    expect(sandbox.objects("to")).toMatchObject([{ contentType: "text/plain", metadata: {}, tags: { other: "1" } }]);
  });

  it("is of the version that is named", async () => {
    const { VersionId } = await put("from", "a", "1");
    await put("from", "a", "2");

    expect(await copy(`from/a?versionId=${VersionId}`)).toMatchObject({ CopySourceVersionId: VersionId });
    expect(await read("to", "copy")).toBe("1");
  });

  it("is refused of what can't be read, each with its reason", async () => {
    await put("from", "cold", "x", { StorageClass: "DEEP_ARCHIVE" });
    sandbox.createObject({ bucket: "from", key: "own", body: "x", hasCustomerKey: true });
    sandbox.createObject({ bucket: "from", key: "huge", sizeBytes: 5 * 1024 ** 3 + 1 });
    await put("from", "gone", "x");
    const { VersionId } = await s3.send(new DeleteObjectCommand({ Bucket: "from", Key: "gone" }));

    const names: Record<string, string> = {};
    for (const source of ["cold", "own", "huge", "gone", `gone?versionId=${VersionId}`, "none"]) {
      names[source.replace(/=.*/, "")] = (await failureOf(copy(`from/${source}`))).name;
    }
    expect(names).toEqual({
      cold: "InvalidObjectState",
      own: "InvalidRequest",
      huge: "InvalidRequest",
      gone: "NoSuchKey",
      "gone?versionId": "InvalidRequest",
      none: "NoSuchKey",
    });
    expect(await failureOf(copy("nowhere/a"))).toMatchObject({ name: "NoSuchBucket" });
  });

  it("onto itself has to change something", async () => {
    await put("to", "copy", "1");
    expect(await failureOf(copy("to/copy"))).toMatchObject({ name: "InvalidRequest" });
    await copy("to/copy", { StorageClass: "STANDARD_IA" });
    expect(sandbox.objects("to")).toMatchObject([{ storageClass: "STANDARD_IA" }]);
  });

  it("takes permissions on both sides, also for tags and keys", async () => {
    sandbox.createBucket({ name: "sealed", kmsKey: KEY });
    await put("sealed", "a", "1", { Tagging: "k=v" });

    await copy("sealed/a", { ServerSideEncryption: "aws:kms", SSEKMSKeyId: `${KEY}2` });

    expect(asked()).toEqual([
      "s3:PutObject to/copy",
      "s3:GetObject sealed/a",
      "s3:GetObjectTagging sealed/a",
      "s3:PutObjectTagging to/copy",
      `kms:Decrypt ${KEY}`,
      `kms:GenerateDataKey ${KEY}2`,
    ]);
  });
});

describe("an upload in parts", () => {
  const create = async (Key: string, more: Partial<CreateMultipartUploadCommandInput> = {}, Bucket = "to") =>
    (await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }))).UploadId ?? "";
  const upload = async (Key: string, UploadId: string, PartNumber: number, Body: string | Buffer, Bucket = "to") => {
    const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
    return { ETag, PartNumber };
  };
  const complete = (Key: string, UploadId: string, Parts: object[], more: object = {}, Bucket = "to") =>
    s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more }));

  it("becomes one object when it is completed, whose ETag tells the number of parts", async () => {
    const id = await create("é a+b", { ContentType: "text/csv", Metadata: { owner: "x" }, Tagging: "class=open" });
    const parts = [await upload("é a+b", id, 1, Buffer.alloc(PART_BYTES, "a")), await upload("é a+b", id, 7, "end")];
    expect(sandbox.objects("to")).toEqual([]);

    const { ETag } = await complete("é a+b", id, parts);

    expect(ETag).toMatch(/^"[0-9a-f]{32}-2"$/);
    expect(sandbox.objects("to")).toMatchObject([
      { key: "é a+b", sizeBytes: PART_BYTES + 3, contentType: "text/csv", tags: { class: "open" } },
    ]);
    const tail = await s3.send(new GetObjectCommand({ Bucket: "to", Key: "é a+b", Range: "bytes=-5" }));
    expect(await tail.Body?.transformToString()).toBe("aaend");
    expect((await s3.send(new GetObjectTaggingCommand({ Bucket: "to", Key: "é a+b" }))).TagSet).toHaveLength(1);
  });

  it("is refused with parts that are wrong, and stays open", async () => {
    const id = await create("a");
    const first = await upload("a", id, 1, "too small");
    const second = await upload("a", id, 2, "end");

    expect(await failureOf(complete("a", id, [first, second]))).toMatchObject({ name: "EntityTooSmall" });
    expect(await failureOf(complete("a", id, [second, first]))).toMatchObject({ name: "InvalidPartOrder" });
    expect(await failureOf(complete("a", id, [{ ...first, ETag: '"x"' }]))).toMatchObject({ name: "InvalidPart" });
    await complete("a", id, [second]);
    expect(await read("to", "a")).toBe("end");
  });

  it("can be given up, and is over then", async () => {
    const id = await create("a");
    await s3.send(new AbortMultipartUploadCommand({ Bucket: "to", Key: "a", UploadId: id }));

    expect(await failureOf(upload("a", id, 1, "x"))).toMatchObject({ name: "NoSuchUpload" });
    expect(await failureOf(complete("a", id, [{ PartNumber: 1, ETag: "x" }]))).toMatchObject({ name: "NoSuchUpload" });
  });

  it("takes permissions step by step, keys of KMS too", async () => {
    sandbox.createBucket({ name: "sealed", kmsKey: KEY });
    const id = await create("a", { Tagging: "k=v" }, "sealed");
    const steps = [asked()];
    const part = await upload("a", id, 1, "x", "sealed");
    steps.push(asked());
    await complete("a", id, [part], {}, "sealed");
    steps.push(asked());
    const other = await create("a", {}, "sealed");
    await s3.send(new AbortMultipartUploadCommand({ Bucket: "sealed", Key: "a", UploadId: other }));
    steps.push(asked());

    expect(steps).toEqual([
      ["s3:PutObject sealed/a", "s3:PutObjectTagging sealed/a", `kms:GenerateDataKey ${KEY}`],
      ["s3:PutObject sealed/a", `kms:Decrypt ${KEY}`],
      ["s3:PutObject sealed/a", `kms:Decrypt ${KEY}`],
      ["s3:AbortMultipartUpload sealed/a"],
    ]);
  });
});
