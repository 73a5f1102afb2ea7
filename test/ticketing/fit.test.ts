import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitted } from "../../shared/ticketing/fit.ts";
import { oneLine } from "../../shared/ticketing/text.ts";

const costOf = (line: string) => line.length + 1;
const finding = "f-0123456789abcdef0123";
const SIGN = `[... cut: cordon explain ${finding}]`;
const long = (heading: string, length: number, line = "a plan's line") => ({
  heading,
  lines: Array.from({ length }, (_, at) => `${line} ${at}`),
});

describe("what a vendor has room for", () => {
  it("stays below the limit, in order, and each section is whole or says where the rest is", () => {
    const sections = fc.array(fc.record({ heading: fc.string(), lines: fc.array(fc.string({ maxLength: 60 })) }));
    fc.assert(
      fc.property(sections, fc.integer({ min: 0, max: 900 }), (given, most) => {
        const clean = given.map(({ heading, lines }) => ({ heading: oneLine(heading), lines: lines.map(oneLine) }));
        const kept = fitted({ finding, sections: given }, { most, costOf });
        const words = kept.flatMap(({ heading, lines }) => [heading, ...lines]);
        expect(words.reduce((sum, line) => sum + costOf(line), 0)).toBeLessThanOrEqual(most);
        let at = 0;
        for (const { heading, lines } of kept) {
          const isCut = lines.at(-1) === SIGN;
          // The last line before the sign may be a piece.
          const begins = (isCut ? lines.slice(0, -2) : lines).join("\n");
          at = clean.findIndex((each, i) => {
            const all = each.lines.join("\n");
            return i >= at && each.heading === heading && (isCut ? all.startsWith(begins) : all === begins);
          });
          expect(at).toBeGreaterThanOrEqual(0);
          at += 1;
        }
      }),
    );
  });

  it("is all of it, where there is room", () => {
    const sections = [long("a", 3), { heading: "b", lines: ["x".repeat(9_000)] }];
    expect(fitted({ finding, sections }, { most: 10_000, costOf })).toEqual(sections);
  });

  it("is taken from the longest: how to undo it stays, however long the plan is", () => {
    const sections = [long("The plan", 900), { heading: "How to undo it", lines: ["cordon rollback"] }];
    const [plan, undo] = fitted({ finding, sections }, { most: 1_000, costOf });
    expect(undo).toEqual(sections[1]);
    expect(plan?.lines.at(-1)).toBe(SIGN);
    expect(plan?.lines.length).toBeGreaterThan(40);
  });

  it("has no line that takes the room of all others", () => {
    const sections = [{ heading: "a", lines: ["x".repeat(70_000), "and what comes after it"] }];
    const [only] = fitted({ finding, sections }, { most: 10_000, costOf });
    expect(only?.lines.map(({ length }) => length)).toEqual([2_000, 23]);
    expect(only?.lines[0]).toMatch(/x \[\.\.\.\]$/);
  });

  it("is of the first sections, where there are so many that none would say anything", () => {
    const sections = Array.from({ length: 50 }, (_, at) => long(`section ${at}`, 100));
    const kept = fitted({ finding, sections }, { most: 1_000, costOf });
    expect(kept.length).toBeGreaterThan(4);
    for (const { lines } of kept) expect(lines.at(-1)).toBe(SIGN);
  });

  it("counts what the vendor counts, after it is cleaned as the vendor wants it", () => {
    const sections = [{ heading: "a", lines: ["\u00e4".repeat(1_000)] }];
    const bytes = (line: string) => Buffer.byteLength(line);
    const [only] = fitted({ finding, sections }, { most: 500, costOf: bytes, clean: (line) => `> ${line}` });
    expect(only?.heading).toBe("> a");
    expect(only?.lines[0]).toMatch(/^> \u00e4{100,} \[\.\.\.\]$/);
    expect(bytes(only?.lines.join("") ?? "")).toBeLessThanOrEqual(500);
  });
});
