import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { eventPatterns, functionDefinitions, MAX_RECEIVES } from "../deploy/functions.ts";
import type { EventPattern } from "./events/pattern.ts";
import type { FunctionSpec, Sandbox } from "./types.ts";

/** Names of a cell in the sandbox: those of the `local` stage in serverless.yml. */
export const CELL = { table: "cordon", refusedQueue: "cordon-refused" } as const;

/** What the functions get told, as serverless.yml does; `more` and what is set already come first. */
export function cellEnvironment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    CORDON_TABLE: CELL.table,
    CORDON_MODE: "enforce",
    CORDON_REFUSED_QUEUE: CELL.refusedQueue,
    CORDON_TICKETS: "console",
    ...more,
  };
}

/** Cordon's functions as deploy/functions.ts defines them, from `dist/`. `only` leaves the others out. */
export function cellFunctions(
  environment: Record<string, string>,
  only: readonly string[] = allFunctions(),
): FunctionSpec[] {
  return functionDefinitions
    .filter(({ name }) => only.includes(name))
    .map(({ name, timeoutSeconds, memoryMb, trigger, controls }) => ({
      name,
      bundle: bundleOf(name),
      environment,
      timeoutMs: timeoutSeconds * 1000,
      memoryMb,
      maxReceiveCount: MAX_RECEIVES,
      ...(trigger === "queue" && { patterns: controls.flatMap(eventPatterns) as EventPattern[] }),
      ...(trigger === "stream" && { stream: { table: CELL.table } }),
    }));
}

/** Functions that `npm run build` has not built yet. */
export function missingBundles(only: readonly string[] = allFunctions()): readonly string[] {
  return only.filter((name) => !existsSync(bundleOf(name)));
}

/** Table, queue and functions of a cell, in a sandbox that has none. */
export function deployCell(sandbox: Sandbox, environment: Record<string, string>, only?: readonly string[]): void {
  sandbox.createTable(CELL.table, { stream: true });
  sandbox.createQueue(CELL.refusedQueue);
  for (const spec of cellFunctions(environment, only)) sandbox.deploy(spec);
}

function allFunctions(): readonly string[] {
  return functionDefinitions.map(({ name }) => name);
}

function bundleOf(name: string): string {
  return fileURLToPath(new URL(`../dist/${name}/index.js`, import.meta.url));
}
