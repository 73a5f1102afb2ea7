import { describe, expect, it, vi } from "vitest";
import { checkCondition } from "../../shared/policy/conditions/check-condition.ts";
import { estimateCostMs } from "../../shared/policy/conditions/condition-cost.ts";
import { conditionEnvironment } from "../../shared/policy/conditions/condition-environment.ts";
import { conditionFunctions, conditionVariables } from "../../shared/policy/conditions/condition-language.ts";
import { conditionsOf, loadConditions } from "../../shared/policy/conditions/conditions.ts";
import { createPatternMatcher, examinePattern } from "../../shared/policy/conditions/safe-pattern.ts";
import type { ConditionContext } from "../../shared/policy/policy.ts";

const jurisdictions = { eu: ["eu-west-1", "eu-central-1"], us: ["us-east-1"] };

const known = {
  resource: {
    arn: "arn:aws:s3:::pii-data",
    name: "pii-data",
    account: "111122223333",
    region: "eu-west-1",
    type: "AWS::S3::Bucket",
  },
  units: ["root", "prod"],
  part: "copy-all",
  tags: { env: "prod", class: "pii" },
  classification: { name: "eu-only", rank: 20 },
  transfer: {
    from: "eu-west-1",
    to: "us-east-1",
    destination: "arn:aws:s3:::pii-data-replica",
    destinationAccount: "111122223333",
    prefix: "pii/",
    replicaKey: "",
    tags: { export: "yes" },
  },
} satisfies ConditionContext;
const { transfer, tags: _tags, classification: _classification, ...least } = known;
const { to: _to, ...transferToNowhere } = transfer;

const evaluate = (expression: string, context: ConditionContext = known) =>
  conditionsOf({ expressions: [expression], jurisdictions }, createPatternMatcher())(expression, context);

const problemsOf = (expression: string) => {
  const checked = checkCondition(expression);
  return checked.ok ? [] : checked.problems;
};

describe("a condition that says what can be told", () => {
  it.each<[string, boolean]>([
    ['tags["env"] == "prod" && transfer.prefix.startsWith("pii/")', true],
    ['tags.env == "prod"', true],
    ['tags.env != "prod" || transfer.tags.export == "no"', false],
    ['transfer.to.within("eu")', false],
    ['transfer.from.within("eu") && resource.region.within("eu") && transfer.to.within("us")', true],
    ['resource.name + "-replica" == "pii-data-replica"', true],
    ['transfer.destination.endsWith(":::" + resource.name + "-replica")', true],
    ["classification.rank >= 20 && classification.rank < 21 && classification.rank <= 20", true],
    ["classification.rank * 2 + 1 - 40 / 2 % 7 == 35", true],
    ["classification.rank == -(-20)", true],
    ['classification.name in ["eu-only", "secret"]', true],
    ['units[0] == "root" && units.size() == 2 && size(units) == 2', true],
    ['"prod" in units && !("test" in units)', true],
    ['units.exists(u, u == "prod")', true],
    ['units.all(u, u == "prod")', false],
    ['units.exists_one(u, u.contains("ro"))', false],
    ['units.filter(u, u.contains("roo")) == ["root"]', true],
    ['units.filter(u, u != "root").exists(u, u == "prod")', true],
    ['tags.exists(k, tags[k] == "pii")', true],
    ['"env" in tags && !("other" in tags) && size(tags) == 2', true],
    ["tags == transfer.tags", false],
    ['size("naïve 🌍") == 7', true],
    ['part == "copy-all" ? part.size() == 8 : false', true],
    ['part.matchesRe2("all")', true],
    ['part.matchesRe2("^all")', false],
    [`part.matchesRe2(r"^\\w+-\\w+$")`, true],
    ['[["a"]][0][0] == "a"', true],
    ['units + ["x"] == ["root", "prod", "x"]', true],
    ["units == []", false],
    ["9223372036854775807 > classification.rank", true],
  ])("%s is accepted and gives %s", (expression, holds) => {
    expect(problemsOf(expression)).toEqual([]);
    expect(evaluate(expression)).toBe(holds);
  });

  it("names the jurisdictions that it asks for, each once", () => {
    const expression = 'transfer.to.within("eu") || transfer.from.within("uk") || resource.region.within("eu")';
    expect(checkCondition(expression)).toMatchObject({ ok: true, jurisdictions: ["eu", "uk"] });
    const besides = 'part.matchesRe2("a") && transfer.to.within("eu")';
    expect(checkCondition(besides)).toMatchObject({ ok: true, jurisdictions: ["eu"] });
    expect(checkCondition("true")).toEqual({ ok: true, jurisdictions: [], costMs: 0.0001 });
  });

  it.each(conditionVariables)("can ask for $name", ({ name, type }) => {
    const asked = type === "int" ? `${name} >= 0` : `size(${name}) >= 0`;
    expect(problemsOf(asked)).toEqual([]);
    expect(evaluate(asked)).toBe(true);
  });

  it.each(conditionVariables)("is told whether $name can be unknown", ({ name, type, isOptional }) => {
    const asked = type === "int" ? `${name} >= 0` : `size(${name}) >= 0`;
    if (isOptional) expect(() => evaluate(asked, least)).toThrow(/^\w+ is not known$/);
    else expect(evaluate(asked, least)).toBe(true);
  });

  it.each([...conditionVariables, ...conditionFunctions])("is told what $name means", ({ meaning }) => {
    expect(meaning).toMatch(/^\w/);
  });

  it("can ask of nothing that the tables don't have", () => {
    const fields = Object.entries(known).flatMap(([name, value]) =>
      ["units", "tags"].includes(name) || typeof value === "string"
        ? [name]
        : Object.keys(value).map((field) => `${name}.${field}`),
    );
    expect(conditionVariables.map(({ name }) => name)).toEqual(fields);
    expect(conditionFunctions.map(({ signature }) => signature)).toEqual([
      'place.within("jurisdiction")',
      'text.matchesRe2("pattern")',
      "text.startsWith(text)",
      "text.endsWith(text)",
      "text.contains(text)",
      "size(value)",
      "value.size()",
      "list.all(x, condition)",
      "list.exists(x, condition)",
      "list.exists_one(x, condition)",
      "list.filter(x, condition)",
    ]);
  });
});

