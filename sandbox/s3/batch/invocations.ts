import type { InvocationResult } from "../../types.ts";
import type { Job, JobSpec, Task } from "./jobs.ts";

const CODES = ["Succeeded", "TemporaryFailure", "PermanentFailure"] as const;

/** What a function says about one task. */
export interface TaskResult {
  code: (typeof CODES)[number];
  message: string;
  /** Lambda's, as the report shows it. */
  httpStatus: number;
}

/** The event a function gets (S3 user guide, "Invoke AWS Lambda function"): version 2.0 has the job's arguments, and buckets by name. */
export function describeInvocation({ id, spec }: Job, tasks: readonly Task[], invocationId: string): unknown {
  const { schemaVersion, userArguments } = spec;
  return {
    invocationSchemaVersion: schemaVersion,
    invocationId,
    job: { id, ...(userArguments && { userArguments }) },
    tasks: tasks.map(({ id: taskId, encodedKey, versionId, bucket }) => ({
      taskId,
      s3Key: encodedKey,
      s3VersionId: versionId ?? null,
      ...(schemaVersion === "1.0" ? { s3BucketArn: `arn:aws:s3:::${bucket}` } : { s3Bucket: bucket }),
    })),
  };
}

/** What the answer means for each task. A function that fails, or doesn't answer as it should, has failed for good; one that is throttled only for now. */
export function readInvocation(
  answer: InvocationResult,
  tasks: readonly Task[],
  schemaVersion: JobSpec["schemaVersion"],
): readonly (readonly [Task, TaskResult])[] {
  const all = (result: TaskResult) => tasks.map((task) => [task, result] as const);
  if (!answer.ok) {
    const { type, message } = answer.error;
    if (answer.throttled) {
      const code = type === "ResourceNotFoundException" ? "PermanentFailure" : "TemporaryFailure";
      return all({ code, message, httpStatus: code === "PermanentFailure" ? 404 : 429 });
    }
    const error = JSON.stringify({ errorMessage: message, errorType: type });
    return all({ code: "PermanentFailure", message: `Lambda returned function error: ${error}`, httpStatus: 200 });
  }
  const { results, treatMissingKeysAs, invocationSchemaVersion } = Object(answer.result);
  if (!Array.isArray(results) || invocationSchemaVersion !== schemaVersion) {
    return all({ code: "PermanentFailure", message: "Lambda returned a malformed response", httpStatus: 200 });
  }
  const missing = { resultCode: treatMissingKeysAs, resultString: "Lambda returned no result for this task" };
  return tasks.map((task) => {
    const found = Object(results.find((each) => Object(each).taskId === task.id) ?? missing);
    const code = CODES.find((known) => known === found.resultCode) ?? "PermanentFailure";
    return [task, { code, message: String(found.resultString ?? ""), httpStatus: 200 }] as const;
  });
}
