/** What a field may be: a value to equal, or one of EventBridge's comparisons. */
export type PatternValue =
  | string
  | number
  | boolean
  | null
  | { prefix: string }
  | { suffix: string }
  | { exists: boolean }
  | { "anything-but": string | number | (string | number)[] };

/** An EventBridge event pattern: objects nest, each leaf is an array of alternatives. */
export interface EventPattern {
  [field: string]: EventPattern | PatternValue[];
}

/**
 * Whether `event` matches: every field of the pattern must, each by any of its alternatives. An array in the event matches
 * when any of its elements does. Known: exact values, `prefix`, `suffix`, `exists`, `anything-but`.
 * Throws Error for comparisons beyond these, rather than letting them match or not by accident.
 */
export function matchesPattern(pattern: EventPattern, event: unknown): boolean {
  return Object.entries(pattern).every(([field, expected]) => {
    const holder = isRecord(event) && Object.hasOwn(event, field) ? event : undefined;
    const value = holder?.[field];
    if (Array.isArray(expected)) return expected.some((rule) => matchesField(rule, holder !== undefined, value));
    if (Array.isArray(value)) return value.some((element) => matchesPattern(expected, element));
    return matchesPattern(expected, value);
  });
}

function matchesField(rule: PatternValue, isThere: boolean, value: unknown): boolean {
  // `exists` is about leaves: EventBridge does not see an object as a value.
  if (isRecord(rule) && "exists" in rule) return rule.exists === (isThere && !isRecord(value));
  if (!isThere) return false;
  return Array.isArray(value) ? value.some((element) => matchesValue(rule, element)) : matchesValue(rule, value);
}

function matchesValue(rule: PatternValue, value: unknown): boolean {
  if (!isRecord(rule)) return rule === value;
  if ("prefix" in rule) return typeof value === "string" && value.startsWith(String(rule.prefix));
  if ("suffix" in rule) return typeof value === "string" && value.endsWith(String(rule.suffix));
  if ("anything-but" in rule) {
    const excluded: unknown[] = [rule["anything-but"]].flat();
    if (excluded.some(isRecord)) throw unknownRule(rule);
    return !isRecord(value) && !excluded.includes(value);
  }
  throw unknownRule(rule);
}

function unknownRule(rule: object): Error {
  return new Error(
    `The sandbox does not know this event pattern comparison: ${JSON.stringify(rule)}; it knows exact values, prefix, suffix, exists and anything-but`,
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
