import {
  DeleteObjectCommand,
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
  type Tag,
} from "@aws-sdk/client-s3";
import fc from "fast-check";
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

const put = (Bucket: string, Key: string, more: object = {}) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body: "body", ...more }));
const tag = (Bucket: string, Key: string, TagSet: Tag[], more: object = {}) =>
  s3.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet }, ...more }));
const tagsOf = (Bucket: string, Key: string, more: object = {}) =>
  s3.send(new GetObjectTaggingCommand({ Bucket, Key, ...more }));
const untag = (Bucket: string, Key: string, more: object = {}) =>
  s3.send(new DeleteObjectTaggingCommand({ Bucket, Key, ...more }));
const pair = (Key: string, Value = "v"): Tag => ({ Key, Value });

describe("an object's tags", () => {
  it("are none at first, then those put last, then none", async () => {
    await put("plain", "a b+c%25/é.csv");
    expect((await tagsOf("plain", "a b+c%25/é.csv")).TagSet).toEqual([]);

    await tag("plain", "a b+c%25/é.csv", [pair("one"), pair("two")]);
    await tag("plain", "a b+c%25/é.csv", [pair("two"), pair("three")]);
    expect((await tagsOf("plain", "a b+c%25/é.csv")).TagSet).toEqual([pair("two"), pair("three")]);

    await untag("plain", "a b+c%25/é.csv");
    expect((await tagsOf("plain", "a b+c%25/é.csv")).TagSet).toEqual([]);
  });

  it("are those its writer sent along, counted by HEAD for who may see them, and gone with the next put", async () => {
    await put("plain", "a", { Tagging: "class=restricted&note=a%20b+c" });

    expect((await tagsOf("plain", "a")).TagSet).toEqual([pair("class", "restricted"), pair("note", "a b c")]);
    const count = async () => (await s3.send(new HeadObjectCommand({ Bucket: "plain", Key: "a" }))).TagCount;
    expect(await count()).toBe(2);
    const allow = sandbox.deny({ action: "s3:GetObjectTagging" });
    expect(await count()).toBeUndefined();
    allow();
    await put("plain", "a");
    expect((await tagsOf("plain", "a")).TagSet).toEqual([]);
  });

  it("belong to one version, which is told where versioning is on and makes no new one", async () => {
    const { VersionId: first } = await put("versioned", "a");
    const { VersionId: second } = await put("versioned", "a");

    expect(await tag("versioned", "a", [pair("old")], { VersionId: first })).toMatchObject({ VersionId: first });
    expect(await tag("versioned", "a", [pair("new")])).toMatchObject({ VersionId: second });

    expect(await tagsOf("versioned", "a", { VersionId: first })).toMatchObject({
      TagSet: [pair("old")],
      VersionId: first,
    });
    expect(await tagsOf("versioned", "a")).toMatchObject({ TagSet: [pair("new")], VersionId: second });
    expect((await untag("versioned", "a", { VersionId: first })).VersionId).toBe(first);
    expect(sandbox.objects("versioned").map(({ tags }) => tags)).toEqual([{}, { new: "v" }]);
  });

  it("come back as they were put, whatever S3 allows in them", async () => {
    await put("plain", "a");
    const text = (maxLength: number) =>
      fc.string({
        unit: fc.constantFrom(..."aZ09 +-=._:/@éß日", "__proto__"),
        maxLength,
      });
    const tags = fc.uniqueArray(fc.tuple(text(8), text(16)), { maxLength: 10, selector: ([key]) => key });

    await fc.assert(
      fc.asyncProperty(tags, async (pairs) => {
        const expected = pairs.filter(([key]) => key !== "").map(([key, value]) => pair(key, value));
        await tag("plain", "a", expected);
        expect((await tagsOf("plain", "a")).TagSet).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });
});

describe("tags are refused", () => {
  const eleven = Array.from({ length: 11 }, (_, n) => pair(`k${n}`));

  it.each<[string, Tag[], string]>([
    ["when there are eleven", eleven, "BadRequest"],
    ["without a key", [pair("")], "InvalidTag"],
    ["with a key of 129 characters", [pair("k".repeat(129))], "InvalidTag"],
    ["with a value of 257 characters", [pair("k", "v".repeat(257))], "InvalidTag"],
    ["with a character S3 doesn't allow in a key", [pair("a&b")], "InvalidTag"],
    ["with a character S3 doesn't allow in a value", [pair("k", "a;b")], "InvalidTag"],
    ["with the same key twice", [pair("k", "1"), pair("k", "2")], "InvalidTag"],
    ["with a key that AWS keeps for itself", [pair("aws:class")], "InvalidTag"],
  ])("%s, and nothing changes", async (_name, tags, error) => {
    await put("plain", "a", { Tagging: "kept=1" });

    expect(await failureOf(tag("plain", "a", tags))).toMatchObject({
      name: error,
      $metadata: { httpStatusCode: 400 },
    });
    expect(sandbox.objects("plain")[0]?.tags).toEqual({ kept: "1" });
  });

  it.each([
    ["with the same key twice", "k=1&k=2", "InvalidArgument"],
    ["without a key", "=", "InvalidArgument"],
    ["that are no URL's query", "k=%zz", "InvalidArgument"],
    ["when there are eleven", eleven.map(({ Key }) => `${Key}=v`).join("&"), "BadRequest"],
    ["with a character S3 doesn't allow", "k=a%26b", "InvalidTag"],
  ])("in a put's header %s, and nothing is written", async (_name, Tagging, error) => {
    expect(await failureOf(put("plain", "a", { Tagging }))).toMatchObject({ name: error });
    expect(sandbox.objects("plain")).toEqual([]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ["PutObjectTagging", () => tag("versioned", "a", [pair("k")])],
    ["GetObjectTagging", () => tagsOf("versioned", "a")],
    ["DeleteObjectTagging", () => untag("versioned", "a")],
  ])("on a delete marker by %s, with its id or without", async (_name, call) => {
    await put("versioned", "a");
    const { VersionId } = await s3.send(new DeleteObjectCommand({ Bucket: "versioned", Key: "a" }));

    const refusal = { name: "MethodNotAllowed", $metadata: { httpStatusCode: 405 } };
    expect(await failureOf(call())).toMatchObject(refusal);
    expect(await failureOf(tagsOf("versioned", "a", { VersionId }))).toMatchObject(refusal);
  });

  it("on what isn't there, by key or by version", async () => {
    await put("versioned", "a");
    expect(await failureOf(tag("plain", "none", [pair("k")]))).toMatchObject({ name: "NoSuchKey" });
    expect(await failureOf(tagsOf("versioned", "a", { VersionId: "none" }))).toMatchObject({ name: "NoSuchVersion" });
  });

  it("on a bucket of another owner than was expected", async () => {
    await put("plain", "a");
    const more = { ExpectedBucketOwner: "999999999999" };
    expect(await failureOf(tag("plain", "a", [pair("k")], more))).toMatchObject({ name: "AccessDenied" });
  });
});

describe("permissions", () => {
  it("on tags are not those on the key an object is encrypted with", async () => {
    sandbox.createBucket({ name: "sealed", kmsKey: "1" });
    await put("sealed", "a");
    sandbox.deny({ action: "kms:*" });

    await tag("sealed", "a", [pair("k")]);

    expect((await tagsOf("sealed", "a")).TagSet).toEqual([pair("k")]);
    const read = s3.send(new GetObjectCommand({ Bucket: "sealed", Key: "a" }));
    expect(await failureOf(read)).toMatchObject({ name: "AccessDenied" });
  });

  it("differ by whether a version is named", async () => {
    const { VersionId } = await put("versioned", "a");
    sandbox.clearCalls();
    for (const more of [{}, { VersionId }]) {
      await tag("versioned", "a", [pair("k")], more);
      await tagsOf("versioned", "a", more);
      await untag("versioned", "a", more);
    }

    expect(sandbox.calls.map(({ permissions }) => permissions)).toEqual(
      ["", "Version"].flatMap((version) =>
        ["Put", "Get", "Delete"].map((verb) => [
          {
            action: `s3:${verb}Object${version}Tagging`,
            resource: "arn:aws:s3:::versioned/a",
            account: sandbox.account,
          },
        ]),
      ),
    );
  });

  it("can hang on the tags an object has and on those it is to get", async () => {
    const policy = {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: "s3:*", Resource: "*" },
        {
          Effect: "Deny",
          Action: "s3:PutObjectTagging",
          Resource: "*",
          Condition: { StringEquals: { "s3:ExistingObjectTag/held": "yes" } },
        },
        {
          Effect: "Deny",
          Action: "s3:PutObjectTagging",
          Resource: "*",
          Condition: { "ForAnyValue:StringLike": { "s3:RequestObjectTagKeys": "class*" } },
        },
      ],
    };
    await put("plain", "a");
    await put("plain", "held", { Tagging: "held=yes" });
    sandbox.registry.put({
      type: "AWS::S3::BucketPolicy",
      identifier: "plain",
      arn: "plain",
      account: sandbox.account,
      region: sandbox.region,
      properties: {
        Bucket: "plain",
        PolicyDocument: {
          ...policy,
          Statement: policy.Statement.map((statement) => ({ ...statement, Principal: "*" })),
        },
      },
    });

    await tag("plain", "a", [pair("other")]);
    expect(await failureOf(tag("plain", "a", [pair("classification")]))).toMatchObject({ name: "AccessDenied" });
    expect(await failureOf(tag("plain", "held", [pair("other")]))).toMatchObject({ name: "AccessDenied" });
  });
});
