import { type Alternative, parseAlternative } from "./comparisons.ts";
import { type Field, joinMemberships, type Membership, readFields } from "./fields.ts";

/** What a field may be: a value to equal, or an object with one of EventBridge's comparisons; in `$or`, a pattern. */
export type PatternValue = string | number | boolean | null | { readonly [comparison: string]: unknown };

/** An EventBridge event pattern: objects nest, each leaf is a list of alternatives; `$or` holds a list of patterns. */
export interface EventPattern {
  [field: string]: EventPattern | PatternValue[];
}

/** Tells whether an event matches. */
export type EventMatcher = (event: unknown) => boolean;

/** Fields by path that must all match: a pattern without its `$or`. */
type Conjunction = ReadonlyMap<string, readonly Alternative[]>;

const MAX_COMBINATIONS = 1000;
/** Names that a field inside `$or` can't have, as AWS's own compiler has it. */
const RESERVED_IN_OR: ReadonlySet<string> = new Set(
  `exactly equals-ignore-case prefix suffix anything-but exists wildcard numeric cidr = < <= > >= regex not-wildcard
  not-equals-ignore-case date-after date-on-or-after date-before date-on-or-before in-date-range ip-address-in-range
  ip-address-not-in-range`.split(/\s+/),
);

/**
 * Read an event pattern (an object, or its JSON text) with AWS's whole syntax. Every field must match by any of its
 * alternatives; of an array any element counts, and fields of one element are looked at together.
 * Throws Error `Event pattern is not valid. Reason: ...` for what PutRule refuses.
 */
export function parseEventPattern(document: unknown): EventMatcher {
  let conjunctions: readonly Conjunction[];
  try {
    const pattern: unknown = typeof document === "string" ? JSON.parse(document) : document;
    if (!isRecord(pattern)) throw new Error("Filter is not an object");
    conjunctions = parseObject([new Map()], "", pattern, false);
  } catch (error) {
    throw new Error(`Event pattern is not valid. Reason: ${error instanceof Error ? error.message : String(error)}`);
  }
  const sorted = conjunctions.map((fields) => [...fields].sort(([a], [b]) => (a < b ? -1 : 1)));
  return (event) => {
    const fields = readFields(event);
    return sorted.some((wanted) => matchesFrom(wanted, 0, fields, new Map()));
  };
}

/** Whether `event` matches `pattern`. Throws as `parseEventPattern` does. */
export function matchesPattern(pattern: EventPattern, event: unknown): boolean {
  return parseEventPattern(pattern)(event);
}

function parseObject(
  before: readonly Conjunction[],
  path: string,
  pattern: Record<string, unknown>,
  isInOr: boolean,
): readonly Conjunction[] {
  const entries = Object.entries(pattern);
  if (entries.length === 0) throw new Error("Empty objects are not allowed");
  let conjunctions = before;
  for (const [name, expected] of entries) {
    const at = path === "" ? name : `${path}.${name}`;
    if (name === "$or") conjunctions = parseOr(conjunctions, path, expected);
    else if (isInOr && RESERVED_IN_OR.has(name))
      throw new Error(`${name} is Ruler reserved fieldName which cannot be used inside $or.`);
    else if (isRecord(expected)) conjunctions = parseObject(conjunctions, at, expected, isInOr);
    else if (Array.isArray(expected)) {
      if (expected.length === 0) throw new Error("Empty arrays are not allowed");
      const alternatives = expected.map(parseAlternative);
      conjunctions = conjunctions.map((fields) => new Map([...fields, [at, alternatives]]));
    } else throw new Error(`"${name}" must be an object or an array`);
  }
  return conjunctions;
}

function parseOr(before: readonly Conjunction[], path: string, branches: unknown): readonly Conjunction[] {
  if (!Array.isArray(branches)) throw new Error("It must be an Array followed with $or.");
  if (branches.length < 2) throw new Error("There must have at least 2 Objects in $or relationship.");
  const conjunctions = branches.flatMap((branch: unknown) => {
    if (!isRecord(branch)) throw new Error("Only JSON object is allowed in array of $or relationship.");
    return parseObject(before, path, branch, true);
  });
  if (conjunctions.length > MAX_COMBINATIONS) throw new Error(`More than ${MAX_COMBINATIONS} combinations in $or`);
  return conjunctions;
}

/** Field by field in the order of their paths: what one field matched by binds the next ones to the same elements of arrays. */
function matchesFrom(
  wanted: readonly (readonly [string, readonly Alternative[]])[],
  index: number,
  fields: ReadonlyMap<string, readonly Field[]>,
  membership: Membership,
): boolean {
  const next = wanted[index];
  if (!next) return true;
  const [path, alternatives] = next;
  const reachable = (fields.get(path) ?? []).flatMap(({ value, membership: own }) => {
    const joined = joinMemberships(membership, own);
    return joined ? [{ value, joined }] : [];
  });
  if (reachable.length === 0 && alternatives.includes("absent"))
    return matchesFrom(wanted, index + 1, fields, membership);
  return reachable.some(
    ({ value, joined }) =>
      alternatives.some((test) => test !== "absent" && test(value)) && matchesFrom(wanted, index + 1, fields, joined),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
