import type { ExpressionParser, ParserContext } from "dynalite/db/conditionParser.js";
import dynalite from "dynalite/db/index.js";
import { describe, expect, it } from "vitest";
import { plain, remembering } from "../../sandbox/dynamodb/remembered-expressions.ts";

type Given = readonly [text: string, names: Record<string, string>, values: Record<string, object>];
type Parse = ExpressionParser["parse"];

const CONDITIONS: readonly Given[] = [
  ["a = :a", {}, { ":a": { S: "one" } }],
  ["a = :a", {}, { ":a": { S: "other" } }],
  ["a = :a", {}, { ":a": { M: { a: { S: "within" } } } }],
  ["a = :a", {}, { ":a": { S: "one" }, ":unused": { N: "1" } }],
  ["#a.#b[1] = :a", { "#a": "one", "#b": "two", "#c": "unused" }, { ":a": { S: "one" } }],
  ["#a.#b[1] = :a", { "#a": "other", "#b": "two", "#c": "unused" }, { ":a": { S: "one" } }],
  ["(attribute_exists(a) AND (NOT size(b) > :a)) OR (c IN (:a, :b))", {}, { ":a": { N: "1" }, ":b": { N: "2" } }],
  ["begins_with(a, :a)", {}, { ":a": { S: "text" } }],
  ["begins_with(a, :a)", {}, { ":a": { N: "1" } }],
  ["a BETWEEN :a AND :b", {}, { ":a": { N: "1" }, ":b": { N: "2" } }],
  ["a BETWEEN :a AND :b", {}, { ":a": { N: "2" }, ":b": { N: "1" } }],
  ["attribute_type(a, :a)", {}, { ":a": { S: "NS" } }],
  ["attribute_type(a, :a)", {}, { ":a": { S: "none" } }],
  ["a = :missing", {}, { ":a": { S: "one" } }],
  ["((a = :a))", {}, { ":a": { S: "one" } }],
  ["a = = :a", {}, { ":a": { S: "one" } }],
];
const UPDATES: readonly Given[] = [
  [
    "SET a = :a, b.c = if_not_exists(b.c, :b) + :a REMOVE d[1] ADD #e :a",
    { "#e": "e" },
    { ":a": { N: "1" }, ":b": { N: "2" } },
  ],
  [
    "SET a = :a, b.c = if_not_exists(b.c, :b) + :a REMOVE d[1] ADD #e :a",
    { "#e": "x" },
    { ":a": { N: "3" }, ":b": { N: "4" } },
  ],
  ["ADD a :a", {}, { ":a": { S: "one" } }],
  ["ADD a :a", {}, { ":a": { NS: ["1"] } }],
  ["SET a = list_append(a, :a)", {}, { ":a": { L: [] } }],
  ["SET a = list_append(a, :a)", {}, { ":a": { S: "no list" } }],
  ["SET a = :a, a.b = :a", {}, { ":a": { S: "one" } }],
];

function outcomeOf(parse: Parse, [text, attrNames, attrVals]: Given) {
  const context: ParserContext & Record<string, unknown> = {
    attrNames,
    attrVals,
    unusedAttrNames: Object.fromEntries(Object.keys(attrNames).map((name) => [name, true])),
    unusedAttrVals: Object.fromEntries(Object.keys(attrVals).map((name) => [name, true])),
    isReserved: () => false,
    compare: dynalite.compare,
  };
  const parsed = ((): unknown => {
    try {
      return parse(text, { context });
    } catch (error) {
      return String(error);
    }
  })();
  // An error ends it: what is unused is not asked then.
  if (typeof parsed !== "object") return { parsed };
  return { parsed, names: Object.keys(context.unusedAttrNames), values: Object.keys(context.unusedAttrVals) };
}

describe("an expression that was parsed before", () => {
  it.each([
    ["a condition", plain.condition, CONDITIONS],
    ["an update", plain.update, UPDATES],
  ] as const)("comes out as if it had not been: %s", (_, fresh, given) => {
    const parse = remembering(fresh);
    for (const each of [...given, ...given]) expect(outcomeOf(parse, each)).toEqual(outcomeOf(fresh, each));
  });

  it("is parsed once for any values of its types", () => {
    let parsed = 0;
    const parse = remembering((...asked) => {
      parsed++;
      return plain.condition(...asked);
    });
    for (const S of ["one", "other"]) outcomeOf(parse, ["a = :a", {}, { ":a": { S } }]);
    expect(parsed).toBe(1);
  });

  it("is another's to change", () => {
    const parse = remembering(plain.update);
    const given: Given = ["SET a = :a REMOVE b, c", {}, { ":a": { S: "one" } }];
    const first = outcomeOf(parse, given).parsed as { sections: object[] };
    first.sections.reverse();
    expect(outcomeOf(parse, given)).toEqual(outcomeOf(plain.update, given));
  });
});
