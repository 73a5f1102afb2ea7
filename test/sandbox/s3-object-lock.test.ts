import { createHash } from "node:crypto";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { clientConfig, failureOf, s3Client } from "./clients.ts";

const START = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;
type Mode = "COMPLIANCE" | "GOVERNANCE";

let sandbox: Sandbox;
let s3: S3Client;
beforeEach(async () => {
  sandbox = await startSandbox({ startAt: START });
  s3 = s3Client(sandbox);
});
afterEach(() => sandbox.close());

const lockBucket = (mode: Mode, days = 10) => sandbox.createBucket({ name: "evidence", objectLock: { mode, days } });
const named = { Bucket: "evidence", Key: "e/1" };
const put = (more: object = {}) => s3.send(new PutObjectCommand({ ...named, Body: "entry", ...more }));
const remove = (VersionId: string | undefined, BypassGovernanceRetention?: boolean) =>
  s3.send(new DeleteObjectCommand({ ...named, VersionId, BypassGovernanceRetention }));
const retain = (Mode: Mode | undefined, days: number, BypassGovernanceRetention?: boolean) => {
  const Retention = Mode ? { Mode, RetainUntilDate: new Date(START + days * DAY) } : {};
  return s3.send(new PutObjectRetentionCommand({ ...named, Retention, BypassGovernanceRetention }));
};
/** Days from the start until the object may go; to the hour, since real time goes on meanwhile. */
const retainedDays = () => {
  const until = sandbox.objects("evidence").at(-1)?.retention?.until;
  return until === undefined ? undefined : Math.round((until - START) / (DAY / 24)) / 24;
};

describe("a locked version", () => {
  it.each<Mode>(["COMPLIANCE", "GOVERNANCE"])("is kept by %s until its retention is over", async (mode) => {
    lockBucket(mode);
    const { VersionId } = await put();

    expect(await failureOf(remove(VersionId))).toMatchObject({
      name: "AccessDenied",
      message: "Access Denied because object protected by object lock.",
    });
    sandbox.clock.advance(10 * DAY + 1000);
    await remove(VersionId);
    expect(sandbox.objects("evidence")).toEqual([]);
  });

  it("shows its lock, to those who may see it", async () => {
    lockBucket("COMPLIANCE");
    await put();
    const head = () => s3.send(new HeadObjectCommand(named));

    expect(await head()).toMatchObject({ ObjectLockMode: "COMPLIANCE" });
    const { Retention } = await s3.send(new GetObjectRetentionCommand(named));
    expect(Retention?.RetainUntilDate?.getTime()).toBe(sandbox.objects("evidence")[0]?.retention?.until);
    sandbox.deny({ action: "s3:GetObjectRetention" });
    expect((await head()).ObjectLockMode).toBeUndefined();
  });

  it("can still be hidden by a delete marker or a newer version, and marker and marked stay", async () => {
    lockBucket("COMPLIANCE");
    await put();

    await remove(undefined);
    await put();

    expect(sandbox.objects("evidence").map(({ isDeleteMarker }) => isDeleteMarker)).toEqual([false, true, false]);
  });

  it("gives way under governance to a bypass, by those who may", async () => {
    lockBucket("GOVERNANCE");
    const { VersionId } = await put();
    const allow = sandbox.deny({ action: "s3:BypassGovernanceRetention" });

    expect(await failureOf(remove(VersionId, true))).toMatchObject({ name: "AccessDenied" });
    allow();
    await remove(VersionId, true);
    expect(sandbox.objects("evidence")).toEqual([]);
  });

  it("does not give way under compliance", async () => {
    lockBucket("COMPLIANCE");
    const { VersionId } = await put();

    expect(await failureOf(remove(VersionId, true))).toMatchObject({ name: "AccessDenied" });
  });
});

