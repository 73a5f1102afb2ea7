import type { Caller, ControlService } from "../control-plane/control-service.ts";
import { type Input, readText, requireText } from "../control-plane/input.ts";
import { createJsonService } from "../control-plane/json-protocol.ts";
import { takePage } from "../control-plane/page.ts";
import { ServiceError } from "../errors.ts";
import type { Service } from "../operation.ts";
import type { Registry } from "../stack/registry.ts";
import { countItems, type Execution, type MapRun } from "./executions.ts";

/** CloudFormation's type. */
export const STATE_MACHINE = "AWS::StepFunctions::StateMachine";

/** The executions of all accounts, in the order they were started. */
export interface Executions {
  list: Execution[];
  createName(): string;
  /** Take it to its end, later. */
  run(execution: Execution): void;
}

const NAME = /^[A-Za-z0-9._-]{1,80}$/;
/** When it happened, as AWS JSON has it. */
const seconds = (epochMs: number | undefined) => (epochMs === undefined ? undefined : epochMs / 1000);

/**
 * StartExecution, StopExecution, DescribeExecution, ListExecutions, ListMapRuns and DescribeMapRun of Step Functions (API reference). CloudTrail's event of
 * StartExecution leaves the input out.
 */
export function createStates(executions: Executions, registry: Registry): Service {
  const find = (input: Input, { account, region }: Caller): Execution => {
    const arn = requireText(input, "executionArn");
    const found = executions.list.find(
      (each) => each.arn === arn && each.account === account && each.region === region,
    );
    if (found) return found;
    throw new ServiceError("ExecutionDoesNotExist", `Execution Does Not Exist: '${arn}'`, 400);
  };
  const findMachine = (input: Input, { account, region }: Caller): string => {
    const arn = requireText(input, "stateMachineArn");
    if (registry.list(STATE_MACHINE, { account, region }).some((machine) => machine.arn === arn)) return arn;
    throw new ServiceError("StateMachineDoesNotExist", `State Machine Does Not Exist: '${arn}'`, 400);
  };
  const service: ControlService = {
    name: "states",
    nameOf: (input) => arnIn(input).split(":").at(-1) ?? "",
    arnOf: arnIn,
    handlers: {
      StartExecution: {
        mutating: true,
        omitted: ["input"],
        run: (input, caller) => start(executions, findMachine(input, caller), input, caller),
      },
      StopExecution: {
        mutating: true,
        run(input, caller) {
          const execution = find(input, caller);
          // AWS doesn't say what stopping does to what has ended.
          if (execution.status === "RUNNING") {
            Object.assign(execution, { status: "ABORTED", endedAt: caller.at });
            Object.assign(execution, { error: readText(input, "error"), cause: readText(input, "cause") });
            if (execution.mapRun) Object.assign(execution.mapRun, { status: "ABORTED", endedAt: caller.at });
          }
          return { stopDate: seconds(execution.endedAt) };
        },
      },
      DescribeExecution: { run: (input, caller) => describe(find(input, caller)) },
      ListExecutions: {
        run(input, caller) {
          const arn = findMachine(input, caller);
          const status = readText(input, "statusFilter");
          const own = executions.list.filter(
            (each) => each.machineArn === arn && (status ?? each.status) === each.status,
          );
          const { items, next } = takePage(own.reverse(), input.nextToken, input.maxResults, "InvalidToken");
          return { executions: items.map(summarize), nextToken: next };
        },
      },
      ListMapRuns: {
        run(input, caller) {
          const { mapRun, arn, machineArn } = find(input, caller);
          if (!mapRun) return { mapRuns: [] };
          const { arn: mapRunArn, startedAt, endedAt } = mapRun;
          const times = { startDate: seconds(startedAt), stopDate: seconds(endedAt) };
          return { mapRuns: [{ executionArn: arn, mapRunArn, stateMachineArn: machineArn, ...times }] };
        },
      },
      DescribeMapRun: {
        run(input, { account }) {
          const arn = requireText(input, "mapRunArn");
          const execution = executions.list.find((each) => each.mapRun?.arn === arn && each.account === account);
          if (execution?.mapRun) return describeRun(execution, execution.mapRun);
          throw new ServiceError("ResourceNotFound", `Resource not found: '${arn}'`, 400);
        },
      },
    },
  };
  return createJsonService(service, "1.0");
}

function arnIn(input: Input): string {
  return readText(input, "executionArn") ?? readText(input, "mapRunArn") ?? readText(input, "stateMachineArn") ?? "*";
}

/** The same name and input as one that runs is that one; any other use of a name, for 90 days, is refused. */
function start(executions: Executions, machineArn: string, asked: Input, { account, region, at }: Caller) {
  const name = readText(asked, "name") ?? executions.createName();
  if (!NAME.test(name)) throw new ServiceError("InvalidName", `Invalid Name: '${name}'`, 400);
  const input = readText(asked, "input") ?? "{}";
  checkJson(input);
  const arn = `${machineArn.replace(":stateMachine:", ":execution:")}:${name}`;
  const known = executions.list.find((each) => each.arn === arn);
  if (known?.status === "RUNNING" && known.input === input)
    return { executionArn: arn, startDate: seconds(known.startedAt) };
  if (known) throw new ServiceError("ExecutionAlreadyExists", `Execution Already Exists: '${arn}'`, 400);
  const execution: Execution = {
    arn,
    name,
    machineArn,
    account,
    region,
    status: "RUNNING",
    input,
    output: undefined,
    error: undefined,
    cause: undefined,
    startedAt: at,
    endedAt: undefined,
    mapRun: undefined,
    invocations: 0,
    permissions: [],
  };
  executions.list.push(execution);
  executions.run(execution);
  return { executionArn: arn, startDate: seconds(at) };
}

function checkJson(input: string): void {
  try {
    JSON.parse(input);
  } catch (error) {
    throw new ServiceError("InvalidExecutionInput", `Invalid State Machine Execution Input: ${String(error)}`, 400);
  }
}

function summarize({ arn, machineArn, name, status, startedAt, endedAt }: Execution): Record<string, unknown> {
  const times = { startDate: seconds(startedAt), stopDate: seconds(endedAt) };
  return { executionArn: arn, stateMachineArn: machineArn, name, status, ...times };
}

function describe(execution: Execution): Record<string, unknown> {
  const { input, output, error, cause } = execution;
  return { ...summarize(execution), input, inputDetails: { included: true }, output, error, cause };
}

function describeRun({ arn }: Execution, run: MapRun): Record<string, unknown> {
  const { maxConcurrency, toleratedFailurePercentage, resultsWritten, startedAt, endedAt } = run;
  const unknown = { running: 0, timedOut: 0 };
  const written = run.batches.slice(0, resultsWritten).reduce((total, { items }) => total + items.length, 0);
  return {
    mapRunArn: run.arn,
    executionArn: arn,
    status: run.status,
    startDate: seconds(startedAt),
    stopDate: seconds(endedAt),
    maxConcurrency,
    toleratedFailurePercentage,
    toleratedFailureCount: 0,
    itemCounts: { ...countItems(run), ...unknown, resultsWritten: written },
    executionCounts: { ...countItems(run, () => 1), ...unknown, resultsWritten },
  };
}
