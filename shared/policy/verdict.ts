import type { Citation, Consideration, VerdictKind } from "../types.ts";

/** What policy says of the matter itself, before exceptions and modes. */
export interface Verdict {
  readonly kind: VerdictKind;
  readonly rule: string;
  readonly reasons: readonly string[];
  readonly citations?: readonly Citation[];
  readonly considered?: readonly Consideration[];
  /** A rule that could have decided could not be evaluated: a person has to look, whatever else is said. */
  readonly isFailed?: true;
  /** It says something else from then on, though nothing may happen. */
  readonly dueAtMs?: number;
}