const FACTS = "expected one of: resource, units, part, tags, classification, transfer";
const LITERALS = "expected a text, a whole number, true or false";
const METHODS =
  "expected one of: within, matchesRe2, startsWith, endsWith, contains, size, all, exists, exists_one, filter";
const MATCHES = 'found matches, expected text.matchesRe2("pattern"), for a pattern of matches can take for ever';
const HAS = 'found has, expected "key" in tags, for a fact that is not known has to stay an error';
const TRANSFER =
  "transfer.from, transfer.to, transfer.destination, transfer.destinationAccount, transfer.prefix, transfer.replicaKey, transfer.tags";

describe("a condition that is refused", () => {
  it.each<[string, string, number, string]>([
    ["nothing", "", 0, "found the end, expected a value"],
    ["a missing side", "part == ", 8, "found the end, expected a value"],
    ["a misplaced bracket", "part == )", 8, "found ), expected a value"],
    ["an open bracket", '(part == "a"', 12, "found the end, expected )"],
    ["an open list", '["a"', 4, "found the end, expected ]"],
    ["an open map", '{"a": 1', 7, "found the end, expected }"],
    ["a map without values", '{"a", 1}', 4, "found ,, expected :"],
    ["half a choice", "true ? true", 11, "found the end, expected :"],
    ["a field without a name", "part.1", 5, "found 1, expected a name"],
    ["an optional field", 'tags.?env == "a"', 5, "found ?, expected a name"],
    ["one = for two", 'part = "a"', 5, "found =, expected =="],
    ["one & for two", "true & true", 5, "found &, expected &&"],
    ["one | for two", "true | true", 5, "found |, expected ||"],
    ["a strange sign", "part @ 1", 5, "found @, expected an operator or the end"],
    ["two values", 'part == "a" "b"', 12, 'found "b", expected an operator or the end'],
    ["an open text", 'part == "a', 8, "found unterminated string, expected CEL"],
    ["an unknown escape", String.raw`part == "\q"`, 9, "found invalid escape sequence: \\q, expected CEL"],
    ["a reserved word", "if == 1", 0, "found reserved identifier: if, expected CEL"],
    ["a misspelt fact", 'tag.env == "a"', 0, 'unknown fact "tag"; did you mean "tags"?'],
    ["an unknown fact", "region == part", 0, `unknown fact "region", ${FACTS}`],
    ["a type", "int == part", 0, `unknown fact "int", ${FACTS}`],
    ["a misspelt field", 'resource.regoin == "a"', 9, 'unknown field of resource "regoin"; did you mean "region"?'],
    ["a group of facts", "transfer in units", 0, `found transfer as a whole, expected one of: ${TRANSFER}`],
    ["a field that is computed", 'transfer[part] == "a"', 0, `found transfer as a whole, expected one of: ${TRANSFER}`],
    ["an element outside of its loop", 'units.exists(u, true) && u == "a"', 25, `unknown fact "u", ${FACTS}`],
    ["types that differ", "part == 1", 0, "found string == int, expected types that go together"],
    ["a text that is negated", "!part", 0, "found !string, expected types that go together"],
    ["a number among keys", "1 in tags", 0, "found int in map<string, string>, expected types that go together"],
    ["a number for a key", 'tags[1] == "a"', 5, "found a key of type int, expected string"],
    ["a wrong sum for a key", 'tags[1 + "a"] == "a"', 5, "found int + string, expected types that go together"],
    ["nothing for a key", 'tags[[][0]] == "a"', 5, "found a key of type T, expected string"],
    ["a text for an index", 'units["a"] == "b"', 0, "found a mistake: list index must be int, got 'string'"],
    ["a field of a text", 'part.foo == "a"', 5, "found a field or an element of 'string', expected a list or a map"],
    [
      "a mixed list",
      '[1, "a"] == [1]',
      4,
      "found a mistake: list elements must have the same type, expected type 'int' but found 'string'",
    ],
    [
      "a text for a condition",
      "part && true",
      0,
      "found a mistake: logical operator requires bool operands, got 'string'",
    ],
    ["a result that is no bool", "part", 0, "found a condition that gives string, expected bool"],
    ["a wrong argument", "part.startsWith(1)", 0, "found string.startsWith(int), expected text.startsWith(text)"],
    ["no argument", "part.matchesRe2()", 0, 'found string.matchesRe2(), expected text.matchesRe2("pattern")'],
    ["no jurisdiction", "transfer.to.within()", 0, 'found string.within(), expected place.within("jurisdiction")'],
    ["the size of a number", "size(1) == 1", 0, "found size(int), expected size(value) or value.size()"],
    ["a mistake in an argument", "part.startsWith(x)", 16, `unknown fact "x", ${FACTS}`],
    ["a mistake in a function's argument", "size(x) == 1", 5, `unknown fact "x", ${FACTS}`],
    ["a mistake in what is asked", 'x.startsWith("a")', 0, `unknown fact "x", ${FACTS}`],
    ["a mistake in a choice", "x ? true : false", 0, `unknown fact "x", ${FACTS}`],
    ["a mistake in a list", 'part in ["a", x]', 14, `unknown fact "x", ${FACTS}`],
    ["a mistake in a key", 'tags[x] == "a"', 5, `unknown fact "x", ${FACTS}`],
    ["a mistake before a key", 'x["a"] == "b"', 0, `unknown fact "x", ${FACTS}`],
    ["a mistake below a !", "!(x)", 2, `unknown fact "x", ${FACTS}`],
    ["a mistake below a -", "-x == 1", 1, `unknown fact "x", ${FACTS}`],
    ["a mistake below a field", 'x.y == "a"', 0, `unknown fact "x", ${FACTS}`],
    ["a misspelt method", 'part.startWith("a")', 5, 'unknown method "startWith"; did you mean "startsWith"?'],
    ["an unknown function", "sise(part) == 1", 0, 'unknown function "sise"; did you mean "size"?'],
    ["an object's own method", 'part.constructor("a")', 5, `unknown method "constructor", ${METHODS}`],
    ["null", "null == part", 0, `found null, ${LITERALS}`],
    ["a fraction", "1 < 2.5", 4, `found 2.5, ${LITERALS}`],
    ["an unsigned number", "2u > 1", 0, `found 2u, ${LITERALS}`],
    ["bytes", 'b"a" == part', 0, `found b"a", ${LITERALS}`],
    [
      "a number too large",
      "1 < 9223372036854775808",
      4,
      "found 9223372036854775808, expected a number of at most 9223372036854775807",
    ],
    ["a map", '{"a": 1}["a"] == 1', 0, "found a map, expected conditions written out"],
    ["matches as a method", 'part.matches("^(a+)+$")', 5, MATCHES],
    ["matches as a function", 'matches(part, "^(a+)+$")', 0, MATCHES],
    ["has, of a tag", "has(tags.env)", 0, HAS],
    ["has, of a fact", "has(transfer.to)", 0, HAS],
    [
      "map",
      "units.map(u, u) == units",
      6,
      "found map, expected all, exists, exists_one or filter, for lists of its making can grow without bounds",
    ],
    ["a point in time", "timestamp(part) == part", 0, 'unknown function "timestamp", expected one of: size'],
    ["a time zone", 'part.getHours("Europe/Berlin") == 1', 5, `unknown method "getHours", ${METHODS}`],
    ["a duration", 'duration("1h") == part', 0, 'unknown function "duration", expected one of: size'],
    ["a conversion", 'int("") == 0', 0, 'unknown function "int", expected one of: size'],
    ["dyn", "dyn(part) == 1", 0, 'unknown function "dyn", expected one of: size'],
    ["letters made small", 'part.lowerAscii() == "a"', 5, `unknown method "lowerAscii", ${METHODS}`],
    ["a join", 'units.join("") == "a"', 6, `unknown method "join", ${METHODS}`],
    ["a split", 'part.split("") == units', 5, `unknown method "split", ${METHODS}`],
    [
      "a loop in a loop",
      "units.all(u, units.exists(v, v == u))",
      19,
      "found exists within all, expected one after the other",
    ],
    [
      "a loop of an element",
      "units.filter(u, [u].all(v, true)) == []",
      20,
      "found all within filter, expected one after the other",
    ],
    ["a loop without a name", "units.exists(1, true)", 13, "found 1, expected a name for the elements"],
    [
      "a loop without a condition",
      "units.exists(u)",
      6,
      "found exists with 1 arguments, expected a name and a condition",
    ],
    ["a loop over two names", "tags.all(k, v, true)", 5, "found all with 3 arguments, expected a name and a condition"],
    [
      "a loop that hides a fact",
      "units.all(tags, true)",
      10,
      "found tags as the name of an element, expected a name that no fact has",
    ],
    [
      "a loop's condition that is none",
      "units.all(u, u)",
      13,
      "found a mistake: all(var, predicate) predicate must return bool, got 'string'",
    ],
    ["a computed pattern", "part.matchesRe2(part)", 16, "found a computed pattern, expected a text in quotes"],
    ["a number for a pattern", "part.matchesRe2(1)", 16, "found a computed pattern, expected a text in quotes"],
    [
      "a computed jurisdiction",
      "transfer.to.within(part)",
      19,
      "found a computed jurisdiction, expected a name in quotes",
    ],
    [
      "within of no place",
      'transfer.destination.within("eu")',
      0,
      "found within asked of transfer.destination, expected one of: resource.region, transfer.from, transfer.to",
    ],
    [
      "within of a text",
      '"eu-west-1".within("eu")',
      0,
      'found within asked of "eu-west-1", expected one of: resource.region, transfer.from, transfer.to',
    ],
    [
      "within of an element",
      'units.all(u, u.within("eu"))',
      13,
      "found within asked of u, expected one of: resource.region, transfer.from, transfer.to",
    ],
  ])("for %s: %s", (_, expression, offset, message) => {
    expect(problemsOf(expression)).toEqual([{ offset, message }]);
  });

  it("is told every mistake of names, not the first alone", () => {
    expect(problemsOf("x == y && part.matches(z)").map(({ offset }) => offset)).toEqual([0, 5, 15]);
  });

  it("is found where a method's name is, not where the same letters are before it", () => {
    expect(problemsOf('tags["matches"].matches("a")')).toEqual([{ offset: 16, message: MATCHES }]);
  });
});

