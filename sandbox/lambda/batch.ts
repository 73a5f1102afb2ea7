import type { InvocationResult } from "../types.ts";

/** How a batch went, told from what the function answered. */
export type BatchOutcome =
  | { kind: "done" }
  | { kind: "failed"; reason: string; identifiers: "all" | ReadonlySet<string> };

/**
 * Read a partial batch response as Lambda's pollers do: nothing, or no failures, is success; failures name items; an item
 * without a name, or with one that is not in the batch, fails all of it.
 */
export function readBatchResponse(result: InvocationResult, identifiers: readonly string[]): BatchOutcome {
  if (!result.ok)
    return { kind: "failed", reason: `${result.error.type}: ${result.error.message}`, identifiers: "all" };
  const failures = (result.result as { batchItemFailures?: unknown } | null)?.batchItemFailures;
  if (failures === undefined || failures === null) return { kind: "done" };
  if (!Array.isArray(failures)) return { kind: "failed", reason: "batchItemFailures is no list", identifiers: "all" };
  const named = failures.map((entry: { itemIdentifier?: unknown } | null) => entry?.itemIdentifier);
  if (named.length === 0) return { kind: "done" };
  const known = named.filter((name) => typeof name === "string" && identifiers.includes(name)) as string[];
  if (known.length < named.length) {
    return { kind: "failed", reason: "an itemIdentifier is empty or not in the batch", identifiers: "all" };
  }
  return { kind: "failed", reason: "reported in batchItemFailures", identifiers: new Set(known) };
}
