import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from "@aws-sdk/client-sfn";
import { requestIdOf, sortAwsError, unavailable } from "../aws/aws-errors.ts";
import { CALL_LIMITS } from "../aws/call-limits.ts";
import { CordonError } from "../errors.ts";
import type { Clock } from "../types.ts";
import type { BackfillJobs, JobSummary } from "./backfill-jobs.ts";
import {
  type Counts,
  descriptionOf,
  executionName,
  inAll,
  inputOf,
  type MapMachine,
  NOTHING,
  stateOf,
  statusOf,
} from "./map-executions.ts";

const MAX_PAGE = 1_000;

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
    if (mapRunArn === undefined) return { ...NOTHING, hasBegun: false };
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
