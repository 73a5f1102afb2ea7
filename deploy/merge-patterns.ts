/** An EventBridge pattern; every leaf is a list of which one entry has to match. */
export type Pattern = Readonly<Record<string, unknown>>;

/**
 * The longest pattern EventBridge takes unless an account asked for more.
 * Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
 */
export const MAX_PATTERN_LENGTH = 2_048;

/**
 * As few patterns as match exactly the events that the given ones match: two that differ in one list only become one with both lists, while it is not
 * too long.
 *
 * @param lengthOf how long a pattern is when it is deployed
 * @throws Error when one pattern alone is too long
 */
export function mergePatterns(
  patterns: readonly Pattern[],
  lengthOf: (pattern: Pattern) => number = (pattern) => JSON.stringify(pattern).length,
): readonly Pattern[] {
  const merged: Pattern[] = [];
  for (const pattern of patterns) {
    if (lengthOf(pattern) > MAX_PATTERN_LENGTH)
      throw new Error(`EventBridge takes ${MAX_PATTERN_LENGTH} characters: ${JSON.stringify(pattern).slice(0, 200)}`);
    const index = merged.findIndex((each) => {
      const both = joined(each, pattern);
      return both !== undefined && lengthOf(both) <= MAX_PATTERN_LENGTH;
    });
    const both = index < 0 ? undefined : joined(merged[index] as Pattern, pattern);
    if (both === undefined) merged.push(pattern);
    else merged[index] = both;
  }
  return merged;
}

/** One pattern for two; undefined when no one pattern matches just what they match. */
function joined(one: Pattern, two: Pattern): Pattern | undefined {
  const names = Object.keys(one);
  if (names.length !== Object.keys(two).length || names.some((name) => !Object.hasOwn(two, name))) return undefined;
  const different = names.filter((name) => JSON.stringify(one[name]) !== JSON.stringify(two[name]));
  const [name] = different;
  if (name === undefined) return one;
  if (different.length > 1) return undefined;
  const [a, b] = [one[name], two[name]];
  if (Array.isArray(a) && Array.isArray(b)) {
    // `$or` lists alternatives of other fields: two such lists say "and".
    if (name === "$or") return undefined;
    const texts = new Set(a.map((entry) => JSON.stringify(entry)));
    return { ...one, [name]: [...a, ...b.filter((entry) => !texts.has(JSON.stringify(entry)))] };
  }
  if (!isPattern(a) || !isPattern(b)) return undefined;
  const inner = joined(a, b);
  return inner && { ...one, [name]: inner };
}

function isPattern(value: unknown): value is Pattern {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
