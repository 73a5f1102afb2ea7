import { decide } from "../../shared/policy/decide.ts";
import type { PolicyInForce } from "../../shared/policy/policy.ts";
import type { DecisionKind } from "../../shared/types.ts";
import type { Situation } from "./situations.ts";

export const DECISION_KINDS: readonly DecisionKind[] = ["compliant", "exempt", "observe", "approve", "contain"];

/** How often each kind was decided. */
export type Kinds = Partial<Record<DecisionKind, number>>;

/** What decisions on a list of situations are, and what they look at on average. */
export interface Examined {
  readonly kinds: Kinds;
  /** Transfers, scopes and exceptions considered. */
  readonly rules: number;
  /** Conditions in CEL evaluated. */
  readonly conditions: number;
}

/**
 * Decides on each once.
 *
 * @throws Error when something else is decided than has to be, or by another rule
 */
export function examine(situations: readonly Situation[], policy: PolicyInForce): Examined {
  const kinds: Kinds = {};
  let rules = 0;
  let conditions = 0;
  const counted: PolicyInForce = {
    ...policy,
    conditions(expression, facts) {
      conditions++;
      return policy.conditions(expression, facts);
    },
  };
  for (const { finding, context, expected } of situations) {
    const { kind, rule, explanation } = decide(finding, counted, context);
    if (kind !== expected.kind || rule !== expected.rule)
      throw new Error(`expected ${expected.kind} by ${expected.rule}, found ${kind} by ${rule}`);
    kinds[kind] = (kinds[kind] ?? 0) + 1;
    rules += explanation.considered.length + (explanation.unlisted ?? 0);
  }
  return { kinds, rules: rules / situations.length, conditions: conditions / situations.length };
}
