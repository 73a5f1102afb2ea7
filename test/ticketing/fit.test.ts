import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutTo, fitted, oneLine, withoutLinks } from "../../shared/ticketing/fit.ts";
import { POISON } from "./some-ticket.ts";

const cost = (line: string) => line.length + 1;

describe("what a vendor has room for", () => {
  it("is cut with a sign, and never within a letter", () => {
    expect(cutTo("short", 20)).toBe("short");
    expect(cutTo("exactly so long", 15)).toBe("exactly so long");
    expect(cutTo("somewhat longer than that", 20)).toBe("somewhat l ... (cut)");
    expect(cutTo(`${"x".repeat(9)}\u{1f600}${"x".repeat(20)}`, 20)).toBe("xxxxxxxxx ... (cut)");
  });

  it("stays below the limit, in order, and says where the rest is", () => {
    const sections = fc.array(fc.record({ heading: fc.string(), lines: fc.array(fc.string({ maxLength: 60 })) }));
    fc.assert(
      fc.property(sections, fc.integer({ min: 0, max: 400 }), (given, most) => {
        const kept = fitted({ key: "f-1", sections: given }, most, cost);
        const isCut = kept.at(-1)?.heading === "Cut";
        const own = isCut ? kept.slice(0, -1) : kept;
        const words = (of: typeof kept) => of.flatMap(({ heading, lines }) => [heading, ...lines]);
        expect(words(own).reduce((sum, line) => sum + cost(line), 0)).toBeLessThanOrEqual(most);
        const all = words(given).map((line) => oneLine(line));
        expect(words(own).map(oneLine)).toEqual(all.slice(0, words(own).length));
        expect(isCut).toBe(words(own).length < all.length);
      }),
    );
  });

  it("has no line that nobody would read to its end", () => {
    const [only] = fitted({ key: "f-1", sections: [{ heading: "a", lines: ["x".repeat(70_000)] }] }, 10_000, cost);
    expect(only?.lines[0]).toHaveLength(2_000);
    expect(only?.lines[0]).toMatch(/ \.\.\. \(cut\)$/);
  });
});

describe("strangers' words", () => {
  it("are one line without what is not seen", () => {
    expect(oneLine("a\u0000b\u001b[31mred\u202egnp.exe\u2028line\ud800\r\nend")).toBe(
      "a b [31mred gnp.exe line\ufffd  end",
    );
  });

  it.each([
    ["https://attacker.example/login", "https[:]//attacker.example/login"],
    ["WWW.attacker.example", "WWW[.]attacker.example"],
    ["mailto:a@attacker.example", "mailto[:]a[@]attacker.example"],
    ["tel:123", "tel[:]123"],
    ["@everyone @all", "[@]everyone [@]all"],
    ["arn:aws:s3:::bucket/key, at 10:00", "arn:aws:s3:::bucket/key, at 10:00"],
  ])("make no link: %s", (given, expected) => expect(withoutLinks(given)).toBe(expected));

  it.each(POISON)("make no link, whatever they are: %.40s", (poison) => {
    expect(withoutLinks(oneLine(poison))).not.toMatch(/:\/\/|www\.|mailto:|@\w/i);
  });
});
