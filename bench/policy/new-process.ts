import { fork } from "node:child_process";
import { ask, end } from "../process.ts";
import type { Answer } from "./answering.ts";

/**
 * One task in a new process of a bundle that answers tasks (answering.ts).
 *
 * @throws Error when it fails there
 */
export async function performInNewProcess<Task extends object, Value>(bundle: string, task: Task): Promise<Value> {
  // Nothing of the benchmark's own surroundings, such as NODE_OPTIONS.
  const child = fork(bundle, [], { env: {}, execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  try {
    const answer = await ask<Answer<Value>>(child, task);
    if (!answer.ok) throw new Error(answer.error);
    return answer.value;
  } finally {
    await end(child);
  }
}
