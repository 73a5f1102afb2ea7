import { subjectOf } from "../shared/backfill/plan-backfill.ts";
import { parseBucketName } from "../shared/signals/s3-bucket-ref.ts";
import { begin, end, type How } from "./backfill-begin.ts";
import { type BackfillCell, openBackfillCell } from "./backfill-cell.ts";
import { chooseEngine } from "./backfill-engine.ts";
import type { AskedBackfill } from "./backfill-look.ts";
import { describeJobs } from "./backfill-text.ts";
import { toPlain, watchToTheEnd } from "./backfill-watch.ts";
import { command, exitCodes } from "./command.ts";
import { confirmed } from "./confirm.ts";
import { isColoured } from "./table.ts";

const NOTES = `A bucket:        cordon backfill --bucket orders [--prefix 2024/] [--report-bucket reports] [--engine distributed-map]
By an inventory: cordon backfill --bucket orders --inventory s3://inventories/orders/daily/2026-11-01T01-00Z/manifest.json
A job:           cordon backfill --job <id> [--cancel]         looks on until it is over; or stops it
All jobs:        cordon backfill --list

It shows first what would be done, what it costs and how long it takes, about, and asks. Then S3 Batch Operations, or a Distributed Map of Step Functions where policy
(objects.backfill) or --engine says so, has the function <stack>-tag-objects look at each object, as after an event about it: policy, brake, journal and evidence are the
same. The job goes on when this command ends. The same command again goes on with the job that is under way for the same; when none is, it makes a new one, which leaves
alone what carries its tag already.

The report goes to a bucket of your own, in the stack's account and Region, below <stack>-backfill/: it names objects. It can't be the evidence bucket, where only
evidence is written. An inventory has to be in CSV and to lie in a bucket of that account, which may be read with the role's rights (no KMS key of your own).

You need lambda:GetFunctionConfiguration on the function; s3:ListBucket on the bucket and on the report's; s3:GetObject on the inventory, where you name one; s3:ListJobs,
s3:CreateJob, and iam:PassRole on the role <stack>-backfill-<Region> for batchoperations.s3.amazonaws.com; s3:DescribeJob to look on, and s3:UpdateJobStatus
to stop a job. With a Distributed Map, in place of those on jobs: states:ListExecutions and states:StartExecution on the state machine <stack>-backfill;
states:DescribeExecution, states:ListMapRuns and states:DescribeMapRun to look on, and states:StopExecution to stop it. It needs --report-bucket.

Engine: --engine, else objects.backfill of the policy that CORDON_POLICY names, else of the one that Cordon is built with.
Settings: AWS_REGION, credentials and AWS_ENDPOINT_URL as the AWS SDK takes them; CORDON_STACK, or --stack.

Exit code: 0 all objects were looked at (or, with --dry-run or --no-watch, could be), 1 some failed, the job failed or you did not say yes, 2 it could not be run.`;

/** `cordon backfill`: has the objects that are there already tagged, by S3 Batch Operations or a Distributed Map. */
export const backfill = command(
  {
    name: "backfill",
    summary: "Has objects that were there before Cordon looked at and tagged, by S3 Batch Operations or Step Functions",
    notes: NOTES,
  },
  {
    bucket: { type: "string", description: "The bucket", valueHint: "name" },
    prefix: { type: "string", description: "Objects whose keys begin so", valueHint: "text" },
    inventory: {
      type: "string",
      description: "manifest.json of an S3 Inventory report, in place of a listing",
      valueHint: "s3 uri",
    },
    account: { type: "string", description: "The bucket's owner; else the stack's account", valueHint: "id" },
    engine: {
      type: "string",
      description: "batch-operations or distributed-map; else what policy prefers",
      valueHint: "name",
    },
    "report-bucket": { type: "string", description: "Where is written which objects failed", valueHint: "name" },
    "report-all": { type: "boolean", description: "Report every object, not only what failed" },
    "count-all": { type: "boolean", description: "Count all objects beforehand, not only the first 100,000" },
    "max-usd": { type: "string", description: "Begin nothing that may cost more", valueHint: "number" },
    job: { type: "string", description: "Look on at this job: its id, or an execution's ARN", valueHint: "id" },
    cancel: { type: "boolean", description: "Stop that job; what is done stays done" },
    list: { type: "boolean", description: "The stack's jobs of the last 90 days" },
    watch: { type: "boolean", description: "Look on until the job is over; that is the default" },
    "no-watch": { type: "boolean", description: "Begin the job, and don't look on" },
    stack: { type: "string", description: "The name of the cell's stack; else CORDON_STACK", valueHint: "name" },
    "dry-run": { type: "boolean", description: "Show what would be done; begin nothing" },
    yes: { type: "boolean", description: "Don't ask" },
    json: { type: "boolean", description: "The same as JSON" },
  },
  async (args) => {
    const ways = [args.bucket, args.job, args.list || undefined].filter((each) => each !== undefined);
    if (ways.length !== 1) throw new Error("found none or several of --bucket, --job and --list; expected one of them");
    if (args.cancel && args.job === undefined) throw new Error("--cancel goes with --job");
    const how = {
      isJson: args.json === true,
      isDry: args["dry-run"] === true,
      isSure: args.yes === true,
      isWatched: args.watch !== false && args["no-watch"] !== true,
    };
    const open = async () => openBackfillCell(args.stack, await chooseEngine(args.engine, args.job));
    if (args.job !== undefined) return attend(args.job, args.cancel === true, how, await open());
    if (args.list) return list(how, await open());
    const asked = askedOf(args);
    const maxUsd = dollarsOf(args["max-usd"]);
    return begin(asked, { ...how, ...(maxUsd !== undefined && { maxUsd }) }, await open());
  },
);

