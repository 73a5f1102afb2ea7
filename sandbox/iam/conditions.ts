import { type ConditionKeys, fillVariables, isLike, listOf, readKey, type Statement } from "./policy.ts";

type Test = (value: string, wanted: string) => boolean;

/** Operators on one value. Each has a negation: `StringNotEquals` for `StringEquals`. */
const TESTS: Readonly<Record<string, Test>> = {
  StringEquals: (value, wanted) => value === wanted,
  StringEqualsIgnoreCase: (value, wanted) => value.toLowerCase() === wanted.toLowerCase(),
  StringLike: (value, wanted) => isLike(wanted, value),
  ArnEquals: isArnLike,
  ArnLike: isArnLike,
  Bool: (value, wanted) => value.toLowerCase() === wanted.toLowerCase(),
  ...comparisons("Numeric", Number),
  ...comparisons("Date", (text) => (/^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text))),
};

/**
 * Whether all conditions of a statement hold. An operator that is not known here counts as `unknown` says: held for a Deny,
 * not held for an Allow, so that what isn't understood never lets anybody through.
 */
export function areConditionsMet(
  conditions: Statement["Condition"],
  keys: ConditionKeys,
  { unknown }: { unknown: boolean },
): boolean {
  return Object.entries(conditions ?? {}).every(([operator, wanted]) =>
    Object.entries(wanted).every(([key, values]) => {
      const texts = listOf<string | boolean | number>(values).map(String);
      return isConditionMet(operator, readKey(keys, key), texts, keys) ?? unknown;
    }),
  );
}

/** Undefined for an operator that is not known. */
function isConditionMet(
  operator: string,
  values: readonly string[] | undefined,
  wanted: readonly string[],
  keys: ConditionKeys,
): boolean | undefined {
  const [, set, name = "", ifExists] = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/.exec(operator) ?? [];
  if (name === "Null") return wanted.some((text) => (text === "true") === (values === undefined));
  const isNegated = name.includes("Not");
  const test = TESTS[name.replace("Not", "")];
  if (!test) return undefined;
  const filled = wanted.flatMap((text) => fillVariables(text, keys) ?? []);
  const holds = (value: string): boolean => filled.some((text) => test(value, text)) !== isNegated;
  if (set === "ForAllValues") return (values ?? []).every(holds);
  if (values === undefined) return ifExists !== undefined || (isNegated && set === undefined);
  return values.some(holds);
}

/** Wildcards in an ARN stay within its part: `arn:aws:iam::*:role/a` names no other service. */
function isArnLike(value: string, wanted: string): boolean {
  const split = (arn: string): string[] => {
    const [a = "", b = "", c = "", d = "", e = "", ...rest] = arn.split(":");
    return [a, b, c, d, e, rest.join(":")];
  };
  const parts = split(value);
  return split(wanted).every((pattern, index) => isLike(pattern, parts[index] ?? ""));
}

function comparisons(prefix: string, read: (text: string) => number): Record<string, Test> {
  return {
    [`${prefix}Equals`]: (value, wanted) => read(value) === read(wanted),
    [`${prefix}LessThan`]: (value, wanted) => read(value) < read(wanted),
    [`${prefix}LessThanEquals`]: (value, wanted) => read(value) <= read(wanted),
    [`${prefix}GreaterThan`]: (value, wanted) => read(value) > read(wanted),
    [`${prefix}GreaterThanEquals`]: (value, wanted) => read(value) >= read(wanted),
  };
}
