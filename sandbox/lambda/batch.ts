import type { InvocationResult } from "../types.ts";

/** How a batch went, told from what the function answered. */
export type BatchOutcome =
  | { kind: "done" }
  | { kind: "throttled"; reason: string }
  | { kind: "failed"; reason: string; identifiers: "all" | ReadonlySet<string> };

/**
 * Read an answer as Lambda's pollers do. Only where the event source mapping has ReportBatchItemFailures (`reports`), failures
 * name items; nothing, or no failures, is success; an item without a name, or with one that is not in the batch, fails all of it.
 */
export function readBatchResponse(
  result: InvocationResult,
  identifiers: readonly string[],
  reports: boolean,
): BatchOutcome {
  if (!result.ok) {
    const reason = `${result.error.type}: ${result.error.message}`;
    return result.throttled ? { kind: "throttled", reason } : { kind: "failed", reason, identifiers: "all" };
  }
  if (!reports) return { kind: "done" };
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
