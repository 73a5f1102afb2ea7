import { writeFile } from "../s3/batch/reports.ts";
import type { ObjectVersion } from "../s3/objects.ts";
import type { Bucket, S3State } from "../s3/state.ts";
import type { Batch, Execution, MapRun } from "./executions.ts";
import type { Ask } from "./item-readers.ts";
import { StatesError } from "./templates.ts";

/** What results are written with. */
export interface WriterContext {
  state: S3State;
  now(): number;
  createId(): string;
  written(bucket: Bucket, version: ObjectVersion): void;
}

/**
 * Write a Map Run's results: the outputs of what succeeded, the whole of what failed or was not begun, and manifest.json that lists the files (Step Functions
 * guide, "ResultWriter", Transformation COMPACT). Throws StatesError.
 *
 * @returns the state's output
 */
export function writeResults(
  execution: Execution,
  run: MapRun,
  parameters: Record<string, unknown>,
  context: WriterContext,
  ask: Ask,
): Record<string, unknown> {
  const bucket = context.state.buckets.get(String(parameters.Bucket));
  const folder = `${String(parameters.Prefix)}/${run.id}`;
  const resource = `arn:aws:s3:::${String(parameters.Bucket)}/${folder}/manifest.json`;
  const isHere = bucket?.account === execution.account && bucket.region === execution.region;
  if (!bucket || !isHere || !ask({ action: "s3:PutObject", resource, account: bucket.account }))
    throw new StatesError("States.ResultWriterFailed", `The results could not be written to ${resource}`);
  const write = (name: string, value: unknown) => {
    const text = JSON.stringify(value);
    context.written(bucket, writeFile(bucket, `${folder}/${name}`, text, "application/json", context));
    return { Key: `${folder}/${name}`, Size: Buffer.byteLength(text) };
  };
  const file = (status: string, results: readonly unknown[]) =>
    results.length > 0 ? [write(`${status}_0.json`, results)] : [];
  const ended = (status: string) => run.batches.filter(({ outcome }) => outcome?.status === status);
  const ResultFiles = {
    FAILED: file(
      "FAILED",
      ended("FAILED").map((batch) => describeChild(execution, run, batch)),
    ),
    PENDING: file(
      "PENDING",
      run.batches.filter(({ outcome }) => !outcome).map((batch) => describeChild(execution, run, batch)),
    ),
    SUCCEEDED: file(
      "SUCCEEDED",
      ended("SUCCEEDED").map(({ outcome }) => outcome?.output),
    ),
  };
  run.resultsWritten = run.batches.length;
  const { Key } = write("manifest.json", { DestinationBucket: bucket.name, MapRunArn: run.arn, ResultFiles });
  return { MapRunArn: run.arn, ResultWriterDetails: { Bucket: bucket.name, Key } };
}

function describeChild({ machineArn }: Execution, { label }: MapRun, { name, input, outcome }: Batch): unknown {
  return {
    ExecutionArn: `${machineArn.replace(":stateMachine:", ":express:")}/${label}:${name}`,
    Input: JSON.stringify(input),
    InputDetails: { Included: true },
    Name: name,
    StateMachineArn: `${machineArn}/${label}`,
    Status: outcome?.status ?? "PENDING",
    ...(outcome?.error !== undefined && { Error: outcome.error, Cause: outcome.cause }),
  };
}
