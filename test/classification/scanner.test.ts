import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { corpus } from "../../bench/classify/corpus.ts";
import { mixedText } from "../../bench/classify/speed.ts";
import { createScanner } from "../../shared/classification/detect/scan.ts";
import { MAX_DISTINCT } from "../../shared/classification/detect/tally.ts";
import { cpuMs } from "../support/cpu-time.ts";
import { allDetectors, scanned, scannedInChunks } from "./scanned.ts";

const CARD = "4111 1111 1111 1111";
const items = [...corpus(7, 8, 4)];

/** What stands in texts, and what breaks scanners. */
const piece = fc.oneof(
  fc.constantFrom(
    CARD,
    "DE89370400440532013000",
    "bob@example.com",
    "+49 30 123456",
    "ssn: 536904399",
    "AKIAIOSFODNN7EXAMPLE",
  ),
  fc.constantFrom(
    "\n",
    ",",
    '"',
    " ",
    "é",
    "ß",
    "日本",
    "\u00ad",
    "\\n",
    "-----BEGIN PRIVATE KEY-----\nabc",
    "ssn,note\n",
    "@",
    "+",
    "aaaa",
    "1234",
  ),
  fc.string({ maxLength: 8 }),
);
const text = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(""));
const encoded = fc
  .tuple(text, fc.constantFrom("utf8", "utf16le", "latin1" as const))
  .map(([each, encoding]) => Buffer.from(encoding === "utf16le" ? `\ufeff${each}` : each, encoding as BufferEncoding));

