import {
  DeleteBucketReplicationCommand,
  PutBucketReplicationCommand,
  PutBucketTaggingCommand,
  type ReplicationRule,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { failureOf, s3Client } from "./clients.ts";

const ROLE = "arn:aws:iam::111122223333:role/replication";
let sandbox: Sandbox;
let s3: S3Client;
beforeEach(async () => {
  sandbox = await startSandbox({ startAt: Date.parse("2030-01-01T00:00:00.500Z"), schedule: { serial: true } });
  const admin = sandbox.createPrincipal({ type: "AssumedRole", name: "admin", sessionName: "ann" });
  s3 = s3Client(sandbox, undefined, admin);
  sandbox.createBucket({ name: "source", versioning: true });
  sandbox.createBucket({ name: "paris", region: "eu-west-3", versioning: true });
});
afterEach(() => sandbox.close());

const rule = (ID: string, Priority: number): ReplicationRule => ({
  ID,
  Priority,
  Filter: { Prefix: "" },
  DeleteMarkerReplication: { Status: "Disabled" },
  Status: "Enabled",
  Destination: { Bucket: "arn:aws:s3:::paris" },
});
const put = (...Rules: ReplicationRule[]) =>
  s3.send(new PutBucketReplicationCommand({ Bucket: "source", ReplicationConfiguration: { Role: ROLE, Rules } }));

describe("a mutating call", () => {
  it("is told with the source identity of its session beside who issued it", async () => {
    const ann = sandbox.createPrincipal({ type: "AssumedRole", name: "admin", sourceIdentity: "ann@example.org" });
    s3 = s3Client(sandbox, undefined, ann);

    await put(rule("one", 1));

    expect(sandbox.events[0]?.detail.userIdentity).toMatchObject({
      sessionContext: { sessionIssuer: { userName: "admin" }, sourceIdentity: "ann@example.org" },
    });
  });

  it("leaves CloudTrail's record in EventBridge's envelope", async () => {
    const { $metadata } = await put(rule("one", 1));

    expect(sandbox.events).toHaveLength(1);
    expect(sandbox.events[0]).toMatchObject({
      version: "0",
      "detail-type": "AWS API Call via CloudTrail",
      source: "aws.s3",
      account: "111122223333",
      time: "2030-01-01T00:00:00Z",
      region: "eu-central-1",
      detail: {
        userIdentity: {
          type: "AssumedRole",
          arn: "arn:aws:sts::111122223333:assumed-role/admin/ann",
          sessionContext: { sessionIssuer: { arn: "arn:aws:iam::111122223333:role/admin", userName: "admin" } },
        },
        eventTime: "2030-01-01T00:00:00Z",
        eventName: "PutBucketReplication",
        awsRegion: "eu-central-1",
        userAgent: expect.stringMatching(/^\[aws-sdk-js/),
        requestParameters: {
          bucketName: "source",
          replication: "",
          ReplicationConfiguration: {
            Role: ROLE,
            Rule: { ID: "one", Priority: 1, Filter: { Prefix: "" }, Status: "Enabled" },
          },
        },
        requestID: $metadata.requestId,
        readOnly: false,
        resources: [{ accountId: "111122223333", type: "AWS::S3::Bucket", ARN: "arn:aws:s3:::source" }],
        recipientAccountId: "111122223333",
      },
    });
    expect(sandbox.calls[0]?.requestId).toBe($metadata.requestId);
  });

  it("has one rule as an object and several as a list", async () => {
    await put(rule("one", 1), rule("two", 2));

    expect(sandbox.events[0]?.detail.requestParameters).toMatchObject({
      ReplicationConfiguration: { Rule: [{ ID: "one" }, { ID: "two" }] },
    });
  });

  it("shows texts that read as booleans as booleans, as recorded events do", async () => {
    await s3.send(
      new PutBucketTaggingCommand({ Bucket: "source", Tagging: { TagSet: [{ Key: "a", Value: "true" }] } }),
    );

    expect(sandbox.events[0]?.detail.requestParameters).toMatchObject({
      tagging: "",
      Tagging: { TagSet: { Tag: { Key: "a", Value: true } } },
    });
  });

  it("leaves a record when it is refused", async () => {
    sandbox.deny({ action: "iam:PassRole" });
    await failureOf(put(rule("one", 1)));
    await s3.send(new DeleteBucketReplicationCommand({ Bucket: "source" }));

    expect(sandbox.events.map(({ detail }) => [detail.eventName, detail.errorCode])).toEqual([
      ["PutBucketReplication", "AccessDenied"],
      ["DeleteBucketReplication", undefined],
    ]);
  });

  it("refused to a stranger is in the stranger's trail", async () => {
    const stranger = sandbox.createPrincipal({ type: "IAMUser", name: "stranger", account: "999999999999" });
    const client = s3Client(sandbox, undefined, stranger);

    await failureOf(client.send(new DeleteBucketReplicationCommand({ Bucket: "source" })));

    expect(sandbox.events).toMatchObject([
      {
        account: "999999999999",
        detail: { errorCode: "AccessDenied", userIdentity: { type: "IAMUser", userName: "stranger" } },
      },
    ]);
  });
});

it("gives the same ids for the same seed", async () => {
  const other = await startSandbox({ startAt: Date.parse("2030-01-01T00:00:00.500Z"), schedule: { serial: true } });
  try {
    const ids = (from: Sandbox) => from.createPrincipal({ type: "IAMUser", name: "same" }).credentials;
    const fresh = await startSandbox({ seed: 2 });
    const [one, two] = [ids(other), ids(fresh)];
    await fresh.close();
    expect(one.accessKeyId).not.toBe(two.accessKeyId);
    const again = await startSandbox({});
    expect(ids(again)).toEqual(one);
    await again.close();
  } finally {
    await other.close();
  }
});
