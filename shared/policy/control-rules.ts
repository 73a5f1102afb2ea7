import type { Citation, Consideration, Mode } from "../types.ts";
import { indexesOf } from "./indexes.ts";
import { matchScope } from "./match-scope.ts";
import type { ControlScope, Parameters, PolicyInForce } from "./policy.ts";
import type { Subject } from "./subject.ts";

/** What policy lets a control do about one subject. */
export interface RulesInForce {
  readonly mode: Mode;
  /** `control:<id>`, `control:<id>/<scope>`, or `default:<id>` where policy says nothing. */
  readonly modeRule: string;
  readonly parameters: Parameters;
  readonly citations: readonly Citation[];
  readonly considered: readonly Consideration[];
  /** A narrower scope may be the one, and says otherwise: why that can't be told. */
  readonly doubt?: string;
  /** It may be that other parameters hold. */
  readonly isParametersDoubtful: boolean;
}

/**
 * What the scopes that match say, the most specific first; what none of them says, the base does. A scope that can't be told to match, and would say otherwise, is
 * a doubt. Pure.
 */
export function rulesInForce(
  controlId: string,
  policy: PolicyInForce,
  subject: Subject,
  defaultMode: Mode,
): RulesInForce {
  const base = Object.hasOwn(policy.controls, controlId) ? policy.controls[controlId] : undefined;
  if (base === undefined) {
    const modeRule = `default:${controlId}`;
    return { mode: defaultMode, modeRule, parameters: {}, citations: [], considered: [], isParametersDoubtful: false };
  }
  const ruleOf = ({ id }: ControlScope) => `control:${controlId}/${id}`;
  const considered: Consideration[] = [];
  let decided: { readonly mode: Mode; readonly modeRule: string } | undefined;
  let parameters: Parameters = {};
  const doubts: { readonly why: string; readonly mode: Mode | undefined; readonly parameters: Parameters }[] = [];
  for (const scope of base.scopes.length === 0 ? [] : indexesOf(policy).scopes(controlId).candidates(subject)) {
    const { applies, why } = matchScope(scope, subject, policy.conditions);
    considered.push({ rule: ruleOf(scope), applies, why });
    if (applies === "unknown") {
      const told = `whether scope "${scope.id}" applies can't be told: ${why}`;
      // A narrower scope has said it already, whether this one applies or not.
      const mode = decided === undefined ? scope.mode : undefined;
      doubts.push({ why: told, mode, parameters: { ...scope.parameters, ...parameters } });
    }
    if (applies !== "yes") continue;
    if (scope.mode !== undefined) decided ??= { mode: scope.mode, modeRule: ruleOf(scope) };
    parameters = { ...scope.parameters, ...parameters };
  }
  const { mode, modeRule } = decided ?? { mode: base.mode ?? defaultMode, modeRule: `control:${controlId}` };
  parameters = { ...base.parameters, ...parameters };
  const otherwise = (doubtful: Parameters) =>
    Object.entries(doubtful).some(([name, value]) => !isSame(parameters[name], value));
  const others = doubts.filter((doubt) => otherwise(doubt.parameters));
  const doubt = others[0] ?? doubts.find((each) => each.mode !== undefined && each.mode !== mode);
  return {
    mode,
    modeRule,
    parameters,
    citations: base.citations,
    considered,
    isParametersDoubtful: others.length > 0,
    ...(doubt !== undefined && { doubt: doubt.why }),
  };
}

function isSame(one: Parameters[string] | undefined, other: Parameters[string]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
