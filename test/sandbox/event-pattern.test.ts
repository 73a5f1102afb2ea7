import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type EventPattern, matchesPattern } from "../../sandbox/index.ts";

const event = {
  source: "aws.s3",
  count: 3,
  flag: true,
  nothing: null,
  empty: "",
  list: ["a", "b"],
  none: [],
  ip: "10.0.3.7",
  ip6: "2001:db8::1",
  path: "dir/*x/file.PNG",
  detail: {
    eventName: "PutBucketReplication",
    deep: { key: "logs/x.gz" },
    rules: [
      { id: 1, status: "on", parts: [{ p: "a" }] },
      { id: 2, status: "off", parts: [{ p: "b" }] },
    ],
  },
};

describe("an event pattern matches", () => {
  it.each<[string, EventPattern]>([
    ["an exact text", { source: ["aws.s3"] }],
    ["any of several", { source: ["aws.config", "aws.s3"] }],
    ["a number, a boolean, null, an empty text", { count: [3], flag: [true], nothing: [null], empty: [""] }],
    ["nested fields", { detail: { deep: { key: ["logs/x.gz"] } } }],
    ["any element of a list", { list: ["b"] }],
    ["objects in a list", { detail: { rules: { id: [2] } } }],
    ["two fields of one object in a list", { detail: { rules: { id: [2], status: ["off"] } } }],
    ["lists in lists", { detail: { rules: { id: [2], parts: { p: ["b"] } } } }],
    ["a prefix or a suffix", { detail: { eventName: [{ prefix: "Put" }], deep: { key: [{ suffix: ".gz" }] } } }],
    ["an empty prefix", { source: [{ prefix: "" }] }],
    ["a prefix in any case", { source: [{ prefix: { "equals-ignore-case": "AWS." } }] }],
    ["a suffix in any case", { path: [{ suffix: { "equals-ignore-case": ".png" } }] }],
    ["a text in any case", { source: [{ "equals-ignore-case": "AWS.s3" }] }],
    ["something that is there", { detail: { eventName: [{ exists: true }] }, nothing: [{ exists: true }] }],
    ["something that is not", { detail: { errorCode: [{ exists: false }] } }],
    ["something not there, nested", { other: { errorCode: [{ exists: false }] } }],
    ["an object as absent, since it is no leaf", { detail: [{ exists: false }] }],
    ["an empty list as absent", { none: [{ exists: false }] }],
    ["something absent or of a value", { detail: { errorCode: [{ exists: false }, "x"] }, source: ["aws.s3"] }],
    ["anything but a value", { source: [{ "anything-but": "aws.config" }], count: [{ "anything-but": 4 }] }],
    ["anything but a list", { source: [{ "anything-but": ["a", "b"] }], count: [{ "anything-but": [1, 2] }] }],
    ["anything but a prefix", { source: [{ "anything-but": { prefix: "com." } }] }],
    ["anything but prefixes", { source: [{ "anything-but": { prefix: ["com.", "org."] } }] }],
    ["anything but a suffix", { source: [{ "anything-but": { suffix: [".ec2", ".sqs"] } }] }],
    ["anything but a text in any case", { source: [{ "anything-but": { "equals-ignore-case": ["AWS.EC2"] } }] }],
    ["anything but a wildcard", { source: [{ "anything-but": { wildcard: ["*.ec2", "x*"] } }] }],
    ["no text as anything but a prefix", { count: [{ "anything-but": { prefix: "3" } }] }],
    ["a list with an element that is not excluded", { list: [{ "anything-but": ["a"] }] }],
    ["a number", { count: [{ numeric: ["=", 3] }] }],
    ["a range", { count: [{ numeric: [">", 2, "<=", 3] }] }],
    ["one side of a range", { count: [{ numeric: ["<", 3.1] }, { numeric: [">=", 90] }] }],
    ["a wildcard", { source: [{ wildcard: "aws.*" }], detail: { deep: { key: [{ wildcard: "*/x*" }] } } }],
    ["an escaped asterisk", { path: [{ wildcard: "dir/\\**.PNG" }] }],
    ["an address range", { ip: [{ cidr: "10.0.0.0/16" }], ip6: [{ cidr: "2001:db8::/32" }] }],
    ["the second of $or", { $or: [{ source: ["x"] }, { count: [{ numeric: [">", 1] }] }] }],
    ["$or beside other fields", { flag: [true], $or: [{ source: ["x"] }, { count: [3] }] }],
    ["$or in a field", { detail: { $or: [{ eventName: ["x"] }, { deep: { key: [{ prefix: "logs" }] } }] } }],
    ["$or in $or", { $or: [{ source: ["x"] }, { flag: [true], $or: [{ count: [4] }, { list: ["a"] }] }] }],
    [
      "two $or at once",
      { $or: [{ source: ["x"] }, { count: [3] }], detail: { $or: [{ a: [1] }, { eventName: [{ prefix: "P" }] }] } },
    ],
    ["an absence in $or", { $or: [{ source: ["x"] }, { missing: [{ exists: false }] }] }],
  ])("%s", (_name, pattern) => {
    expect(matchesPattern(pattern, event)).toBe(true);
  });
});