describe("a limit of a condition", () => {
  const text = (characters: number) => `part == "${"a".repeat(characters - 'part == ""'.length)}"`;
  const parts = (count: number) => `${"!".repeat(count - 199)}${Array(100).fill("true").join(" || ")}`;
  const brackets = (levels: number) => `${"(".repeat(levels - 1)}true${")".repeat(levels - 1)}`;
  const list = (elements: number) => `1 in [${Array(elements).fill("1").join(", ")}]`;
  const pattern = (characters: number) => `part.matchesRe2("${"a".repeat(characters)}")`;
  const unfolded = (pattern: string) => `part.matchesRe2("${pattern}")`;

  it.each<[string, string, string, number, string]>([
    ["characters", text(2_000), text(2_001), 2_000, "found a condition of 2001 characters, expected at most 2000"],
    ["parts", parts(200), parts(201), 0, "found more than 200 names, values, operators and calls, expected fewer"],
    ["levels", brackets(24), brackets(25), 24, "found brackets, fields and elements more than 24 deep, expected fewer"],
    ["elements of a list", list(100), list(101), 306, "found a list of more than 100 elements, expected fewer"],
    [
      "a pattern's characters",
      pattern(200),
      pattern(201),
      16,
      "found a pattern of 201 characters, expected at most 200",
    ],
    [
      "a pattern's repetitions",
      unfolded("^aaa{1000}"),
      unfolded("^aaaa{1000}"),
      16,
      "found a pattern that comes to 11000 characters unfolded, expected at most 10000: repeat less",
    ],
    [
      "a pattern's automaton",
      unfolded("a.{8}b"),
      unfolded("a.{9}b"),
      16,
      "found a pattern that needs too many states, expected less repetition, smaller classes or a ^ at its start",
    ],
    [
      "what an evaluation can take",
      `units.all(u, ${Array(12).fill("1 / 1 == 1").join(" && ")})`,
      `units.all(u, ${Array(13).fill("1 / 1 == 1").join(" && ")})`,
      0,
      "found a condition that can take 21 ms, expected at most 20: ask less of each element or of long texts",
    ],
    [
      "what patterns can take, each counted once",
      ["a", "c", "e", "a"].map((letter) => `part.matchesRe2("${letter}.{8}b")`).join(" || "),
      ["a", "c", "e", "g"].map((letter) => `part.matchesRe2("${letter}.{8}b")`).join(" || "),
      0,
      "found a condition that can take 26 ms, expected at most 20: ask less of each element or of long texts",
    ],
  ])("for %s is the one that is told", (_, most, more, offset, message) => {
    expect(problemsOf(most)).toEqual([]);
    expect(problemsOf(more)).toEqual([{ offset, message }]);
  });

  it("for arguments is CEL's", () => {
    expect(problemsOf(`size(${Array(33).fill("1").join(",")})`)[0]?.message).toBe(
      "found maxCallArguments, expected fewer",
    );
  });
});

