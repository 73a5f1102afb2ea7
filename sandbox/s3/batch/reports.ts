import { createHash } from "node:crypto";
import { contentOf } from "../content.ts";
import { etagOf } from "../etag.ts";
import { type ObjectVersion, writeVersion } from "../objects.ts";
import type { Bucket } from "../state.ts";
import type { Job, JobSpec, Task } from "./jobs.ts";

interface ReportContext {
  now(): number;
  createId(): string;
}

/**
 * Write a job's completion report: a file for the tasks that succeeded, one for those that failed, and manifest.json that lists them
 * (S3 user guide, "Examples: S3 Batch Operations completion reports"). The guide's rows have the HTTP status before the error's code, unlike its schema.
 */
export function writeReport(
  job: Job,
  { prefix, failedOnly }: NonNullable<JobSpec["report"]>,
  bucket: Bucket,
  context: ReportContext,
): readonly ObjectVersion[] {
  const written: ObjectVersion[] = [];
  const folder = `${prefix === "" ? "" : `${prefix.replace(/\/$/, "")}/`}job-${job.id}`;
  const write = (key: string, text: string, contentType: string): void =>
    void written.push(writeFile(bucket, key, text, contentType, context));
  const Results = ([true, false] as const).flatMap((succeeded) => {
    const tasks = job.tasks.filter(({ outcome }) => outcome?.succeeded === succeeded);
    if (tasks.length === 0 || (succeeded && failedOnly)) return [];
    const text = tasks.map(toRow).join("");
    const Key = `${folder}/results/${digest("sha1", text)}.csv`;
    write(Key, text, "text/csv");
    const TaskExecutionStatus = succeeded ? "succeeded" : "failed";
    return [{ TaskExecutionStatus, Bucket: bucket.name, MD5Checksum: digest("md5", text), Key }];
  });
  const manifest = {
    Format: "Report_CSV_20180820",
    ReportCreationDate: new Date(context.now()).toISOString(),
    Results,
    ReportSchema: "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage",
  };
  write(`${folder}/manifest.json`, JSON.stringify(manifest), "application/json");
  return written;
}

/** Write a file of a service's own, as a new version where versioning is on. */
export function writeFile(
  bucket: Bucket,
  key: string,
  text: string,
  contentType: string,
  { now, createId }: ReportContext,
): ObjectVersion {
  const content = contentOf(Buffer.from(text));
  const about = {
    content,
    etag: etagOf(content, undefined),
    retention: undefined,
    headers: { ContentType: contentType },
    metadata: {},
    tags: [],
    checksums: {},
    kmsKeyArn: undefined,
    customerKeyMd5: undefined,
    storageClass: "STANDARD",
    restoredUntil: undefined,
  };
  return writeVersion(bucket, key, about, now(), createId);
}

function toRow({ bucket, encodedKey, versionId = "", outcome }: Task): string {
  const { succeeded = false, httpStatus = 0, errorCode = "", message = "" } = outcome ?? {};
  const fields = [
    bucket,
    encodedKey,
    versionId,
    succeeded ? "succeeded" : "failed",
    String(httpStatus),
    errorCode,
    message,
  ];
  return `${fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",")}\n`;
}

function digest(algorithm: string, text: string): string {
  return createHash(algorithm).update(text).digest("hex");
}
