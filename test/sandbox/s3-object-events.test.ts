import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectTaggingCommand,
  GetBucketNotificationConfigurationCommand,
  type NotificationConfiguration,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type EventBridgeEvent, type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { failureOf, s3Client } from "./clients.ts";

let sandbox: Sandbox;
let s3: S3Client;
beforeEach(async () => {
  sandbox = await startSandbox({ startAt: Date.parse("2026-03-01T12:00:00Z") });
  s3 = s3Client(sandbox);
});
afterEach(() => sandbox.close());

const KEY = "a b+c/é%.csv";

/** Every call that writes objects or their tags, once each. */
async function writeAll(Bucket: string): Promise<void> {
  const named = { Bucket, Key: KEY };
  await s3.send(new PutObjectCommand({ ...named, Body: "hello" }));
  await s3.send(new PutObjectTaggingCommand({ ...named, Tagging: { TagSet: [{ Key: "k", Value: "v" }] } }));
  await s3.send(new DeleteObjectTaggingCommand(named));
  await s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/${encodeURIComponent(KEY)}` }));
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "parts" }));
  const part = { Bucket, Key: "parts", UploadId, PartNumber: 1 };
  const { ETag } = await s3.send(new UploadPartCommand({ ...part, Body: "<not>xml" }));
  await s3.send(new CompleteMultipartUploadCommand({ ...part, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } }));
  await s3.send(new DeleteObjectCommand(named));
}

const kinds = (events: readonly EventBridgeEvent[]) =>
  events.map(({ detail, ...event }) => [event["detail-type"], detail.reason].filter(Boolean).join(" by "));

describe("S3's own events", () => {
  it("tell of objects and tags, for buckets whose events go to EventBridge", async () => {
    sandbox.createBucket({ name: "loud", eventBridge: true });
    sandbox.createBucket({ name: "quiet" });

    await writeAll("loud");
    await writeAll("quiet");

    expect(kinds(sandbox.notifications)).toEqual([
      "Object Created by PutObject",
      "Object Tags Added",
      "Object Tags Deleted",
      "Object Created by CopyObject",
      "Object Created by CompleteMultipartUpload",
      "Object Deleted by DeleteObject",
    ]);
    expect(sandbox.events).toEqual([]);
  });

  it("carry the documented detail, with the key as it is", async () => {
    sandbox.createBucket({ name: "loud", eventBridge: true, versioning: true });
    const { VersionId, ETag } = await s3.send(new PutObjectCommand({ Bucket: "loud", Key: KEY, Body: "hello" }));

    expect(sandbox.notifications).toEqual([
      {
        version: "0",
        id: expect.any(String),
        "detail-type": "Object Created",
        source: "aws.s3",
        account: sandbox.account,
        time: "2026-03-01T12:00:00Z",
        region: sandbox.region,
        resources: ["arn:aws:s3:::loud"],
        detail: {
          version: "0",
          bucket: { name: "loud" },
          object: {
            key: KEY,
            size: 5,
            etag: ETag?.replaceAll('"', ""),
            "version-id": VersionId,
            sequencer: expect.stringMatching(/^[0-9A-F]{18}$/),
          },
          "request-id": sandbox.calls[0]?.requestId,
          requester: sandbox.account,
          "source-ip-address": "127.0.0.1",
          reason: "PutObject",
        },
      },
    ]);
  });

  it("about tags have neither size nor sequencer nor reason", async () => {
    sandbox.createBucket({ name: "loud", eventBridge: true });
    await writeAll("loud");

    const detail = sandbox.notifications[1]?.detail;
    expect(detail).not.toHaveProperty("reason");
    expect(detail?.object).toEqual({ key: KEY, etag: expect.any(String) });
  });

  it("tell a delete marker from a deletion for good, and order both", async () => {
    sandbox.createBucket({ name: "loud", eventBridge: true, versioning: true });
    const named = { Bucket: "loud", Key: "a" };
    const { VersionId } = await s3.send(new PutObjectCommand({ ...named, Body: "x" }));
    const marker = await s3.send(new DeleteObjectCommand(named));
    await s3.send(new DeleteObjectCommand({ ...named, VersionId }));

    const [created, marked, deleted] = sandbox.notifications.map(({ detail }) => detail);
    expect(marked).toMatchObject({
      "deletion-type": "Delete Marker Created",
      object: { "version-id": marker.VersionId },
    });
    expect(deleted).toMatchObject({ "deletion-type": "Permanently Deleted", object: { "version-id": VersionId } });
    const objects = [created, marked, deleted].map((detail) => detail?.object as { sequencer: string } | undefined);
    const sequencers = objects.map((object) => object?.sequencer);
    expect([...sequencers].sort()).toEqual(sequencers);
  });

  it("don't tell of calls that were refused", async () => {
    sandbox.createBucket({ name: "loud", eventBridge: true });
    sandbox.deny({ action: "s3:PutObject" });

    await failureOf(s3.send(new PutObjectCommand({ Bucket: "loud", Key: "a", Body: "x" })));

    expect(sandbox.notifications).toEqual([]);
  });

  it("can tell of an object that was seeded", () => {
    sandbox.createBucket({ name: "loud", eventBridge: true });
    sandbox.createObject({ bucket: "loud", key: "silent" });
    sandbox.createObject({ bucket: "loud", key: "huge", sizeBytes: 5e9, reason: "CompleteMultipartUpload" });

    expect(sandbox.notifications).toMatchObject([
      { detail: { object: { key: "huge", size: 5e9 }, reason: "CompleteMultipartUpload" } },
    ]);
  });

  it("reach rules by their patterns", async () => {
    sandbox.createBucket({ name: "loud", eventBridge: true });
    sandbox.deployTemplate({
      Resources: {
        Queue: { Type: "AWS::SQS::Queue", Properties: { QueueName: "created" } },
        Policy: {
          Type: "AWS::SQS::QueuePolicy",
          Properties: {
            Queues: [{ Ref: "Queue" }],
            PolicyDocument: {
              Version: "2012-10-17",
              Statement: [
                {
                  Effect: "Allow",
                  Principal: { Service: "events.amazonaws.com" },
                  Action: "sqs:SendMessage",
                  Resource: { "Fn::GetAtt": ["Queue", "Arn"] },
                },
              ],
            },
          },
        },
        Rule: {
          Type: "AWS::Events::Rule",
          Properties: {
            EventPattern: {
              source: ["aws.s3"],
              "detail-type": ["Object Created"],
              detail: { object: { key: [{ wildcard: "*ssn*" }] } },
            },
            Targets: [{ Id: "queue", Arn: { "Fn::GetAtt": ["Queue", "Arn"] } }],
          },
        },
      },
    });

    for (const Key of ["in/ssn 1.csv", "in/other.csv"]) {
      await s3.send(new PutObjectCommand({ Bucket: "loud", Key, Body: "x" }));
    }

    const messages = sandbox.queues.created ?? [];
    expect(messages.map(({ body }) => JSON.parse(body).detail.object.key)).toEqual(["in/ssn 1.csv"]);
  });
});

describe("a bucket's notification configuration", () => {
  const put = (NotificationConfiguration: NotificationConfiguration) =>
    s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: "b", NotificationConfiguration }));
  const get = async () => {
    const { $metadata: _, ...configuration } = await s3.send(
      new GetBucketNotificationConfigurationCommand({ Bucket: "b" }),
    );
    return configuration;
  };
  const putObject = () => s3.send(new PutObjectCommand({ Bucket: "b", Key: "a", Body: "x" }));

  it("is empty at first, and turns EventBridge on and off", async () => {
    sandbox.createBucket({ name: "b" });
    expect(await get()).toEqual({});

    await put({ EventBridgeConfiguration: {} });
    expect(await get()).toEqual({ EventBridgeConfiguration: {} });
    await putObject();
    await put({});
    expect(await get()).toEqual({});
    await putObject();

    expect(sandbox.notifications).toHaveLength(1);
    expect(sandbox.events.map(({ detail }) => detail.eventName)).toEqual([
      "PutBucketNotification",
      "PutBucketNotification",
    ]);
    expect(sandbox.calls.flatMap(({ actions }) => actions)).toContain("s3:PutBucketNotification");
  });

  it("keeps what goes elsewhere", async () => {
    sandbox.createBucket({ name: "b" });
    const queue = {
      Id: "1",
      QueueArn: "arn:aws:sqs:eu-central-1:111122223333:q",
      Events: ["s3:ObjectCreated:*" as const],
    };
    const configuration = { QueueConfigurations: [queue], EventBridgeConfiguration: {} };

    await put(configuration);

    expect(await get()).toEqual(configuration);
  });

  it("is a template's too", async () => {
    sandbox.deployTemplate({
      Resources: {
        Bucket: {
          Type: "AWS::S3::Bucket",
          Properties: {
            BucketName: "b",
            NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
          },
        },
      },
    });

    await putObject();

    expect(sandbox.notifications).toHaveLength(1);
  });
});

describe("CloudTrail's events of writes to objects", () => {
  it("are there for buckets whose data events are logged, and for no other", async () => {
    sandbox.createBucket({ name: "logged", dataEvents: true });
    sandbox.createBucket({ name: "plain" });

    await writeAll("logged");
    await writeAll("plain");

    expect(sandbox.events.map(({ detail }) => detail.eventName)).toEqual([
      "PutObject",
      "PutObjectTagging",
      "DeleteObjectTagging",
      "CopyObject",
      "CreateMultipartUpload",
      "UploadPart",
      "CompleteMultipartUpload",
      "DeleteObject",
    ]);
  });

  it("name object, bucket and source, and say that they are data events", async () => {
    sandbox.createBucket({ name: "logged", dataEvents: true });
    await writeAll("logged");

    const [put, tagged, , copied] = sandbox.events;
    expect(put).toMatchObject({ "detail-type": "AWS API Call via CloudTrail", source: "aws.s3" });
    expect(put?.detail).toMatchObject({
      eventSource: "s3.amazonaws.com",
      eventCategory: "Data",
      managementEvent: false,
      readOnly: false,
      requestParameters: {
        bucketName: "logged",
        key: KEY,
        Host: `logged.s3.${sandbox.region}.amazonaws.com`,
      },
      resources: [
        { type: "AWS::S3::Object", ARN: `arn:aws:s3:::logged/${KEY}` },
        { type: "AWS::S3::Bucket", ARN: "arn:aws:s3:::logged", accountId: sandbox.account },
      ],
    });
    expect(tagged?.detail.requestParameters).toMatchObject({ key: KEY, tagging: "" });
    expect(copied?.detail.requestParameters).toMatchObject({
      key: "copy",
      "x-amz-copy-source": `logged/${encodeURIComponent(KEY)}`,
    });
  });

  it("tell of refused calls too, with the error", async () => {
    sandbox.createBucket({ name: "logged", dataEvents: true });
    sandbox.deny({ action: "s3:PutObject" });

    await failureOf(s3.send(new PutObjectCommand({ Bucket: "logged", Key: "a", Body: "x" })));

    expect(sandbox.events.map(({ detail }) => detail.errorCode)).toEqual(["AccessDenied"]);
  });

  it.each<[string, Record<string, unknown>]>([
    [
      "an event selector",
      {
        EventSelectors: [
          {
            ReadWriteType: "WriteOnly",
            DataResources: [{ Type: "AWS::S3::Object", Values: ["arn:aws:s3:::plain/in/"] }],
          },
        ],
      },
    ],
    [
      "an advanced one",
      {
        AdvancedEventSelectors: [
          {
            FieldSelectors: [
              { Field: "eventCategory", Equals: ["Data"] },
              { Field: "resources.type", Equals: ["AWS::S3::Object"] },
              { Field: "resources.ARN", StartsWith: ["arn:aws:s3:::plain/in/"] },
              { Field: "eventName", NotStartsWith: ["Get"] },
            ],
          },
        ],
      },
    ],
  ])("are there where %s of a trail asks for them", async (_name, properties) => {
    sandbox.createBucket({ name: "plain" });
    sandbox.seedTrail({ properties });

    for (const Key of ["in/a", "out/a"]) await s3.send(new PutObjectCommand({ Bucket: "plain", Key, Body: "x" }));

    expect(sandbox.events.map(({ detail }) => detail.requestParameters)).toMatchObject([{ key: "in/a" }]);
  });
});
