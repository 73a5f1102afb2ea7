import { describe, expect, it } from "vitest";
import { catalogue } from "../../controls/catalogue.ts";
import { meta as s3Replication } from "../../controls/s3-replication-stays-in-jurisdiction/meta.ts";
import { WITH_READS } from "../../deploy/denied-calls.ts";
import { forwarder } from "../../deploy/forwarder.ts";
import { eventPatterns } from "../../deploy/functions.ts";
import { MAX_PATTERN_LENGTH } from "../../deploy/merge-patterns.ts";
import { writeTemplate } from "../../deploy/template-yaml.ts";
import { type EventPattern, matchesPattern } from "../../sandbox/index.ts";
import type { ControlMeta } from "../../shared/control.ts";
import { cloudTrailRecord, configItem, eventBridge } from "../support/events.ts";
import { lint, readTemplate, statementsIn, templateText, trustOf } from "./templates.ts";

const FILE = "forwarder.yml";
const controls: readonly ControlMeta[] = catalogue;
const base: ControlMeta = s3Replication;
const { Parameters, Resources } = readTemplate(FILE);
const rules = Object.entries(Resources).filter(([, { Type }]) => Type === "AWS::Events::Rule");
const forwarding = rules.filter(([, { Properties }]) => Properties.EventPattern !== undefined);
const patterns = forwarding.map(([, { Properties }]) => named(Properties.EventPattern) as EventPattern);
const isForwarded = (event: unknown) => patterns.some((pattern) => matchesPattern(pattern, event));

/** As CloudFormation deploys it under the name `cordon`. */
function named(value: unknown): unknown {
  const text = JSON.stringify(value).replace(/\{"Fn::Sub":("[^"]*")\}/g, (_, sub: string) => sub);
  return JSON.parse(text.replaceAll("${Name}", "cordon"));
}

const ARN_OF_RULE = "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/${Name}";
const FOR_THESE_RULES = {
  StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } },
  ArnLike: {
    "aws:SourceArn": [{ "Fn::Sub": `${ARN_OF_RULE}-forward-*` }, { "Fn::Sub": `${ARN_OF_RULE}-heartbeat` }],
  },
};

