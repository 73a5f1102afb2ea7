import conditionParser, { type ExpressionParser, type ParserContext } from "dynalite/db/conditionParser.js";
import updateParser from "dynalite/db/updateParser.js";

/** A parsed expression with its values left open, and the names and values that it uses. */
interface Remembered {
  readonly tree: unknown;
  readonly names: readonly string[];
  readonly values: readonly string[];
}

/** Stands in a remembered tree for the value of that name. */
class Open {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

const MAX_REMEMBERED = 5_000;
/** What values mean is looked at while such an expression is parsed: bounds are compared, and names of types. */
const DEPENDS_ON_VALUES = /between|attribute_type/i;

/**
 * Parses as `parse` does, each expression once: dynalite's parsers go back over nested parentheses so often that a long condition takes
 * milliseconds. An outcome follows from the text, the names and the types of the values; errors are not remembered.
 */
export function remembering(parse: ExpressionParser["parse"]): ExpressionParser["parse"] {
  const known = new Map<string, Remembered>();
  return (text, options) => {
    if (DEPENDS_ON_VALUES.test(text)) return parse(text, options);
    const { context } = options;
    const names = context.attrNames ?? {};
    const values = context.attrVals ?? {};
    const types = Object.entries(values).map(([name, value]) => [name, Object.keys(value)]);
    const key = JSON.stringify([text, context.isKeyCondition, names, types]);
    let found = known.get(key);
    if (found === undefined) {
      const own = { ...context, unusedAttrNames: openOf(names), unusedAttrVals: openOf(values) };
      const tree = parse(text, { ...options, context: own });
      // An error is text.
      if (typeof tree !== "object") return tree;
      found = {
        tree: leaveOpen(tree, new Map(Object.entries(values).map(([name, value]) => [value, new Open(name)]))),
        names: Object.keys(names).filter((name) => !(name in own.unusedAttrNames)),
        values: Object.keys(values).filter((name) => !(name in own.unusedAttrVals)),
      };
      if (known.size >= MAX_REMEMBERED) known.clear();
      known.set(key, found);
    }
    for (const name of found.names) delete context.unusedAttrNames[name];
    for (const name of found.values) delete context.unusedAttrVals[name];
    return fillIn(found.tree, values);
  };
}

function openOf(entries: object): ParserContext["unusedAttrNames"] {
  return Object.fromEntries(Object.keys(entries).map((name) => [name, true]));
}

function leaveOpen(tree: unknown, opens: ReadonlyMap<unknown, Open>): unknown {
  return opens.get(tree) ?? mapMembers(tree, (member) => leaveOpen(member, opens));
}

function fillIn(tree: unknown, values: NonNullable<ParserContext["attrVals"]>): unknown {
  return tree instanceof Open ? values[tree.name] : mapMembers(tree, (member) => fillIn(member, values));
}

/** A copy whose members are what `map` makes of them; whatever has none as it is. */
function mapMembers(tree: unknown, map: (member: unknown) => unknown): unknown {
  if (typeof tree !== "object" || tree === null) return tree;
  if (Array.isArray(tree)) return tree.map(map);
  const copy = Object.create(Object.getPrototypeOf(tree));
  for (const [key, member] of Object.entries(tree)) copy[key] = map(member);
  return copy;
}

/** As dynalite has them; from here on it parses by what remembers. */
export const plain = { condition: conditionParser.parse, update: updateParser.parse };
conditionParser.parse = remembering(plain.condition);
updateParser.parse = remembering(plain.update);
