import {
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DynamoDBClient,
  PutItemCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
} from "@aws-sdk/client-dynamodb";
import {
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { clientConfig, failureOf } from "./clients.ts";

const PLACE = { account: "111122223333", region: "eu-central-1" };

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(() => sandbox.close());

const find = (type: string, identifier: string) =>
  sandbox.registry.find(type, identifier, PLACE.account, PLACE.region)?.properties;
const trail = () =>
  sandbox.events.map(({ source, detail }) => [source, detail.eventName, detail.requestParameters, detail.errorCode]);

describe("a queue", () => {
  const QUEUE_ARN = "arn:aws:sqs:eu-central-1:111122223333:cordon-sweep";
  const DEAD_ARN = `${QUEUE_ARN}-dead`;
  let sqs: SQSClient;
  let QueueUrl: string;
  let OtherUrl: string;
  beforeEach(() => {
    sqs = new SQSClient(clientConfig(sandbox));
    QueueUrl = sandbox.createQueue("cordon-sweep");
    OtherUrl = sandbox.createQueue("cordon-sweep-dead");
    sandbox.registry.put({
      ...PLACE,
      type: "AWS::SQS::QueuePolicy",
      identifier: "policy",
      arn: "policy",
      properties: { Queues: [QueueUrl, OtherUrl], PolicyDocument: { Statement: [{ Sid: "RulesSend" }] } },
    });
  });
  const attributes = async (url: string) =>
    (await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["All"] }))).Attributes;

  it("gets other settings, as properties of the kind CloudFormation has", async () => {
    const Attributes = {
      VisibilityTimeout: "5",
      SqsManagedSseEnabled: "false",
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: DEAD_ARN, maxReceiveCount: 2 }),
    };

    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));

    expect(find("AWS::SQS::Queue", QueueUrl)).toMatchObject({
      VisibilityTimeout: 5,
      SqsManagedSseEnabled: false,
      RedrivePolicy: { deadLetterTargetArn: DEAD_ARN, maxReceiveCount: 2 },
    });
    expect(await attributes(QueueUrl)).toMatchObject({
      ...Attributes,
      QueueArn: QUEUE_ARN,
      MessageRetentionPeriod: "345600",
    });
    expect(trail()).toEqual([
      ["aws.sqs", "SetQueueAttributes", { queueUrl: QueueUrl, attributes: Attributes }, undefined],
    ]);
  });

  it("has its dead-letter queue taken away by an empty text", async () => {
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: DEAD_ARN, maxReceiveCount: 2 });
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { RedrivePolicy } }));

    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { RedrivePolicy: "" } }));

    expect(find("AWS::SQS::Queue", QueueUrl)).not.toHaveProperty("RedrivePolicy");
  });

  it("gets another policy, which leaves the queue that shared the old one alone", async () => {
    const policy = JSON.stringify({ Statement: [{ Sid: "Nobody" }] });
    const old = JSON.stringify({ Statement: [{ Sid: "RulesSend" }] });
    expect((await attributes(QueueUrl))?.Policy).toBe(old);

    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: policy } }));
    expect([(await attributes(QueueUrl))?.Policy, (await attributes(OtherUrl))?.Policy]).toEqual([policy, old]);
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: "" } }));

    expect([(await attributes(QueueUrl))?.Policy, (await attributes(OtherUrl))?.Policy]).toEqual([undefined, old]);
  });

  it("is purged, and deleted with its policy", async () => {
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "a" }));
    expect((await attributes(QueueUrl))?.ApproximateNumberOfMessages).toBe("1");

    await sqs.send(new PurgeQueueCommand({ QueueUrl }));
    expect(sandbox.queues["cordon-sweep"]).toEqual([]);
    await sqs.send(new DeleteQueueCommand({ QueueUrl }));

    expect(find("AWS::SQS::Queue", QueueUrl)).toBeUndefined();
    expect(find("AWS::SQS::QueuePolicy", "policy")).toMatchObject({ Queues: [OtherUrl] });
    expect(await failureOf(sqs.send(new DeleteQueueCommand({ QueueUrl })))).toMatchObject({
      name: "QueueDoesNotExist",
    });
    expect(trail()).toEqual([
      ["aws.sqs", "PurgeQueue", { queueUrl: QueueUrl }, undefined],
      ["aws.sqs", "DeleteQueue", { queueUrl: QueueUrl }, undefined],
      ["aws.sqs", "DeleteQueue", { queueUrl: QueueUrl }, "QueueDoesNotExist"],
    ]);
  });
});

describe("a table", () => {
  const TableName = "cordon";
  let dynamodb: DynamoDBClient;
  beforeEach(() => {
    dynamodb = new DynamoDBClient(clientConfig(sandbox));
    sandbox.createTable(TableName, { stream: true });
    sandbox.registry.put({
      ...PLACE,
      type: "AWS::DynamoDB::Table",
      identifier: TableName,
      arn: "arn:aws:dynamodb:eu-central-1:111122223333:table/cordon",
      properties: {
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        StreamSpecification: { StreamViewType: "NEW_AND_OLD_IMAGES" },
      },
    });
  });
  const table = async () => (await dynamodb.send(new DescribeTableCommand({ TableName }))).Table;

  it("is not deleted while it is protected", async () => {
    const remove = () => dynamodb.send(new DeleteTableCommand({ TableName }));
    expect(await table()).toMatchObject({ DeletionProtectionEnabled: true, TableStatus: "ACTIVE" });
    expect(await failureOf(remove())).toMatchObject({
      name: "ValidationException",
      message: expect.stringContaining("protected against deletion"),
    });

    await dynamodb.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }));
    await remove();

    expect(await failureOf(table())).toMatchObject({ name: "ResourceNotFoundException" });
    expect(find("AWS::DynamoDB::Table", TableName)).toBeUndefined();
    expect(trail()).toEqual([
      ["aws.dynamodb", "DeleteTable", { tableName: TableName }, "ValidationException"],
      ["aws.dynamodb", "UpdateTable", { tableName: TableName, deletionProtectionEnabled: false }, undefined],
      ["aws.dynamodb", "DeleteTable", { tableName: TableName }, undefined],
    ]);
  });

  it("without its stream leaves no records, and with a new one begins anew", async () => {
    const write = (pk: string) =>
      dynamodb.send(new PutItemCommand({ TableName, Item: { pk: { S: pk }, sk: { S: "-" } } }));
    const before = (await table())?.LatestStreamArn;
    await write("one");

    await dynamodb.send(new UpdateTableCommand({ TableName, StreamSpecification: { StreamEnabled: false } }));
    expect(find("AWS::DynamoDB::Table", TableName)).not.toHaveProperty("StreamSpecification");
    await write("two");
    sandbox.clock.advance(1000);
    await dynamodb.send(
      new UpdateTableCommand({
        TableName,
        StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
      }),
    );
    await write("three");

    expect((await table())?.LatestStreamArn).not.toBe(before);
    expect(
      sandbox
        .table(TableName)
        .streamRecords()
        .map(({ dynamodb: { Keys } }) => Keys.pk),
    ).toEqual([{ S: "three" }]);
  });

  it("loses its backups", async () => {
    const status = async () => {
      const { ContinuousBackupsDescription } = await dynamodb.send(new DescribeContinuousBackupsCommand({ TableName }));
      return ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus;
    };
    expect(await status()).toBe("ENABLED");

    const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: false };
    await dynamodb.send(new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }));

    expect(await status()).toBe("DISABLED");
    expect(trail()[0]?.slice(1, 3)).toEqual([
      "UpdateContinuousBackups",
      { tableName: TableName, pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: false } },
    ]);
  });
});
