import type { AccountRegion } from "./account-coverage.ts";

/** When a forwarder was heard last. */
export interface Heartbeat extends AccountRegion {
  readonly at: string;
}

/**
 * Heartbeats of forwarders, in the cell's table.
 *
 * @throws CordonError `unavailable`
 */
export interface Heartbeats {
  /** Keeps it, unless a later one is known: events come in any order. */
  record(heartbeat: Heartbeat): Promise<void>;
  last(place: AccountRegion): Promise<string | undefined>;
  all(): Promise<readonly Heartbeat[]>;
}
