import type { S3BatchEvent } from "aws-lambda";
import { lookEvent } from "../signals/look.ts";
import { parseS3BucketArn } from "../signals/s3-bucket-ref.ts";
import { decodeKey } from "../signals/s3-object-events.ts";
import { asList, asObject, asText, type Json } from "../signals/shapes.ts";
import type { Answer } from "./answer.ts";
import { systemClock } from "./clock.ts";
import { conclude, type ListPlace, type Looked, listedObject } from "./listed-object.ts";

/** What S3 Batch Operations makes of a task. Temporary: S3 comes again. */
type ResultCode = "Succeeded" | "TemporaryFailure" | "PermanentFailure";

export interface TaskResult {
  readonly taskId: string;
  readonly resultCode: ResultCode;
  /** Stands in the job's report; at most 1,024 letters. */
  readonly resultString: string;
}

/** What S3 wants to hear: an answer of another form fails the whole job. */
export interface BatchAnswer {
  readonly invocationSchemaVersion: string;
  readonly treatMissingKeysAs: ResultCode;
  readonly invocationId: string;
  readonly results: readonly TaskResult[];
}

const MAX_RESULT = 1_024;
const CODES: Readonly<Record<Looked["outcome"], ResultCode>> = {
  over: "Succeeded",
  again: "TemporaryFailure",
  never: "PermanentFailure",
};

/** Whether S3 Batch Operations invokes. */
export function isBatchJob(input: unknown): input is S3BatchEvent {
  const event = asObject(input);
  return asText(event?.invocationSchemaVersion) !== undefined && Array.isArray(event?.tasks);
}

/**
 * Has each task of S3 Batch Operations looked at, as any object that something happened to: journal, limits, brake and evidence are the same. Schemas 1.0 and 2.0.
 *
 * @param place where the job's buckets lie, unless its user arguments say otherwise (`account`, 2.0): a job works in its own Region
 * @param look has the function itself look at what an event names
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-invoke-lambda.html
 */
export async function answerBatchJob(
  input: S3BatchEvent,
  controlId: string,
  place: ListPlace,
  look: (event: Json) => Promise<Answer>,
): Promise<BatchAnswer> {
  const { job, tasks, invocationSchemaVersion, invocationId } = input as unknown as Json;
  const account = asText(asObject(asObject(job)?.userArguments)?.account) ?? place.account;
  const at = new Date(systemClock.nowMs()).toISOString();
  const results = await Promise.all(
    asList(tasks).map(async (each): Promise<TaskResult> => {
      const task = asObject(each) ?? {};
      const taskId = asText(task.taskId) ?? "";
      const bucket = asText(task.s3Bucket) ?? parseS3BucketArn(asText(task.s3BucketArn) ?? "");
      const key = decodeKey(asText(task.s3Key));
      const resource = listedObject(bucket, key, asText(task.s3VersionId), { ...place, account });
      if (resource === undefined) return told(taskId, "PermanentFailure", `refused: ${NAMES_NO_OBJECT}`);
      const looked = conclude(await look(lookEvent(controlId, resource, at)));
      return told(taskId, CODES[looked.outcome], looked.told);
    }),
  );
  return {
    invocationSchemaVersion: asText(invocationSchemaVersion) ?? "",
    treatMissingKeysAs: "TemporaryFailure",
    invocationId: asText(invocationId) ?? "",
    results,
  };
}

const NAMES_NO_OBJECT = "the task names no object; expected s3Key and s3BucketArn or s3Bucket";

function told(taskId: string, resultCode: ResultCode, resultString: string): TaskResult {
  return { taskId, resultCode, resultString: resultString.slice(0, MAX_RESULT) };
}
