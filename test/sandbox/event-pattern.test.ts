import { describe, expect, it } from "vitest";
import { type EventPattern, matchesPattern } from "../../sandbox/index.ts";

const event = {
  source: "aws.s3",
  count: 3,
  flag: true,
  nothing: null,
  list: ["a", "b"],
  detail: { eventName: "PutBucketReplication", deep: { key: "logs/x.gz" }, rules: [{ id: 1 }, { id: 2 }] },
};

describe("an event pattern matches", () => {
  it.each<[string, EventPattern]>([
    ["everything when it is empty", {}],
    ["an exact text", { source: ["aws.s3"] }],
    ["any of several", { source: ["aws.config", "aws.s3"] }],
    ["a number, a boolean, null", { count: [3], flag: [true], nothing: [null] }],
    ["nested fields", { detail: { deep: { key: ["logs/x.gz"] } } }],
    ["any element of a list", { list: ["b"] }],
    ["objects in a list", { detail: { rules: { id: [2] } } }],
    ["a prefix or a suffix", { detail: { eventName: [{ prefix: "Put" }], deep: { key: [{ suffix: ".gz" }] } } }],
    ["something that is there", { detail: { eventName: [{ exists: true }] } }],
    ["something that is not", { detail: { errorCode: [{ exists: false }] } }],
    ["something not there, nested", { other: { errorCode: [{ exists: false }] } }],
    ["anything but", { source: [{ "anything-but": ["aws.config"] }], count: [{ "anything-but": 4 }] }],
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
    ["something that is there as missing", { source: [{ exists: false }] }],
    ["a missing field as anything but", { missing: [{ "anything-but": "x" }] }],
    ["what is excluded", { source: [{ "anything-but": "aws.s3" }] }],
    ["an object as a value", { detail: [{ exists: true }] }],
  ])("%s", (_name, pattern) => {
    expect(matchesPattern(pattern, event)).toBe(false);
  });
});

it("refuses comparisons it does not know rather than guessing", () => {
  const pattern = { count: [{ numeric: [">", 1] }] } as unknown as EventPattern;

  expect(() => matchesPattern(pattern, event)).toThrow(/numeric/);
});
