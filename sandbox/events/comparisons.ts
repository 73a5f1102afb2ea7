import { parseCidr } from "./cidr.ts";
import type { Leaf } from "./fields.ts";
import { parseWildcard } from "./wildcard.ts";

/** One alternative of a field: a test of its value, or that there must be none. */
export type Alternative = "absent" | ((value: Leaf) => boolean);

/** EventBridge compares numbers within these bounds only. */
const NUMERIC_LIMIT = 5e9;

type TextTest = (text: string) => boolean;

/** Read one entry of a pattern's list: a value to equal, or an object with one comparison. Throws Error for what EventBridge refuses. */
export function parseAlternative(entry: unknown): Alternative {
  if (entry === null || ["string", "number", "boolean"].includes(typeof entry)) return (value) => value === entry;
  if (typeof entry !== "object" || Array.isArray(entry))
    throw new Error("Match value must be String, number, true, false, or null");
  const [name, operand] = onlyMember(entry);
  const parse = Object.hasOwn(comparisons, name) ? comparisons[name] : undefined;
  if (!parse) throw new Error(`Unrecognized match type ${name}`);
  return parse(operand);
}

const comparisons: Record<string, (operand: unknown) => Alternative> = {
  prefix: (operand) => onText(parseAffix("prefix", operand)),
  suffix: (operand) => onText(parseAffix("suffix", operand)),
  "equals-ignore-case": (operand) => onText(equalsIgnoreCase(textOf("equals-ignore-case", operand))),
  wildcard: (operand) => onText(parseWildcard(textOf("wildcard", operand))),
  cidr: (operand) => onText(parseCidr(textOf("cidr", operand))),
  numeric: parseNumeric,
  "anything-but": parseAnythingBut,
  exists(operand) {
    if (typeof operand !== "boolean") throw new Error("exists match pattern must be either true or false.");
    return operand ? () => true : "absent";
  },
};

function onText(test: TextTest): Alternative {
  return (value) => typeof value === "string" && test(value);
}

function parseAffix(kind: "prefix" | "suffix", operand: unknown): TextTest {
  const of = (text: string, affix: string) => (kind === "prefix" ? text.startsWith(affix) : text.endsWith(affix));
  if (typeof operand !== "object" || operand === null) {
    const affix = textOf(kind, operand);
    return (text) => of(text, affix);
  }
  const [name, inner] = onlyMember(operand);
  if (name !== "equals-ignore-case") throw new Error(`Unsupported ${kind} pattern: ${name}`);
  const affix = textOf(name, inner).toLowerCase();
  return (text) => of(text.toLowerCase(), affix);
}

function equalsIgnoreCase(wanted: string): TextTest {
  const folded = wanted.toLowerCase();
  return (text) => text.toLowerCase() === folded;
}

function parseNumeric(operand: unknown): Alternative {
  if (!Array.isArray(operand)) throw new Error("Value of numeric must be an array.");
  const [first, one, second, two, ...rest] = operand as unknown[];
  const bottom = compareNumbers(first, one);
  if (operand.length === 2) return (value) => typeof value === "number" && bottom(value);
  if (rest.length > 0 || !/^>=?$/.test(String(first)) || !/^<=?$/.test(String(second)))
    throw new Error(`Bad numeric range: ${JSON.stringify(operand)}`);
  const top = compareNumbers(second, two);
  if (Number(one) >= Number(two)) throw new Error("Bottom must be less than top");
  return (value) => typeof value === "number" && bottom(value) && top(value);
}

function compareNumbers(operator: unknown, bound: unknown): (value: number) => boolean {
  if (typeof bound !== "number") throw new Error(`Value of ${String(operator)} must be numeric`);
  if (Math.abs(bound) > NUMERIC_LIMIT) throw new Error(`Value must be between ${-NUMERIC_LIMIT} and ${NUMERIC_LIMIT}`);
  switch (operator) {
    case "=":
      return (value) => value === bound;
    case "<":
      return (value) => value < bound;
    case "<=":
      return (value) => value <= bound;
    case ">":
      return (value) => value > bound;
    case ">=":
      return (value) => value >= bound;
    default:
      throw new Error(`Unrecognized numeric range operator: ${String(operator)}`);
  }
}

/** Values, or one comparison of texts, that must not hold. What is no text is never excluded by a comparison of texts. */
function parseAnythingBut(operand: unknown): Alternative {
  if (typeof operand === "object" && operand !== null && !Array.isArray(operand)) {
    const [name, inner] = onlyMember(operand);
    const tests = [inner].flat().map((each) => parseExclusion(name, each));
    return (value) => typeof value !== "string" || !tests.some((test) => test(value));
  }
  const excluded: unknown[] = [operand].flat();
  const kinds = new Set(excluded.map((value) => typeof value));
  if (kinds.size !== 1 || !["string", "number"].includes([...kinds][0] ?? ""))
    throw new Error("Inside anything but list, either all values are number or string, mixed type is not supported");
  return (value) => !excluded.includes(value);
}

function parseExclusion(name: string, operand: unknown): TextTest {
  const text = textOf(name, operand);
  switch (name) {
    case "prefix":
    case "suffix":
      if (text === "") throw new Error("Null prefix/suffix not allowed");
      return parseAffix(name, text);
    case "equals-ignore-case":
      return equalsIgnoreCase(text);
    case "wildcard":
      return parseWildcard(text);
    default:
      throw new Error(`Unsupported anything-but pattern: ${name}`);
  }
}

function onlyMember(value: object): [string, unknown] {
  const [member, ...more] = Object.entries(value);
  if (!member) throw new Error("Match expression name not found");
  if (more.length > 0) throw new Error("Only one key allowed in match expression");
  return member;
}

function textOf(name: string, operand: unknown): string {
  if (typeof operand !== "string") throw new Error(`${name} match pattern must be a string`);
  return operand;
}
