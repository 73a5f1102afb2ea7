import type { Amount, Estimate, Range } from "../shared/backfill/estimate.ts";
import { secondsLeft } from "../shared/backfill/watch-job.ts";
import type { JobReport, JobState, JobSummary } from "../shared/resources/backfill-jobs.ts";
import { parseS3BucketArn } from "../shared/signals/s3-bucket-ref.ts";
import type { BackfillCell } from "./backfill-cell.ts";
import type { Outlook } from "./backfill-look.ts";
import { renderTable } from "./table.ts";
import { counted, labelled, plain, toSeconds } from "./text.ts";

/** What a job would be about, what it would cost and how long it would take, for people. Pure. */
export function describeOutlook({ wanted, estimate, notes }: Outlook, { fn, engine }: BackfillCell): string {
  const { bucket, owner, list, report } = wanted;
  const prefix = list.kind === "bucket" && list.prefix !== undefined ? `, whose keys begin with "${list.prefix}"` : "";
  const from = list.kind === "bucket" ? "listed by S3 when the job begins" : "as the inventory lists them";
  return labelled([
    ["Bucket", [`${bucket} in ${fn.region}, of account ${owner}`]],
    ["Objects", [`${describeAmount(estimate.objects)}${prefix}, ${from}`]],
    ["Done", [describeMode(fn.environment.CORDON_MODE)]],
    ["Job", [engine.does]],
    ["Report", [describeReport(report, engine.folder)]],
    ["Cost", costLines(estimate)],
    ["Time", timeLines(estimate, engine.pace)],
    ["Note", notes],
  ]);
}

function describeMode(mode = ""): string {
  if (mode === "enforce") return "each object gets the tag of its class, as far as policy has the control enforce";
  if (mode === "approve")
    return "nothing is changed, and a person is asked about each object that lacks its tag: the stack's CORDON_MODE is approve";
  return `nothing is changed, for the stack's CORDON_MODE is ${mode || "not set"}: every object is looked at and recorded`;
}

function describeReport(report: JobReport | undefined, folder: string): string {
  if (report === undefined) return "none: with --report-bucket S3 writes which objects failed, and why";
  const what = report.isFailedOnly ? "what failed" : "every object";
  return `${what}, in ${uriOf(report, `${report.prefix}/${folder}/`)}`;
}

function uriOf({ bucketArn }: JobReport, key: string): string {
  return `s3://${parseS3BucketArn(bucketArn) ?? bucketArn}/${key}`;
}

function describeAmount({ objects, certainty }: Amount): string {
  if (certainty === "at-least" && objects === 0) return "how many is not known";
  return `${{ exact: "", "at-least": "more than ", about: "about " }[certainty]}${whole(objects)}`;
}

function costLines({ totalUsd, monthlyUsd, usd, objects }: Estimate): readonly string[] {
  const isOpen = objects.certainty === "at-least";
  return [
    `${isOpen ? `for those counted (--count-all counts all): ` : "about "}${dollars(totalUsd)} USD, and ${dollars(monthlyUsd)} a month for tags and journal`,
    usd.map((each) => `${each.what} ${dollars(each.usd)}`).join(", "),
    "the least when every object carries its tag already, the most when each is read and gets one; prices of us-east-1, November 2026, others cost up to half as much again",
  ];
}

function timeLines({ seconds, evidenceSeconds, objects }: Estimate, pace: string): readonly string[] {
  const open = objects.certainty === "at-least" ? "for those counted: " : "";
  return [
    `${open}about ${fromTo(lasting(seconds.least), lasting(seconds.most))}, ${pace}`,
    `the evidence of what was changed is locked away behind it, one entry after the other: up to ${lasting(evidenceSeconds.most)}`,
  ];
}

/** A job that is over or at rest, for people. Pure. */
export function describeEnd(job: JobState): string {
  const { id, status, total, succeeded, failed, activeSeconds, failures, report } = job;
  const counts = `${counted(total, "object").replace(/^\d+/, whole(total))}, ${whole(succeeded)} looked at, ${whole(failed)} failed`;
  const hint: Partial<Record<JobState["status"], string>> = {
    Suspended: `It waits to be confirmed: aws s3control update-job-status --account-id <account> --job-id ${id} --requested-job-status Ready`,
    Paused: "It is paused.",
  };
  const lines = [
    `Job ${id} is ${status}: ${counts}, in ${lasting(activeSeconds)}.`,
    ...failures.map((failure) => `  ${failure}`),
    ...(hint[status] === undefined ? [] : [hint[status]]),
    ...(report !== undefined && (failed > 0 || !report.isFailedOnly)
      ? [`Report: ${uriOf(report, report.manifest)}`]
      : []),
    ...(failed > 0 && report === undefined ? ["Which failed, and why, only a report tells: --report-bucket"] : []),
  ];
  return lines.map((line) => `${plain(line)}\n`).join("");
}

/** A line for a terminal. Pure. */
export function describeProgress(job: JobState): string {
  const { status, total, succeeded, failed } = job;
  if (total === 0) return `${status}: the list is read`;
  const done = succeeded + failed;
  const left = secondsLeft(job);
  const bar = "#".repeat(Math.floor((done / total) * BAR)).padEnd(BAR, ".");
  const share = Math.floor((done / total) * 100);
  return `[${bar}] ${share} %  ${whole(done)} of ${whole(total)}, ${whole(failed)} failed  ${status}${left === undefined ? "" : `, about ${lasting(left)} left`}`;
}

const BAR = 24;

/** Jobs of a stack, newest first. Pure. */
export function describeJobs(jobs: readonly (JobSummary & { readonly bucket: string })[], colours: boolean): string {
  const rows = jobs.map(({ id, bucket, status, createdAtMs, total, succeeded, failed }) => [
    { text: id },
    { text: status, colour: status === "Failed" ? ("red" as const) : undefined },
    { text: toSeconds(new Date(createdAtMs).toISOString()) },
    { text: whole(total) },
    { text: whole(succeeded) },
    { text: whole(failed), colour: failed > 0 ? ("red" as const) : undefined },
    { text: plain(bucket) },
  ]);
  return renderTable(["JOB", "STATUS", "CREATED", "OBJECTS", "LOOKED AT", "FAILED", "BUCKET"], rows, colours);
}

function dollars({ least, most }: Range): string {
  return fromTo(least.toFixed(2), most.toFixed(2));
}

function fromTo(low: string, high: string): string {
  return low === high ? low : `${low} to ${high}`;
}

/** Digits in threes. */
function whole(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
] as const;

/** A time in its largest unit that there are two of, rounded up; nobody needs it closer. Pure. */
export function lasting(seconds: number): string {
  const [name, size] = UNITS.find(([, each]) => seconds >= 2 * each) ?? ["s", 1];
  return `${Math.max(1, Math.ceil(seconds / size))} ${name}`;
}
