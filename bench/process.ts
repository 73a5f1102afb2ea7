import { type ChildProcess, fork } from "node:child_process";
import type { Handled, Task } from "./runner.ts";

/** One of those that are compared. */
export interface Contestant {
  /** What errors call it. */
  readonly name: string;
  /** The bundle's path. */
  readonly bundle: string;
  /** The bundled runner.ts. */
  readonly runner: string;
  readonly functionArn: string;
  /** Everything the process finds in its environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where a CPU profile is to be left when the process ends. */
  readonly profileFolder?: string;
}

/** How long an event took for whoever waited: from before the fork for a process's first, else from sending it. */
export type Timed = Handled & { readonly waitedMs: number };

/** A process with a contestant's bundle: cold before its first event, warm after. */
export interface MeasuredProcess {
  /** @throws Error when the handler throws, or the process dies */
  handle(event: unknown): Promise<Timed>;
  end(): Promise<void>;
}

const TIMEOUT_MS = 30_000;
const KEPT_OUTPUT = 4_000;

/** Starts a process; its import of the bundle goes on while the first event is on its way. */
export function startProcess({
  name,
  runner,
  bundle,
  functionArn,
  environment,
  profileFolder,
}: Contestant): MeasuredProcess {
  const forkedMs = performance.now();
  const child = fork(runner, [bundle], {
    env: environment,
    execArgv: profileFolder === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileFolder}`],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let printed = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    printed = (printed + text).slice(-KEPT_OUTPUT);
  });
  let isFirst = true;
  return {
    async handle(event) {
      const startedMs = isFirst ? forkedMs : performance.now();
      isFirst = false;
      const task: Task = { event, functionArn, timeoutMs: TIMEOUT_MS };
      const handled = await ask<Handled>(child, task).catch((error: Error) => {
        throw new Error(`${name}: ${error.message}\n${printed}`);
      });
      if (handled.error !== undefined) throw new Error(`${name} failed: ${handled.error}\n${printed}`);
      return { ...handled, waitedMs: performance.now() - startedMs };
    },
    end: () => end(child),
  };
}

/** One event in a process of its own. */
export async function handleOnce(contestant: Contestant, event: unknown): Promise<Timed> {
  const process = startProcess(contestant);
  try {
    return await process.handle(event);
  } finally {
    await process.end();
  }
}

/**
 * Sends a message to a child and waits for its answer.
 *
 * @throws Error when it ends before
 */
export function ask<Answer>(child: ChildProcess, message: object): Promise<Answer> {
  return new Promise((done, fail) => {
    const onExit = (): void => fail(new Error("the process ended before it answered"));
    child.once("exit", onExit);
    child.once("message", (answer: Answer) => {
      child.off("exit", onExit);
      done(answer);
    });
    child.send(message, (error) => error && fail(error));
  });
}

/** Lets a child end by itself, so that it leaves its profile, and waits until it has. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((done) => {
    child.once("exit", () => done());
    child.disconnect();
  });
}
