import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toAttributes } from "../../shared/journal/attributes.ts";

const leaf = fc.oneof(
  fc.string(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, min: -1e15, max: 1e15 }),
  fc.boolean(),
  fc.constant(null),
  fc.constant(undefined),
  fc.uint8Array({ maxLength: 8 }),
);
const { item } = fc.letrec<{ item: Record<string, unknown>; value: unknown }>((tie) => ({
  value: fc.oneof({ depthSize: "small" }, leaf, fc.array(tie("value"), { maxLength: 4 }), tie("item")),
  item: fc.dictionary(fc.string({ maxLength: 6 }), tie("value"), { maxKeys: 6, noNullPrototype: true }),
}));

describe("JSON as the table's attributes", () => {
  it("is what the SDK's own writing makes of it, whatever it holds", () => {
    fc.assert(
      fc.property(item, (value) => {
        expect(toAttributes(value)).toEqual(marshall(value, { removeUndefinedValues: true }));
      }),
    );
  });

  it("is read back as what it was", () => {
    const value = { a: [1, "two", { three: null }], bytes: new Uint8Array([1, 2]), no: false, empty: "" };
    expect(unmarshall(toAttributes(value))).toEqual(value);
  });

  it.each([
    ["a number that the table would round", 2 ** 60, "found 1152921504606847000"],
    ["no number", Number.NaN, "found NaN"],
    ["an endless one", Number.POSITIVE_INFINITY, "found Infinity"],
    ["a date", new Date(0), "found a Date"],
    ["a set", new Set(["a"]), "found a Set"],
    ["a function", () => 1, "found a function"],
    ["a large integer", 1n, "found a bigint"],
  ])("refuses %s", (_, value, message) => {
    expect(() => toAttributes({ deep: [{ value }] })).toThrow(message);
  });
});
