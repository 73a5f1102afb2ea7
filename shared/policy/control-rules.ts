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
 * The most specific scope that matches, or the control's base. A scope that can't be told to match, and that would count before it, is a doubt, unless it says
 * the same. Pure.
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
  const considered: Consideration[] = [];
  const doubts: { readonly scope: ControlScope; readonly why: string }[] = [];
  let winner: ControlScope | undefined;
  for (const scope of base.scopes.length === 0 ? [] : indexesOf(policy).scopes(controlId).candidates(subject)) {
    const { applies, why } = matchScope(scope, subject, policy.conditions);
    considered.push({ rule: `control:${controlId}/${scope.id}`, applies, why });
    if (applies === "unknown") doubts.push({ scope, why });
    if (applies === "yes") {
      winner = scope;
      break;
    }
  }
  const modeOf = (scope: ControlScope | undefined) => scope?.mode ?? base.mode ?? defaultMode;
  const parameters = winner?.parameters ?? base.parameters;
  const others = doubts.filter(({ scope }) => !isSame(scope.parameters, parameters));
  const doubt = others[0] ?? doubts.find(({ scope }) => modeOf(scope) !== modeOf(winner));
  return {
    mode: modeOf(winner),
    modeRule: winner === undefined ? `control:${controlId}` : `control:${controlId}/${winner.id}`,
    parameters,
    citations: base.citations,
    considered,
    isParametersDoubtful: others.length > 0,
    ...(doubt !== undefined && { doubt: `whether scope "${doubt.scope.id}" applies can't be told: ${doubt.why}` }),
  };
}

function isSame(one: Parameters, other: Parameters): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
