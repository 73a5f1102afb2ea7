import type { Permission } from "../operation.ts";

export type ExecutionStatus = "RUNNING" | "SUCCEEDED" | "FAILED" | "ABORTED";

/** What became of a batch: nothing yet, or how its child execution ended. */
export interface Batch {
  items: readonly unknown[];
  /** The child execution's input. */
  input: Record<string, unknown>;
  name: string;
  outcome: { status: "SUCCEEDED" | "FAILED"; output?: unknown; error?: string; cause?: string } | undefined;
}

export interface MapRun {
  arn: string;
  id: string;
  label: string;
  status: ExecutionStatus;
  batches: Batch[];
  maxConcurrency: number;
  toleratedFailurePercentage: number;
  resultsWritten: number;
  startedAt: number;
  endedAt: number | undefined;
}

/** An execution of a state machine. Times in epoch ms. */
export interface Execution {
  arn: string;
  name: string;
  machineArn: string;
  account: string;
  region: string;
  status: ExecutionStatus;
  input: string;
  output: string | undefined;
  error: string | undefined;
  cause: string | undefined;
  startedAt: number;
  endedAt: number | undefined;
  mapRun: MapRun | undefined;
  /** How often the function was invoked. */
  invocations: number;
  /** What its role was asked for so far. */
  permissions: Permission[];
}

/** Items by how their batches ended. */
export interface ItemCounts {
  pending: number;
  succeeded: number;
  failed: number;
  aborted: number;
  total: number;
}

/** How far a Map Run is, in items or, by `weigh`, in child executions. */
export function countItems(
  { batches, status }: Pick<MapRun, "batches" | "status">,
  weigh = (batch: Batch): number => batch.items.length,
): ItemCounts {
  const sum = (some: readonly Batch[]) => some.reduce((total, batch) => total + weigh(batch), 0);
  const open = sum(batches.filter(({ outcome }) => outcome === undefined));
  const isOver = status !== "RUNNING";
  return {
    pending: isOver ? 0 : open,
    succeeded: sum(batches.filter(({ outcome }) => outcome?.status === "SUCCEEDED")),
    failed: sum(batches.filter(({ outcome }) => outcome?.status === "FAILED")),
    aborted: isOver ? open : 0,
    total: sum(batches),
  };
}

/** An execution as tests look at it. */
export interface ExecutionView extends Pick<Execution, "arn" | "name" | "status" | "invocations" | "error"> {
  readonly items: ItemCounts;
  readonly input: unknown;
  /** What its role was asked for, each once. */
  readonly permissions: readonly { action: string; resource: string }[];
}

/** A copy of an execution, for tests. */
export function viewExecution({ mapRun, permissions, input, ...execution }: Execution): ExecutionView {
  const { arn, name, status, invocations, error } = execution;
  const asked = new Map(
    permissions.map(({ action, resource }) => [`${action} ${resource}`, { action, resource }] as const),
  );
  const items = countItems(mapRun ?? { batches: [], status });
  return { arn, name, status, invocations, error, items, input: JSON.parse(input), permissions: [...asked.values()] };
}