describe("a condition that can't be told", () => {
  const { tags: _, ...withoutTags } = known;
  const toNowhere: ConditionContext = { ...known, transfer: transferToNowhere };
  const fromNowhere: ConditionContext = { ...known, transfer: { ...transfer, from: "" } };

  it.each<[string, ConditionContext, string]>([
    ['tags["env"] == "prod"', withoutTags, "tags is not known"],
    ['!(tags.env == "prod")', withoutTags, "tags is not known"],
    ['"env" in tags', withoutTags, "tags is not known"],
    ["tags.all(k, false)", withoutTags, "tags is not known"],
    ['tags["cost"] == "1"', known, 'tags["cost"]: No such key: cost'],
    ['tags.cost != "1"', known, "tags.cost: No such key: cost"],
    ['tags["toString"] == "1"', known, 'tags["toString"]: No such key: toString'],
    ["classification.rank > 1", least, "classification is not known"],
    ['transfer.from == "eu-west-1"', least, "transfer is not known"],
    ['transfer.to == "us-east-1"', toNowhere, "transfer.to is not known"],
    ['transfer.to.within("eu")', toNowhere, "transfer.to is not known"],
    ['transfer.from.within("eu")', fromNowhere, 'the place asked of within("eu") is not known'],
    [
      'transfer.from.within("eu")',
      { ...known, transfer: { ...transfer, from: "mars-west-1" } },
      'where mars-west-1 lies, which was asked of within("eu"), is not known',
    ],
    ['transfer.from.within("mars")', fromNowhere, 'the policy has no jurisdiction "mars"'],
    ['resource.region.within("toString")', known, 'the policy has no jurisdiction "toString"'],
    ['units[2] == "x"', known, "units[2]: No such key: index out of bounds, index 2 >= size 2"],
    ["1 / (classification.rank - 20) == 1", known, "1 / (classification.rank - 20): division by zero"],
    ["units.filter(u, tags[u] == u) == units", known, "tags[u]: No such key: root"],
    ["units.exists_one(u, u == tags.x)", known, "tags.x: No such key: x"],
    ["units.exists(u, u == tags.x)", known, "tags.x: No such key: x"],
    ["units.all(u, u == tags.x)", known, "tags.x: No such key: x"],
    ["tags.x == tags.x", known, "tags.x: No such key: x"],
    ["tags.x == part ? true : true", known, "tags.x: No such key: x"],
    ["tags.x == part || part == tags.y", known, "tags.y: No such key: y"],
    ["tags.x == part || false", known, "tags.x: No such key: x"],
    ["false || tags.x == part", known, "tags.x: No such key: x"],
    ["tags.x == part && true", known, "tags.x: No such key: x"],
    ["true && tags.x == part", known, "tags.x: No such key: x"],
    [
      'units.exists(u, u == "a")',
      { ...known, units: [true] as never },
      "Variable 'u' is not of type 'string', got 'bool'",
    ],
    ["part == part", { ...known, part: 5 as never }, "part: Variable 'part' is not of type 'string', got 'double'"],
    [
      "classification.rank > 1",
      { ...known, classification: { name: "x", rank: 1.5 } },
      "The number 1.5 cannot be converted to a BigInt because it is not an integer",
    ],
  ])("fails: %s", (expression, context, message) => {
    expect(problemsOf(expression)).toEqual([]);
    expect(() => evaluate(expression, context)).toThrow(new Error(message));
  });

  it.each<[string, boolean]>([
    ["false && tags.x == part", false],
    ["tags.x == part && false", false],
    ["true || tags.x == part", true],
    ["tags.x == part || true", true],
    ['"x" in tags && tags["x"] == "y"', false],
    ['!("x" in tags) || tags["x"] == "y"', true],
    ['units.exists(u, u == "prod" || u == tags.x)', true],
    ['units.all(u, u == "root" && u == tags.x)', false],
    ["part == part ? true : tags.x == part", true],
  ])("is told all the same where the failure makes no difference: %s is %s", (expression, holds) => {
    expect(evaluate(expression)).toBe(holds);
  });

  it("keeps what it failed of, with the place", () => {
    const cause = { cause: expect.objectContaining({ message: expect.stringContaining(">    1 | tags.x == part") }) };
    expect(() => evaluate("tags.x == part")).toThrow(expect.objectContaining(cause));
  });

  it("is an expression that the policy has not", () => {
    const conditions = conditionsOf({ expressions: ["true"], jurisdictions });
    expect(() => conditions('part == "a"', known)).toThrow(
      new Error(String.raw`the policy has no condition "part == \"a\""`),
    );
  });

  it("is one that gives no bool, or that nothing could be told of", () => {
    expect(() => evaluate("part")).toThrow(new Error("the condition gave string, expected true or false"));
    expect(() => evaluate("part == 1")).toThrow("no such overload: string == int");
    expect(() => evaluate("part ==")).toThrow("Unexpected token: EOF");
  });
});

