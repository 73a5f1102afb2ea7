import { escapeXml } from "../wire.ts";
import { countOutcomes, type Job, type JobSpec } from "./jobs.ts";

const NAMESPACE = "http://awss3control.amazonaws.com/doc/2018-08-20/";

/** A tree of elements: a list of values repeats its element, undefined is none. */
export type Elements = Readonly<{ [name: string]: Value }>;
type Value = string | number | boolean | undefined | Elements | readonly Value[];

/** An answer of S3 Control. */
export function writeDocument(root: string, elements: Elements): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${NAMESPACE}">${writeElements(elements)}</${root}>`;
}

function writeElements(elements: Elements): string {
  return Object.entries(elements)
    .map(([name, value]) => writeElement(name, value))
    .join("");
}

function writeElement(name: string, value: Value): string {
  if (value === undefined) return "";
  if (isList(value)) return value.map((each) => writeElement(name, each)).join("");
  return `<${name}>${typeof value === "object" ? writeElements(value) : escapeXml(String(value))}</${name}>`;
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** A job as ListJobs shows it. `at` in epoch ms. */
export function summarizeJob(job: Job, at: number): Elements {
  const { succeeded, failed } = countOutcomes(job.tasks);
  const activeMs = job.activeAt === undefined ? 0 : (job.endedAt ?? at) - job.activeAt;
  return {
    JobId: job.id,
    Description: job.spec.description,
    Operation: "LambdaInvoke",
    Priority: job.priority,
    Status: job.status,
    CreationTime: iso(job.createdAt),
    TerminationDate: iso(job.endedAt),
    ProgressSummary: {
      TotalNumberOfTasks: job.tasks.length,
      NumberOfTasksSucceeded: succeeded,
      NumberOfTasksFailed: failed,
      Timers: { ElapsedTimeInActiveSeconds: Math.floor(activeMs / 1000) },
    },
  };
}

/** A job as DescribeJob shows it. */
export function describeJob(job: Job, at: number): Elements {
  const { spec, failures } = job;
  return {
    ...summarizeJob(job, at),
    JobArn: job.arn,
    ConfirmationRequired: spec.needsConfirmation,
    Operation: { LambdaInvoke: describeOperation(spec) },
    RoleArn: spec.roleArn,
    ...describeManifest(spec),
    Report: describeReport(spec.report),
    StatusUpdateReason: job.statusReason,
    FailureReasons: { member: failures.map(({ code, reason }) => ({ FailureCode: code, FailureReason: reason })) },
    SuspendedDate: iso(job.suspendedAt),
    SuspendedCause: job.status === "Suspended" ? "AwaitingConfirmation" : undefined,
  };
}

function describeOperation({ functionArn, schemaVersion, userArguments }: JobSpec): Elements {
  const entries = Object.entries(userArguments ?? {}).map(([key, value]) => ({ key, value }));
  return {
    FunctionArn: functionArn,
    InvocationSchemaVersion: schemaVersion,
    UserArguments: entries.length > 0 ? { entry: entries } : undefined,
  };
}

function describeManifest({ manifest }: JobSpec): Elements {
  if (manifest.kind === "generated") {
    const { prefixes, suffixes, substrings } = manifest.filter;
    const names = {
      MatchAnyPrefix: members(prefixes),
      MatchAnySuffix: members(suffixes),
      MatchAnySubstring: members(substrings),
    };
    const SourceBucket = `arn:aws:s3:::${manifest.bucket}`;
    const generator = { SourceBucket, EnableManifestOutput: false, Filter: { KeyNameConstraint: names } };
    return { ManifestGenerator: { S3JobManifestGenerator: generator } };
  }
  const { bucket, key, versionId, etag, fields } = manifest;
  const Location = { ObjectArn: `arn:aws:s3:::${bucket}/${key}`, ObjectVersionId: versionId, ETag: etag };
  return { Manifest: { Spec: { Format: "S3BatchOperations_CSV_20180820", Fields: members(fields) }, Location } };
}

function describeReport(report: JobSpec["report"]): Elements {
  if (!report) return { Enabled: false };
  return {
    Bucket: `arn:aws:s3:::${report.bucket}`,
    Format: "Report_CSV_20180820",
    Enabled: true,
    Prefix: report.prefix === "" ? undefined : report.prefix,
    ReportScope: report.failedOnly ? "FailedTasksOnly" : "AllTasks",
  };
}

function members(values: readonly string[]): Elements | undefined {
  return values.length > 0 ? { member: values } : undefined;
}

function iso(epochMs: number | undefined): string | undefined {
  return epochMs === undefined ? undefined : new Date(epochMs).toISOString();
}
