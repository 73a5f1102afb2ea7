import {
  DeleteBucketCommand,
  DeleteBucketEncryptionCommand,
  DeleteBucketLifecycleCommand,
  DeleteBucketPolicyCommand,
  DeletePublicAccessBlockCommand,
  GetBucketEncryptionCommand,
  GetBucketPolicyCommand,
  GetPublicAccessBlockCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketReplicationCommand,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { failureOf, s3Client } from "./clients.ts";

const Bucket = "evidence";
let sandbox: Sandbox;
let s3: S3Client;
beforeEach(async () => {
  sandbox = await startSandbox();
  s3 = s3Client(sandbox);
  sandbox.createBucket({ name: Bucket, versioning: true });
});
afterEach(() => sandbox.close());

/** The bucket as a template would have left it in the registry. */
function putResource(): Record<string, unknown> {
  const properties: Record<string, unknown> = { BucketName: Bucket };
  const shared = { account: sandbox.account, region: sandbox.region };
  sandbox.registry.put({
    type: "AWS::S3::Bucket",
    identifier: Bucket,
    arn: `arn:aws:s3:::${Bucket}`,
    ...shared,
    properties,
  });
  return properties;
}
const blocked = {
  BlockPublicAcls: true,
  IgnorePublicAcls: false,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: false,
};
const policy = { Statement: [{ Effect: "Deny", Principal: "*", Action: "s3:DeleteObject", Resource: "*" }] };
const encryption = (KMSMasterKeyID: string) => ({
  Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms" as const, KMSMasterKeyID } }],
});
const replication = {
  Role: "arn:aws:iam::111122223333:role/r",
  Rules: [{ ID: "one", Status: "Enabled" as const, Prefix: "", Destination: { Bucket: "arn:aws:s3:::copy" } }],
};

describe("a setting", () => {
  it("is read back, whether a template made the bucket or not", async () => {
    for (const make of [() => {}, putResource]) {
      make();
      await s3.send(
        new PutPublicAccessBlockCommand({
          Bucket,
          PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: true },
        }),
      );
      await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(policy) }));
      await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: encryption("k") }));

      expect((await s3.send(new GetPublicAccessBlockCommand({ Bucket }))).PublicAccessBlockConfiguration).toEqual(
        blocked,
      );
      expect(JSON.parse((await s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy ?? "")).toEqual(policy);
      const read = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
      expect(read.ServerSideEncryptionConfiguration).toEqual(encryption("k"));
    }
  });

  it("is missing by its own error", async () => {
    const policyCall = s3.send(new GetBucketPolicyCommand({ Bucket }));
    expect(await failureOf(policyCall)).toMatchObject({ name: "NoSuchBucketPolicy" });
    const blockCall = s3.send(new GetPublicAccessBlockCommand({ Bucket }));
    expect(await failureOf(blockCall)).toMatchObject({ name: "NoSuchPublicAccessBlockConfiguration" });
  });

  it("shows in the registry under CloudFormation's name", async () => {
    const properties = putResource();
    sandbox.createBucket({ name: "copy", versioning: true });

    await s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: blocked }));
    await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: encryption("k") }));
    await s3.send(new PutBucketReplicationCommand({ Bucket, ReplicationConfiguration: replication }));
    await s3.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket,
        LifecycleConfiguration: {
          Rules: [{ ID: "old", Status: "Enabled", Filter: { Prefix: "" }, Expiration: { Days: 1 } }],
        },
      }),
    );
    expect(properties).toMatchObject({
      PublicAccessBlockConfiguration: blocked,
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { ServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms", KMSMasterKeyID: "k" } },
        ],
      },
      ReplicationConfiguration: { Role: replication.Role, Rules: [{ Id: "one", Status: "Enabled" }] },
      LifecycleConfiguration: { Rules: [{ Id: "old", Status: "Enabled", ExpirationInDays: 1 }] },
    });

    await s3.send(new DeletePublicAccessBlockCommand({ Bucket }));
    await s3.send(new DeleteBucketEncryptionCommand({ Bucket }));
    await s3.send(new DeleteBucketLifecycleCommand({ Bucket }));
    expect(Object.keys(properties)).toEqual(["BucketName", "ReplicationConfiguration"]);
  });

  it("of versioning and Object Lock shows there too", async () => {
    const properties = putResource();
    const suspended = { Status: "Suspended" as const };
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: suspended }));
    expect(properties.VersioningConfiguration).toEqual(suspended);
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
    const lock = {
      ObjectLockEnabled: "Enabled" as const,
      Rule: { DefaultRetention: { Mode: "GOVERNANCE" as const, Days: 1 } },
    };

    await s3.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration: lock }));

    expect(properties.ObjectLockConfiguration).toEqual(lock);
  });

  it("goes with its bucket", async () => {
    putResource();
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(policy) }));

    await s3.send(new DeleteBucketCommand({ Bucket }));

    expect(sandbox.registry.list("AWS::S3::Bucket")).toEqual([]);
    expect(sandbox.registry.list("AWS::S3::BucketPolicy")).toEqual([]);
  });
});

it("a policy that is no JSON is refused, and changes a policy the template gave", async () => {
  const shared = { account: sandbox.account, region: sandbox.region };
  const properties: Record<string, unknown> = { Bucket, PolicyDocument: {} };
  sandbox.registry.put({ type: "AWS::S3::BucketPolicy", identifier: Bucket, arn: "", ...shared, properties });

  const wrong = s3.send(new PutBucketPolicyCommand({ Bucket, Policy: "none" }));
  expect(await failureOf(wrong)).toMatchObject({ name: "MalformedPolicy" });
  await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(policy) }));
  expect(properties.PolicyDocument).toEqual(policy);
  await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
  expect(sandbox.registry.list("AWS::S3::BucketPolicy")).toEqual([]);
});

it("CloudTrail has names of its own for some of these calls", async () => {
  await s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: blocked }));
  await s3.send(new DeletePublicAccessBlockCommand({ Bucket }));
  await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(policy) }));
  await s3.send(
    new PutBucketLifecycleConfigurationCommand({
      Bucket,
      LifecycleConfiguration: { Rules: [{ Status: "Enabled", Filter: { Prefix: "" } }] },
    }),
  );
  await s3.send(
    new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration: { ObjectLockEnabled: "Enabled" } }),
  );

  expect(sandbox.events.map(({ detail }) => detail.eventName)).toEqual([
    "PutBucketPublicAccessBlock",
    "DeleteBucketPublicAccessBlock",
    "PutBucketPolicy",
    "PutBucketLifecycle",
    "PutBucketObjectLockConfiguration",
  ]);
  expect(sandbox.events[2]?.detail.requestParameters).toMatchObject({
    bucketPolicy: policy,
    bucketName: Bucket,
    policy: "",
  });
});
