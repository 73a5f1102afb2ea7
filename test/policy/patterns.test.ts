import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canBothMatch, isExact, literalPrefix, matchesPattern, patternWeight } from "../../shared/policy/patterns.ts";
import { cpuMs } from "../support/cpu-time.ts";

/** The same by a regular expression: slow on hostile patterns, and plain. */
function byRegExp(pattern: string, text: string): boolean {
  const source = [...pattern].map((letter) => (letter === "*" ? ".*" : letter === "?" ? "." : letter)).join("");
  return new RegExp(`^(?:${source})$`, "s").test(text);
}

const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 8 });
const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 8 });

describe("a pattern", () => {
  it.each([
    ["arn:aws:s3:::orders", "arn:aws:s3:::orders", true],
    ["arn:aws:s3:::orders", "arn:aws:s3:::orders-eu", false],
    ["arn:aws:s3:::orders", "arn:aws:s3:::order", false],
    ["arn:aws:s3:::orders*", "arn:aws:s3:::orders", true],
    ["arn:aws:s3:::*-eu", "arn:aws:s3:::orders-eu", true],
    ["arn:aws:s3:::*-eu", "arn:aws:s3:::orders-eu-1", false],
    ["arn:aws:s3:::orders-?", "arn:aws:s3:::orders-1", true],
    ["arn:aws:s3:::orders-?", "arn:aws:s3:::orders-", false],
    ["*", "", true],
    ["?", "", false],
    ["a*b*c", "a-b-b-c", true],
    ["a*b*c", "a-b-b", false],
    ["a.c", "abc", false],
  ])("%s on %s: %s", (glob, whole, matches) => {
    expect(matchesPattern(glob, whole)).toBe(matches);
  });

  it("matches what the regular expression of the same meaning matches", () => {
    fc.assert(
      fc.property(pattern, text, (glob, whole) => {
        expect(matchesPattern(glob, whole)).toBe(byRegExp(glob, whole));
      }),
      { numRuns: 2_000 },
    );
  });

  it("is over soon on what makes regular expressions hang", () => {
    const started = cpuMs();
    expect(matchesPattern(`${"a*".repeat(40)}b`, "a".repeat(2_000))).toBe(false);
    expect(cpuMs() - started).toBeLessThan(50);
  });

  it("and another can both match exactly when some text matches both", () => {
    // Every text of up to six letters; patterns of up to four need no longer one.
    const texts = [""];
    for (let from = 0, length = 1; length <= 6; length++) {
      const to = texts.length;
      for (; from < to; from++) for (const letter of ["a", "b"]) texts.push(`${texts[from]}${letter}`);
    }
    const short = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 4 });
    fc.assert(
      fc.property(short, short, (one, other) => {
        const isShared = texts.some((whole) => matchesPattern(one, whole) && matchesPattern(other, whole));
        expect(canBothMatch(one, other)).toBe(isShared);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ["arn:aws:s3:::a*b?", "arn:aws:s3:::a", false, 15],
    ["arn:aws:s3:::a?", "arn:aws:s3:::a", false, 14],
    ["arn:aws:s3:::ab", "arn:aws:s3:::ab", true, Number.MAX_SAFE_INTEGER],
    ["*", "", false, 0],
  ])("%s begins with %s, is exact: %s, weighs %d", (glob, prefix, exact, weight) => {
    expect([literalPrefix(glob), isExact(glob), patternWeight(glob)]).toEqual([prefix, exact, weight]);
  });
});
