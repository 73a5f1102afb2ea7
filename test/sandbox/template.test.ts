import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type DeployOptions, readTemplate, type Sandbox, startSandbox, type Template } from "../../sandbox/index.ts";

async function start(): Promise<Sandbox> {
  const sandbox = await startSandbox({ startAt: Date.parse("2030-01-01T00:00:00Z") });
  onTestFinished(() => sandbox.close());
  return sandbox;
}

/** What a template's functions give, by the properties of one alarm, which takes anything. */
async function resolved(value: unknown, more: Partial<Template> = {}, options: DeployOptions = {}): Promise<unknown> {
  const sandbox = await start();
  const { resources } = sandbox.deployTemplate(
    {
      ...more,
      Resources: {
        Queue: { Type: "AWS::SQS::Queue", Properties: { QueueName: "q" } },
        Alarm: { Type: "AWS::CloudWatch::Alarm", Properties: { AlarmName: "a", value } },
        ...more.Resources,
      },
    },
    options,
  );
  return resources.get("Alarm")?.properties.value;
}

describe("a template's functions", () => {
  const conditions = {
    IsProd: { "Fn::Equals": [{ Ref: "Stage" }, "prod"] },
    IsNotProd: { "Fn::Not": [{ Condition: "IsProd" }] },
    Both: { "Fn::And": [{ Condition: "IsProd" }, { Condition: "IsNotProd" }] },
    Either: { "Fn::Or": [{ Condition: "IsProd" }, { Condition: "IsNotProd" }] },
  };
  const parameters = {
    Stage: { Type: "String", Default: "test" },
    Zones: { Type: "CommaDelimitedList", Default: "a, b" },
  };
  const queue = "arn:aws:sqs:eu-central-1:111122223333:q";

  it.each<[string, unknown, unknown]>([
    ["Ref of a parameter", { Ref: "Stage" }, "test"],
    ["Ref of a list", { Ref: "Zones" }, ["a", "b"]],
    ["Ref of a pseudo parameter", { Ref: "AWS::AccountId" }, "111122223333"],
    ["Ref of a resource", { Ref: "Queue" }, expect.stringMatching(/\/111122223333\/q$/)],
    ["Fn::GetAtt as a list", { "Fn::GetAtt": ["Queue", "Arn"] }, queue],
    ["Fn::GetAtt as a text", { "Fn::GetAtt": "Queue.Arn" }, queue],
    ["Fn::Sub", { "Fn::Sub": "${AWS::Partition}:${Queue.Arn}:${!literal}" }, `aws:${queue}:\${literal}`],
    ["Fn::Sub with variables", { "Fn::Sub": ["${a}-${Stage}", { a: { Ref: "AWS::Region" } }] }, "eu-central-1-test"],
    ["Fn::Join", { "Fn::Join": ["/", ["a", { Ref: "Stage" }]] }, "a/test"],
    ["Fn::Select of Fn::Split", { "Fn::Select": ["1", { "Fn::Split": [":", "a:b"] }] }, "b"],
    ["Fn::If", [{ "Fn::If": ["IsProd", 1, 2] }, { "Fn::If": ["IsNotProd", 1, 2] }], [2, 1]],
    ["Fn::And and Fn::Or", [{ "Fn::If": ["Both", 1, 2] }, { "Fn::If": ["Either", 1, 2] }], [2, 1]],
    ["no value", { a: { Ref: "AWS::NoValue" }, b: [{ Ref: "AWS::NoValue" }, 1] }, { b: [1] }],
    ["no function at all", { Ref: "Stage", other: 1 }, { Ref: "Stage", other: 1 }],
  ])("%s", async (_name, value, expected) => {
    expect(await resolved(value, { Conditions: conditions, Parameters: parameters })).toEqual(expected);
  });

  it("take parameters that are given", async () => {
    const more = { Conditions: conditions, Parameters: parameters };

    expect(
      await resolved({ "Fn::If": ["IsProd", { Ref: "Zones" }, 2] }, more, {
        parameters: { Stage: "prod", Zones: "x" },
      }),
    ).toEqual(["x"]);
  });

  it.each<[string, Partial<Template>, DeployOptions, RegExp]>([
    ["an unknown type", { Resources: { X: { Type: "AWS::EC2::Instance" } } }, {}, /X: .*AWS::EC2::Instance/],
    ["a reference to nothing", alarm({ Ref: "Nowhere" }), {}, /X: there is no resource Nowhere/],
    ["an attribute of nothing", alarm({ "Fn::GetAtt": ["Nowhere", "Arn"] }), {}, /no resource Nowhere/],
    ["an unknown attribute", alarm({ "Fn::GetAtt": ["Queue", "Colour"] }), {}, /Queue has no attribute Colour/],
    ["an unknown function", alarm({ "Fn::Base64": "x" }), {}, /does not know Fn::Base64/],
    ["an unknown condition", alarm({ "Fn::If": ["C", 1, 2] }), {}, /no condition C/],
    ["a circle", alarm({ Ref: "X" }), {}, /X -> X is a circle/],
    ["a parameter without a value", { Parameters: { P: { Type: "String" } } }, {}, /\[P\] must have values/],
    ["a parameter that isn't there", {}, { parameters: { P: "1" } }, /\[P\] do not exist/],
    [
      "a value that isn't allowed",
      { Parameters: { P: { AllowedPattern: "\\d+" } } },
      { parameters: { P: "x" } },
      /P failed/,
    ],
    [
      "a name that is too long",
      { Resources: { X: { Type: "AWS::SQS::Queue", Properties: { QueueName: "q".repeat(81) } } } },
      {},
      /more than 80/,
    ],
    ["a pattern AWS refuses", rule({ EventPattern: { source: "aws.s3" } }), {}, /Event pattern is not valid/],
    ["a pattern that is too long", rule({ EventPattern: { source: ["x".repeat(2048)] } }), {}, /at most 2048/],
    ["a schedule AWS refuses", rule({ ScheduleExpression: "rate(1 hours)" }), {}, /ScheduleExpression is not valid/],
    [
      "a schedule on a bus of one's own",
      rule({ ScheduleExpression: "rate(1 hour)", EventBusName: "b" }),
      {},
      /only on the default/,
    ],
    ["a rule without either", rule({}), {}, /EventPattern or ScheduleExpression/],
  ])("refuse %s", async (_name, more, options, reason) => {
    await expect(resolved(1, more, options)).rejects.toThrow(reason);
  });
});

