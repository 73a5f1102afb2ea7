import type { Mode } from "../shared/types.ts";
import type { TakenBack } from "./readiness-history.ts";

/** All that `readiness` tells, as JSON. */
export interface ReadinessReport {
  readonly policy: { readonly name: string; readonly digest: string; readonly from: string };
  readonly since: string;
  readonly at: string;
  /** Every rule asked about can be raised, or can't be raised any more; and something was seen. */
  readonly ok: boolean;
  /** So many rules by what is concluded of them. */
  readonly counts: Readonly<Record<string, number>>;
  readonly rules: readonly RuleReport[];
}

/** What follows for one rule. */
export interface Conclusion {
  /**
   * `nothing-observed` proves nothing. `reached`: there is no mode above, or none asked for. `gone`: the policy at hand has no such rule, and nothing that
   * was observed under it still stands.
   */
  readonly verdict: "ready" | "not-yet" | "nothing-observed" | "reached" | "gone";
  /** Each reason why not, with what to see to first. */
  readonly reasons: readonly string[];
  /** What to write to raise the mode. */
  readonly ramp: readonly string[];
}

/** What raising one rule's mode would have changed. Numbers are of occurrences: of a finding from when it came up until it ended. */
export interface RuleReport extends Conclusion {
  readonly rule: string;
  readonly controlId: string;
  readonly scope: string | null;
  readonly mode: {
    /** What holds now: policy's, unless something holds it lower. Null where the policy at hand has no such rule. */
    readonly now: Mode | null;
    readonly byPolicy: Mode | null;
    readonly heldBy: string | null;
    /** The mode it would be raised to; null where there is none above. */
    readonly to: Mode | null;
  };
  readonly observed: {
    readonly occurrences: number;
    readonly resources: number;
    readonly firstAt: string | null;
    readonly lastAt: string | null;
    /** By how they stand now. */
    readonly now: Readonly<Record<string, number>>;
    readonly stillSo: number;
    /** Decided by another policy than the one at hand. */
    readonly byOtherPolicy: number;
  };
  /** What enforcing would have done. */
  readonly would: {
    readonly contain: number;
    readonly wait: number;
    /** Why a person would have been waited for: the rule that decided, or what came in between. */
    readonly waitBecause: readonly { readonly because: string; readonly occurrences: number }[];
  };
  readonly accounts: readonly {
    readonly account: string;
    readonly occurrences: number;
    readonly contain: number;
    readonly wait: number;
    readonly takenBack: number;
  }[];
  readonly moves: readonly { readonly from: string; readonly to: string | null; readonly occurrences: number }[];
  readonly causedBy: readonly Cause[];
  readonly takenBack: readonly TakenBackRow[];
  readonly contained: { readonly occurrences: number; readonly again: number; readonly againBySame: number };
  readonly storms: readonly Storm[];
}

export interface Cause {
  readonly who: string;
  readonly tools: readonly string[];
  readonly isPipeline: boolean;
  readonly occurrences: number;
  readonly contain: number;
  /** Of these, brought about once more after they had ended. */
  readonly again: number;
}

export interface TakenBackRow {
  readonly how: TakenBack["how"];
  readonly findingId: string;
  readonly resource: string;
  readonly account: string;
  readonly part: string | null;
  readonly at: string;
  readonly expiresAt: string | null;
  readonly isInForce: boolean;
  readonly reason: string;
  readonly by: string;
  /** False: it is not known under which of the control's rules it had been contained, so it is told of each. */
  readonly isRuleKnown: boolean;
}

/** More changes than policy lets through at once. */
export interface Storm {
  readonly who: string;
  readonly account: string;
  readonly from: string;
  readonly changes: number;
  readonly limit: number;
  readonly windowMinutes: number;
}
