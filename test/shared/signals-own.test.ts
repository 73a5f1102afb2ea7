import { describe, expect, it } from "vitest";
import { meta as coverageMeta } from "../../controls/account-region-stays-covered/meta.ts";
import { meta as cellMeta } from "../../controls/cordon-cell-stays-deployed/meta.ts";
import { parseScheduled } from "../../functions/guard-cell/schedules.ts";
import { type EventPattern, matchesPattern } from "../../sandbox/index.ts";
import { accountRegionRef, findAccountRegions } from "../../shared/deployment/account-region.ts";
import { findOwnResources } from "../../shared/signals/own-resources.ts";
import type { ResourceRef } from "../../shared/types.ts";
import { eventBridge } from "../support/events.ts";

const ACCOUNT = "111122223333";
const MEMBER = "444455556666";
const REGION = "eu-central-1";
const own = (type: string, name: string, arn: string): ResourceRef => ({
  type,
  name,
  arn,
  account: ACCOUNT,
  region: REGION,
});
const regional = (service: string, rest: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;

const RULE = own("AWS::Events::Rule", "cordon-sweep-schedule", regional("events", "rule/cordon-sweep-schedule"));
const BUS = own("AWS::Events::EventBus", "cordon", regional("events", "event-bus/cordon"));
const SWEEP = own("AWS::Lambda::Function", "cordon-sweep", regional("lambda", "function:cordon-sweep"));
const DECIDE = own("AWS::Lambda::Function", "cordon-decide", regional("lambda", "function:cordon-decide"));
const QUEUE = own("AWS::SQS::Queue", "cordon-sweep", regional("sqs", "cordon-sweep"));
const TABLE = own("AWS::DynamoDB::Table", "cordon", regional("dynamodb", "table/cordon"));
const KEY = own("AWS::KMS::Key", "alias/cordon-evidence", regional("kms", "alias/cordon-evidence"));
const ROLE = own(
  "AWS::IAM::Role",
  "cordon-sweep-eu-central-1",
  `arn:aws:iam::${ACCOUNT}:role/cordon-sweep-eu-central-1`,
);
const ALARM_1 = own(
  "AWS::CloudWatch::Alarm",
  "cordon-RefusedAlarm",
  regional("cloudwatch", "alarm:cordon-RefusedAlarm"),
);
const ALARM_2 = own(
  "AWS::CloudWatch::Alarm",
  "cordon-SweepErrorsAlarm",
  regional("cloudwatch", "alarm:cordon-SweepErrorsAlarm"),
);
const LOG = own(
  "AWS::Logs::LogGroup",
  "/aws/lambda/cordon-sweep",
  regional("logs", "log-group:/aws/lambda/cordon-sweep"),
);
const TOPIC = own("AWS::SNS::Topic", "cordon-alarms", regional("sns", "cordon-alarms"));
const BUCKET = own("AWS::S3::Bucket", "cordon-evidence-1", "arn:aws:s3:::cordon-evidence-1");
const ALL = [RULE, BUS, SWEEP, DECIDE, QUEUE, TABLE, KEY, ROLE, ALARM_1, ALARM_2, LOG, TOPIC, BUCKET];

const record = (service: string, eventName: string, requestParameters: object | null, more: object = {}) => ({
  eventSource: `${service}.amazonaws.com`,
  eventName,
  awsRegion: REGION,
  recipientAccountId: ACCOUNT,
  requestParameters,
  ...more,
});
type Named = readonly [string, Record<string, unknown>, readonly ResourceRef[]];

const NAMED: readonly Named[] = [
  ["a rule by name", record("events", "DisableRule", { name: RULE.name }), [RULE]],
  ["a rule by its targets' call", record("events", "RemoveTargets", { rule: RULE.name, ids: ["queue"] }), [RULE]],
  ["a bus", record("events", "DeleteEventBus", { name: "cordon" }), [BUS]],
  ["a bus by what is permitted on it", record("events", "PutPermission", { eventBusName: "cordon" }), [BUS]],
  ["a function by name", record("lambda", "DeleteFunction20150331", { functionName: "cordon-sweep" }), [SWEEP]],
  ["a function by ARN", record("lambda", "DeleteFunction20150331", { functionName: SWEEP.arn }), [SWEEP]],
  [
    "a function by ARN with a version",
    record("lambda", "UpdateFunctionCode20150331v2", { functionName: `${SWEEP.arn}:$LATEST` }),
    [SWEEP],
  ],
  [
    "a mapping by what Lambda answers",
    record(
      "lambda",
      "UpdateEventSourceMapping20150331",
      { uUID: "1" },
      { responseElements: { functionArn: SWEEP.arn } },
    ),
    [SWEEP],
  ],
  [
    "a mapping by its id alone: any function",
    record("lambda", "DeleteEventSourceMapping20150331", { uUID: "1" }),
    [SWEEP, DECIDE],
  ],
  ["a queue by URL", record("sqs", "DeleteQueue", { queueUrl: `https://sqs/${ACCOUNT}/cordon-sweep` }), [QUEUE]],
  ["a table by name", record("dynamodb", "UpdateTable", { tableName: "cordon" }), [TABLE]],
  ["a table by ARN", record("dynamodb", "UpdateTable", { tableName: TABLE.arn }), [TABLE]],
  ["a key by an id that nobody knows beforehand", record("kms", "DisableKey", { keyId: "0f3c" }), [KEY]],
  [
    "a role, in whatever Region it is told",
    record("iam", "DeleteRole", { roleName: ROLE.name }, { awsRegion: "us-east-1" }),
    [ROLE],
  ],
  [
    "several alarms at once",
    record("monitoring", "DeleteAlarms", { alarmNames: [ALARM_1.name, ALARM_2.name] }),
    [ALARM_1, ALARM_2],
  ],
  ["a topic", record("sns", "DeleteTopic", { topicArn: TOPIC.arn }), [TOPIC]],
  ["a log group", record("logs", "DeleteLogGroup", { logGroupName: LOG.name }), [LOG]],
  ["the evidence", record("s3", "PutBucketPolicy", { bucketName: BUCKET.name }), [BUCKET]],
  ["a record without a request: any of its service's", record("sqs", "DeleteQueue", null), [QUEUE]],
  [
    "a record without a request, but with a list of resources",
    record("events", "DisableRule", null, { resources: [{ ARN: RULE.arn }] }),
    [RULE],
  ],
];
const UNNAMED: readonly Named[] = [
  ["somebody else's rule", record("events", "DisableRule", { name: "nightly" }), []],
  [
    "a name that only begins like one",
    record("lambda", "DeleteFunction20150331", { functionName: "cordon-sweeper" }),
    [],
  ],
  ["another account", record("events", "DisableRule", { name: RULE.name }, { recipientAccountId: MEMBER }), []],
  [
    "another Region",
    record("sqs", "DeleteQueue", { queueUrl: "https://x/cordon-sweep" }, { awsRegion: "eu-west-1" }),
    [],
  ],
  ["another service", record("ec2", "RunInstances", {}), []],
  ["no service at all", {}, []],
];

describe("which of Cordon's own resources a record is about", () => {
  it.each([...NAMED, ...UNNAMED])("%s", (_, told, expected) => {
    expect(findOwnResources(told, undefined, ALL)).toEqual(expected);
  });

  it("account and Region come from the envelope where the record lacks them", () => {
    const { recipientAccountId: _, awsRegion: __, ...bare } = record("events", "DisableRule", { name: RULE.name });
    expect(findOwnResources(bare, { account: ACCOUNT, region: REGION }, ALL)).toEqual([RULE]);
    expect(findOwnResources(bare, undefined, ALL)).toEqual([]);
  });
});

describe("the patterns of the cell's control", () => {
  const patterns = cellMeta.narrow("cordon") as unknown as EventPattern[];
  const isHeard = (detail: Record<string, unknown>) => {
    const event = eventBridge(detail, undefined, `aws.${String(detail.eventSource).replace(".amazonaws.com", "")}`);
    return patterns.some((pattern) => matchesPattern(pattern, event));
  };

  it.each(NAMED.filter(([, { requestParameters }]) => requestParameters !== null))("let through: %s", (_, told) => {
    expect(isHeard(told)).toBe(true);
  });

  it("leave out other people's resources, failed calls, and calls that change nothing", () => {
    const failed = record("events", "DisableRule", { name: RULE.name }, { errorCode: "AccessDenied" });
    expect(isHeard(failed)).toBe(false);
    expect(isHeard(record("events", "DisableRule", { name: "nightly" }))).toBe(false);
    expect(isHeard(record("lambda", "DeleteFunction20150331", { functionName: "orders" }))).toBe(false);
    expect(isHeard(record("events", "DescribeRule", { name: RULE.name }))).toBe(false);
  });

  it("hear the member role, by its default name, for cells of any name", () => {
    const pattern = cellMeta.narrow("sovereign").find(({ source }) => String(source) === "aws.iam");
    expect(
      matchesPattern(
        pattern as unknown as EventPattern,
        eventBridge(record("iam", "DeleteRole", { roleName: "cordon-member" }), undefined, "aws.iam"),
      ),
    ).toBe(true);
  });

  it("are no longer than EventBridge takes, for the longest name", () => {
    for (const meta of [cellMeta, coverageMeta])
      for (const pattern of meta.narrow("n".repeat(31))) expect(JSON.stringify(pattern).length).toBeLessThan(2_048);
  });
});

describe("which account and Region a record is about", () => {
  const names = {
    partition: "aws",
    home: { account: ACCOUNT, region: REGION },
    rules: ["cordon-forward-s3", "cordon-heartbeat"],
    memberRole: "cordon-member",
    accounts: [MEMBER],
  };
  const inMember = (service: string, eventName: string, request: object | null, region = "eu-west-1") =>
    record(service, eventName, request, { recipientAccountId: MEMBER, awsRegion: region });
  it.each<readonly [string, Record<string, unknown>, string | undefined]>([
    ["a trail", inMember("cloudtrail", "StopLogging", { name: "t" }), "eu-west-1"],
    ["a recorder", inMember("config", "StopConfigurationRecorder", {}), "eu-west-1"],
    [
      "a Region that is enabled, not the one it is told in",
      inMember("account", "EnableRegion", { regionName: "ap-southeast-3" }, "us-east-1"),
      "ap-southeast-3",
    ],
    ["a forwarding rule", inMember("events", "DisableRule", { name: "cordon-heartbeat" }), "eu-west-1"],
    ["somebody else's rule", inMember("events", "DisableRule", { name: "nightly" }), undefined],
    [
      "the cell's own rules, which are another control's",
      record("events", "DisableRule", { name: "cordon-heartbeat" }),
      undefined,
    ],
    ["the member role", inMember("iam", "DeleteRole", { roleName: "cordon-member" }, "us-east-1"), "us-east-1"],
    ["another role", inMember("iam", "DeleteRole", { roleName: "admin" }, "us-east-1"), undefined],
    [
      "an account that is not served",
      record("cloudtrail", "StopLogging", {}, { recipientAccountId: "999900001111" }),
      undefined,
    ],
    ["nothing that could be told", { eventSource: "cloudtrail.amazonaws.com" }, undefined],
  ])("%s", (_, told, region) => {
    expect(findAccountRegions(told, undefined, names).map((ref) => ref.region)).toEqual(
      region === undefined ? [] : [region],
    );
  });

  it("keeps Regions of one account apart in the journal", () => {
    const one = accountRegionRef({ account: MEMBER, region: "eu-west-1" }, "aws");
    const other = accountRegionRef({ account: MEMBER, region: "eu-west-2" }, "aws");
    expect(one?.arn).not.toBe(other?.arn);
    expect(accountRegionRef({ account: "1", region: "eu-west-1" }, "aws")).toBeUndefined();
    expect(accountRegionRef({ account: MEMBER, region: "Europe" }, "aws")).toBeUndefined();
  });
});

describe("schedules", () => {
  const home = { account: ACCOUNT, region: REGION };
  const event = (rule: string, account = ACCOUNT, region = REGION) => ({
    id: "1",
    source: "aws.events",
    "detail-type": "Scheduled Event",
    account,
    region,
    time: "2026-03-01T09:00:00Z",
    resources: [`arn:aws:events:${region}:${account}:rule/${rule}`],
  });
  it.each<readonly [string, unknown, string | undefined]>([
    ["the cell's own tells it to look around", event("cordon-guard-cell-schedule"), "tick"],
    ["a forwarder's tells that it is alive", event("cordon-heartbeat", MEMBER, "eu-west-1"), "heartbeat"],
    ["a member can't make the cell look around", event("cordon-guard-cell-schedule", MEMBER), undefined],
    ["another stage's is not this cell's", event("cordon-prod-heartbeat", MEMBER), undefined],
    ["anybody's cron", event("nightly"), undefined],
    ["one without a time", { ...event("cordon-heartbeat"), time: "soon" }, undefined],
    ["anything else", "nonsense", undefined],
  ])("%s", (_, input, kind) => {
    expect(parseScheduled(input, "cordon", home)?.kind).toBe(kind);
  });
});
