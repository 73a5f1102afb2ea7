import type { DescribeExecutionCommandOutput, ExecutionStatus, MapRunItemCounts } from "@aws-sdk/client-sfn";
import { CordonError } from "../errors.ts";
import { asObject, asText, parseJson } from "../signals/shapes.ts";
import type { JobOrder, JobState, JobStatus } from "./backfill-jobs.ts";

/** The state machine that is started, and what its executions are told by. */
export interface MapMachine {
  readonly stack: string;
  readonly name: string;
  readonly arn: string;
  readonly region: string;
  /** The function that it invokes. */
  readonly functionArn: string;
}

/** Of an execution that has no Map Run yet. */
export const NOTHING = { total: 0, succeeded: 0, failed: 0 };
export type Counts = typeof NOTHING & { readonly hasBegun: boolean };

/** At most 80 letters: the bucket's, what is asked for, and which time it is. Prefixes may name somebody: they are in the digest only. Pure. */
export function executionName({ description, token }: Pick<JobOrder, "description" | "token">): string {
  const [, bucket = "", asked = ""] = /^cordon backfill \S+ (\S+) ([0-9a-f]{16})$/.exec(description) ?? [];
  return `${bucket}-${asked}-${token.slice(0, 12)}`;
}

/** The description that an execution's name was made of; "" when none was. */
export function descriptionOf(name: string, { stack }: MapMachine): string {
  const [, bucket, asked] = /^(.+)-([0-9a-f]{16})-[0-9a-f]{12}$/.exec(name) ?? [];
  return bucket === undefined ? "" : `cordon backfill ${stack} ${bucket} ${asked}`;
}

/** The execution's input (deploy/backfill-map-definition.ts): the same for the same order, letter by letter. Pure. */
export function inputOf({ bucket, owner, list, report }: JobOrder): string {
  if (report === undefined)
    throw new CordonError("misconfigured", "a Distributed Map has to write its results somewhere: expected a report");
  return JSON.stringify({
    bucket,
    account: owner,
    list:
      list.kind === "bucket"
        ? { kind: list.kind, prefix: list.prefix ?? "" }
        : { kind: list.kind, ...placeOf(list.objectArn) },
    report: {
      bucket: placeOf(report.bucketArn).bucket,
      prefix: report.prefix,
      scope: report.isFailedOnly ? "failed" : "all",
    },
  });
}

function placeOf(arn: string): { readonly bucket: string; readonly key?: string } {
  const [, bucket = "", key] = /^arn:[a-z-]+:s3:::([^/]+)(?:\/(.+))?$/s.exec(arn) ?? [];
  return { bucket, ...(key !== undefined && { key }) };
}

/** Of a batch that had no chance to begin, because the run was stopped, nothing is known: it counts neither way. Pure. */
export function inAll(counts: MapRunItemCounts | undefined): typeof NOTHING {
  const { total = 0, succeeded = 0, failed = 0, timedOut = 0 } = counts ?? {};
  return { total, succeeded, failed: failed + timedOut };
}

const STATUSES: Partial<Record<ExecutionStatus, JobStatus>> = {
  SUCCEEDED: "Complete",
  FAILED: "Failed",
  TIMED_OUT: "Failed",
  ABORTED: "Cancelled",
  PENDING_REDRIVE: "Paused",
};

/** In the words of S3. Pure. */
export function statusOf(status: ExecutionStatus | undefined, hasBegun: boolean): JobStatus {
  return (status && STATUSES[status]) ?? (hasBegun ? "Active" : "Preparing");
}

/** An execution as a job. Pure. */
export function stateOf(
  execution: DescribeExecutionCommandOutput,
  { hasBegun, mapRun, ...counts }: Counts & { readonly mapRun: string | undefined },
  machine: MapMachine,
  nowMs: number,
): JobState {
  const { executionArn = "", name = "", status, startDate, stopDate, error, cause, input } = execution;
  const createdAtMs = startDate?.getTime() ?? 0;
  const report = reportOf(input, mapRun);
  return {
    id: executionArn,
    status: statusOf(status, hasBegun),
    description: descriptionOf(name, machine),
    createdAtMs,
    ...counts,
    activeSeconds: Math.max(0, ((stopDate?.getTime() ?? nowMs) - createdAtMs) / 1_000),
    failures:
      status === "FAILED" || status === "TIMED_OUT" ? [`${error ?? status}: ${cause ?? "no cause is told"}`] : [],
    functionArn: machine.functionArn,
    ...(report && { report }),
  };
}

/** Results lie below the Map Run's own name. */
function reportOf(input: string | undefined, mapRun: string | undefined): JobState["report"] {
  const read = parseJson(input ?? "");
  const report = asObject(asObject(read.ok ? read.value : undefined)?.report);
  const [bucket, prefix] = [asText(report?.bucket), asText(report?.prefix)];
  if (bucket === undefined || prefix === undefined || mapRun === undefined) return undefined;
  return {
    bucketArn: `arn:${mapRun.split(":")[1]}:s3:::${bucket}`,
    prefix,
    isFailedOnly: report?.scope !== "all",
    manifest: `${prefix}/${mapRun.split(":").at(-1)}/manifest.json`,
  };
}