function alarm(value: unknown): Partial<Template> {
  return { Resources: { X: { Type: "AWS::CloudWatch::Alarm", Properties: { value } } } };
}

function rule(Properties: Record<string, unknown>): Partial<Template> {
  return { Resources: { X: { Type: "AWS::Events::Rule", Properties } } };
}

describe("a deployed template", () => {
  const template: Template = {
    Conditions: { Never: { "Fn::Equals": [1, 2] } },
    Resources: {
      Late: { Type: "AWS::SQS::QueuePolicy", Properties: { Queues: [{ Ref: "Named" }], PolicyDocument: {} } },
      Named: { Type: "AWS::SQS::Queue", Properties: { QueueName: "named", VisibilityTimeout: 7 } },
      Unnamed: { Type: "AWS::SQS::Queue" },
      Left: { Type: "AWS::SQS::Queue", Condition: "Never" },
      Table: {
        Type: "AWS::DynamoDB::Table",
        Properties: {
          TableName: "t",
          AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
          KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
          StreamSpecification: { StreamViewType: "NEW_AND_OLD_IMAGES" },
        },
      },
      Key: { Type: "AWS::KMS::Key" },
      Bucket: {
        Type: "AWS::S3::Bucket",
        Properties: {
          BucketName: { "Fn::Sub": "evidence-${AWS::Region}" },
          ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: "COMPLIANCE", Years: 7 } } },
          BucketEncryption: {
            ServerSideEncryptionConfiguration: [
              { ServerSideEncryptionByDefault: { KMSMasterKeyID: { "Fn::GetAtt": ["Key", "Arn"] } } },
            ],
          },
        },
      },
    },
    Outputs: { Url: { Value: { Ref: "Named" } }, None: { Condition: "Never", Value: 1 } },
  };

  it("is in the registry with its properties, and works", async () => {
    const sandbox = await start();

    const { outputs, resources } = sandbox.deployTemplate(template, { stackName: "s" });

    const url = `${sandbox.endpoint}/111122223333/named`;
    expect(outputs).toEqual({ Url: url });
    expect(resources.get("Late")?.properties.Queues).toEqual([url]);
    expect(sandbox.registry.find("AWS::SQS::Queue", url, "111122223333", "eu-central-1")).toMatchObject({
      logicalId: "Named",
      arn: "arn:aws:sqs:eu-central-1:111122223333:named",
      properties: { VisibilityTimeout: 7 },
    });
    expect(Object.keys(sandbox.queues)).toEqual(["named", expect.stringMatching(/^s-Unnamed-[A-Z2-7]{12}$/)]);
    expect(sandbox.table("t").items()).toEqual([]);
    expect(sandbox.bucket("evidence-eu-central-1")).toMatchObject({
      versioning: "Enabled",
      objectLock: { Rule: { DefaultRetention: { Mode: "COMPLIANCE", Days: 7 * 365 } } },
      kmsKey: resources.get("Key")?.arn,
    });
  });

  it("lies in the account and Region asked for", async () => {
    const sandbox = await start();

    const { resources } = sandbox.deployTemplate(template, { account: "999999999999", region: "us-east-1" });

    expect(resources.get("Named")?.arn).toBe("arn:aws:sqs:us-east-1:999999999999:named");
    expect(Object.keys(sandbox.queues)[0]).toBe("arn:aws:sqs:us-east-1:999999999999:named");
    expect(() => sandbox.table("t")).toThrow(/no table t in eu-central-1/);
  });
});

it("a template is read from YAML with its short forms", () => {
  const folder = mkdtempSync(join(tmpdir(), "template-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "template.yml");
  writeFileSync(
    file,
    [
      "Conditions: { C: !Equals [!Ref P, x] }",
      "Resources:",
      "  A:",
      "    Type: T",
      "    Properties: { arn: !GetAtt B.Arn, sub: !Sub '${P}', join: !Join ['-', [a, !Ref P]], if: !If [C, 1, !Ref AWS::NoValue] }",
    ].join("\n"),
  );

  expect(readTemplate(file)).toEqual({
    Conditions: { C: { "Fn::Equals": [{ Ref: "P" }, "x"] } },
    Resources: {
      A: {
        Type: "T",
        Properties: {
          arn: { "Fn::GetAtt": "B.Arn" },
          sub: { "Fn::Sub": "${P}" },
          join: { "Fn::Join": ["-", ["a", { Ref: "P" }]] },
          if: { "Fn::If": ["C", 1, { Ref: "AWS::NoValue" }] },
        },
      },
    },
  });
});
