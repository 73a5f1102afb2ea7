import { mapMachineName, mapRoleName, reportPrefix, TAGS_OBJECTS } from "../shared/backfill/names.ts";
import { backfillDefinition } from "./backfill-map-definition.ts";
import { arnOf, type Json, policy, sub } from "./json.ts";
import type { Stack } from "./stack.ts";

/**
 * The state machine that goes through existing objects in place of S3 Batch Operations, and its role.
 *
 * Every stack has it, whatever its policy prefers: it costs nothing while nobody starts it, the command line may be told to take it (`--engine`), and a policy
 * can be exchanged at run time (CORDON_POLICY), when nobody deploys. The guard compares its role; what a changed definition could do is that role's.
 */
export function backfillMap(stack: Stack): Readonly<Record<string, Json>> {
  return {
    BackfillMapRole: backfillMapRole(stack),
    BackfillMap: {
      Type: "AWS::StepFunctions::StateMachine",
      Properties: {
        StateMachineName: mapMachineName(stack.name),
        // Express state machines have no Distributed Map.
        StateMachineType: "STANDARD",
        RoleArn: arnOf("BackfillMapRole"),
        DefinitionString: sub(JSON.stringify(backfillDefinition(functionArn(stack)))),
      },
    },
  };
}

/**
 * What Step Functions may do for the machine: start its own child executions, list a bucket or read an inventory, invoke the function that tags objects, and
 * write the report. What is done to objects is done by the function, in its own role.
 *
 * Which buckets lists and reports lie in is not known here: it is narrowed by the names of their keys, and to this account's buckets.
 * Source: https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
 */
function backfillMapRole(stack: Stack): Json {
  const { name } = stack;
  const own = { StringEquals: { "aws:ResourceAccount": { Ref: "AWS::AccountId" } } };
  const states = (rest: string) => sub(`arn:\${AWS::Partition}:states:\${AWS::Region}:\${AWS::AccountId}:${rest}`);
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
      RoleName: sub(mapRoleName(name, "${AWS::Region}")),
      Description: "Step Functions has existing objects looked at by Cordon",
      AssumeRolePolicyDocument: policy([
        {
          Effect: "Allow",
          Principal: { Service: "states.amazonaws.com" },
          Action: "sts:AssumeRole",
          // Another account's machine must not work in this role.
          Condition: { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } },
        },
      ]),
      Policies: [
        {
          PolicyName: "cordon",
          PolicyDocument: policy([
            allow("Invoke", ["lambda:InvokeFunction"], sub(functionArn(stack))),
            allow("StartChildren", ["states:StartExecution"], states(`stateMachine:${mapMachineName(name)}`)),
            // Older editions of the guide name StopExecution beside it; on the machine's own executions it harms nobody.
            allow(
              "FollowChildren",
              ["states:DescribeExecution", "states:StopExecution"],
              states(`execution:${mapMachineName(name)}:*`),
            ),
            allow("ListBuckets", ["s3:ListBucket"], sub("arn:${AWS::Partition}:s3:::*"), own),
            allow("ReadLists", ["s3:GetObject"], [keys("*/manifest.json"), keys("*/data/*.csv.gz")], own),
            // Large reports are uploaded in parts.
            allow(
              "WriteReports",
              ["s3:PutObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"],
              keys(`${reportPrefix(name)}/*`),
              own,
            ),
          ]),
        },
      ],
    },
  };
}

function functionArn({ name }: Stack): string {
  return `arn:\${AWS::Partition}:lambda:\${AWS::Region}:\${AWS::AccountId}:function:${name}-${TAGS_OBJECTS}`;
}
