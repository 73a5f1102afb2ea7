import type { FindingRecord } from "../journal/journal.ts";
import type { Cause, Group } from "./group.ts";
import type { Link } from "./link.ts";

/** What a ticket is about, as the table has it. */
export type Matter =
  | { readonly kind: "finding"; readonly finding: FindingRecord; readonly version: number }
  | { readonly kind: "group"; readonly group: Group };

/** What changes of a group when one member does. */
export interface GroupChange {
  readonly group: Pick<Group, "key" | "routeId" | "labels" | "severity" | "what" | "law" | "before" | "parent">;
  /** A new member, as it is named. */
  readonly named?: string;
  readonly members: 0 | 1;
  readonly over: -1 | 0 | 1;
  readonly at: string;
}

/** The table, as tickets are kept true by it. Every write is conditional; every method throws CordonError. */
export interface Desk {
  /** A finding or group with its link at a route, both as they are at this moment; undefined when there is none. */
  read(key: string, routeId: string): Promise<{ readonly matter: Matter; readonly link: Link } | undefined>;
  /** Writes a link in the place of the one that was read, and counts it in its group. @returns undefined when it has moved on: nothing was written */
  save(link: Link, next: Omit<Link, "version">, change?: GroupChange): Promise<Link | undefined>;
  readCause(causeId: string, routeId: string): Promise<Cause | undefined>;
  /** @returns false when it has moved on */
  saveCause(causeId: string, routeId: string, next: Cause): Promise<boolean>;
}
