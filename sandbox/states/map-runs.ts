import type { Permission } from "../operation.ts";
import type { InvocationResult } from "../types.ts";
import type { MachineDefinition, MapState, Retrier } from "./definition.ts";
import { type Batch, countItems, type Execution, type MapRun } from "./executions.ts";
import { readItems } from "./item-readers.ts";
import { type WriterContext, writeResults } from "./result-writer.ts";
import { fillIn, follow, StatesError } from "./templates.ts";

/** What the engine needs of the account around it. */
export interface EngineContext extends WriterContext {
  createRunId(): string;
  /** Whether the machine's role can be assumed by Step Functions, and may. */
  mayRole(execution: Execution, permission: Permission): boolean;
  invoke(functionArn: string, event: unknown): Promise<InvocationResult>;
}

/** Take an execution to its end. Batches are invoked one after the other, where AWS invokes many at a time, and retries don't wait. */
export async function runExecution(
  execution: Execution,
  definition: MachineDefinition,
  context: EngineContext,
): Promise<void> {
  try {
    const input: unknown = JSON.parse(execution.input);
    const output = await runMap(execution, chosen(definition, input), input, context);
    end(execution, "SUCCEEDED", context);
    if (execution.status === "SUCCEEDED") execution.output = JSON.stringify(output);
  } catch (error) {
    execution.error = error instanceof StatesError ? error.code : "States.Runtime";
    execution.cause = error instanceof Error ? error.message : String(error);
    end(execution, "FAILED", context);
  }
}

/** What was stopped stays stopped. */
function end(execution: Execution, status: "SUCCEEDED" | "FAILED", { now }: EngineContext): void {
  if (execution.status !== "RUNNING") return;
  execution.status = status;
  execution.endedAt = now();
  if (execution.mapRun?.status === "RUNNING") Object.assign(execution.mapRun, { status, endedAt: now() });
}

function chosen({ startAt, states }: MachineDefinition, input: unknown): MapState {
  for (let name = startAt; ; ) {
    const state = states[name];
    if (state === undefined) throw new StatesError("States.Runtime", `There is no state ${name}`);
    if (state.type === "Map") return state;
    name = state.choices.find(({ variable, equals }) => follow(variable, input) === equals)?.next ?? state.otherwise;
  }
}

async function runMap(execution: Execution, map: MapState, input: unknown, context: EngineContext): Promise<unknown> {
  const { account, machineArn } = execution;
  const ask = (permission: Permission): boolean => {
    execution.permissions.push(permission);
    return context.mayRole(execution, permission);
  };
  // It follows its children by DescribeExecution: the guide says that the role needs both.
  for (const [action, resource] of [
    ["states:StartExecution", machineArn],
    ["states:DescribeExecution", `${machineArn.replace(":stateMachine:", ":execution:")}:*`],
  ] as const)
    if (!ask({ action, resource, account }))
      throw new StatesError("States.Runtime", `The role is not authorized to perform: ${action} on ${resource}`);
  const run = begin(execution, map, context);
  const items = readItems(map.reader, fillIn(map.readerParameters, input), context.state, execution, ask);
  const BatchInput = fillIn(map.batchInput, input);
  for (let at = 0; at < items.length; at += map.itemsPerBatch) {
    const some = items.slice(at, at + map.itemsPerBatch);
    run.batches.push({
      items: some,
      input: { BatchInput, Items: some },
      name: context.createRunId(),
      outcome: undefined,
    });
  }
  const writerParameters = fillIn(map.writerParameters, input);
  for (const batch of run.batches) {
    // A call can have stopped it meanwhile.
    if (execution.status !== "RUNNING" || isHopeless(run)) break;
    await runChild(execution, batch, map, context, ask);
  }
  const isFailed = isHopeless(run);
  const output = writeResults(execution, run, writerParameters, context, ask);
  if (isFailed)
    throw new StatesError(
      "States.ExceedToleratedFailureThreshold",
      "The specified tolerated failure threshold was exceeded",
    );
  return output;
}

function begin(execution: Execution, map: MapState, { createRunId, now }: EngineContext): MapRun {
  const { label, maxConcurrency, toleratedFailurePercentage } = map;
  const id = createRunId();
  const run: MapRun = {
    arn: `${execution.machineArn.replace(":stateMachine:", ":mapRun:")}/${label}:${id}`,
    id,
    label,
    status: "RUNNING",
    batches: [],
    maxConcurrency,
    toleratedFailurePercentage,
    resultsWritten: 0,
    startedAt: now(),
    endedAt: undefined,
  };
  execution.mapRun = run;
  return run;
}

function isHopeless(run: MapRun): boolean {
  const { failed, total } = countItems(run);
  return failed > 0 && (failed / total) * 100 > run.toleratedFailurePercentage;
}

async function runChild(
  execution: Execution,
  batch: Batch,
  { functionArn, retry }: MapState,
  context: EngineContext,
  ask: (permission: Permission) => boolean,
): Promise<void> {
  const tries = new Map<Retrier, number>();
  for (;;) {
    const failure = await invoke();
    if (failure === undefined) return;
    const retrier = retry.find(({ errors }) => errors.includes(failure.error) || errors.includes("States.ALL"));
    const tried = retrier === undefined ? 0 : (tries.get(retrier) ?? 0);
    if (retrier === undefined || tried >= retrier.maxAttempts || execution.status !== "RUNNING") {
      batch.outcome = { status: "FAILED", ...failure };
      return;
    }
    tries.set(retrier, tried + 1);
  }

  async function invoke(): Promise<{ error: string; cause: string } | undefined> {
    const account = functionArn.split(":")[4] ?? execution.account;
    if (!ask({ action: "lambda:InvokeFunction", resource: functionArn, account }))
      return {
        error: "Lambda.AWSLambdaException",
        cause: `not authorized to perform: lambda:InvokeFunction on ${functionArn}`,
      };
    execution.invocations += 1;
    const answer = await context.invoke(functionArn, batch.input);
    if (answer.ok) {
      batch.outcome = { status: "SUCCEEDED", output: answer.result };
      return undefined;
    }
    const { type, message } = answer.error;
    const error = answer.throttled ? `Lambda.${type}` : type;
    return { error, cause: JSON.stringify({ errorType: type, errorMessage: message }) };
  }
}
