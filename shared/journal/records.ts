import type { Decision, Exception, Facts, Plan, Principal, ResourceRef } from "../types.ts";
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

/** One state that a finding reached, as its evidence tells of it. What only an auditor needs (hashes, receipts, timings) is left out. */
export interface ReachedState {
  readonly findingId: string;
  readonly controlId: string;
  readonly occurrence: number;
  /** The status reached, or what else evidence is written of, such as `exception-granted`. */
  readonly kind: string;
  readonly at: string;
  readonly resource: ResourceRef;
  /** None of these four where the evidence is of an exception alone. */
  readonly part?: string;
  readonly facts?: Facts;
  readonly decision?: Pick<Decision, "rule" | "reasons" | "policyDigest" | "explanation">;
  /** Who caused it; none either where it was Cordon's own call, or nobody is named. */
  readonly principal?: Principal;
  /** The run that led to it. */
  readonly run?: Plan["kind"];
  readonly exception?: Exception;
}

/** Which evidence is asked for. */
export interface EvidenceAsked {
  readonly kinds: readonly string[];
  readonly sinceMs: number;
}

/**
 * The whole journal, for questions about everything. Each of these reads all of it: of the table every item is paid for, whatever is yielded.
 * Each throws CordonError `unavailable`, `denied` or `misconfigured`.
 */
export interface JournalRecords {
  findings(): AsyncIterable<FindingRecord>;
  resources(): AsyncIterable<SeenResource>;
  /** Both in one pass. */
  all(): AsyncIterable<JournalEntry>;
  /** The states that findings reached from then on, for as long as the table has been kept: evidence stays in it after it was archived. */
  evidence(asked: EvidenceAsked): AsyncIterable<ReachedState>;
}
