import type { ObjectRule } from "../policy/policy.ts";

/** Whether a pattern (RE2) is found in a text. Takes time linear in the text. */
export type PatternMatcher = (text: string, pattern: string) => boolean;

/** What finds the key patterns of these rules. RE2 is loaded only where there are any; each pattern is compiled once. */
export async function loadKeyPatterns(rules: readonly ObjectRule[]): Promise<PatternMatcher> {
  if (rules.every(({ keyPattern }) => keyPattern === undefined)) return noPatterns;
  const { createPatternMatcher } = await import("../policy/conditions/safe-pattern.ts");
  return createPatternMatcher();
}

/** No rule asks for one. Should one do so, "not found" would be a guess. */
function noPatterns(_: string, pattern: string): boolean {
  throw new Error(`nothing finds patterns here: ${pattern}`);
}
