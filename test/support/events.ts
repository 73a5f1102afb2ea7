import type { Context } from "aws-lambda";

/** Milliseconds at which every staged world begins: nothing in a test depends on the day it runs. */
export const START_MS = Date.parse("2026-03-01T09:00:00Z");

export interface CallOptions {
  readonly name?: string;
  readonly account?: string;
  readonly region?: string;
  readonly atMs?: number;
  readonly id?: string;
  readonly requestId?: string;
  readonly errorCode?: string;
  readonly by?: string;
}

/** A CloudTrail record as S3 writes it, with as much of the request as Cordon may rely on. */
export function cloudTrailRecord(bucket: string, options: CallOptions = {}): Record<string, unknown> {
  const { name = "PutBucketReplication", account = "111122223333", region = "eu-central-1", atMs = START_MS } = options;
  const by = options.by ?? "developer";
  return {
    eventVersion: "1.11",
    userIdentity: { type: "IAMUser", arn: `arn:aws:iam::${account}:user/${by}`, accountId: account, userName: by },
    eventTime: new Date(Math.floor(atMs / 1000) * 1000).toISOString().replace(".000Z", "Z"),
    eventSource: "s3.amazonaws.com",
    eventName: name,
    awsRegion: region,
    sourceIPAddress: "192.0.2.7",
    userAgent: "aws-cli/2.31",
    requestParameters: { bucketName: bucket, Host: `${bucket}.s3.${region}.amazonaws.com` },
    responseElements: null,
    requestID: options.requestId ?? "REQUEST0000USER1",
    eventID: options.id ?? "11111111-2222-4333-8444-555555555555",
    readOnly: false,
    resources: [{ accountId: account, type: "AWS::S3::Bucket", ARN: `arn:aws:s3:::${bucket}` }],
    eventType: "AwsApiCall",
    managementEvent: true,
    recipientAccountId: account,
    ...(options.errorCode !== undefined && { errorCode: options.errorCode }),
  };
}

/** A data event about an object, as a trail that logs them tells it. */
export function objectRecord(bucket: string, key: string, options: CallOptions = {}): Record<string, unknown> {
  const record = cloudTrailRecord(bucket, options);
  const resources = [
    { type: "AWS::S3::Object", ARN: `arn:aws:s3:::${bucket}/${key}` },
    ...(record.resources as readonly unknown[]),
  ];
  return { ...record, requestParameters: { bucketName: bucket, key }, resources, managementEvent: false };
}

export function configItem(bucket: string, account = "111122223333", region = "eu-central-1"): Record<string, unknown> {
  return {
    version: "1.3",
    accountId: account,
    configurationItemCaptureTime: "2026-03-01T09:00:05.000Z",
    configurationItemStatus: "OK",
    configurationStateId: "1772355605000",
    arn: `arn:aws:s3:::${bucket}`,
    resourceType: "AWS::S3::Bucket",
    resourceId: bucket,
    resourceName: bucket,
    awsRegion: region,
    configuration: "{}",
    supplementaryConfiguration: {},
  };
}

/** As AWS wraps it: the source is the service's that was called, and the account the record's. */
export function eventBridge(
  detail: unknown,
  type = "AWS API Call via CloudTrail",
  source = `aws.${memberOf(detail, "eventSource")?.replace(".amazonaws.com", "") ?? "s3"}`,
): Record<string, unknown> {
  return {
    version: "0",
    id: "e0000000-0000-4000-8000-000000000001",
    "detail-type": type,
    source,
    account: memberOf(detail, "recipientAccountId") ?? "111122223333",
    time: "2026-03-01T09:00:00Z",
    region: "eu-central-1",
    resources: [],
    detail,
  };
}

function memberOf(detail: unknown, name: string): string | undefined {
  const value = typeof detail === "object" && detail !== null ? (detail as Record<string, unknown>)[name] : undefined;
  return typeof value === "string" ? value : undefined;
}

export function sqs(...bodies: readonly unknown[]): Record<string, unknown> {
  return {
    Records: bodies.map((body, index) => ({
      messageId: `message-${index + 1}`,
      receiptHandle: "handle",
      body: typeof body === "string" ? body : JSON.stringify(body),
      attributes: {
        ApproximateReceiveCount: "1",
        SentTimestamp: "0",
        SenderId: "x",
        ApproximateFirstReceiveTimestamp: "0",
      },
      messageAttributes: {},
      md5OfBody: "",
      eventSource: "aws:sqs",
      eventSourceARN: "arn:aws:sqs:eu-central-1:111122223333:cordon-quarantine-replication",
      awsRegion: "eu-central-1",
    })),
  };
}

export function sns(message: unknown): Record<string, unknown> {
  return {
    Records: [
      {
        EventSource: "aws:sns",
        EventVersion: "1.0",
        Sns: {
          Type: "Notification",
          MessageId: "m",
          TopicArn: "arn:aws:sns:eu-central-1:111122223333:t",
          Message: JSON.stringify(message),
        },
      },
    ],
  };
}

export function snsNotification(message: unknown): Record<string, unknown> {
  return {
    Type: "Notification",
    MessageId: "m",
    TopicArn: "arn:aws:sns:eu-central-1:111122223333:t",
    Message: JSON.stringify(message),
  };
}

export function configRuleInvocation(item: unknown): Record<string, unknown> {
  const invokingEvent = JSON.stringify({
    configurationItem: item,
    messageType: "ConfigurationItemChangeNotification",
    recordVersion: "1.3",
  });
  return {
    version: "1.0",
    invokingEvent,
    ruleParameters: "{}",
    resultToken: "token",
    configRuleName: "rule",
    accountId: "111122223333",
  };
}

/** Every way in which AWS delivers one CloudTrail record. */
export const WRAPPERS: Readonly<Record<string, (record: unknown) => unknown>> = {
  "a bare record": (record) => record,
  "an EventBridge event": (record) => eventBridge(record),
  "an SQS batch of EventBridge events": (record) => sqs(eventBridge(record)),
  "an SQS batch of bare records": (record) => sqs(record),
  "an SNS delivery": (record) => sns(eventBridge(record)),
  "an SNS notification in SQS": (record) => sqs(snsNotification(eventBridge(record))),
  "a CloudTrail log file": (record) => ({ Records: [record] }),
};

/** As much of Lambda's context as is read. */
export function lambdaContext(remainingMs = 30_000): Context {
  return {
    callbackWaitsForEmptyEventLoop: false,
    functionName: "quarantine-replication",
    functionVersion: "$LATEST",
    invokedFunctionArn: "arn:aws:lambda:eu-central-1:111122223333:function:cordon-quarantine-replication",
    memoryLimitInMB: "512",
    awsRequestId: "r",
    logGroupName: "/aws/lambda/cordon-quarantine-replication",
    logStreamName: "s",
    getRemainingTimeInMillis: () => remainingMs,
    done: () => {},
    fail: () => {},
    succeed: () => {},
  };
}
