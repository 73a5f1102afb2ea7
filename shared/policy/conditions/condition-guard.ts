import { type ASTNode, serialize } from "@marcbachmann/cel-js";
import { unknownName } from "../language/problems.ts";
import { conditionFunctions, conditionVariables } from "./condition-language.ts";
import { examinePattern } from "./safe-pattern.ts";

/** A mistake in a condition, and how many characters into it. */
export interface ConditionProblem {
  readonly offset: number;
  readonly message: string;
}

/** What the guard finds in a condition: mistakes, the jurisdictions it names, its patterns and the sizes of their automata. */
export type ConditionFinding =
  | { readonly kind: "problem"; readonly problem: ConditionProblem }
  | { readonly kind: "jurisdiction"; readonly name: string }
  | { readonly kind: "pattern"; readonly pattern: string; readonly automatonSize: number };

type Findings = Generator<ConditionFinding, void>;

const variables = new Map(conditionVariables.map((variable) => [variable.name, variable]));
const places = conditionVariables.filter(({ isPlace }) => isPlace).map(({ name }) => name);
const roots = [...new Set(conditionVariables.map(({ name }) => name.replace(/\..*/, "")))];
const records = roots.filter((name) => !variables.has(name));
const functionsOf = (...forms: string[]) => [
  ...new Set(conditionFunctions.filter(({ form }) => forms.includes(form)).map(({ name }) => name)),
];
const [functions, methods, loops] = [functionsOf("function"), functionsOf("method"), functionsOf("loop")];

/** CEL's own that are left out, and what to write. */
const INSTEAD: Readonly<Record<string, string>> = {
  matches: 'text.matchesRe2("pattern"), for a pattern of matches can take for ever',
  has: '"key" in tags, for a fact that is not known has to stay an error',
  map: "all, exists, exists_one or filter, for lists of its making can grow without bounds",
};

const MAX_INT = 2n ** 63n - 1n;

/** The loop around, and the name that it gives to each element. */
type Loop = { readonly name: string; readonly element: string } | undefined;

/**
 * Finds what a condition must not have although CEL does: what is slow, what says something else than it seems to, and names that there
 * are not. Whatever isn't known here is refused. Expects a tree whose types were checked, as far as they are right. Pure.
 */
export function* guardCondition(node: ASTNode, loop?: Loop): Findings {
  switch (node.op) {
    case "value":
      return yield* guardLiteral(node, node.args);
    case "id":
      return yield* guardName(node, node.args, loop);
    case ".":
      return yield* guardField(node, node.args, loop);
    case "[]":
      yield* guardKey(node.args);
      return yield* guardEach(node.args, loop);
    case "!_":
    case "-_":
      return yield* guardCondition(node.args, loop);
    case "call": {
      const [name, args] = node.args;
      if (!functions.includes(name)) return yield problem(node.start, unknownFunction("function", name, functions));
      return yield* guardEach(args, loop);
    }
    case "rcall":
      return yield* guardMethod(node, node.args, loop);
    case "&&":
    case "||":
    case "?:":
    case "==":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=":
    case "in":
    case "+":
    case "-":
    case "*":
    case "/":
    case "%":
    case "list":
      return yield* guardEach(node.args, loop);
    default:
      return yield problem(node.start, "found a map, expected conditions written out");
  }
}

function* guardEach(nodes: readonly ASTNode[], loop: Loop): Findings {
  for (const node of nodes) yield* guardCondition(node, loop);
}

function* guardLiteral({ start, end, input }: ASTNode, value: unknown): Findings {
  if (typeof value === "string" || typeof value === "boolean") return;
  const literal = input.slice(start, end);
  if (typeof value !== "bigint")
    yield problem(start, `found ${literal}, expected a text, a whole number, true or false`);
  else if (value > MAX_INT) yield problem(start, `found ${literal}, expected a number of at most ${MAX_INT}`);
}

