import { ServiceError } from "../../errors.ts";
import type { CallContext, Operation, Permission, WireRequest, WireResponse } from "../../operation.ts";
import { describeJob, type Elements, summarizeJob, writeDocument } from "./describe-job.ts";
import { isOver, type Job, type JobSpec, type JobStatus } from "./jobs.ts";
import { readJob, readPriority } from "./read-job.ts";

const PATH = "/v20180820/jobs";
const MAX_RESULTS = 1000;
/** Who assumes a job's role. */
export const ASSUMED_BY = "batchoperations.s3.amazonaws.com";

/** The jobs of all accounts, and what keeps them going. */
export interface Jobs {
  list: Job[];
  createId(): string;
  created(job: Job): void;
  /** A job has another status. */
  changed(job: Job): void;
  /** Take a job as far as it goes by itself, later. */
  advance(job: Job): void;
  /** End a job that nothing is being done for. */
  finish(job: Job): void;
}

type Part = Pick<Operation, "name" | "resource" | "input" | "actions" | "mutating" | "execute"> & {
  permissions(context: CallContext): Permission[];
};

/**
 * CreateJob, DescribeJob, ListJobs, UpdateJobStatus and UpdateJobPriority of S3 Control; undefined for other paths. No SDK schema stands behind
 * this, as in control.ts; the wire form is from the API reference. CloudTrail records what becomes of jobs, not these calls: job-events.ts.
 */
export function parseJobOperation(jobs: Jobs, request: WireRequest): Operation | undefined {
  if (request.path !== PATH && !request.path.startsWith(`${PATH}/`)) return undefined;
  const [id = "", verb, ...rest] = request.path
    .slice(PATH.length + 1)
    .split("/")
    .map(decodeURIComponent);
  const route = `${request.method} ${id === "" ? "" : "job"} ${verb ?? ""}`;
  if (rest.length > 0) return undefined;
  const { query } = request;
  switch (route) {
    case "POST  ":
      return createJob(jobs, request);
    case "GET  ":
      return listJobs(jobs, query);
    case "GET job ":
      return onJob(jobs, id, "DescribeJob", {}, (job, { at }) => ({ Job: describeJob(job, at) }));
    case "POST job status": {
      const input = {
        RequestedJobStatus: query.get("requestedJobStatus"),
        StatusUpdateReason: query.get("statusUpdateReason"),
      };
      return onJob(jobs, id, "UpdateJobStatus", input, (job) => {
        changeStatus(jobs, job, input.RequestedJobStatus, input.StatusUpdateReason ?? undefined);
        return { JobId: id, Status: job.status, StatusUpdateReason: job.statusReason };
      });
    }
    case "POST job priority": {
      const input = { Priority: query.get("priority") };
      return onJob(jobs, id, "UpdateJobPriority", input, (job) => {
        if (isOver(job)) throw wrongStatus(job.status, "another priority");
        job.priority = readPriority(input.Priority ?? undefined);
        return { JobId: id, Priority: job.priority };
      });
    }
    default:
      return undefined;
  }
}

function createJob(jobs: Jobs, request: WireRequest): Part {
  const spec = readJob(request.body);
  const { roleArn, tags, priority } = spec;
  return {
    name: "CreateJob",
    resource: "",
    input: { ...spec },
    actions: ["s3:CreateJob", "iam:PassRole"],
    permissions: ({ principal: { account } }) => [
      {
        action: "s3:CreateJob",
        resource: "*",
        account,
        keys: { "s3:RequestJobOperation": "LambdaInvoke", "s3:RequestJobPriority": String(priority) },
      },
      { action: "iam:PassRole", resource: roleArn, account, keys: { "iam:PassedToService": ASSUMED_BY } },
      ...(tags.length > 0 ? [{ action: "s3:PutJobTagging", resource: "*", account }] : []),
    ],
    mutating: true,
    execute: (context) => answer("CreateJobResult", { JobId: enter(jobs, spec, request, context).id }),
  };
}

