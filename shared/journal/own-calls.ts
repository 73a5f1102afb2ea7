import type { Signal } from "../types.ts";
import type { ResourceRecord } from "./journal.ts";

/** Whether a signal is the echo of Cordon's own write: by request id in a receipt, never by role or session name, which can be borrowed. */
export function isOwnCall(signal: Signal, record: ResourceRecord): boolean {
  return signal.requestId !== undefined && record.ownRequests.includes(signal.requestId);
}
