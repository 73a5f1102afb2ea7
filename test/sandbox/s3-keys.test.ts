import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/index.ts";
import type { StackResource } from "../../sandbox/stack/registry.ts";
import { failureOf, s3Client } from "./clients.ts";

const KEY_ID = "11111111-2222-4333-8444-555555555555";
const KEY_ARN = `arn:aws:kms:eu-central-1:111122223333:key/${KEY_ID}`;

let sandbox: Sandbox;
let s3: S3Client;
beforeEach(async () => {
  sandbox = await startSandbox();
  s3 = s3Client(sandbox);
  sandbox.createBucket({ name: "evidence", kmsKey: KEY_ID });
});
afterEach(() => sandbox.close());

const named = { Bucket: "evidence", Key: "a" };
const put = (more: object = {}) => s3.send(new PutObjectCommand({ ...named, Body: "x", ...more }));
const get = () => s3.send(new GetObjectCommand(named));

function addKey(properties: Record<string, unknown>, id = KEY_ID): StackResource {
  const arn = `arn:aws:kms:eu-central-1:111122223333:key/${id}`;
  const shared = { account: sandbox.account, region: sandbox.region };
  const key = { type: "AWS::KMS::Key", identifier: id, arn, ...shared, properties };
  sandbox.registry.put(key);
  return key;
}

describe("a bucket's key", () => {
  it("encrypts its objects, and is asked for on every write and read of one", async () => {
    expect(await put()).toMatchObject({ ServerSideEncryption: "aws:kms", SSEKMSKeyId: KEY_ARN });
    await get();
    await s3.send(new HeadObjectCommand(named));
    await s3.send(new HeadObjectCommand({ ...named, ChecksumMode: "ENABLED" }));

    const keyUses = sandbox.calls.map(({ permissions }) =>
      permissions.filter(({ resource }) => resource === KEY_ARN).map(({ action }) => action),
    );
    expect(keyUses).toEqual([["kms:GenerateDataKey"], ["kms:Decrypt"], [], ["kms:Decrypt"]]);
  });

  it("is left alone by an upload that wants S3's own", async () => {
    await put({ ServerSideEncryption: "AES256" });

    expect(sandbox.calls[0]?.actions).toEqual(["s3:PutObject"]);
    expect(sandbox.objects("evidence")[0]?.kmsKeyArn).toBeUndefined();
  });

  it("is found by its alias", async () => {
    addKey({}, "other");
    const shared = { account: sandbox.account, region: sandbox.region };
    sandbox.registry.put({
      ...shared,
      type: "AWS::KMS::Alias",
      identifier: "alias/other",
      arn: "",
      properties: { TargetKeyId: "other" },
    });

    await put({ ServerSideEncryption: "aws:kms", SSEKMSKeyId: "alias/other" });

    expect(sandbox.objects("evidence")[0]?.kmsKeyArn).toBe("arn:aws:kms:eu-central-1:111122223333:key/other");
  });

  it.each(["kms:GenerateDataKey", "kms:Decrypt"])("can be denied: %s", async (action) => {
    await put();
    sandbox.deny({ action });

    const call = action === "kms:Decrypt" ? get() : put();

    const message = expect.stringContaining(`perform: ${action} on resource: ${KEY_ARN}`);
    expect(await failureOf(call)).toMatchObject({ name: "AccessDenied", message });
  });

  it.each<[string, Record<string, unknown>]>([
    ["KMS.DisabledException", { Enabled: false }],
    ["KMS.KMSInvalidStateException", { DeletionDate: 1 }],
  ])("that can't be used stops writes and reads with %s", async (name, properties) => {
    const key = addKey({ Enabled: true });
    await put();

    Object.assign(key.properties, properties);

    expect(await failureOf(put())).toMatchObject({ name, $metadata: { httpStatusCode: 400 } });
    expect(await failureOf(get())).toMatchObject({ name });
  });

  it("that is not there stops them too, once there are keys at all", async () => {
    addKey({}, "other");

    expect(await failureOf(put())).toMatchObject({ name: "KMS.NotFoundException" });
  });
});
