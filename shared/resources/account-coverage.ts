import type { Reading } from "./port.ts";

/** One account and Region. */
export interface AccountRegion {
  readonly account: string;
  readonly region: string;
}

/** A trail as it is seen from a Region. */
export interface Trail {
  readonly name: string;
  readonly isLogging: boolean;
  /** Whether its selectors take in this Region's management events that write; without those EventBridge is told of no call. */
  readonly logsWrites: boolean;
  /** Why neither can be told. */
  readonly unreadable?: string;
}

/** A rule of the forwarding stack as it has to be in every Region. */
export interface ExpectedRule {
  readonly name: string;
  /** By the names of CloudFormation's properties; one that is undefined has to be absent. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** The forwarding stack as it has to be in one Region: its rules, and the role that EventBridge sends in. */
export interface ExpectedForwarder {
  readonly rules: readonly ExpectedRule[];
  readonly role: ExpectedRule;
}

/** A rule that hands a Region's events to the cell, or the role that they are sent in: as it has to be and as it is. */
export interface ForwardingRule {
  readonly name: string;
  /** Left out: a rule. */
  readonly what?: "role";
  /** How it differs from the forwarding stack's; empty when it doesn't. */
  readonly differences: readonly string[];
}

/** Who may act in an account in the cell's name. `not-needed`: it is the cell's own. */
export type Entry =
  | { readonly kind: "not-needed" }
  | { readonly kind: "open" }
  | { readonly kind: "shut"; readonly reason: string };

/** What a Region's events are forwarded by. `not-needed`: it is where the cell lies. */
export type Forwarder =
  | { readonly kind: "not-needed" }
  | { readonly kind: "needed"; readonly rules: Reading<readonly ForwardingRule[]>; readonly heartbeatAt?: string };

/** What one account and Region has of what Cordon hears by. Without entry nothing but the heartbeat can be told. */
export interface Coverage {
  readonly readAtMs: number;
  readonly role: Entry;
  readonly trails: Reading<readonly Trail[]>;
  readonly forwarder: Forwarder;
  /** Whether each of AWS Config's recorders is recording. */
  readonly recorders: Reading<readonly { readonly name: string; readonly isRecording: boolean }[]>;
  /** The account's Regions, told once for each account: for the Region where the cell lies. */
  readonly regions?: Reading<readonly string[]>;
  /** Whether the cell knows which accounts it has to hear, told once: for its own account, where it lies. */
  readonly accounts?: Reading<"all">;
}

/** What Cordon hears by, in every account and Region it serves. It only reads. */
export interface AccountCoverage {
  /** @throws CordonError `unavailable` when AWS gave no answer */
  read(place: AccountRegion): Promise<Coverage>;
  /** Something has happened in an account: the next look relies on no role assumed before it. No call. */
  forget(): void;
  /** Which places there is nothing to cover at any more, by account and Region (`<account>#<region>`), and why; instead of those told before. No call. */
  leave(places: ReadonlyMap<string, string>): void;
  /** Why there is nothing to cover at a place any more; undefined where there is. No call. */
  whyLeft(place: AccountRegion): string | undefined;
  /** The Regions enabled for an account. */
  regions(account: string): Promise<Reading<readonly string[]>>;
}
