import { BATCHES_AT_ONCE, OBJECTS_PER_BATCH } from "../shared/backfill/batches.ts";
import { FAILED, NOT_OVER, REFUSED } from "../shared/runtime/map-batch.ts";
import type { Json } from "./json.ts";

/** However many fail, all are looked at: one object that Cordon may not read fails its batch of fifty, and few of them would end the run for all. */
const TOLERATED_FAILURES = 100;

/** Lambda is busy, or didn't answer (Step Functions guide, "Handle transient Lambda service exceptions"). */
const TRANSIENT = [
  "Lambda.TooManyRequestsException",
  "Lambda.ClientExecutionTimeoutException",
  "Lambda.ServiceException",
  "Lambda.AWSLambdaException",
  "Lambda.SdkClientException",
];
/** The function says so, or died or ran out of time: what it has done already, it finds done. */
const UNFINISHED = [NOT_OVER, "Lambda.Unknown", "Sandbox.Timedout"];
/** Never tried again: named, so that whoever reads this sees that they were thought of. */
export const FINAL = [FAILED, REFUSED];

/** All attempts and waits together stay below the five minutes that an Express execution has: three of at most a minute, and what is waited. */
const RETRY = [
  { ErrorEquals: TRANSIENT, IntervalSeconds: 2, MaxAttempts: 5, BackoffRate: 2, JitterStrategy: "FULL" },
  { ErrorEquals: UNFINISHED, IntervalSeconds: 5, MaxAttempts: 2, BackoffRate: 2, JitterStrategy: "FULL" },
];

/**
 * What the state machine of a backfill does, in Amazon States Language (JSONPath). Its input (shared/resources/map-executions.ts):
 * `{bucket, account, list: {kind: "bucket", prefix} | {kind: "inventory", bucket, key}, report: {bucket, prefix, scope}}`.
 *
 * A child execution looks at one batch. It is Express: at-least-once is as good, since what was looked at already is found to be as it should be.
 *
 * @param functionArn of the function that tags objects; may have `${AWS::...}` in it, as every ARN in here
 * Sources: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html, input-output-itemreader.html, input-output-itembatcher.html,
 * input-output-resultwriter.html, concepts-error-handling.html beside it
 */
export function backfillDefinition(functionArn: string): Json {
  return {
    Comment: "Has existing objects looked at by Cordon (cordon backfill --engine distributed-map)",
    StartAt: "WhichList",
    States: {
      WhichList: {
        Type: "Choice",
        Choices: [{ Variable: "$.list.kind", StringEquals: "inventory", Next: "LookAtInventory" }],
        Default: "LookAtBucket",
      },
      LookAtBucket: lookAt("Bucket", functionArn, "plain", {
        Resource: integration("s3:listObjectsV2"),
        Parameters: { "Bucket.$": "$.bucket", "Prefix.$": "$.list.prefix" },
      }),
      LookAtInventory: lookAt("Inventory", functionArn, "encoded", {
        Resource: integration("s3:getObject"),
        ReaderConfig: { InputType: "MANIFEST" },
        Parameters: { "Bucket.$": "$.list.bucket", "Key.$": "$.list.key" },
      }),
    },
  };
}

function lookAt(Label: string, functionArn: string, keys: "plain" | "encoded", ItemReader: Json): Json {
  return {
    Type: "Map",
    Label,
    ItemReader,
    ItemBatcher: {
      MaxItemsPerBatch: OBJECTS_PER_BATCH,
      BatchInput: { "bucket.$": "$.bucket", "account.$": "$.account", "report.$": "$.report.scope", keys },
    },
    MaxConcurrency: BATCHES_AT_ONCE,
    ToleratedFailurePercentage: TOLERATED_FAILURES,
    ItemProcessor: {
      ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "EXPRESS" },
      StartAt: "Look",
      States: {
        Look: {
          Type: "Task",
          Resource: integration("lambda:invoke"),
          Parameters: { FunctionName: functionArn, "Payload.$": "$" },
          OutputPath: "$.Payload",
          Retry: RETRY,
          End: true,
        },
      },
    },
    ResultWriter: {
      Resource: integration("s3:putObject"),
      Parameters: { "Bucket.$": "$.report.bucket", "Prefix.$": "$.report.prefix" },
      // Of what went well the outputs only: with the inputs, every key would stand in the report.
      WriterConfig: { Transformation: "COMPACT", OutputType: "JSON" },
    },
    End: true,
  };
}

function integration(action: string): string {
  return `arn:\${AWS::Partition}:states:::${action}`;
}
