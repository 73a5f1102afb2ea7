import { type ChildProcess, fork } from "node:child_process";
import { EventEmitter } from "node:events";
import { dirname, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Principal } from "../principals.ts";
import type { InvocationResult } from "../types.ts";
import { type ContainerMessage, END_OF_INVOCATION, type InvokeMessage } from "./messages.ts";

/** What containers are made from. */
export interface PoolSpec {
  /** The function's name in AWS. */
  name: string;
  /** What its lines in the log begin with. */
  label: string;
  arn: string;
  /** Path of the built module that exports `handler`. */
  bundle: string;
  environment: Record<string, string>;
  timeoutMs: number;
  memoryMb: number;
  maxContainers(): number;
}

/** What a pool of containers needs from the account. */
export interface PoolContext {
  region: string;
  clockOffsetMs(): number;
  createId(): string;
  createPrincipal(container: string): Principal;
  environment(principal: Principal): Record<string, string>;
  print(line: string): void;
}

/** A function's containers: as many as invocations at a time need, up to a maximum; idle ones are used again. */
export interface Pool {
  invoke(event: unknown): Promise<InvocationResult>;
  /** Kill that container, if it is one of these. */
  kill(container: string): void;
  close(): Promise<void>;
}

interface Container {
  id: string;
  process: ChildProcess;
  isBusy: boolean;
  /** Ends with undefined when the handler is loaded, or with why it could not be. */
  started: Promise<{ type: string; message: string } | undefined>;
  /** Emits each end of an invocation it printed, once for stdout and once for stderr. */
  printed: EventEmitter;
}

const CONTAINER = fileURLToPath(new URL("../container.ts", import.meta.url));
const CLOCK = new URL("../container-clock.ts", import.meta.url).href;

