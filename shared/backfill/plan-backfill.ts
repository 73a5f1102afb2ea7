import { createHash } from "node:crypto";
import type { JobList, JobOrder, JobReport, JobStatus, JobSummary } from "../resources/backfill-jobs.ts";

/** What somebody wants looked at, with what is known of the stack that does it. */
export interface Wanted {
  readonly stack: string;
  readonly bucket: string;
  /** The bucket's owner. */
  readonly owner: string;
  readonly functionArn: string;
  /** The role that the engine works in. */
  readonly roleArn: string;
  readonly list: JobList;
  readonly report?: JobReport;
}

/** How a backfill goes on: with a job that is under way for just this, or with a new one. */
export type Start =
  | { readonly kind: "go-on"; readonly job: JobSummary }
  | { readonly kind: "create"; readonly order: JobOrder; readonly others: readonly JobSummary[] };

/** Nothing more is looked at by it. */
const ENDED: ReadonlySet<JobStatus> = new Set(["Complete", "Cancelled", "Failed", "Cancelling", "Failing"]);

/**
 * Finds the job that was begun for the same and is not over, or makes a new one's order. The order's token follows from what is wanted and from the jobs for
 * it that are over: whoever asks again, because the answer was lost, gets the same job.
 *
 * @param jobs all that the engine lists, newest first
 * @returns `others`: jobs under way for the same bucket, for something else of it
 */
export function planStart(wanted: Wanted, jobs: readonly JobSummary[], nowMs: number): Start {
  const description = describe(wanted);
  const same = jobs.filter((job) => job.description === description);
  const [underWay] = same.filter(({ status }) => !ENDED.has(status));
  if (underWay !== undefined) return { kind: "go-on", job: underWay };
  const others = jobs.filter(
    (job) =>
      !ENDED.has(job.status) && job.description !== description && subjectOf(job)?.bucket === shown(wanted.bucket),
  );
  const [, , , region = "", account = ""] = wanted.functionArn.split(":");
  // Jobs are forgotten after 90 days: with the month in it, a token that they were a part of never comes again.
  const month = new Date(nowMs).toISOString().slice(0, 7);
  const order: JobOrder = {
    account,
    region,
    functionArn: wanted.functionArn,
    roleArn: wanted.roleArn,
    bucket: wanted.bucket,
    owner: wanted.owner,
    list: wanted.list,
    description,
    token: digest([description, month, ...same.map(({ id }) => id).sort()]),
    ...(wanted.report && { report: wanted.report }),
  };
  return { kind: "create", order, others };
}

/** Prefixes may name somebody, and everybody who may list jobs reads this: they are in the digest only. */
function describe(wanted: Wanted): string {
  const { stack, bucket } = wanted;
  return `cordon backfill ${stack} ${shown(bucket)} ${digest([wanted]).slice(0, 16)}`;
}

/** Of a bucket's name so much as fits into that of an execution, which has 80 letters. Names have at most 63 since 2018. */
const MAX_SHOWN = 50;

function shown(bucket: string): string {
  return bucket.slice(0, MAX_SHOWN);
}

/** Of which stack and bucket a job is; undefined when no backfill made it. Pure. */
export function subjectOf({
  description,
}: Pick<JobSummary, "description">): { readonly stack: string; readonly bucket: string } | undefined {
  const [, stack, bucket] = /^cordon backfill (\S+) (\S+) [0-9a-f]{16}$/.exec(description) ?? [];
  return stack === undefined || bucket === undefined ? undefined : { stack, bucket };
}

/** Of plain data whose members are always put down in the same order. */
function digest(parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
