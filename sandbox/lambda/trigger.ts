import type { SandboxClock } from "../clock.ts";
import type { DeadLetter, InvocationResult, Lost } from "../types.ts";
import type { Deliveries } from "./deliveries.ts";

/** Something that gives a function work: a queue, a shard of a table's stream, or events it is invoked with asynchronously. */
export interface Trigger {
  /** Whether something can be delivered now. */
  isReady(): boolean;
  /** Deliver what is next; only while ready. Ends when the delivery is over. */
  deliver(): Promise<void>;
  /** Deliveries under way. */
  readonly active: number;
  /** Epoch ms of the next delivery that has to wait; undefined when nothing is pending. */
  nextAt(): number | undefined;
}

/** What triggers need from the account. */
export interface TriggerContext {
  clock: SandboxClock;
  deliveries: Deliveries;
  /** The event source mapping's properties as they are now; undefined when it is gone. */
  settings(): Readonly<Record<string, unknown>> | undefined;
  functionArn: string;
  /** Whether Lambda may take messages out of that queue in the function's role. */
  mayPoll(queueArn: string): boolean;
  /** Containers the function may have at a time. */
  limit(): number;
  invoke(event: unknown): Promise<InvocationResult>;
  createId(): string;
  bury(letter: Omit<DeadLetter, "function">): void;
  lose(lost: Omit<Lost, "function">): void;
}

/** Whether a mapping takes partial batch responses. */
export function reportsFailures(settings: Readonly<Record<string, unknown>> | undefined): boolean {
  return (settings?.FunctionResponseTypes as unknown[] | undefined)?.includes("ReportBatchItemFailures") ?? false;
}

/** Whether a mapping polls. */
export function isEnabled(settings: Readonly<Record<string, unknown>> | undefined): boolean {
  return settings !== undefined && settings.Enabled !== false && settings.Enabled !== "false";
}