describe("facts that are too large", () => {
  const entries = (count: number, key = "", value = "") =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`${index}${key}`, `${index}${value}`]));
  const long = (characters: number) => "a".repeat(characters);

  it.each<[string, string, ConditionContext, ConditionContext, string]>([
    [
      "a text",
      "size(part) > 0",
      { ...known, part: long(4_096) },
      { ...known, part: long(4_097) },
      "part has a text of 4097 characters, expected at most 4096",
    ],
    [
      "a field's text",
      "size(transfer.prefix) > 0",
      { ...known, transfer: { ...transfer, prefix: long(4_096) } },
      { ...known, transfer: { ...transfer, prefix: long(4_097) } },
      "transfer.prefix has a text of 4097 characters, expected at most 4096",
    ],
    [
      "a list",
      "size(units) > 0",
      { ...known, units: Object.keys(entries(100)) },
      { ...known, units: Object.keys(entries(101)) },
      "units has 101 entries, expected at most 100",
    ],
    [
      "a list's text",
      "size(units) > 0",
      { ...known, units: ["a", long(512)] },
      { ...known, units: ["a", long(513)] },
      "units has a text of 513 characters, expected at most 512",
    ],
    [
      "a map",
      "size(tags) > 0",
      { ...known, tags: entries(100) },
      { ...known, tags: entries(101) },
      "tags has 101 entries, expected at most 100",
    ],
    [
      "a key",
      "size(tags) > 0",
      { ...known, tags: entries(1, long(511)) },
      { ...known, tags: entries(1, long(512)) },
      "tags has a text of 513 characters, expected at most 512",
    ],
    [
      "a value",
      "size(tags) > 0",
      { ...known, tags: entries(2, "", long(511)) },
      { ...known, tags: entries(2, "", long(512)) },
      "tags has a text of 513 characters, expected at most 512",
    ],
    [
      "a field's map",
      "size(transfer.tags) > 0",
      { ...known, transfer: { ...transfer, tags: entries(100) } },
      { ...known, transfer: { ...transfer, tags: entries(101) } },
      "transfer.tags has 101 entries, expected at most 100",
    ],
  ])("fail: %s", (_, expression, most, more, message) => {
    expect(evaluate(expression, most)).toBe(true);
    expect(() => evaluate(expression, more)).toThrow(new Error(message));
  });

  it("make no difference to a condition that does not ask for them", () => {
    const context = {
      ...known,
      tags: entries(101),
      units: [long(513)],
      transfer: { ...transfer, prefix: long(4_097) },
    };
    expect(evaluate('part == "copy-all" && transfer.to == "us-east-1"', context)).toBe(true);
  });
});