interface BackfillArgs {
  readonly bucket?: string | undefined;
  readonly prefix?: string | undefined;
  readonly inventory?: string | undefined;
  readonly account?: string | undefined;
  readonly "report-bucket"?: string | undefined;
  readonly "report-all"?: boolean | undefined;
  readonly "count-all"?: boolean | undefined;
}

function askedOf(args: BackfillArgs): AskedBackfill {
  const { bucket, prefix, inventory, account, "report-bucket": reportBucket } = args;
  const nameOf = (option: string, value: string | undefined): string => {
    const name = parseBucketName(value);
    if (name === undefined) throw new Error(`--${option}: found "${value?.slice(0, 80)}", expected a bucket's name`);
    return name;
  };
  if (account !== undefined && !/^\d{12}$/.test(account))
    throw new Error(`--account: found "${account}", expected 12 digits`);
  if (inventory !== undefined && prefix !== undefined)
    throw new Error("found --inventory and --prefix: an inventory has a filter of its own; expected one of them");
  if (args["report-all"] && reportBucket === undefined) throw new Error("--report-all goes with --report-bucket");
  return {
    bucket: nameOf("bucket", bucket),
    ...(prefix !== undefined && prefix !== "" && { prefix }),
    ...(inventory !== undefined && { inventory }),
    ...(account !== undefined && { account }),
    ...(reportBucket !== undefined && { reportBucket: nameOf("report-bucket", reportBucket) }),
    isWholeReport: args["report-all"] === true,
    isCountedWhole: args["count-all"] === true,
  };
}

function dollarsOf(text: string | undefined): number | undefined {
  const usd = text === undefined ? undefined : Number(text);
  if (usd !== undefined && !(usd > 0 && Number.isFinite(usd)))
    throw new Error(`--max-usd: found "${text}", expected a number above 0`);
  return usd;
}

async function attend(id: string, isCancelled: boolean, how: How, cell: BackfillCell): Promise<number> {
  if (!isCancelled) return watchToTheEnd(id, cell, { isJson: how.isJson });
  const job = await cell.jobs.describe(id);
  if (job?.functionArn !== cell.fn.arn)
    throw new Error(`there is no job ${id} of ${cell.stack}'s (cordon backfill --list)`);
  if (how.isDry)
    return end(how, { isDryRun: true, job: toPlain(job) }, `Job ${id} is ${job.status}; it was not stopped.`);
  if (!how.isSure && !(await confirmed(`Stop job ${id}? What is done stays done.`))) {
    end(how, { isDryRun: false, job: toPlain(job) }, "You did not say yes; the job goes on.");
    return exitCodes.wrong;
  }
  if (!(await cell.jobs.cancel(id, "stopped by cordon backfill")))
    throw new Error(`job ${id} can't be stopped any more: it is ${job.status}`);
  return watchToTheEnd(id, cell, { isJson: how.isJson, isCancelled });
}

async function list(how: How, { jobs, stack }: BackfillCell): Promise<number> {
  const own = (await jobs.list(true)).flatMap((job) => {
    const subject = subjectOf(job);
    return subject?.stack === stack ? [{ ...job, bucket: subject.bucket }] : [];
  });
  if (how.isJson) return end(how, { jobs: own.map(toPlain) }, "");
  process.stdout.write(
    own.length === 0 ? `${stack} has no jobs of the last 90 days.\n` : describeJobs(own, isColoured()),
  );
  return exitCodes.fine;
}
