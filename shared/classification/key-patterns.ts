import type { ObjectRule } from "../policy/policy.ts";

/** Whether a pattern (RE2) is found in a text. Takes time linear in the text. */
export type PatternMatcher = (text: string, pattern: string) => boolean;

/** Rules are a policy's, which stays the same for as long as a container lives: compiling them for each object costs more than finding them. */
const loaded = new WeakMap<readonly ObjectRule[], Promise<PatternMatcher>>();

/** What finds the key patterns of these rules. RE2 is loaded only where there are any; each pattern is compiled once. */
export function loadKeyPatterns(rules: readonly ObjectRule[]): Promise<PatternMatcher> {
  const known = loaded.get(rules) ?? load(rules);
  loaded.set(rules, known);
  return known;
}

async function load(rules: readonly ObjectRule[]): Promise<PatternMatcher> {
  if (rules.every(({ keyPattern }) => keyPattern === undefined)) return noPatterns;
  const { createPatternMatcher } = await import("../policy/conditions/safe-pattern.ts");
  return createPatternMatcher();
}

/** No rule asks for one. Should one do so, "not found" would be a guess. */
function noPatterns(_: string, pattern: string): boolean {
  throw new Error(`nothing finds patterns here: ${pattern}`);
}
