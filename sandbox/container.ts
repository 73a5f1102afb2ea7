/**
 * A function container: its own process, forked by the sandbox, that loads one bundle and handles one invocation at a
 * time. Not to be imported.
 */
import { flushCompileCache } from "node:module";
import { pathToFileURL } from "node:url";
import { setClockOffset } from "./container-clock.ts";
import { type ContainerMessage, END_OF_INVOCATION, type InvokeMessage } from "./lambda/messages.ts";

type Handler = (event: unknown, context: object) => unknown;

function tell(message: ContainerMessage): void {
  process.send?.(message);
}

function describe(error: unknown, type: string): { type: string; message: string } {
  if (!(error instanceof Error)) return { type, message: String(error) };
  return { type: error.name, message: error.message };
}

async function loadHandler(bundle: string): Promise<Handler> {
  const module: { handler?: unknown; default?: { handler?: unknown } } = await import(pathToFileURL(bundle).href);
  // A CommonJS bundle whose exports Node can't see statically has them under `default`.
  const handler = module.handler ?? module.default?.handler;
  if (typeof handler !== "function") throw new Error(`${bundle} exports no function named handler`);
  return handler as Handler;
}

let isFlushed = false;

async function invoke(handler: Handler, message: InvokeMessage): Promise<void> {
  setClockOffset(message.clockOffsetMs);
  const deadline = performance.now() + message.timeoutMs;
  const context = {
    callbackWaitsForEmptyEventLoop: true,
    functionName: message.functionName,
    functionVersion: "$LATEST",
    invokedFunctionArn: message.invokedFunctionArn,
    memoryLimitInMB: message.memoryLimitInMB,
    awsRequestId: message.awsRequestId,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    getRemainingTimeInMillis: () => Math.max(0, Math.round(deadline - performance.now())),
  };
  let answer: ContainerMessage;
  try {
    const result = await handler(message.event, context);
    answer = { type: "result", result: result ?? null };
  } catch (error) {
    console.error(error);
    answer = { type: "error", error: describe(error, "Error") };
  }
  for (const stream of [process.stdout, process.stderr]) stream.write(`${END_OF_INVOCATION}${message.awsRequestId}\n`);
  tell(answer);
  // Node writes its cache of compiled code at exit, and containers end by being killed. By now what a handler needs is compiled.
  if (!isFlushed) flushCompileCache();
  isFlushed = true;
}

process.on("disconnect", () => process.exit(0));
try {
  const handler = await loadHandler(process.argv[2] ?? "");
  process.on("message", (message: InvokeMessage) => void invoke(handler, message));
  tell({ type: "ready" });
} catch (error) {
  console.error(error);
  tell({ type: "failed-to-start", error: describe(error, "Runtime.ImportModuleError") });
}
