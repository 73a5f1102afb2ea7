import { TAGS_OBJECTS } from "../shared/backfill/names.ts";
import { type Json, policy, sub } from "./json.ts";
import type { Stack } from "./stack.ts";

/**
 * The role in which S3 Batch Operations works through existing objects (`cordon backfill`): it invokes the function that tags objects, reads the list of
 * them, and writes the job's report. What is done to objects is done by the function, in its own role.
 *
 * Which buckets lists and reports lie in is not known here: it is narrowed by the names of their keys, and to this account's buckets.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-iam-role-policies.html
 */
export function backfillRole({ name }: Stack): Json {
  const own = { StringEquals: { "aws:ResourceAccount": { Ref: "AWS::AccountId" } } };
  const keys = (pattern: string) => sub(`arn:\${AWS::Partition}:s3:::*/${pattern}`);
  const allow = (Sid: string, Action: readonly string[], Resource: unknown, Condition?: Json): Json => ({
    Sid,
    Effect: "Allow",
    Action,
    Resource,
    ...(Condition && { Condition }),
  });
  return {
    Type: "AWS::IAM::Role",
    Properties: {
      RoleName: sub(`${name}-backfill-\${AWS::Region}`),
      Description: "S3 Batch Operations has existing objects looked at by Cordon",
      AssumeRolePolicyDocument: policy([
        {
          Effect: "Allow",
          Principal: { Service: "batchoperations.s3.amazonaws.com" },
          Action: "sts:AssumeRole",
          // A job of another account's must not work in this role.
          Condition: { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } },
        },
      ]),
      Policies: [
        {
          PolicyName: "cordon",
          PolicyDocument: policy([
            allow(
              "Invoke",
              ["lambda:InvokeFunction"],
              sub(`arn:\${AWS::Partition}:lambda:\${AWS::Region}:\${AWS::AccountId}:function:${name}-${TAGS_OBJECTS}`),
            ),
            // S3 lists a bucket for a job as it does for an inventory. Documented for jobs of replication; of others the guide is silent.
            allow("ListBuckets", ["s3:PutInventoryConfiguration"], sub("arn:${AWS::Partition}:s3:::*"), own),
            allow(
              "ReadLists",
              ["s3:GetObject", "s3:GetObjectVersion"],
              [keys("*/manifest.json"), keys("*/data/*.csv.gz")],
              own,
            ),
            allow("WriteReports", ["s3:PutObject"], keys(`${name}-backfill/*`), own),
          ]),
        },
      ],
    },
  };
}
