import type { ResourceRef } from "../types.ts";
import type { AccountRegion } from "./account-coverage.ts";

/** When a forwarder was heard last. */
export interface Heartbeat extends AccountRegion {
  readonly at: string;
}

/**
 * What the guard's rounds begin with, in the cell's table: where the last one of accounts and Regions ended for lack of time, and when a deployment was last heard of.
 *
 * @throws CordonError `unavailable`
 */
export interface Rounds {
  /** Where the next one begins; undefined before the first. */
  begin(): Promise<AccountRegion | undefined>;
  /** The next one begins at this place. */
  end(next: AccountRegion & { readonly at: string }): Promise<void>;
  /** A deployment has made a call on Cordon's own. */
  deployment(at: string): Promise<void>;
  lastDeployment(): Promise<string | undefined>;
}

/**
 * Resources that something was found wrong with, in the cell's table: what is no longer looked at otherwise is looked at once more, to resolve what is open.
 *
 * @throws CordonError `unavailable`
 */
export interface Troubles {
  note(resource: ResourceRef, at: string): Promise<void>;
  /** Nothing of it is open any more. */
  over(resource: ResourceRef, at: string): Promise<void>;
  all(): Promise<readonly ResourceRef[]>;
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
