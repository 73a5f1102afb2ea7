import type { Remote } from "./tracker.ts";

/** What the table remembers of one finding, or group of findings, at one route: the link to its ticket. */
export interface Link {
  /** The finding's id, or the group's. */
  readonly key: string;
  readonly routeId: string;
  /** Counts the writes, each of which is conditional on it; 0 when nothing is remembered. */
  readonly version: number;
  /** Somebody is at work until then. */
  readonly leaseUntilMs: number;
  /** Which of the finding's tickets it is: a new one is opened when the last was resolved for long. */
  readonly number: number;
  readonly remote?: Remote;
  /** An opening was begun then, and its outcome is not recorded: the tracker may have a ticket. */
  readonly openingAtMs?: number;
  /** The state of the finding that the tracker was told last, by its version; -1 when none. */
  readonly told: number;
  /** What the last note was about. */
  readonly news?: string;
  readonly occurrences: number;
  readonly notedAtMs: number;
  readonly resolvedAtMs?: number;
  /** What has happened since waits until then, for the message of that id. */
  readonly due?: { readonly atMs: number; readonly messageId: string };
  /** Its cause has been told of it. */
  readonly isCounted?: boolean;
  /** It is told by the ticket of this group, and has none of its own. */
  readonly group?: string;
  /** Since when. */
  readonly groupAtMs?: number;
  /** As the group has counted it. */
  readonly isOver?: boolean;
  /** Findings and groups whose tickets it is linked to, or was refused to be. */
  readonly related?: readonly string[];
  /** A relative's ticket is waited for since then. */
  readonly comingSinceMs?: number;
}

/** Longer than any step takes with its time limits. */
export const LEASE_MS = 90_000;

export function newLink(key: string, routeId: string): Link {
  return { key, routeId, version: 0, leaseUntilMs: 0, number: 1, told: -1, occurrences: 0, notedAtMs: 0 };
}

/** The key that the tracker has: a finding's later tickets are told apart. Pure. */
export function trackerKey(key: string, number: number): string {
  return number === 1 ? key : `${key}-${number}`;
}
