import type { ControlMeta } from "../shared/control.ts";
import type { ReachedState } from "../shared/journal/records.ts";
import type { ControlScope, ResidencyPolicy } from "../shared/policy/policy.ts";
import type { Mode } from "../shared/types.ts";
import { redactText } from "./redact.ts";

export const MODES: readonly Mode[] = ["observe", "approve", "enforce"];

/** What readiness has to know of a control. */
export type RampedControl = Pick<ControlMeta, "id" | "defaultMode" | "iam">;

/** A rule of the policy that gives a mode: `control:<id>`, `control:<id>/<scope>`, or `default:<id>` where policy says nothing of the control. */
export interface ModeRule {
  readonly rule: string;
  readonly controlId: string;
  readonly scope?: string;
  readonly mode: Mode;
}

/** What keeps a control below what policy lets it do: `CORDON_MODE`, or the brake. */
export interface Ceiling {
  readonly mode: Mode;
  readonly by: string;
}

type Explained = NonNullable<ReachedState["decision"]>["explanation"];

/** Whether `one` allows more than `other`. Pure. */
export function isAbove(one: Mode, other: Mode): boolean {
  return MODES.indexOf(one) > MODES.indexOf(other);
}

/** The most a control can do at all: what has nothing to write changes nothing. Pure. */
export function mostOf({ iam }: Pick<ControlMeta, "iam">): Mode {
  return iam.write.length === 0 ? "approve" : "enforce";
}

/**
 * Every rule of the policy that gives a control its mode, by its id. Pure.
 *
 * @param accounts rules that name other accounts only are left out
 */
export function modeRulesOf(
  policy: ResidencyPolicy,
  controls: readonly RampedControl[],
  accounts: readonly string[] | undefined,
): readonly ModeRule[] {
  return controls.flatMap(({ id: controlId, defaultMode }): readonly ModeRule[] => {
    const rules = Object.hasOwn(policy.controls, controlId) ? policy.controls[controlId] : undefined;
    if (rules === undefined) return [{ rule: `default:${controlId}`, controlId, mode: defaultMode }];
    const scopes = rules.scopes.flatMap((scope) =>
      scope.mode === undefined || !isAbout(scope, policy, accounts)
        ? []
        : [{ rule: `control:${controlId}/${scope.id}`, controlId, scope: scope.id, mode: scope.mode }],
    );
    return [{ rule: `control:${controlId}`, controlId, mode: rules.mode ?? defaultMode }, ...scopes];
  });
}

function isAbout(scope: ControlScope, { units }: ResidencyPolicy, asked: readonly string[] | undefined): boolean {
  if (asked === undefined) return true;
  return asked.some((account) => {
    const isNamed = scope.accounts?.includes(account) ?? true;
    return isNamed && (scope.units?.some((unit) => units[account]?.includes(unit)) ?? true);
  });
}

/**
 * The rule under which a decision falls. Where a ceiling held the mode, the ceiling stands in the rule's place: the rule is the narrowest scope
 * that applied then and gives a mode in the policy at hand, else the control's own. Pure.
 */
export function ruleOf(controlId: string, explanation: Explained, known: readonly ModeRule[]): string {
  const { modeRule, considered } = explanation;
  if (modeRule !== undefined && isRule(modeRule)) return modeRule;
  const own = known.filter((each) => each.controlId === controlId);
  const applied = considered.find(({ rule, applies }) => applies === "yes" && own.some((each) => each.rule === rule));
  return applied?.rule ?? own.find(({ scope }) => scope === undefined)?.rule ?? `control:${controlId}`;
}

function isRule(modeRule: string): boolean {
  return /^(control|default):/.test(modeRule);
}

/**
 * What held a control when it was recorded last, by its states in the order of time: a ceiling is gone once more was done than it lets do. That a
 * control has nothing to change by is no ceiling. Pure.
 */
export function ceilingOf(explanations: readonly Explained[], most: Mode): Ceiling | undefined {
  let last: Ceiling | undefined;
  for (const { mode, modeRule } of explanations) {
    if (mode === undefined || modeRule === undefined) continue;
    if (isRule(modeRule)) last = last !== undefined && isAbove(mode, last.mode) ? undefined : last;
    else last = isAbove(most, mode) ? { mode, by: redactText(modeRule) } : undefined;
  }
  return last;
}

/** What to write to raise a rule to a mode, in lines of the policy's YAML, and what else holds it: that is seen only once policy asks for more. Pure. */
export function rampOf(rule: ModeRule, to: Mode, ceiling: Ceiling | undefined): readonly string[] {
  const { controlId, scope, mode } = rule;
  const own =
    scope === undefined ? [`    mode: ${to}`] : ["    scopes:", `      - id: ${scope}`, `        mode: ${to}`];
  const isHeld = ceiling !== undefined && isAbove(to, ceiling.mode);
  return [
    ...(isAbove(to, mode) ? ["controls:", `  ${controlId}:`, ...own] : []),
    isHeld ? `# ${heldBy(ceiling.by, to)}` : `# CORDON_MODE of the deployment has to allow ${to} as well`,
  ];
}

function heldBy(by: string, to: Mode): string {
  return by.startsWith("CORDON_MODE=")
    ? `deploy with CORDON_MODE=${to}: it was held by ${by} when it was recorded last`
    : `it was held by ${by} when it was recorded last`;
}
