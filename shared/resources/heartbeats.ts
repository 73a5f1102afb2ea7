import type { AccountRegion } from "./account-coverage.ts";

/** When a forwarder was heard last. */
export interface Heartbeat extends AccountRegion {
  readonly at: string;
}

/**
 * Where the guard's rounds of accounts and Regions end when there is no time for all, in the cell's table.
 *
 * @throws CordonError `unavailable`
 */
export interface Rounds {
  /** Where the next one begins; undefined before the first. */
  begin(): Promise<AccountRegion | undefined>;
  /** The next one begins at this place. */
  end(next: AccountRegion & { readonly at: string }): Promise<void>;
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
