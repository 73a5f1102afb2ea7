import {
  CreateJobCommand,
  type CreateJobCommandInput,
  DescribeJobCommand,
  type JobDescriptor,
  type JobListDescriptor,
  ListJobsCommand,
  S3ControlClient,
  UpdateJobStatusCommand,
} from "@aws-sdk/client-s3-control";
import { requestIdOf, sortAwsError, unavailable } from "../aws/aws-errors.ts";
import { CALL_LIMITS } from "../aws/call-limits.ts";
import { CordonError } from "../errors.ts";
import type { BackfillJobs, JobList, JobOrder, JobState, JobStatus, JobSummary } from "./backfill-jobs.ts";

/** Of equal rank among themselves; people's own jobs go first where they say so. */
const PRIORITY = 10;
const MAX_PAGE = 1_000;
/** Reports and inventories have one format each, by the day it was fixed. */
const REPORT_FORMAT = "Report_CSV_20180820";
const INVENTORY_FORMAT = "S3InventoryReport_CSV_20161130";

/**
 * Jobs of S3 Batch Operations by the AWS SDK.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops.html
 */
export function s3BatchJobsOnAws({
  account,
  region,
}: {
  readonly account: string;
  readonly region: string;
}): BackfillJobs {
  const client = new S3ControlClient({ ...CALL_LIMITS, region, ...endpointOfOnesOwn() });
  const AccountId = account;
  const ask = async <Answer>(operation: string, call: () => Promise<Answer>): Promise<Answer> => {
    try {
      return await call();
    } catch (error) {
      throw failed(operation, error);
    }
  };
  return {
    async create(order) {
      const { JobId = "" } = await ask("CreateJob", () => client.send(new CreateJobCommand(requestOf(order))));
      return JobId;
    },

    async describe(id) {
      try {
        const { Job } = await client.send(new DescribeJobCommand({ AccountId, JobId: id }));
        return Job === undefined ? undefined : stateOf(Job);
      } catch (error) {
        if (isUnknown(error)) return undefined;
        throw failed("DescribeJob", error);
      }
    },

    // S3 tells the counts with each job.
    async list() {
      const found: JobSummary[] = [];
      let NextToken: string | undefined;
      do {
        const page = { AccountId, MaxResults: MAX_PAGE, ...(NextToken !== undefined && { NextToken }) };
        const answer = await ask("ListJobs", () => client.send(new ListJobsCommand(page)));
        found.push(...(answer.Jobs ?? []).map(summaryOf));
        NextToken = answer.NextToken;
      } while (NextToken !== undefined);
      return found.sort((a, b) => b.createdAtMs - a.createdAtMs);
    },

    async cancel(id, reason) {
      const asked = { AccountId, JobId: id, RequestedJobStatus: "Cancelled", StatusUpdateReason: reason } as const;
      try {
        await client.send(new UpdateJobStatusCommand(asked));
        return true;
      } catch (error) {
        if (sortAwsError(error).code === "JobStatusException") return false;
        throw failed("UpdateJobStatus", error);
      }
    },
  };
}

/** What CreateJob is asked. Nobody has to confirm the job once more: whoever runs the command has. Pure. */
export function requestOf(order: JobOrder): CreateJobCommandInput {
  const { account, functionArn, roleArn, list, owner, report, description, token } = order;
  return {
    AccountId: account,
    ConfirmationRequired: false,
    ClientRequestToken: token,
    Description: description,
    Priority: PRIORITY,
    RoleArn: roleArn,
    Operation: {
      LambdaInvoke: { FunctionArn: functionArn, InvocationSchemaVersion: "2.0", UserArguments: { account: owner } },
    },
    ...listOf(list),
    Report:
      report === undefined
        ? { Enabled: false }
        : {
            Enabled: true,
            Bucket: report.bucketArn,
            Prefix: report.prefix,
            Format: REPORT_FORMAT,
            ReportScope: report.isFailedOnly ? "FailedTasksOnly" : "AllTasks",
          },
  };
}

