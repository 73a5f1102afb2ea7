import type { Classification, ObjectRule, ResidencyPolicy } from "../policy/policy.ts";
import type { RuleMatch } from "../types.ts";
import type { PatternMatcher } from "./key-patterns.ts";
import type { KnownObject } from "./known-object.ts";
import { isWithin } from "./order.ts";
import { type PartTold, RULE_PARTS } from "./rule-parts.ts";

/** What is known of the rules, given what is known of an object: rules that surely don't apply are in no list. */
export interface ConsideredRules {
  readonly matched: readonly RuleMatch[];
  /** These rest on what has not been read yet. */
  readonly open: readonly ObjectRule[];
  /** Of these it can't be told. */
  readonly undecided: readonly RuleMatch[];
}

/**
 * Holds rules against what is known of an object. Asked again when more is known, it only ever moves rules out of `open`: a rule that applies does so
 * whatever is read afterwards. Pure.
 *
 * @param isFound whether a pattern is found in a key (`loadKeyPatterns`)
 */
export function considerRules(
  rules: readonly ObjectRule[],
  object: KnownObject,
  isFound: PatternMatcher,
): ConsideredRules {
  const considered = { matched: [] as RuleMatch[], open: [] as ObjectRule[], undecided: [] as RuleMatch[] };
  for (const rule of rules) {
    const told = toldOf(rule, object, isFound);
    if (told === undefined) continue;
    const { id, classification } = rule;
    const why = (kind: "yes" | "unknown") => told.flatMap((each) => (each.kind === kind ? (each.why ?? []) : []));
    const unknown = told.filter((each) => each.kind === "unknown");
    const hidden = hiddenBy(unknown.map((each) => each.hidden));
    const add = (to: RuleMatch[], reasons: readonly string[]) =>
      void to.push({ rule: id, classification, why: reasons.join(", and "), ...(hidden !== undefined && { hidden }) });
    // What is read next may rule it out, even where another part can't be told.
    if (told.some(({ kind }) => kind === "open")) considered.open.push(rule);
    else if (unknown.length > 0) add(considered.undecided, why("unknown"));
    else add(considered.matched, why("yes"));
  }
  return considered;
}

/** A rule of which one part is open to doubt for another reason is in doubt for that. */
function hiddenBy(all: readonly RuleMatch["hidden"][]): RuleMatch["hidden"] {
  if (all.length === 0 || all.includes(undefined)) return undefined;
  return all.includes("denied") ? "denied" : "unopened";
}

/** What each part says; undefined when any of them rules it out. */
function toldOf(rule: ObjectRule, object: KnownObject, isFound: PatternMatcher): readonly PartTold[] | undefined {
  const all: PartTold[] = [];
  for (const part of RULE_PARTS) {
    const told = part(rule, object, isFound);
    if (told?.kind === "no") return undefined;
    if (told !== undefined) all.push(told);
  }
  return all;
}

/**
 * Whether any of these rules could still raise the class: not one whose class the data has already, or a more restrictive one. Pure.
 *
 * @param certain what the data surely is (`certainClasses`)
 */
export function couldRaise(
  rules: readonly Pick<ObjectRule, "classification">[],
  certain: readonly Classification[],
  policy: ResidencyPolicy,
): boolean {
  return rules.some(({ classification }) => {
    const given = policy.classifications.find(({ name }) => name === classification);
    return given === undefined || !certain.some((each) => isWithin(each, given));
  });
}

/** What has to be read of an object before its class can be told. */
export type PlannedRead =
  | { readonly kind: "nothing" }
  | { readonly kind: "headers" }
  /** The headers come with the content, so that one call is enough. */
  | { readonly kind: "content"; readonly detectors: readonly string[] };

/** The least that settles every open rule that could raise the class. Pure. */
export function planRead(
  { open }: ConsideredRules,
  certain: readonly Classification[],
  policy: ResidencyPolicy,
): PlannedRead {
  const raising = open.filter((rule) => couldRaise([rule], certain, policy));
  if (raising.length === 0) return { kind: "nothing" };
  const detectors = new Set(raising.flatMap(({ content }) => content?.detectors ?? []));
  return detectors.size === 0 ? { kind: "headers" } : { kind: "content", detectors: [...detectors].sort() };
}