describe("an event pattern does not match", () => {
  it.each<[string, EventPattern]>([
    ["another text", { source: ["aws.config"] }],
    ["a text for a number", { count: ["3"] }],
    ["when one of its fields does not", { source: ["aws.s3"], count: [4] }],
    ["a field that is missing", { missing: [null] }],
    ["a prefix of nothing", { nothing: [{ prefix: "" }] }],
    ["a suffix of a number", { count: [{ suffix: "3" }] }],
    ["another case", { source: ["AWS.S3"] }],
    ["something that is there as missing", { source: [{ exists: false }] }],
    ["an object as a value", { detail: [{ exists: true }] }],
    ["an empty list as there", { none: [{ exists: true }] }],
    ["a missing field as anything but", { missing: [{ "anything-but": "x" }] }],
    ["what is excluded", { source: [{ "anything-but": "aws.s3" }] }],
    ["an excluded number", { count: [{ "anything-but": [3] }] }],
    ["an excluded prefix", { source: [{ "anything-but": { prefix: ["x", "aws"] } }] }],
    ["an excluded suffix", { source: [{ "anything-but": { suffix: "s3" } }] }],
    ["an excluded text in any case", { source: [{ "anything-but": { "equals-ignore-case": "AWS.S3" } }] }],
    ["an excluded wildcard", { source: [{ "anything-but": { wildcard: "*s3" } }] }],
    ["a list with nothing but excluded elements", { list: [{ "anything-but": ["a", "b"] }] }],
    ["a number out of range", { count: [{ numeric: [">", 3, "<", 5] }] }],
    ["a text as a number", { source: [{ numeric: [">", 0] }] }],
    ["a wildcard's other end", { source: [{ wildcard: "aws.*x" }] }],
    ["an asterisk that is escaped", { source: [{ wildcard: "aws.\\*" }] }],
    ["an address out of range", { ip: [{ cidr: "10.1.0.0/16" }] }],
    ["an address of the other kind", { ip6: [{ cidr: "0.0.0.0/0" }] }],
    ["two fields of different objects in a list", { detail: { rules: { id: [1], status: ["off"] } } }],
    ["fields of different objects in lists in lists", { detail: { rules: { id: [1], parts: { p: ["b"] } } } }],
    ["none of $or", { $or: [{ source: ["x"] }, { count: [4] }] }],
    ["$or without the field beside it", { flag: [false], $or: [{ source: ["aws.s3"] }, { count: [3] }] }],
    [
      "branches of $or mixed",
      {
        $or: [
          { source: ["aws.s3"], count: [4] },
          { source: ["x"], count: [3] },
        ],
      },
    ],
  ])("%s", (_name, pattern) => {
    expect(matchesPattern(pattern, event)).toBe(false);
  });
});

