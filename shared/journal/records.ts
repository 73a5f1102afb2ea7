import type { ResourceRef } from "../types.ts";
import type { FindingRecord } from "./journal.ts";

/** A resource as the journal remembers it, whichever control saw it. */
export interface SeenResource {
  readonly resource: ResourceRef;
  /** None for Cordon's own, and while it can't be told. */
  readonly classification?: string;
  /** `default`: nobody has classified it; policy says how to treat it. */
  readonly classSource?: "tag" | "default";
  /** When it was looked at, as far as that was worth recording. */
  readonly seenAt?: string;
  /** By the control that saw it: the Regions data is sent to. Controls that aren't about data have no entry. */
  readonly sentTo: Readonly<Record<string, readonly string[]>>;
}

/** What the journal holds of all resources, in no order that means anything. */
export type JournalEntry =
  | { readonly kind: "finding"; readonly finding: FindingRecord }
  | { readonly kind: "resource"; readonly seen: SeenResource };

/**
 * The whole journal, for questions about everything. Each of these reads all of it: of the table every item is paid for, whatever is yielded.
 * Each throws CordonError `unavailable`, `denied` or `misconfigured`.
 */
export interface JournalRecords {
  findings(): AsyncIterable<FindingRecord>;
  resources(): AsyncIterable<SeenResource>;
  /** Both in one pass. */
  all(): AsyncIterable<JournalEntry>;
}
