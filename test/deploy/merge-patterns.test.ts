import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_PATTERN_LENGTH, mergePatterns, type Pattern } from "../../deploy/merge-patterns.ts";
import { type EventPattern, matchesPattern } from "../../sandbox/index.ts";

const call = (source: string, ...names: readonly string[]): Pattern => ({
  source: [`aws.${source}`],
  detail: { eventName: names, errorCode: [{ exists: false }] },
});

describe("merging patterns", () => {
  it.each<[string, readonly Pattern[], readonly Pattern[]]>([
    ["joins what differs in one list", [call("s3", "A"), call("s3", "B", "A")], [call("s3", "A", "B")]],
    ["keeps what differs in two", [call("s3", "A"), call("iam", "B")], [call("s3", "A"), call("iam", "B")]],
    [
      "keeps what one of them doesn't ask",
      [call("s3", "A"), { source: ["aws.s3"] }],
      [call("s3", "A"), { source: ["aws.s3"] }],
    ],
    ["drops what is there already", [call("s3", "A"), call("s3", "A")], [call("s3", "A")]],
    [
      "joins what is not next to each other",
      [call("s3", "A"), call("iam", "X"), call("s3", "B")],
      [call("s3", "A", "B"), call("iam", "X")],
    ],
    [
      "keeps alternatives apart",
      [{ $or: [{ a: ["1"] }, { b: ["1"] }] }, { $or: [{ a: ["2"] }, { b: ["2"] }] }],
      [{ $or: [{ a: ["1"] }, { b: ["1"] }] }, { $or: [{ a: ["2"] }, { b: ["2"] }] }],
    ],
  ])("%s", (_, patterns, expected) => {
    expect(mergePatterns(patterns)).toEqual(expected);
  });

  it("never makes one that is longer than EventBridge takes", () => {
    const patterns = Array.from({ length: 200 }, (_, index) => call("s3", `SomeLongOperationName${index}`));

    const merged = mergePatterns(patterns);

    expect(merged.length).toBeGreaterThan(1);
    expect(merged.length).toBeLessThan(6);
    for (const pattern of merged) expect(JSON.stringify(pattern).length).toBeLessThanOrEqual(MAX_PATTERN_LENGTH);
  });

  it("refuses one that is too long by itself", () => {
    expect(() => mergePatterns([call("s3", "x".repeat(MAX_PATTERN_LENGTH))])).toThrow("2048");
  });

  it("matches the same events as before, whatever they are", () => {
    const word = fc.constantFrom("a", "b", "c");
    const list = fc.uniqueArray(
      fc.oneof(
        word,
        fc.constant({ exists: false }),
        word.map((prefix) => ({ prefix })),
      ),
      {
        minLength: 1,
        maxLength: 3,
      },
    );
    const pattern = fc.record({ source: list, detail: fc.record({ one: list, two: list }, { requiredKeys: ["one"] }) });
    const event = fc.record({ source: word, detail: fc.record({ one: word, two: word }, { requiredKeys: [] }) });

    fc.assert(
      fc.property(
        fc.array(pattern, { maxLength: 6 }),
        fc.array(event, { minLength: 1, maxLength: 8 }),
        (given, events) => {
          const merged = mergePatterns(given);
          const matches = (patterns: readonly Pattern[], each: unknown) =>
            patterns.some((one) => matchesPattern(one as EventPattern, each));

          for (const each of events) expect(matches(merged, each)).toBe(matches(given, each));
        },
      ),
    );
  });
});
