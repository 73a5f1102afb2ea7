import { EvaluationError, serialize } from "@marcbachmann/cel-js";
import { placeOf } from "../../jurisdictions/places.ts";
import type { Conditions, ResidencyPolicy } from "../policy.ts";
import { type ConditionHandlers, conditionEnvironment, factsOf, notLoaded } from "./condition-environment.ts";

/** What of a policy its conditions need. */
type ConditionalPolicy = Pick<ResidencyPolicy, "expressions" | "jurisdictions">;

/**
 * Makes a policy's conditions ready, RE2 only where one of them matches patterns. Importing this module loads CEL: do so only for a policy
 * that has expressions.
 *
 * @throws Error as `conditionsOf`.
 */
export async function loadConditions(policy: ConditionalPolicy): Promise<Conditions> {
  if (!policy.expressions.some((expression) => expression.includes("matchesRe2"))) return conditionsOf(policy);
  const { createPatternMatcher } = await import("./safe-pattern.ts");
  return conditionsOf(policy, createPatternMatcher());
}

/**
 * Parses every expression of the policy once. They have to have passed `checkCondition`: its guard against conditions that are slow or
 * say something else than they seem to is not repeated here.
 *
 * What it returns is pure, and throws an Error of one sentence when a condition can't be told: a fact is not known or too large, the
 * expression fails, or is none of the policy's. By CEL, `false && x` is false and `true || x` is true whatever x is, failures included;
 * nothing else absorbs a failure.
 *
 * @param matchesRe2 without it, a condition that matches patterns fails
 * @throws Error when an expression is none that the guard would accept
 */
export function conditionsOf(
  policy: ConditionalPolicy,
  matchesRe2: ConditionHandlers["matchesRe2"] = notLoaded,
): Conditions {
  const environment = conditionEnvironment({ within: placesWithin(policy.jurisdictions), matchesRe2 });
  const parsed = new Map(policy.expressions.map((expression) => [expression, parse(expression)]));
  return (expression, context) => {
    const evaluate = parsed.get(expression);
    if (evaluate === undefined) throw new Error(`the policy has no condition ${JSON.stringify(expression)}`);
    let holds: unknown;
    try {
      holds = evaluate(factsOf(context));
    } catch (error) {
      throw new Error(reasonOf(error), { cause: error });
    }
    if (typeof holds !== "boolean") throw new Error(`the condition gave ${typeof holds}, expected true or false`);
    return holds;
  };

  function parse(expression: string) {
    const evaluate = environment.parse(expression);
    const { error } = evaluate.check();
    if (error !== undefined) throw error;
    return evaluate;
  }
}

function placesWithin(jurisdictions: ConditionalPolicy["jurisdictions"]): ConditionHandlers["within"] {
  const places = new Map(Object.entries(jurisdictions).map(([name, codes]) => [name, new Set(codes)]));
  return (place, jurisdiction) => {
    const codes = places.get(jurisdiction);
    if (codes === undefined) throw new Error(`the policy has no jurisdiction "${jurisdiction}"`);
    // AWS told nothing: that is not outside.
    if (place === "") throw new Error(`the place asked of within("${jurisdiction}") is not known`);
    // Neither is a place that this version of Cordon doesn't know.
    if (!codes.has(place) && placeOf(place) === undefined)
      throw new Error(`where ${place} lies, which was asked of within("${jurisdiction}"), is not known`);
    return codes.has(place);
  };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof EvaluationError)) return error instanceof Error ? error.message : String(error);
  const { node, summary } = error;
  return node === undefined ? summary : `${serialize(node)}: ${summary}`;
}