function cutUp(bytes: Uint8Array, sizes: readonly number[]): readonly Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const size = sizes[index % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

describe("a scanner", () => {
  it("finds the same however the content is cut into chunks, in any encoding", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(encoded, sizes, (bytes, cuts) => {
        expect(scannedInChunks(cutUp(bytes, cuts))).toEqual(scanned(bytes));
      }),
      { numRuns: 200 },
    );
  });

  it("finds the same however much of a text it has in memory", () => {
    const between = mixedText(3, 0.1).subarray(0, 1_111);
    const texts = items.filter(({ encoding }) => encoding === "utf-8").flatMap((item) => [item.bytes, between]);
    const bytes = Buffer.concat(texts);
    const whole = scannedInChunks([bytes], {}, bytes.length + 10_000);
    expect(whole.found.length).toBeGreaterThan(10);
    for (const windowBytes of [1, 2_000, 5_003, 65_536])
      expect(scannedInChunks([bytes], {}, windowBytes)).toEqual(whole);
  });

  it("finds a value wherever in its memory it stands", () => {
    for (let before = 700; before < 2_400; before += 7) {
      const bytes = Buffer.from(`${"x ".repeat(before)}${CARD} ssn: 536904399 bob@example.com${" y".repeat(900)}`);
      expect(scannedInChunks([bytes], {}, 1).counts).toEqual({ "payment-card": 1, "us-ssn": 1, email: 1 });
    }
  });

  it("finds the same in files of every format and encoding, byte by byte", () => {
    for (const { bytes } of items.slice(0, 60)) expect(scannedInChunks(cutUp(bytes, [1]))).toEqual(scanned(bytes));
  });

  it("finds the same in UTF-8, UTF-16 of both orders, and Latin-1", () => {
    const written =
      "id,größe,numéro\nPatient: Diagnóstico, card 4111 1111 1111 1111, é4111111111111111, bob@example.com\n";
    const expected = { email: 1, "health-term": 1, "payment-card": 1 };
    for (const bytes of [
      Buffer.from(written),
      Buffer.from(`\ufeff${written}`),
      Buffer.from(written, "latin1"),
      Buffer.from(written, "utf16le"),
      Buffer.from(`\ufeff${written}`, "utf16le"),
      Buffer.from(written, "utf16le").swap16(),
      Buffer.from(written, "utf16le").subarray(1),
    ])
      expect(scanned(bytes).counts).toEqual(expected);
  });

  it("matches nothing across a cut", () => {
    const scanner = createScanner({ detectors: allDetectors, salt: "s" });
    const card = Buffer.from(CARD);
    for (let at = 1; at < card.length; at++) {
      scanner.push(card.subarray(0, at));
      scanner.cut();
      scanner.push(card.subarray(at));
      scanner.cut();
    }
    expect(scanner.end()).toEqual({ bytes: 18 * 19, found: [] });
  });

  it("takes a cut's label for a word beside every value up to the next cut", () => {
    const scanner = createScanner({ detectors: allDetectors, salt: "s" });
    scanner.cut("customer_bsn");
    for (const value of ["111222333", "x", "111222333"]) scanner.push(Buffer.from(`${value}\n`));
    scanner.cut("order");
    scanner.push(Buffer.from("111222333\n"));
    expect(scanner.end().found.map(({ detector, matches }) => [detector, matches])).toEqual([
      ["column-name", 1],
      ["nl-bsn", 2],
    ]);
  });

  it("counts distinct values however they are written, and stops counting some day", () => {
    const [found] = scanned(`${CARD}, 4111111111111111, 4111-1111-1111-1111, 5500005555555559`).found;
    expect(found).toMatchObject({ matches: 4, distinct: 2 });
    const many = Array.from({ length: MAX_DISTINCT + 5 }, (_, number) => `user${number}@example.com\n`).join("");
    expect(scanned(many).found[0]).toMatchObject({
      matches: MAX_DISTINCT + 5,
      distinct: MAX_DISTINCT,
      isDistinctCapped: true,
    });
  });

  it("tells nothing of a value but a fingerprint that depends on the salt", () => {
    const one = scanned(`${CARD} bob@example.com`, { salt: "one" });
    const other = scanned("bob@example.com 4111111111111111", { salt: "other" });
    expect(JSON.stringify(one)).not.toMatch(/4111|bob|1111/);
    expect(one.found.map(({ fingerprints }) => fingerprints)).not.toEqual(
      other.found.map(({ fingerprints }) => fingerprints),
    );
    expect(scanned("4111111111111111", { salt: "one" }).found[0]?.fingerprints).toEqual(one.found[1]?.fingerprints);
  });

  it("finds a user's patterns, without accents, and refuses what is none", () => {
    const user = [
      { id: "case", pattern: String.raw`\bCASE-\d{4}\b` },
      { id: "müller", pattern: "Müller" },
    ];
    const found = scanned("CASE-1234 XCASE-1234 CASE-12345 MÜller Müller", { user }).counts;
    expect(found).toEqual({ case: 1, müller: 1 });
    expect(() => scanned("x", { user: [{ id: "bad", pattern: "(" }] })).toThrow(
      /detector bad: found a pattern that RE2 refuses/,
    );
    expect(() => scanned("x", { user: [{ id: "large", pattern: "(a{500}){500}" }] })).toThrow(/detector large/);
  });

  it("finds a user's pattern the same however the content is cut", () => {
    const user = [{ id: "case", pattern: String.raw`CASE-\d{4}` }];
    const bytes = Buffer.from("CASE-1234 ".repeat(500));
    for (const size of [1, 7, 1_000])
      expect(scannedInChunks(cutUp(bytes, [size]), { user }, 1).counts).toEqual({ case: 500 });
  });

  it("takes any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3_000 }), (bytes) => {
        expect(scanned(bytes).bytes).toBe(bytes.length);
      }),
      { numRuns: 100 },
    );
  });

  it.each<readonly [string, string]>([
    ["one line without an end", "lorem ipsum 12 "],
    ["one word", "a"],
    ["one number", "1"],
    ["at signs", "a@"],
    ["dots", "a@b.c."],
    ["pluses", "+1 "],
    ["groups of digits", "4111 "],
    ["words that say what follows", "ssn tel pesel 1 "],
    ["quotes", 'ssn,"x",'],
    ["beginnings of keys", "-----BEGIN PRIVATE KEY-----"],
    ["beginnings of IBANs", "DE89 "],
    ["escapes", "\\n"],
    ["tags", "<email:"],
    ["broken UTF-8", "\u00f0\u009f"],
  ])("is over soon with %s", (_, unit) => {
    const chunk = Buffer.from(unit.repeat(Math.ceil(200_000 / unit.length)), "latin1");
    const started = cpuMs();
    scannedInChunks([chunk, chunk, chunk]);
    expect(cpuMs() - started).toBeLessThan(2_000);
  });
});