function listOf(list: JobList): Pick<CreateJobCommandInput, "Manifest" | "ManifestGenerator"> {
  if (list.kind === "inventory")
    return {
      Manifest: {
        Spec: { Format: INVENTORY_FORMAT },
        Location: { ObjectArn: list.objectArn, ETag: list.etag },
      },
    };
  return {
    ManifestGenerator: {
      S3JobManifestGenerator: {
        SourceBucket: list.bucketArn,
        ExpectedBucketOwner: list.owner,
        EnableManifestOutput: false,
        ...(list.prefix !== undefined && { Filter: { KeyNameConstraint: { MatchAnyPrefix: [list.prefix] } } }),
      },
    },
  };
}

function summaryOf({
  JobId = "",
  Status,
  Description = "",
  CreationTime,
  ProgressSummary,
}: JobListDescriptor | Omit<JobDescriptor, "Operation">): JobSummary {
  const { TotalNumberOfTasks = 0, NumberOfTasksSucceeded = 0, NumberOfTasksFailed = 0 } = ProgressSummary ?? {};
  return {
    id: JobId,
    status: (Status ?? "New") as JobStatus,
    description: Description,
    createdAtMs: CreationTime?.getTime() ?? 0,
    total: TotalNumberOfTasks,
    succeeded: NumberOfTasksSucceeded,
    failed: NumberOfTasksFailed,
  };
}

function stateOf(job: JobDescriptor): JobState {
  const { ProgressSummary, FailureReasons = [], Operation } = job;
  const report = reportOf(job);
  return {
    ...summaryOf(job),
    activeSeconds: ProgressSummary?.Timers?.ElapsedTimeInActiveSeconds ?? 0,
    failures: FailureReasons.map(({ FailureCode, FailureReason }) => `${FailureCode}: ${FailureReason}`),
    functionArn: Operation?.LambdaInvoke?.FunctionArn,
    ...(report && { report }),
  };
}

function reportOf({ JobId, Report }: JobDescriptor): JobState["report"] {
  if (Report?.Enabled !== true || Report.Bucket === undefined) return undefined;
  const prefix = Report.Prefix ?? "";
  return {
    bucketArn: Report.Bucket,
    prefix,
    isFailedOnly: Report.ReportScope === "FailedTasksOnly",
    manifest: `${prefix}/job-${JobId}/manifest.json`,
  };
}

/** The client puts the account in front of the host's name, which an address on this machine can't have. */
function endpointOfOnesOwn() {
  const endpoint = process.env.AWS_ENDPOINT_URL_S3_CONTROL ?? process.env.AWS_ENDPOINT_URL;
  return endpoint ? { endpointProvider: () => ({ url: new URL(endpoint) }) } : {};
}

/** An id of another form than ids have is refused, where one that nobody has is not found. */
function isUnknown(error: unknown): boolean {
  return ["NoSuchJob", "NotFoundException", "NotFound"].includes(sortAwsError(error).code);
}

const TAKES: Readonly<Record<string, string>> = {
  CreateJob: "s3:CreateJob, and iam:PassRole on the job's role",
  DescribeJob: "s3:DescribeJob",
  ListJobs: "s3:ListJobs",
  UpdateJobStatus: "s3:UpdateJobStatus",
};

function failed(operation: string, error: unknown): CordonError {
  const { kind, message } = sortAwsError(error);
  if (kind === "unavailable") return unavailable(operation, error);
  const request = requestIdOf(error);
  const told = `${message}${request && ` (request ${request})`}`;
  if (kind === "denied")
    return new CordonError("denied", `AWS refused ${operation}, which takes ${TAKES[operation]}: ${told}`, {
      cause: error,
    });
  return new CordonError("misconfigured", `S3 did not take ${operation}: ${told}`, { cause: error });
}