/** A pool without containers; the first invocation starts one. */
export function createPool(spec: PoolSpec, context: PoolContext): Pool {
  const containers = new Map<string, Container>();
  const waiting: (() => void)[] = [];
  let isClosed = false;

  const acquire = async (): Promise<Container | undefined> => {
    while (!isClosed) {
      const idle = [...containers.values()].find(({ isBusy }) => !isBusy);
      const container = idle ?? (containers.size < spec.maxContainers() ? start() : undefined);
      if (container) {
        // Taken here and now: whoever asks next must not get it too.
        container.isBusy = true;
        return container;
      }
      await new Promise<void>((wake) => waiting.push(wake));
    }
    return undefined;
  };
  const start = (): Container => {
    const id = context.createId();
    const child = fork(CONTAINER, [resolve(spec.bundle)], {
      env: {
        ...lambdaVariables(spec, context, id),
        ...context.environment(context.createPrincipal(id)),
        ...spec.environment,
      },
      execArgv: ["--import", CLOCK],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    const printed = new EventEmitter();
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on("line", (line) => {
        // A function may have left its last line open.
        const end = line.lastIndexOf(END_OF_INVOCATION);
        const text = end < 0 ? line : line.slice(0, end);
        if (text !== "" || end < 0) context.print(`${spec.label} | ${text}`);
        if (end >= 0) printed.emit(line.slice(end));
      });
    }
    const started = new Promise<{ type: string; message: string } | undefined>((done) => {
      child.once("message", (message: ContainerMessage) =>
        done(message.type === "failed-to-start" ? message.error : undefined),
      );
      child.once("exit", (code, signal) => done(describeExit(code, signal)));
    });
    const container: Container = { id, process: child, isBusy: false, started, printed };
    containers.set(id, container);
    child.once("exit", () => {
      containers.delete(id);
      waiting.shift()?.();
    });
    return container;
  };

  return {
    async invoke(event) {
      const container = await acquire();
      if (!container) return fail("Sandbox.Closed", "The function was replaced or the sandbox closed");
      try {
        return await run(container, spec, event, context);
      } finally {
        container.isBusy = false;
        waiting.shift()?.();
      }
    },
    kill: (id) => void containers.get(id)?.process.kill("SIGKILL"),
    async close() {
      isClosed = true;
      for (const wake of waiting.splice(0)) wake();
      await Promise.all([...containers.values()].map(end));
    },
  };
}

async function run(
  container: Container,
  spec: PoolSpec,
  event: unknown,
  context: PoolContext,
): Promise<InvocationResult> {
  const refusal = await container.started;
  if (refusal) {
    await end(container);
    return fail(refusal.type, refusal.message);
  }
  const { process: child } = container;
  const awsRequestId = context.createId();
  const message: InvokeMessage = {
    type: "invoke",
    event,
    awsRequestId,
    functionName: spec.name,
    invokedFunctionArn: spec.arn,
    memoryLimitInMB: String(spec.memoryMb),
    timeoutMs: spec.timeoutMs,
    clockOffsetMs: context.clockOffsetMs(),
  };
  let timer: NodeJS.Timeout | undefined;
  let onMessage: (answer: ContainerMessage) => void = () => {};
  let onExit: (code: number | null, signal: string | null) => void = () => {};
  const outcome = await new Promise<InvocationResult>((done) => {
    let answered: InvocationResult | undefined;
    let ends = 0;
    // Answer and printed lines travel separately; the invocation is over when all of them are here.
    const check = (): void => {
      if (answered && ends === 2) done(answered);
    };
    onMessage = (answer) => {
      if (answer.type === "result") answered = { ok: true, result: answer.result };
      if (answer.type === "error") answered = { ok: false, error: answer.error };
      check();
    };
    container.printed.on(END_OF_INVOCATION + awsRequestId, () => {
      ends += 1;
      check();
    });
    onExit = (code, signal) => {
      const { type, message: text } = describeExit(code, signal);
      done({ ...fail(type, `RequestId: ${awsRequestId} Error: ${text}`), crashed: true });
    };
    timer = setTimeout(() => {
      const seconds = (spec.timeoutMs / 1000).toFixed(2);
      done({
        ...fail("Sandbox.Timedout", `RequestId: ${awsRequestId} Error: Task timed out after ${seconds} seconds`),
        timedOut: true,
      });
    }, spec.timeoutMs);
    child.on("message", onMessage);
    child.on("close", onExit);
    // It may have died between two invocations.
    if (child.exitCode !== null || child.signalCode !== null) onExit(child.exitCode, child.signalCode);
    else child.send(message, () => {});
  });
  clearTimeout(timer);
  child.off("message", onMessage);
  child.off("close", onExit);
  container.printed.removeAllListeners();
  // Lambda ends the process after a timeout; a new one starts from nothing.
  if (!outcome.ok && outcome.timedOut) await end(container);
  return outcome;
}

async function end({ process: child }: Container): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((done) => {
    child.once("exit", () => done());
    child.kill("SIGKILL");
  });
}

function lambdaVariables(spec: PoolSpec, { region }: PoolContext, id: string): Record<string, string> {
  return {
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMb),
    AWS_LAMBDA_FUNCTION_NAME: spec.name,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${spec.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: id,
    AWS_DEFAULT_REGION: region,
    LAMBDA_TASK_ROOT: dirname(resolve(spec.bundle)),
    PATH: process.env.PATH ?? "",
    ...compileCache(),
    TZ: ":UTC",
    _HANDLER: "index.handler",
  };
}

/** Node's cache of compiled code, where whoever runs the sandbox keeps one: tests start hundreds of containers of few bundles. */
function compileCache(): Record<string, string> {
  const folder = process.env.NODE_COMPILE_CACHE;
  return folder === undefined || folder === "" ? {} : { NODE_COMPILE_CACHE: folder };
}

function describeExit(code: number | null, signal: string | null): { type: string; message: string } {
  const how = signal === "SIGKILL" ? "signal: killed" : signal ? `signal: ${signal}` : `exit status ${code}`;
  return { type: "Runtime.ExitError", message: `Runtime exited with error: ${how}` };
}

function fail(type: string, message: string): Extract<InvocationResult, { ok: false }> {
  return { ok: false, error: { type, message } };
}
