import type { SandboxClock } from "../clock.ts";
import type { DeadLetter, FunctionSpec, InvocationResult } from "../types.ts";

/** Something that gives a function work: its queue or a table's stream. */
export interface Trigger {
  /** Deliver what can be delivered now. */
  pump(): void;
  /** Deliveries under way. */
  readonly active: number;
  /** Epoch ms of the next delivery that has to wait; undefined when nothing is pending. */
  nextAt(): number | undefined;
  /** Deliver nothing any more. */
  stop(): void;
}

/** What triggers need from the account. */
export interface TriggerContext {
  spec: FunctionSpec;
  clock: SandboxClock;
  region: string;
  createId(): string;
  invoke(event: unknown): Promise<InvocationResult>;
  bury(letter: Omit<DeadLetter, "function">): void;
  /** A delivery is over. */
  delivered(): void;
}