describe("a tag with a name that JavaScript knows", () => {
  const tags = JSON.parse('{"constructor": "a", "__proto__": "b", "toString": "c"}');

  it.each<[string, boolean]>([
    ['tags["constructor"] == "a" && tags.__proto__ == "b" && tags.toString == "c"', true],
    ['"constructor" in tags && "__proto__" in tags && !("valueOf" in tags)', true],
    ['size(tags) == 3 && tags.exists(k, k == "constructor")', true],
    ["tags == transfer.tags", true],
  ])("is a tag like others: %s", (expression, holds) => {
    expect(evaluate(expression, { ...known, tags, transfer: { ...transfer, tags } })).toBe(holds);
    expect(evaluate("tags == transfer.tags", { ...known, tags })).toBe(false);
  });
});

describe("a pattern", () => {
  it.each<[string, string, boolean]>([
    ["b", "abc", true],
    ["^b", "abc", false],
    ["^abc$", "abc", true],
    ["(?i)ABC", "xabcx", true],
    ["^.$", "🌍", true],
    ["^$", "", true],
  ])("%s is searched for in %s", (pattern, text, found) => {
    expect(createPatternMatcher()(text, pattern)).toBe(found);
  });

  it.each<[string, string]>([
    ["(a", "missing closing ): `(a`"],
    ["(?=a)", "invalid or unsupported Perl syntax: `(?=`"],
    [String.raw`(a)\1`, "invalid escape sequence: `\\1`"],
  ])("%s is none of RE2's", (pattern, message) => {
    const expected = `found a pattern that RE2 refuses (error parsing regexp: ${message}), expected RE2 syntax`;
    expect(examinePattern(pattern)).toEqual({ ok: false, message: expected });
  });

  it.each<[string, string]>([
    ["groups in groups", "((a{10}){10}){101}"],
    ["a range", "(?:aaa{2,1000}){2,3}"],
    ["a least count", "(?:aaaaaaaaaaaaaa{1,}){1000}"],
    ["texts that are long", `(?:${"a".repeat(185)}){1000}`],
  ])("may not come to too much: %s", (_, pattern) => {
    expect(examinePattern(pattern)).toMatchObject({ ok: false, message: expect.stringContaining("unfolded") });
  });

  it.each([
    "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "^arn:aws[a-z-]*:[a-z0-9-]+:.*:[0-9]{12}:.+$",
    "(?i)^(prod|production|live)$",
    String.raw`\b(pii|phi|pci)\b`,
    String.raw`^\pL+$`,
    "(a{0}b){10}",
  ])("of every day is taken: %s", (pattern) => {
    expect(examinePattern(pattern)).toMatchObject({ ok: true });
  });

  it("is priced by its automaton", () => {
    expect(examinePattern("a")).toEqual({ ok: true, automatonSize: 262 });
  });
});