describe("an event pattern is refused", () => {
  it.each<[unknown, RegExp]>([
    [{}, /Empty objects/],
    [{ detail: {} }, /Empty objects/],
    [{ source: [] }, /Empty arrays/],
    [{ source: "aws.s3" }, /"source" must be an object or an array/],
    [{ source: null }, /"source" must be an object or an array/],
    [[], /not an object/],
    [{ source: [["a"]] }, /Match value must be/],
    [{ source: [{}] }, /name not found/],
    [{ source: [{ regex: "a" }] }, /Unrecognized match type regex/],
    [{ source: [{ constructor: "a" }] }, /Unrecognized match type constructor/],
    [{ source: [{ prefix: "a", suffix: "b" }] }, /Only one key/],
    [{ source: [{ prefix: 1 }] }, /prefix match pattern must be a string/],
    [{ source: [{ prefix: { wildcard: "a" } }] }, /Unsupported prefix pattern: wildcard/],
    [{ source: [{ "equals-ignore-case": ["a"] }] }, /must be a string/],
    [{ source: [{ exists: "true" }] }, /exists match pattern/],
    [{ source: [{ wildcard: "a**b" }] }, /Consecutive wildcard characters at pos 1/],
    [{ source: [{ wildcard: "a\\b" }] }, /Invalid escape character at pos 1/],
    [{ source: [{ wildcard: "a\\" }] }, /Invalid escape character/],
    [{ source: [{ "anything-but": [] }] }, /anything but/],
    [{ source: [{ "anything-but": ["a", 1] }] }, /mixed type/],
    [{ source: [{ "anything-but": [true] }] }, /number or string/],
    [{ source: [{ "anything-but": null }] }, /number or string/],
    [{ source: [{ "anything-but": { prefix: "" } }] }, /Null prefix/],
    [{ source: [{ "anything-but": { exists: true } }] }, /exists match pattern must be a string/],
    [{ source: [{ "anything-but": { cidr: "10.0.0.0/8" } }] }, /Unsupported anything-but pattern: cidr/],
    [{ source: [{ "anything-but": { wildcard: ["a**"] } }] }, /Consecutive/],
    [{ count: [{ numeric: 3 }] }, /must be an array/],
    [{ count: [{ numeric: [] }] }, /must be numeric/],
    [{ count: [{ numeric: ["~", 3] }] }, /Unrecognized numeric range operator/],
    [{ count: [{ numeric: [">", "3"] }] }, /must be numeric/],
    [{ count: [{ numeric: [">", 3, "<"] }] }, /must be numeric/],
    [{ count: [{ numeric: ["<", 3, ">", 1] }] }, /Bad numeric range/],
    [{ count: [{ numeric: [">", 3, "<", 3] }] }, /Bottom must be less than top/],
    [{ count: [{ numeric: [">", 6e9] }] }, /between/],
    [{ ip: [{ cidr: "10.0.0.0" }] }, /Malformed CIDR/],
    [{ ip: [{ cidr: "10.0.0.1/32" }] }, /Malformed CIDR/],
    [{ $or: { source: ["a"] } }, /must be an Array/],
    [{ $or: [{ source: ["a"] }] }, /at least 2/],
    [{ $or: [{ source: ["a"] }, 1] }, /Only JSON object/],
    [{ $or: [{ prefix: ["a"] }, { source: ["a"] }] }, /reserved fieldName/],
  ])("%j: %s", (pattern, reason) => {
    expect(() => matchesPattern(pattern as EventPattern, event)).toThrow(reason);
  });

  it("when $or makes more than a thousand combinations", () => {
    const or = { $or: Array.from({ length: 11 }, (_, i) => ({ [`f${i}`]: [1] })) };

    expect(() => matchesPattern({ a: or, b: or, c: or }, event)).toThrow(/combinations/);
    expect(matchesPattern({ a: or, b: or }, { a: { f1: 1 }, b: { f9: 1 } })).toBe(true);
  });
});

/** Slow and obviously right: an asterisk takes nothing, or one character and stays. */
function matchesSlowly(pattern: readonly string[], text: string): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return text === "";
  if (first === "*") return matchesSlowly(rest, text) || (text !== "" && matchesSlowly(pattern, text.slice(1)));
  return text.startsWith(first.at(-1) ?? "") && text !== "" && matchesSlowly(rest, text.slice(1));
}

it("a wildcard matches what its slow definition says", () => {
  const token = fc.constantFrom("a", "b", "*", "\\*", "\\\\");
  const tokens = fc
    .array(token, { maxLength: 8 })
    .map((list) => list.filter((each, i) => each !== "*" || list[i - 1] !== "*"));
  const text = fc.string({ unit: fc.constantFrom("a", "b", "*", "\\"), maxLength: 8 });

  fc.assert(
    fc.property(tokens, text, (pattern, value) => {
      expect(matchesPattern({ f: [{ wildcard: pattern.join("") }] }, { f: value })).toBe(matchesSlowly(pattern, value));
    }),
    { numRuns: 3000, seed: 7 },
  );
});