describe("the forwarder", () => {
  it("sends every event that a control reacts to", () => {
    for (const { cloudTrail } of controls.filter(({ narrow }) => narrow === undefined))
      for (const [source, names] of Object.entries(cloudTrail))
        for (const name of names) {
          const record = { ...cloudTrailRecord("bucket", { name }), eventSource: source };
          const bus = `aws.${source.replace(".amazonaws.com", "")}`;
          expect(isForwarded(eventBridge(record, undefined, bus)), name).toBe(true);
        }
    for (const item of ["configurationItem", "configurationItemSummary"]) {
      const event = eventBridge({ [item]: configItem("bucket") }, "Config Configuration Item Change", "aws.config");
      expect(isForwarded(event), item).toBe(true);
    }
  });

  it.each([
    ["a call that failed", cloudTrailRecord("bucket", { errorCode: "AccessDenied" }), "aws.s3"],
    ["a call no control listens to", cloudTrailRecord("bucket", { name: "PutBucketVersioning" }), "aws.s3"],
    ["a call only read", cloudTrailRecord("bucket", { name: "GetBucketReplication" }), "aws.s3"],
    ["a service's call by the name of another's", cloudTrailRecord("bucket", { name: "TagResource" }), "aws.lambda"],
  ])("sends nothing of %s", (_, record, source) => {
    expect(isForwarded(eventBridge(record, undefined, source))).toBe(false);
  });

  it("has fewer rules than patterns where several controls listen to one service, within EventBridge's length", () => {
    const several = [0, 1, 2].map((n) => ({
      ...base,
      cloudTrail: { "s3.amazonaws.com": [`Call${n}`], "iam.amazonaws.com": [`Call${n}`] },
      configTypes: [],
    }));
    const { Resources: made } = forwarder(several).body as { Resources: Record<string, { Type: string }> };

    expect(several.flatMap(eventPatterns)).toHaveLength(6);
    expect(Object.keys(made).filter((id) => id.startsWith("Forward"))).toEqual(["ForwardS3", "ForwardIam"]);
    for (const pattern of patterns) expect(JSON.stringify(pattern).length).toBeLessThanOrEqual(MAX_PATTERN_LENGTH);
  });

  it("puts its own name into what a control listens to by the names of Cordon's resources", () => {
    const narrow = (name: string) => [{ source: ["aws.events"], detail: { name: [{ prefix: `${name}-` }, "other"] } }];
    const control: ControlMeta = { ...base, narrow };
    const { Resources: made } = forwarder([control]).body as {
      Resources: Record<string, { Properties: { EventPattern: unknown } }>;
    };

    expect(made.ForwardEvents?.Properties.EventPattern).toEqual({
      source: ["aws.events"],
      detail: { name: [{ prefix: { "Fn::Sub": "${Name}-" } }, "other"] },
    });
  });

  it("hears of the cell's own stack what there is of it in a member: rules and roles", () => {
    const narrow = () =>
      ["events", "iam", "kms", "lambda"].map((service) => ({ source: [`aws.${service}`], detail: { of: [service] } }));
    const stack = { ...base, resourceType: "AWS::CloudFormation::Stack", narrow };

    const { Resources: made } = forwarder([stack]).body as { Resources: Record<string, unknown> };

    expect(Object.keys(made).filter((id) => id.startsWith("Forward"))).toEqual(["ForwardEvents", "ForwardIam"]);
  });

  it("listens on the account's own bus with every rule switched on, under names by which the role knows them", () => {
    for (const [id, { Properties }] of rules) {
      expect(Properties, id).toMatchObject({ State: id === "ForwardDenied" ? WITH_READS : "ENABLED" });
      expect(Properties, id).not.toHaveProperty("EventBusName");
      expect((Properties.Name as { "Fn::Sub": string })["Fn::Sub"], id).toMatch(
        /^\$\{Name\}-(forward-[a-z0-9-]+|heartbeat)$/,
      );
    }
    const names = rules.map(([, { Properties }]) => JSON.stringify(Properties.Name));
    expect(new Set(names).size).toBe(rules.length);
  });

  it("sends to the cell's bus and nowhere else, and keeps what that doesn't take", () => {
    for (const [id, { Properties }] of rules) {
      const [target, ...others] = Properties.Targets as Record<string, unknown>[];
      expect(others, id).toEqual([]);
      expect(target, id).toMatchObject({ Arn: { Ref: "CellBusArn" }, RoleArn: { "Fn::GetAtt": ["SendRole", "Arn"] } });
    }
    for (const [id, { Properties }] of forwarding)
      expect(Properties.Targets, id).toMatchObject([
        { DeadLetterConfig: { Arn: { "Fn::GetAtt": ["UndeliveredQueue", "Arn"] } } },
      ]);
    expect(Resources.UndeliveredQueue?.Properties).toMatchObject({
      MessageRetentionPeriod: 14 * 24 * 3_600,
      SqsManagedSseEnabled: true,
    });
  });

  it("beats every quarter of an hour, and never late", () => {
    expect(Resources.Heartbeat?.Properties).toMatchObject({
      Name: { "Fn::Sub": "${Name}-heartbeat" },
      ScheduleExpression: "rate(15 minutes)",
      Targets: [{ RetryPolicy: { MaximumEventAgeInSeconds: 900 } }],
    });
  });

  it("sends in a role that may do nothing else, for EventBridge on behalf of these rules only", () => {
    const { Properties = {} } = Resources.SendRole ?? {};

    expect(statementsIn(Properties)).toEqual([
      { Sid: expect.any(String), Effect: "Allow", Action: "events:PutEvents", Resource: { Ref: "CellBusArn" } },
    ]);
    expect(trustOf(Properties)).toEqual([
      {
        Effect: "Allow",
        Principal: { Service: "events.amazonaws.com" },
        Action: "sts:AssumeRole",
        Condition: FOR_THESE_RULES,
      },
    ]);
    // IAM is global: another Region's stack has a role of its own.
    expect(Properties.RoleName).toEqual({ "Fn::Sub": "${Name}-forwarder-${AWS::Region}" });
  });

  it("lets EventBridge alone write to the queue, on behalf of these rules only", () => {
    const { PolicyDocument } = (Resources.UndeliveredQueuePolicy?.Properties ?? {}) as {
      PolicyDocument: { Statement: unknown };
    };

    expect(PolicyDocument.Statement).toEqual([
      {
        Sid: expect.any(String),
        Effect: "Allow",
        Principal: { Service: "events.amazonaws.com" },
        Action: "sqs:SendMessage",
        Resource: { "Fn::GetAtt": ["UndeliveredQueue", "Arn"] },
        Condition: FOR_THESE_RULES,
      },
    ]);
  });

  it("takes a name for its resources that leaves room for theirs, and nothing but a bus to send to", () => {
    const name = new RegExp(`^(?:${Parameters.Name?.AllowedPattern})$`);
    const bus = new RegExp(`^(?:${Parameters.CellBusArn?.AllowedPattern})$`);

    expect(name.test("n".repeat(31))).toBe(true);
    expect(name.test("n".repeat(32))).toBe(false);
    // A role's name has 64 characters at most; the longest Region's name has 14.
    expect(`${"n".repeat(31)}-forwarder-ap-southeast-99`.length).toBeLessThanOrEqual(64);
    expect(bus.test("arn:aws-cn:events:cn-north-1:111122223333:event-bus/cordon")).toBe(true);
    expect(bus.test("arn:aws:sqs:eu-central-1:111122223333:cordon")).toBe(false);
  });
});

describe("the template of the forwarder", () => {
  it("is what npm run generate writes, in YAML without anchors", () => {
    const text = templateText(FILE);

    expect(text).toBe(writeTemplate(forwarder(controls)));
    expect(text).not.toMatch(/[&*]a\d+/);
  });

  it("passes cfn-lint", async ({ skip }) => {
    const said = await lint(FILE);
    if (said === undefined) skip("cfn-lint is not on the PATH");
    expect(said).toBe("");
  });
});