describe("what a condition can take, in nanoseconds", () => {
  const environment = conditionEnvironment({ within: () => false, matchesRe2: () => false });
  const part = 100;
  const failure = 15_000;

  it.each<[string, number]>([
    ["true", part],
    ["units", failure],
    ["resource.name", failure],
    ["tags.env", 2 * failure],
    ["!true", 2 * part],
    ["-1", 2 * part],
    ["true && false", 3 * part + part],
    ["1 < 2", 3 * part + part],
    ['part == "abcd"', part + failure + part + part + 2],
    ['"abcdef" == "abcd"', 3 * part + part + 2],
    ["1 - 2", 3 * part + failure],
    ["1 * 2", 3 * part + failure],
    ["1 / 2", 3 * part + failure],
    ["1 % 2", 3 * part + failure],
    ['"abc" + "de"', 3 * part + failure + 2 * 5],
    ['("abc" + "de") == "123456"', 3 * part + failure + 2 * 5 + 2 * part + part + 2.5],
    ['tags["env"]', part + failure + part + failure + 3],
    ["units[0]", part + failure + part + failure],
    ['units[0] == "ab"', part + failure + part + failure + 2 * part + part + 1],
    ["[1, 2]", 3 * part],
    ["[]", part],
    ['"a" in ["b", "cde"]', part + part + 3 * part + 2 * (part + 0.5)],
    ['"a" in []', part + part + part],
    ["part in units", part + 2 * failure + 100 * (part + 256)],
    ["part in tags", part + 2 * failure + 100 * (part + 256)],
    ['["ab"] == ["b", "cde", "f"]', part + 2 * part + 4 * part + part + (part + 1)],
    ["tags == transfer.tags", part + 2 * failure + part + 100 * (part + 256)],
    ['([[1]] + [["abcdefg", "b"]])[0][0] == "abcdefgh"', 15 * part + failure + 2 * 2 + 2 * failure + 3.5],
    ['true ? "abc" : "de"', 4 * part],
    ['(true ? "abcd" : "de") == "123456"', 4 * part + 2 * part + part + 2],
    ['(true ? ["abcdefghij"] : ["a", "b", "c"])[0] == "abcdefghijkl"', 12 * part + failure + part + 5],
    ["size(part)", part + failure + 4_096 * 50],
    ['"abc".size()', 2 * part + 3 * 50],
    ["size(units)", part + failure + 100 * 50],
    ['"abcdef".startsWith("ab")', 3 * part + 1],
    ['"ab".endsWith("abcdef")', 3 * part + 1],
    ['"abcdef".contains("ab")', 3 * part + 6 + 2 * 4 * 0.5],
    ['"abcdef".contains("abcde")', 3 * part + 6 + 3 * 3 * 0.5],
    ['"abcdef".matchesRe2("ab")', 3 * part + 6 * (100 + 2 * 0.5)],
    ['transfer.to.within("eu")', part + failure + part + failure + 4_096],
    ["units.exists(u, true)", failure + 100 * (part + part)],
    ['units.all(u, u == "abcd")', failure + 100 * (part + 3 * part + part + 2)],
    ["units.all(u, u == part)", failure + 100 * (part + part + part + failure + part + 256)],
    ["[1, 2, 3].exists_one(u, true)", 4 * part + 3 * (part + part)],
    ["units.filter(u, true).exists(v, true)", failure + 2 * 100 * (part + part)],
    ["units.filter(u, true)[0].size()", failure + 100 * 2 * part + part + part + failure + part + 512 * 50],
    ["tags.exists(k, k.size() == 1)", failure + 100 * (part + part + part + 512 * 50 + part + part + part)],
  ])("of %s", (expression, ns) => {
    expect(estimateCostMs(environment.parse(expression).ast, []) * 1_000_000).toBeCloseTo(ns, 3);
  });

  it("has each pattern's automaton besides", () => {
    expect(estimateCostMs(environment.parse("true").ast, [1_000, 2_000])).toBeCloseTo(0.0001 + 0.15, 9);
  });
});

