import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  DescribeMapRunCommand,
  type ExecutionStatus,
  ListExecutionsCommand,
  ListMapRunsCommand,
  type MapRunItemCounts,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from "@aws-sdk/client-sfn";
import { requestIdOf, sortAwsError, unavailable } from "../aws/aws-errors.ts";
import { CALL_LIMITS } from "../aws/call-limits.ts";
import { CordonError } from "../errors.ts";
import { asObject, asText, parseJson } from "../signals/shapes.ts";
import type { Clock } from "../types.ts";
import type { BackfillJobs, JobOrder, JobState, JobStatus, JobSummary } from "./backfill-jobs.ts";

const MAX_PAGE = 1_000;

/** The state machine that is started, and what its executions are told by. */
export interface MapMachine {
  readonly stack: string;
  readonly name: string;
  readonly arn: string;
  readonly region: string;
  /** The function that it invokes. */
  readonly functionArn: string;
}

/**
 * Executions of the stack's state machine with a Distributed Map, as jobs. A job's id is its execution's ARN; objects are counted by the batch that they are in: of a
 * batch in which one failed, all count as failed.
 * Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html, API_DescribeMapRun.html beside it
 */
export function distributedMapOnAws(machine: MapMachine, clock: Clock): BackfillJobs {
  const client = new SFNClient({ ...CALL_LIMITS, region: machine.region });
  const executions = `${machine.arn.replace(":stateMachine:", ":execution:")}:`;
  const ask = async <Answer>(operation: string, call: () => Promise<Answer>): Promise<Answer> => {
    try {
      return await call();
    } catch (error) {
      throw failed(operation, error, machine);
    }
  };
  const mapRuns = new Map<string, string>();
  /** The first Map Run of an execution has all its objects; undefined until it has begun. */
  const mapRunOf = async (executionArn: string): Promise<string | undefined> => {
    const known = mapRuns.get(executionArn);
    if (known !== undefined) return known;
    const answer = await ask("ListMapRuns", () => client.send(new ListMapRunsCommand({ executionArn })));
    const arn = answer.mapRuns?.[0]?.mapRunArn;
    if (arn !== undefined) mapRuns.set(executionArn, arn);
    return arn;
  };
  const countsOf = async (executionArn: string): Promise<Counts> => {
    const mapRunArn = await mapRunOf(executionArn);
    if (mapRunArn === undefined) return { total: 0, succeeded: 0, failed: 0, hasBegun: false };
    const { itemCounts } = await ask("DescribeMapRun", () => client.send(new DescribeMapRunCommand({ mapRunArn })));
    return { ...inAll(itemCounts), hasBegun: true };
  };
  return {
    async create(order) {
      const name = executionName(order);
      const asked = { stateMachineArn: machine.arn, name, input: inputOf(order) };
      try {
        const { executionArn = "" } = await client.send(new StartExecutionCommand(asked));
        return executionArn;
      } catch (error) {
        // It was begun by an earlier request for the same, and lists don't show it yet.
        if (sortAwsError(error).code === "ExecutionAlreadyExists") return `${executions}${name}`;
        throw failed("StartExecution", error, machine);
      }
    },

    async describe(id) {
      if (!id.startsWith(executions)) return undefined;
      try {
        const execution = await client.send(new DescribeExecutionCommand({ executionArn: id }));
        const { hasBegun, ...counts } = await countsOf(id);
        return stateOf(execution, { ...counts, hasBegun, mapRun: mapRuns.get(id) }, machine, clock.nowMs());
      } catch (error) {
        if (error instanceof CordonError) throw error;
        if (["ExecutionDoesNotExist", "InvalidArn"].includes(sortAwsError(error).code)) return undefined;
        throw failed("DescribeExecution", error, machine);
      }
    },

    async list(isCounted) {
      const found: JobSummary[] = [];
      let nextToken: string | undefined;
      do {
        const page = {
          stateMachineArn: machine.arn,
          maxResults: MAX_PAGE,
          ...(nextToken !== undefined && { nextToken }),
        };
        const answer = await ask("ListExecutions", () => client.send(new ListExecutionsCommand(page)));
        for (const { executionArn = "", name = "", status, startDate } of answer.executions ?? []) {
          const { hasBegun, ...counts } = isCounted ? await countsOf(executionArn) : { ...NOTHING, hasBegun: true };
          found.push({
            id: executionArn,
            status: statusOf(status, hasBegun),
            description: descriptionOf(name, machine),
            createdAtMs: startDate?.getTime() ?? 0,
            ...counts,
          });
        }
        nextToken = answer.nextToken;
      } while (nextToken !== undefined);
      return found.sort((a, b) => b.createdAtMs - a.createdAtMs);
    },

    async cancel(id, reason) {
      // Step Functions takes the end of what has ended already.
      const job = await ask("DescribeExecution", () => client.send(new DescribeExecutionCommand({ executionArn: id })));
      if (job.status !== "RUNNING") return false;
      await ask("StopExecution", () => client.send(new StopExecutionCommand({ executionArn: id, cause: reason })));
      return true;
    },
  };
}

const NOTHING = { total: 0, succeeded: 0, failed: 0 };
type Counts = typeof NOTHING & { readonly hasBegun: boolean };

/** At most 80 letters: the bucket's, what is asked for, and which time it is. Prefixes may name somebody: they are in the digest only. Pure. */
export function executionName({ description, token }: Pick<JobOrder, "description" | "token">): string {
  const [, bucket = "", asked = ""] = /^cordon backfill \S+ (\S+) ([0-9a-f]{16})$/.exec(description) ?? [];
  return `${bucket}-${asked}-${token.slice(0, 12)}`;
}

/** The description that an execution's name was made of; "" when none was. */
function descriptionOf(name: string, { stack }: MapMachine): string {
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

/** Of a batch that had no chance to begin, because the run was stopped, nothing is known: it counts neither way. */
function inAll(counts: MapRunItemCounts | undefined): typeof NOTHING {
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

function statusOf(status: ExecutionStatus | undefined, hasBegun: boolean): JobStatus {
  return (status && STATUSES[status]) ?? (hasBegun ? "Active" : "Preparing");
}

function stateOf(
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

function failed(operation: string, error: unknown, { name }: MapMachine): CordonError {
  const { kind, code, message } = sortAwsError(error);
  if (kind === "unavailable") return unavailable(operation, error);
  const request = requestIdOf(error);
  const told = `${message}${request && ` (request ${request})`}`;
  if (kind === "denied")
    return new CordonError("denied", `AWS refused ${operation}, which takes states:${operation}: ${told}`, {
      cause: error,
    });
  const hint = code === "StateMachineDoesNotExist" ? `; expected the state machine ${name}: deploy the stack anew` : "";
  return new CordonError("misconfigured", `Step Functions did not take ${operation}: ${told}${hint}`, { cause: error });
}