function* guardName({ start }: ASTNode, name: string, loop: Loop): Findings {
  if (name === loop?.element) return;
  if (records.includes(name)) {
    const fields = fieldsOf(name).map((field) => `${name}.${field}`);
    yield problem(start, `found ${name} as a whole, expected one of: ${fields.join(", ")}`);
  } else if (!roots.includes(name)) yield problem(start, unknownName("fact", name, roots));
}

function* guardField(node: ASTNode, [left, field]: [ASTNode, string], loop: Loop): Findings {
  if (left.op !== "id" || !records.includes(left.args)) return yield* guardCondition(left, loop);
  if (!variables.has(`${left.args}.${field}`))
    yield problem(node.pos, unknownName(`field of ${left.args}`, field, fieldsOf(left.args)));
}

/** cel-js looks a number up in a map of texts as if it were a text. */
function* guardKey([all, key]: [ASTNode, ASTNode]): Findings {
  const type = typeOf(key)?.name;
  if (typeOf(all)?.kind === "map" && type !== undefined && type !== "string")
    yield problem(key.start, `found a key of type ${type}, expected string`);
}

function* guardMethod(node: ASTNode, [name, receiver, args]: [string, ASTNode, ASTNode[]], loop: Loop): Findings {
  yield* guardCondition(receiver, loop);
  const offset = node.input.indexOf(name, receiver.end);
  if (loops.includes(name)) return yield* guardLoop(name, args, offset, loop);
  if (!methods.includes(name)) return yield problem(offset, unknownFunction("method", name, [...methods, ...loops]));
  const [argument] = args;
  if (argument !== undefined && name === "matchesRe2") yield* guardPattern(argument);
  else if (argument !== undefined && name === "within") yield* guardJurisdiction(receiver, argument);
  else yield* guardEach(args, loop);
}

function* guardLoop(name: string, args: readonly ASTNode[], offset: number, around: Loop): Findings {
  const [element, condition] = args;
  if (around !== undefined) yield problem(offset, `found ${name} within ${around.name}, expected one after the other`);
  else if (args.length !== 2 || element?.op !== "id" || condition === undefined)
    yield problem(offset, `found ${name} with ${args.length} arguments, expected a name and a condition`);
  else if (roots.includes(element.args))
    yield problem(element.start, `found ${element.args} as the name of an element, expected a name that no fact has`);
  else yield* guardCondition(condition, { name, element: element.args });
}

function* guardPattern(node: ASTNode): Findings {
  const pattern = textOf(node);
  if (pattern === undefined) return yield problem(node.start, "found a computed pattern, expected a text in quotes");
  const examined = examinePattern(pattern);
  if (examined.ok) yield { kind: "pattern", pattern, automatonSize: examined.automatonSize };
  else yield problem(node.start, examined.message);
}

function* guardJurisdiction(place: ASTNode, node: ASTNode): Findings {
  const asked = serialize(place);
  if (!places.includes(asked))
    yield problem(place.start, `found within asked of ${asked}, expected one of: ${places.join(", ")}`);
  const name = textOf(node);
  if (name === undefined) yield problem(node.start, "found a computed jurisdiction, expected a name in quotes");
  else yield { kind: "jurisdiction", name };
}

function unknownFunction(form: string, name: string, known: readonly string[]): string {
  return Object.hasOwn(INSTEAD, name) ? `found ${name}, expected ${INSTEAD[name]}` : unknownName(form, name, known);
}

function problem(offset: number, message: string): ConditionFinding {
  return { kind: "problem", problem: { offset, message } };
}

function fieldsOf(record: string): string[] {
  return [...variables.keys()]
    .filter((name) => name.startsWith(`${record}.`))
    .map((name) => name.slice(record.length + 1));
}

function textOf(node: ASTNode): string | undefined {
  return node.op === "value" && typeof node.args === "string" ? node.args : undefined;
}

/** What cel-js's check found a part to be; it keeps that in the tree without declaring it. */
function typeOf(node: ASTNode): { readonly kind: string; readonly name: string } | undefined {
  return (node as { readonly checkedType?: { readonly kind: string; readonly name: string } }).checkedType;
}
