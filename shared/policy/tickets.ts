import type { TrackerRoute } from "../ticketing/tracker.ts";
import type { Citation, Severity } from "../types.ts";
import type { ResidencyPolicy } from "./policy.ts";

/** What of a finding may be let go to routes that lie outside of where its data may live. */
export const RELEASABLE = ["resource", "principals", "changes", "reasons", "exposure"] as const;
export type Releasable = (typeof RELEASABLE)[number];

/** What Cordon tells of itself is no control of the catalogue, and has tickets all the same (lifecycle/storm.ts, brake.ts). */
export const OWN_MATTERS: readonly string[] = ["cordon-changes-stay-within-limits", "cordon-brake-stays-off"];

/** What policy says of tickets. */
export interface TicketRules {
  /** At most one note on a ticket in so long, unless its state changes. */
  readonly quietMs: number;
  /** The same problem within so long opens the same ticket again; later a new one. */
  readonly reopenMs: number;
  /** What is below critical waits until these are over. */
  readonly quietHours?: QuietHours;
  /** More tickets than `count` from one cause within the window become one. */
  readonly storm: { readonly count: number; readonly windowMs: number };
  /** Classes whose breach has to be assessed: the clock runs from when it was seen first. */
  readonly personal: readonly string[];
  /** What the law then asks for, once somebody confirms that he is aware of it. */
  readonly clocks: readonly LegalClock[];
  /** What may go to routes that lie elsewhere. Control, severity, state, account, Region, id, times and the law always may. */
  readonly elsewhere: readonly Releasable[];
  /** In the order of the policy. */
  readonly routes: readonly TicketRoute[];
}

/** From a time of day until another, by the clocks of a time zone; over midnight where `from` is the later. */
export interface QuietHours {
  /** Minutes after midnight. */
  readonly fromMinute: number;
  readonly toMinute: number;
  /** IANA. */
  readonly timeZone: string;
}

/** A time limit that a law sets to whoever has become aware of a breach. */
export interface LegalClock {
  readonly classifications: readonly string[];
  readonly ms: number;
  readonly citation: Citation;
  /** An address, or what is to be done, in words. */
  readonly playbook?: string;
}

/** Where tickets go. Of each list any one entry, and what is named has to match altogether; left out: any. */
export interface TicketRoute extends TrackerRoute {
  /** Names of jurisdictions, presets or Regions, for people. */
  readonly liesIn: readonly string[];
  /** Their Regions and Local Zones, for machines. */
  readonly places: readonly string[];
  readonly severities?: readonly Severity[];
  readonly accounts?: readonly string[];
  readonly controls?: readonly string[];
  /** Where the resource lies: Regions and Local Zones. */
  readonly regions?: readonly string[];
  readonly classifications?: readonly string[];
}

/** What holds where a policy says nothing of it (schema-tickets.ts tells it). */
export const TICKET_DEFAULTS: TicketRules = {
  quietMs: 60 * 60_000,
  reopenMs: 30 * 24 * 3_600_000,
  storm: { count: 10, windowMs: 10 * 60_000 },
  personal: [],
  clocks: [],
  elsewhere: [],
  routes: [],
};

/** What holds of tickets. Pure. */
export function ticketRules({ tickets }: Pick<ResidencyPolicy, "tickets">): TicketRules {
  return tickets ?? TICKET_DEFAULTS;
}
