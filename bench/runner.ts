/**
 * The process that is measured: loads one bundle, handles the events it is sent one by one, and says what that took. bench/bundles.ts bundles it, so
 * that no process measured strips types. Not to be imported but for its types.
 */
import { pathToFileURL } from "node:url";

/** What is sent to the process. */
export interface Task {
  readonly event: unknown;
  readonly functionArn: string;
  readonly timeoutMs: number;
}

/** What the process answers, once an event is handled. Everything but `result` counts from the process's beginning. */
export interface Handled {
  readonly result?: unknown;
  readonly error?: string;
  /** User and system, of all its threads. */
  readonly cpuMs: number;
  /** From before the bundle's import. */
  readonly sinceImportMs: number;
  readonly peakMb: number;
}

type Handler = (event: unknown, context: object) => Promise<unknown>;

const startedMs = performance.now();
const bundle: Promise<{ handler: Handler }> = import(pathToFileURL(process.argv[2] ?? "").href);

async function handle({ event, functionArn, timeoutMs }: Task): Promise<Pick<Handled, "result" | "error">> {
  try {
    const { handler } = await bundle;
    const deadlineMs = performance.now() + timeoutMs;
    const context = {
      functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
      functionVersion: "$LATEST",
      invokedFunctionArn: functionArn,
      memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
      awsRequestId: crypto.randomUUID(),
      getRemainingTimeInMillis: () => Math.max(0, Math.round(deadlineMs - performance.now())),
    };
    return { result: await handler(event, context) };
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

process.on("disconnect", () => process.exit(0));
process.on("message", async (task: Task) => {
  const outcome = await handle(task);
  const sinceImportMs = performance.now() - startedMs;
  const { user, system } = process.cpuUsage();
  const peakMb = process.resourceUsage().maxRSS / 1024;
  process.send?.({ ...outcome, cpuMs: (user + system) / 1000, sinceImportMs, peakMb } satisfies Handled);
});