describe("a retention", () => {
  it.each<[string, Mode, Mode | undefined, number, boolean, boolean]>([
    ["compliance is lengthened", "COMPLIANCE", "COMPLIANCE", 20, false, true],
    ["compliance is shortened", "COMPLIANCE", "COMPLIANCE", 5, true, false],
    ["compliance becomes governance", "COMPLIANCE", "GOVERNANCE", 20, true, false],
    ["compliance is taken away", "COMPLIANCE", undefined, 0, true, false],
    ["governance is lengthened", "GOVERNANCE", "GOVERNANCE", 20, false, true],
    ["governance is shortened", "GOVERNANCE", "GOVERNANCE", 5, false, false],
    ["governance is shortened with a bypass", "GOVERNANCE", "GOVERNANCE", 5, true, true],
    ["governance is taken away with a bypass", "GOVERNANCE", undefined, 0, true, true],
  ])("%s", async (_name, before, after, days, bypass, isAllowed) => {
    lockBucket(before);
    await put();

    const change = retain(after, days, bypass);

    if (isAllowed) await change;
    else expect(await failureOf(change)).toMatchObject({ name: "AccessDenied" });
    expect(retainedDays()).toBe(isAllowed ? (after ? days : undefined) : 10);
  });

  it("comes from the writer rather than from the bucket, with a permission of its own", async () => {
    lockBucket("GOVERNANCE");
    const ObjectLockRetainUntilDate = new Date(START + 30 * DAY);

    await put({ ObjectLockMode: "COMPLIANCE", ObjectLockRetainUntilDate });

    expect(retainedDays()).toBe(30);
    expect(sandbox.objects("evidence")[0]?.retention?.mode).toBe("COMPLIANCE");
    expect(sandbox.calls[0]?.actions).toEqual(["s3:PutObject", "s3:PutObjectRetention"]);
  });

  it.each<[string, object, string]>([
    [
      "that is over",
      { ObjectLockMode: "COMPLIANCE", ObjectLockRetainUntilDate: new Date(START - 1) },
      "InvalidArgument",
    ],
    ["without a date", { ObjectLockMode: "COMPLIANCE" }, "InvalidArgument"],
  ])("%s is refused", async (_name, more, name) => {
    lockBucket("COMPLIANCE");

    expect(await failureOf(put(more))).toMatchObject({ name });
  });

  it("needs a bucket with Object Lock", async () => {
    sandbox.createBucket({ name: "evidence", versioning: true });
    const more = { ObjectLockMode: "COMPLIANCE", ObjectLockRetainUntilDate: new Date(START + DAY) };

    expect(await failureOf(put(more))).toMatchObject({ name: "InvalidRequest" });
  });
});

it("an upload to be locked needs a checksum, as clients that send none by default find out", async () => {
  lockBucket("COMPLIANCE");
  const bare = new S3Client({
    ...clientConfig(sandbox),
    forcePathStyle: true,
    requestChecksumCalculation: "WHEN_REQUIRED",
  });

  expect(await failureOf(bare.send(new PutObjectCommand({ ...named, Body: "entry" })))).toMatchObject({
    name: "InvalidRequest",
    message: expect.stringContaining("Content-MD5 OR x-amz-checksum-"),
  });
  const ContentMD5 = createHash("md5").update("entry").digest("base64");
  await bare.send(new PutObjectCommand({ ...named, Body: "entry", ContentMD5 }));
  await bare.send(new PutObjectCommand({ ...named, Body: "entry", ChecksumAlgorithm: "SHA256" }));
  expect(sandbox.objects("evidence")).toHaveLength(2);
});

describe("Object Lock on a bucket", () => {
  const read = async (Bucket: string) =>
    (await s3.send(new GetObjectLockConfigurationCommand({ Bucket }))).ObjectLockConfiguration;
  const configure = (Bucket: string, Days?: number) =>
    s3.send(
      new PutObjectLockConfigurationCommand({
        Bucket,
        ObjectLockConfiguration: {
          ObjectLockEnabled: "Enabled",
          ...(Days === undefined ? {} : { Rule: { DefaultRetention: { Mode: "COMPLIANCE" as const, Days } } }),
        },
      }),
    );

  it("keeps versioning on", async () => {
    lockBucket("COMPLIANCE");
    const suspended = { Status: "Suspended" as const };

    const suspend = s3.send(new PutBucketVersioningCommand({ Bucket: "evidence", VersioningConfiguration: suspended }));

    expect(await failureOf(suspend)).toMatchObject({ name: "InvalidBucketState", $metadata: { httpStatusCode: 409 } });
  });

  it("comes with a new bucket, then gets its default", async () => {
    await s3.send(
      new CreateBucketCommand({
        Bucket: "evidence",
        ObjectLockEnabledForBucket: true,
        CreateBucketConfiguration: { LocationConstraint: "eu-central-1" },
      }),
    );
    expect(sandbox.bucket("evidence").versioning).toBe("Enabled");
    await put();
    expect(retainedDays()).toBeUndefined();

    await configure("evidence", 3);
    await put();

    expect(retainedDays()).toBe(3);
    expect(await read("evidence")).toEqual({
      ObjectLockEnabled: "Enabled",
      Rule: { DefaultRetention: { Mode: "COMPLIANCE", Days: 3 } },
    });
  });

  it("needs versioning first, and says when there is none", async () => {
    sandbox.createBucket({ name: "plain" });

    expect(await failureOf(configure("plain", 1))).toMatchObject({ name: "InvalidBucketState" });
    expect(await failureOf(read("plain"))).toMatchObject({ name: "ObjectLockConfigurationNotFoundError" });
  });
});
