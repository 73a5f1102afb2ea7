import type { Permission } from "../../operation.ts";
import type { InvocationResult } from "../../types.ts";
import type { ObjectVersion } from "../objects.ts";
import type { Bucket, S3State } from "../state.ts";
import { describeInvocation, readInvocation } from "./invocations.ts";
import { countOutcomes, isOver, type Job, type JobStatus, type Task } from "./jobs.ts";
import { readManifest } from "./manifests.ts";
import { writeReport } from "./reports.ts";

/** A job fails as a whole once more than half of more than a thousand attempted tasks have (S3 user guide, job failure threshold). */
const JUDGED_TASKS = 1000;
/** How often a task is tried that fails for the moment. S3 documents redrives, and not how many. */
const MAX_ATTEMPTS = 3;

/** What the engine needs of the account around it. */
export interface EngineContext {
  state: S3State;
  now(): number;
  createId(): string;
  /** Whether the job's role can be assumed by S3 Batch Operations, and may. */
  mayRole(job: Job, permission: Permission): boolean;
  invoke(functionArn: string, event: unknown): Promise<InvocationResult>;
  /** A job has another status. */
  changed(job: Job): void;
  /** A report was written: the bucket's events tell of it like of any other object. */
  written(bucket: Bucket, version: ObjectVersion, job: Job): void;
  /** Tasks an invocation. */
  tasksPerInvocation: number;
}

/**
 * Take a job as far as it goes by itself: prepared it waits for its confirmation or begins, active it ends. Tasks are invoked one
 * after the other, where AWS invokes many at a time.
 */
export async function advance(job: Job, context: EngineContext): Promise<void> {
  if (job.status === "New") prepare(job, context);
  if (job.status !== "Ready") return;
  job.activeAt = context.now();
  move(job, "Active", context);
  for (let waiting = job.tasks; waiting.length > 0; waiting = waiting.filter(({ outcome }) => outcome === undefined)) {
    for (let at = 0; at < waiting.length && isActive(job); at += context.tasksPerInvocation) {
      await invokeTasks(job, waiting.slice(at, at + context.tasksPerInvocation), context);
      if (isHopeless(job)) {
        job.failures.push({ code: "JobFailed", reason: "Job failure rate is above 50%" });
        move(job, "Failing", context);
      }
    }
    if (!isActive(job)) break;
  }
  finish(job, context);
}

/** End a job that hasn't begun, or that was stopped. */
export function finish(job: Job, context: EngineContext): void {
  if (isOver(job)) return;
  if (job.status === "Active") move(job, "Completing", context);
  if (job.tasks.some(({ outcome }) => outcome !== undefined)) report(job, context);
  job.endedAt = context.now();
  move(job, ENDS[job.status] ?? "Failed", context);
}

/** How what is about to end ends. */
const ENDS: Partial<Record<JobStatus, JobStatus>> = { Completing: "Complete", Cancelling: "Cancelled" };

function move(job: Job, status: JobStatus, context: EngineContext): void {
  job.status = status;
  context.changed(job);
}

function prepare(job: Job, context: EngineContext): void {
  move(job, "Preparing", context);
  const { manifest, needsConfirmation } = job.spec;
  const bucket = `arn:aws:s3:::${manifest.bucket}`;
  const account = context.state.buckets.get(manifest.bucket)?.account ?? job.account;
  // Which permission a generated manifest takes is documented for replication jobs.
  const permission: Permission =
    manifest.kind === "generated"
      ? { action: "s3:PutInventoryConfiguration", resource: bucket, account }
      : {
          action: manifest.versionId === undefined ? "s3:GetObject" : "s3:GetObjectVersion",
          resource: `${bucket}/${manifest.key}`,
          account,
        };
  const found = may(job, permission, context)
    ? readManifest(context.state, manifest, context.now())
    : ({ ok: false, code: "AccessDenied", reason: `${job.spec.roleArn} may not ${permission.action}` } as const);
  if (!found.ok) {
    job.failures.push({ code: found.code, reason: found.reason });
    move(job, "Failing", context);
    finish(job, context);
    return;
  }
  job.tasks = found.tasks.map((task) => ({ ...task, id: Buffer.from(context.createId()).toString("base64") }));
  if (needsConfirmation) job.suspendedAt = context.now();
  move(job, needsConfirmation ? "Suspended" : "Ready", context);
}

async function invokeTasks(job: Job, tasks: readonly Task[], context: EngineContext): Promise<void> {
  const { functionArn, roleArn } = job.spec;
  const account = functionArn.split(":")[4] ?? job.account;
  for (const task of tasks) task.attempts += 1;
  if (!may(job, { action: "lambda:InvokeFunction", resource: functionArn, account }, context)) {
    const message = `${roleArn} is not authorized to perform: lambda:InvokeFunction on resource: ${functionArn}`;
    for (const task of tasks) end(task, { succeeded: false, httpStatus: 403, errorCode: "PermanentFailure", message });
    return;
  }
  const invocationId = context.createId();
  job.invocations += 1;
  const answer = await context.invoke(functionArn, describeInvocation(job, tasks, invocationId));
  for (const [task, result] of readInvocation(answer, tasks, job.spec.schemaVersion)) {
    const { code, message, httpStatus } = result;
    if (code === "TemporaryFailure" && task.attempts < MAX_ATTEMPTS) continue;
    end(task, {
      succeeded: code === "Succeeded",
      httpStatus,
      errorCode: code === "Succeeded" ? "" : code,
      message,
    });
  }
}

function end(task: Task, outcome: NonNullable<Task["outcome"]>): void {
  task.outcome = outcome;
}

/** Asked after each invocation: a call can have cancelled it meanwhile. */
function isActive({ status }: Job): boolean {
  return status === "Active";
}

function isHopeless({ tasks }: Job): boolean {
  const { succeeded, failed } = countOutcomes(tasks);
  return succeeded + failed > JUDGED_TASKS && failed > succeeded;
}

function report(job: Job, context: EngineContext): void {
  const asked = job.spec.report;
  if (!asked) return;
  const bucket = context.state.buckets.get(asked.bucket);
  const resource = `arn:aws:s3:::${asked.bucket}/${asked.prefix === "" ? "" : `${asked.prefix}/`}job-${job.id}/manifest.json`;
  if (bucket && may(job, { action: "s3:PutObject", resource, account: bucket.account }, context)) {
    for (const version of writeReport(job, asked, bucket, context)) context.written(bucket, version, job);
    return;
  }
  job.failures.push({ code: "ReportNotWritten", reason: `The report could not be written to ${asked.bucket}` });
  move(job, "Failing", context);
}

function may(job: Job, permission: Permission, context: EngineContext): boolean {
  job.permissions.push(permission);
  return context.mayRole(job, permission);
}