describe("conditions made ready", () => {
  it.each<[string, string, number]>([
    ["load RE2 for a policy that matches patterns", 'part.matchesRe2("^copy-")', 1],
    ["leave RE2 alone for a policy that does not", 'part.startsWith("copy-")', 0],
  ])("%s", async (_, expression, times) => {
    let loaded = 0;
    vi.doMock("../../shared/policy/conditions/safe-pattern.ts", () => {
      loaded += 1;
      return { createPatternMatcher };
    });
    const conditions = await loadConditions({ expressions: ["true", expression], jurisdictions });
    expect(conditions(expression, known)).toBe(true);
    expect(conditions("true", known)).toBe(true);
    expect(loaded).toBe(times);
    vi.doUnmock("../../shared/policy/conditions/safe-pattern.ts");
  });

  it("say so where patterns were not loaded", () => {
    const conditions = conditionsOf({ expressions: ['part.matchesRe2("a")'], jurisdictions });
    expect(() => conditions('part.matchesRe2("a")', known)).toThrow(
      new Error("the conditions were made ready without this function"),
    );
  });

  it("fail for an expression that is none", async () => {
    await expect(loadConditions({ expressions: ["true", "part =="], jurisdictions })).rejects.toThrow(
      "Unexpected token",
    );
    expect(() => conditionsOf({ expressions: ["part == 1"], jurisdictions })).toThrow(
      "no such overload: string == int",
    );
  });
});
