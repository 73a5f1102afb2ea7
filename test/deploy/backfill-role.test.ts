import { describe, expect, it } from "vitest";
import { ownResources } from "../../deploy/own-resources.ts";
import { stackOutputs, stackResources } from "../../deploy/resources.ts";
import { singleAccount } from "../../deploy/stack.ts";
import { backfillRoleName, reportPrefix } from "../../shared/backfill/names.ts";
import { statementsIn, trustOf } from "./templates.ts";

const { BackfillRole } = stackResources("cordon-prod") as Record<string, { Properties: Record<string, unknown> }>;
const role = BackfillRole?.Properties ?? {};
const own = { StringEquals: { "aws:ResourceAccount": { Ref: "AWS::AccountId" } } };
const keys = (pattern: string) => ({ "Fn::Sub": `arn:\${AWS::Partition}:s3:::*/${pattern}` });

describe("the role of backfill jobs", () => {
  it("is assumed by S3 Batch Operations alone, for jobs of this account", () => {
    expect(trustOf(role)).toEqual([
      {
        Effect: "Allow",
        Principal: { Service: "batchoperations.s3.amazonaws.com" },
        Action: "sts:AssumeRole",
        Condition: { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } },
      },
    ]);
  });

  it("may invoke the function that tags objects, have buckets listed, read lists, and write reports: nothing else", () => {
    expect(statementsIn(role).map(({ Action, Resource, Condition }) => [Action, Resource, Condition])).toEqual([
      [
        ["lambda:InvokeFunction"],
        {
          "Fn::Sub": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:cordon-prod-tag-objects",
        },
        undefined,
      ],
      [["s3:PutInventoryConfiguration"], { "Fn::Sub": "arn:${AWS::Partition}:s3:::*" }, own],
      [["s3:GetObject", "s3:GetObjectVersion"], [keys("*/manifest.json"), keys("*/data/*.csv.gz")], own],
      [["s3:PutObject"], keys("cordon-prod-backfill/*"), own],
    ]);
  });

  it("is called as the command line expects it, and told to whoever deploys", () => {
    expect(role.RoleName).toEqual({ "Fn::Sub": backfillRoleName("cordon-prod", "${AWS::Region}") });
    expect(reportPrefix("cordon-prod")).toBe("cordon-prod-backfill");
    expect(stackOutputs().BackfillRoleArn).toMatchObject({ Value: { "Fn::GetAtt": ["BackfillRole", "Arn"] } });
  });

  it("is guarded like the functions' roles: a wider trust or right is told", () => {
    const at = { account: "111122223333", region: "eu-central-1", partition: "aws" };
    const guarded = ownResources(singleAccount("cordon-prod"), at, {});
    expect(guarded.map(({ ref }) => ref.name)).toContain("cordon-prod-backfill-eu-central-1");
  });
});