/** The job of that token, made if there is none. Throws IdempotencyException for the same token with another request. */
function enter(jobs: Jobs, spec: JobSpec, request: WireRequest, { principal, region, at }: CallContext): Job {
  const body = request.body.toString("utf8");
  const { account } = principal;
  const known = jobs.list.find(
    (job) => job.spec.token === spec.token && job.account === account && job.region === region,
  );
  if (known?.request === body) return known;
  if (known) throw new ServiceError("IdempotencyException", "The token was used with another request", 400);
  const id = jobs.createId();
  const job: Job = {
    id,
    arn: `arn:aws:s3:${region}:${account}:job/${id}`,
    account,
    region,
    spec,
    request: body,
    status: "New",
    priority: spec.priority,
    tasks: [],
    invocations: 0,
    failures: [],
    statusReason: undefined,
    createdAt: at,
    activeAt: undefined,
    suspendedAt: undefined,
    endedAt: undefined,
    permissions: [],
  };
  jobs.list.push(job);
  jobs.created(job);
  jobs.advance(job);
  return job;
}

function listJobs(jobs: Jobs, query: URLSearchParams): Part {
  const statuses = query.getAll("jobStatuses");
  const limit = Math.min(Number(query.get("maxResults") ?? MAX_RESULTS), MAX_RESULTS);
  const start = Number(query.get("nextToken") ?? 0);
  return {
    name: "ListJobs",
    resource: "",
    input: { JobStatuses: statuses },
    actions: ["s3:ListJobs"],
    permissions: ({ principal }) => [{ action: "s3:ListJobs", resource: "*", account: principal.account }],
    mutating: false,
    execute({ principal, region, at }) {
      const own = jobs.list
        .filter((job) => job.account === principal.account && job.region === region)
        .filter(({ status }) => statuses.length === 0 || statuses.includes(status))
        .reverse();
      const page = own.slice(start, start + limit).map((job) => summarizeJob(job, at));
      const NextToken = start + limit < own.length ? String(start + limit) : undefined;
      return answer("ListJobsResult", { NextToken, Jobs: { member: page } });
    },
  };
}

function onJob(
  jobs: Jobs,
  id: string,
  name: "DescribeJob" | "UpdateJobStatus" | "UpdateJobPriority",
  input: Record<string, unknown>,
  run: (job: Job, context: CallContext) => Elements,
): Part {
  const action = `s3:${name}`;
  return {
    name,
    resource: id,
    input: { JobId: id, ...input },
    actions: [action],
    permissions: ({ principal: { account }, region }) => [
      { action, resource: `arn:aws:s3:${region}:${account}:job/${id}`, account },
    ],
    mutating: name !== "DescribeJob",
    execute(context) {
      const { principal, region } = context;
      const job = jobs.list.find(
        (each) => each.id === id && each.account === principal.account && each.region === region,
      );
      if (!job) throw new ServiceError("NoSuchJob", "The specified job does not exist", 404);
      return answer(`${name}Result`, run(job, context));
    },
  };
}

const CONFIRMABLE: readonly JobStatus[] = ["Suspended"];
const CANCELLABLE: readonly JobStatus[] = ["New", "Preparing", "Suspended", "Ready", "Active"];

/** Confirm a job that waits for it, or stop one that isn't over. Throws JobStatusException. */
function changeStatus(jobs: Jobs, job: Job, asked: string | null, reason: string | undefined): void {
  const from = asked === "Ready" ? CONFIRMABLE : asked === "Cancelled" ? CANCELLABLE : [];
  if (!from.includes(job.status)) throw wrongStatus(job.status, asked ?? "nothing");
  job.statusReason = reason;
  // What is active ends after the invocation that is under way.
  const isActive = job.status === "Active";
  job.status = asked === "Ready" ? "Ready" : "Cancelling";
  jobs.changed(job);
  if (asked === "Ready") jobs.advance(job);
  else if (!isActive) jobs.finish(job);
}

function wrongStatus(status: JobStatus, asked: string): ServiceError {
  return new ServiceError("JobStatusException", `A job that is ${status} can't be given ${asked}`, 400);
}

function answer(root: string, elements: Elements): WireResponse {
  return { status: 200, headers: { "content-type": "application/xml" }, body: writeDocument(root, elements) };
}
