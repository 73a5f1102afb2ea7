import { isNamed, type Principal } from "./principals.ts";

/**
 * What goes wrong:
 * - `throttle`, `server-error`, `error`: refused before any effect, with the service's own code or `errorCode`;
 * - `timeout`: no answer, no effect, until the client gives up or the sandbox closes;
 * - `reset`: the connection is dropped before any effect; `reset-after`: after the effect, before the answer;
 * - `crash-before`, `crash-after`: the calling function container is killed before the effect, or after it and before the
 *   answer. A caller that is no container sees a dropped connection;
 * - `delay`: only `delayMs`, then all is well.
 */
export type FaultKind =
  | "throttle"
  | "server-error"
  | "timeout"
  | "reset"
  | "reset-after"
  | "crash-before"
  | "crash-after"
  | "error"
  | "delay";

export interface FaultSpec {
  /** API operation such as `PutBucketReplication`; every operation when left out. */
  operation?: string;
  /** Only calls of this principal (ARN or name). */
  principal?: string;
  /** Only calls of this function's containers. */
  function?: string;
  /** Only calls for this bucket, table or queue. */
  resource?: string;
  /** How many matching calls go through first. */
  skip?: number;
  /** How many matching calls are hit; 1 by default, Infinity for all. */
  times?: number;
  kind: FaultKind;
  /** For `error`. */
  errorCode?: string;
  /** HTTP status for `error`; 400 by default. */
  status?: number;
  /** Further members of the error document for `error`, for example `CancellationReasons`. */
  members?: Record<string, unknown>;
  /** Real milliseconds to wait before anything else. */
  delayMs?: number;
}

/** The faults that are waiting for their call. */
export interface Faults {
  /** Lay a fault in wait; returns the call that takes it away. */
  inject(spec: FaultSpec): () => void;
  /** The fault this call meets, if any; counts it as spent. */
  take(operation: string, principal: Principal, resource: string): FaultSpec | undefined;
  /** Faults not spent yet. A test that expects all of its faults to have struck asks for 0. */
  readonly pending: number;
  clear(): void;
}

/** No faults yet. */
export function createFaults(): Faults {
  const waiting = new Set<{ spec: FaultSpec; skip: number; times: number }>();
  return {
    inject(spec) {
      const entry = { spec: { ...spec }, skip: spec.skip ?? 0, times: spec.times ?? 1 };
      waiting.add(entry);
      return () => waiting.delete(entry);
    },
    take(operation, principal, resource) {
      for (const entry of waiting) {
        const { spec } = entry;
        if (spec.operation !== undefined && spec.operation !== operation) continue;
        if (spec.resource !== undefined && spec.resource !== resource) continue;
        if (spec.principal !== undefined && !isNamed(principal, spec.principal)) continue;
        if (spec.function !== undefined && spec.function !== principal.functionName) continue;
        if (entry.skip > 0) {
          entry.skip -= 1;
          continue;
        }
        entry.times -= 1;
        if (entry.times <= 0) waiting.delete(entry);
        return spec;
      }
      return undefined;
    },
    get pending() {
      return waiting.size;
    },
    clear: () => waiting.clear(),
  };
}
