import type { ASTNode } from "@marcbachmann/cel-js";
import { conditionLimits, conditionVariables } from "./condition-language.ts";

/** Prices in nanoseconds, measured on a small machine and rounded up. */
const NS = {
  part: 100,
  /** Of whatever may fail: an error is made with its stack, and `||` goes on after it. */
  failure: 15_000,
  comparedCharacter: 0.5,
  /** V8's search is quadratic on texts that nearly repeat themselves. */
  searchedPair: 0.5,
  joinedCharacter: 2,
  /** cel-js counts by walking over the text. */
  countedCharacter: 50,
  /** Where RE2 goes by classes of letters with hundreds of ranges. */
  matchedCharacter: 100,
  automatonSize: 50,
} as const;

/** Characters of a text, or entries of a list or map and the size of the largest; 0 of anything else. */
interface Size {
  readonly length: number;
  readonly of?: Size;
}

interface Cost {
  readonly ns: number;
  readonly size: Size;
}

/** The element that the loop around goes through by a name; undefined outside of one. */
type Element = { readonly name: string; readonly size: Size } | undefined;

const SCALAR: Size = { length: 0 };
const TEXT: Size = { length: conditionLimits.textCharacters };
const ENTRIES: Size = { length: conditionLimits.entries, of: { length: conditionLimits.entryCharacters } };
const SIZE_OF = { string: TEXT, int: SCALAR, "list<string>": ENTRIES, "map<string, string>": ENTRIES };
const facts = new Map(conditionVariables.map(({ name, type }) => [name, SIZE_OF[type]]));

/**
 * What one evaluation can take at most, in milliseconds of a small machine: the largest facts are assumed, and that all fails that can.
 * An estimate that errs upwards, so that no accepted condition is slow by its nature. Pure.
 *
 * @param ast of an expression that the guard found nothing wrong with
 * @param automata sizes of the patterns in it, each of which is built once in a process
 */
export function estimateCostMs(ast: ASTNode, automata: Iterable<number>): number {
  let { ns } = costOf(ast, undefined);
  for (const size of automata) ns += size * NS.automatonSize;
  return ns / 1_000_000;
}

function costOf(node: ASTNode, element: Element): Cost {
  switch (node.op) {
    case "value":
      return cost(NS.part, { length: typeof node.args === "string" ? node.args.length : 0 });
    case "id":
      return node.args === element?.name ? cost(NS.part, element.size) : costOfFact(node.args);
    case ".":
      return costOfField(node.args, element);
    case "!_":
    case "-_":
      return cost(NS.part + costOf(node.args, element).ns);
    case "?:":
      return costOfChoice(node.args, element);
    case "list": {
      const elements = node.args.map((each) => costOf(each, element));
      const ns = elements.reduce<number>((sum, each) => sum + each.ns, NS.part);
      return cost(ns, { length: elements.length, of: largest(elements.map(({ size }) => size)) });
    }
    case "call":
      return costOfSize(costOf(node.args[1][0] as ASTNode, element));
    case "rcall":
      return costOfMethod(node.args, element);
    default: {
      const [left, right] = node.args as [ASTNode, ASTNode];
      return costOfOperator(node.op, costOf(left, element), costOf(right, element));
    }
  }
}

const cost = (ns: number, size: Size = SCALAR): Cost => ({ ns, size });

function costOfFact(name: string): Cost {
  return cost(NS.failure, facts.get(name) ?? SCALAR);
}

function costOfField([left, field]: [ASTNode, string], element: Element): Cost {
  if (left.op === "id" && facts.has(`${left.args}.${field}`)) return costOfFact(`${left.args}.${field}`);
  const { ns, size } = costOf(left, element);
  return cost(ns + NS.failure, size.of);
}

function costOfChoice([condition, yes, no]: [ASTNode, ASTNode, ASTNode], element: Element): Cost {
  const [one, other] = [costOf(yes, element), costOf(no, element)];
  return cost(NS.part + costOf(condition, element).ns + one.ns + other.ns, largest([one.size, other.size]));
}

function costOfOperator(operator: string, left: Cost, right: Cost): Cost {
  const ns = NS.part + left.ns + right.ns;
  switch (operator) {
    case "[]":
      return cost(ns + NS.failure + right.size.length, left.size.of);
    case "in":
      return cost(ns + right.size.length * compared(left.size, right.size.of ?? SCALAR));
    case "+": {
      const size = joined(left.size, right.size);
      return cost(ns + NS.failure + size.length * NS.joinedCharacter, size);
    }
    case "-":
    case "*":
    case "/":
    case "%":
      return cost(ns + NS.failure);
    default:
      return cost(ns + compared(left.size, right.size));
  }
}

function costOfSize(value: Cost): Cost {
  return cost(NS.part + value.ns + value.size.length * NS.countedCharacter);
}

function costOfMethod([name, receiver, args]: [string, ASTNode, ASTNode[]], element: Element): Cost {
  const asked = costOf(receiver, element);
  const [first, second] = args;
  if (first === undefined) return costOfSize(asked);
  if (second !== undefined) {
    const each = { name: first.args as string, size: asked.size.of ?? SCALAR };
    return cost(asked.ns + asked.size.length * (NS.part + costOf(second, each).ns), asked.size);
  }
  const argument = costOf(first, element);
  return cost(NS.part + asked.ns + argument.ns + costOfSearch(name, asked.size.length, argument.size.length));
}

function costOfSearch(name: string, text: number, sought: number): number {
  switch (name) {
    case "contains": {
      const worst = Math.min(sought, text / 2);
      return text + worst * (text - worst) * NS.searchedPair;
    }
    case "matchesRe2":
      return text * (NS.matchedCharacter + sought * NS.searchedPair);
    case "within":
      return NS.failure + text;
    default:
      return Math.min(text, sought) * NS.comparedCharacter;
  }
}

function compared(left: Size, right: Size): number {
  const each = left.of === undefined ? NS.comparedCharacter : compared(left.of, right.of ?? SCALAR);
  return NS.part + Math.min(left.length, right.length) * each;
}

function joined(left: Size, right: Size): Size {
  return { ...largest([left, right]), length: left.length + right.length };
}

function largest(sizes: readonly Size[]): Size {
  return sizes.reduce((most, size) => (weight(size) > weight(most) ? size : most), SCALAR);
}

function weight({ length, of }: Size): number {
  return of === undefined ? length : length * (1 + weight(of));
}
