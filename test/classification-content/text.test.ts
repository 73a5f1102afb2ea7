import { describe, expect, it } from "vitest";
import { planSamples } from "../../shared/classification/content/read-text.ts";
import { inspect, ROOMY } from "./inspect.ts";
import { generatedObject } from "./recording.ts";

const utf16 = (text: string) => Buffer.from(text, "utf16le");
const bigEndian = (text: string) => utf16(text).swap16();

describe("text", () => {
  it.each([
    ["text", "plain words, and a number 42", {}],
    ["csv", "name,ssn\nA,078-05-1120\n", { key: "people.csv" }],
    ["csv", "name;ssn\n", { contentType: "text/csv; charset=utf-8" }],
    ["tsv", "name\tssn\n", { key: "people.tsv" }],
    ["json", '{"ssn": "078-05-1120"}', { key: "people.csv" }],
    ["json", '[{"a": 1}]\n', {}],
    ["ndjson", '{"a": 1}\n{"a": 2}\n', {}],
    ["xml", "<?xml version='1.0'?><a/>", {}],
    ["xml", " \n<html>", {}],
    ["text", "PAR1 is how Parquet begins, and MZ how programs do", { key: "a.parquet" }],
    ["text", "ID3,BM,MZ", { contentType: "image/gif" }],
    ["text", "", {}],
  ])("is told as %s: %j, %j", async (format, content, hints) => {
    const { inspected, texts } = await inspect(content, { hints });
    expect(inspected).toMatchObject({ kind: "scanned", format, isWhole: true, limits: [] });
    expect(texts.join("")).toBe(content);
  });

  it.each([
    ["UTF-8 with its mark", Buffer.from("\ufeffnäme,ssn\n")],
    ["UTF-8", Buffer.from("naïve café ✓ 日本語 078-05-1120\n")],
    ["Latin-1", Buffer.from("na\xefve caf\xe9 078-05-1120\n", "latin1")],
    ["UTF-16 LE with its mark", utf16("\ufeffname,ssn\n")],
    ["UTF-16 BE with its mark", bigEndian("\ufeffname,ssn\n")],
    ["UTF-16 LE without", utf16("name,ssn\n078-05-1120\n")],
    ["UTF-16 BE without", bigEndian("name,ssn\n078-05-1120\n")],
    ["a log with zero bytes where it was cut off", Buffer.concat([Buffer.alloc(9), Buffer.from("line\n".repeat(200))])],
  ])("in %s is handed on as it is", async (_, content) => {
    const { inspected, pieces } = await inspect(content);
    expect(inspected).toMatchObject({ kind: "scanned", isWhole: true, bytesScanned: content.length });
    expect(Buffer.concat(pieces).equals(content)).toBe(true);
  });

  it("takes no read when there is none, and one when it is small", async () => {
    expect((await inspect("")).reads).toEqual([]);
    expect((await inspect("a small object")).reads).toEqual([{ from: 0, to: 14 }]);
    const medium = await inspect("line\n".repeat(200_000));
    expect(medium.reads).toEqual([{ from: 0, to: 1_000_000 }]);
  });
});

describe("a large text", () => {
  const limits = { maxBytes: 40_000, headBytes: 8_000, samples: 4, sampleBytes: 8_000 };
  const lines = (count: number) => Array.from({ length: count }, (_, i) => `line ${i}`).join("\n");

  it("is looked at in its head and in samples, the last at its end, and says so", async () => {
    const content = lines(100_000);
    const { inspected, texts, reads } = await inspect(content, { limits });
    expect(reads).toHaveLength(5);
    expect(reads[0]).toEqual({ from: 0, to: 8_000 });
    expect(reads.at(-1)?.to).toBe(content.length);
    expect(inspected.bytesRead).toBeGreaterThan(39_000);
    expect(inspected).toMatchObject({
      kind: "scanned",
      isWhole: false,
      limits: [`only the first 8000 bytes and 4 samples of ${content.length} bytes were looked at`],
    });
    expect(texts).toHaveLength(5);
    expect(texts.at(-1)?.endsWith("line 99999")).toBe(true);
  });

  it("gives whole lines only, where a sample cuts them", async () => {
    const all = new Set(lines(100_000).split("\n"));
    const { texts } = await inspect(lines(100_000), { limits });
    const halves = texts.flatMap((text) => text.split("\n")).filter((line) => line !== "" && !all.has(line));
    expect(halves).toEqual([]);
  });

  it.each([
    ["values between commas", "4111111111111111,", ["4111111111111111", ""]],
    ["card numbers with spaces in JSON", '"4111 1111 1111 1111",', ["4111 1111 1111 1111", ",", ""]],
    ["words", "word ", ["word", ""]],
  ])("gives whole values only, of one line of %s", async (_, unit, whole) => {
    const { texts } = await inspect(unit.repeat(200_000 / unit.length), { limits });
    expect(texts).toHaveLength(5);
    const found = new Set(texts.flatMap((text) => text.split(/[,"]|(?<=d) /)));
    expect([...found].filter((value) => value !== "," && !whole.includes(value))).toEqual([]);
  });

  it("of one value without end is handed on as it is", async () => {
    const { inspected } = await inspect("x".repeat(200_000), { limits });
    expect(inspected).toMatchObject({ bytesRead: 40_000, bytesScanned: 40_000 });
  });

  it("in UTF-16 is sampled on even offsets, and each sample begins with its mark", async () => {
    const content = utf16(`\ufeff${lines(50_001)}`);
    const { pieces, reads } = await inspect(content, { limits });
    expect(reads.every(({ from }) => from % 2 === 0)).toBe(true);
    for (const piece of pieces) expect([...piece.subarray(0, 2)]).toEqual([0xff, 0xfe]);
    const all = new Set(lines(50_001).split("\n"));
    const found = pieces.flatMap((piece) => piece.toString("utf16le").slice(1).split("\n"));
    expect(found.filter((line) => line !== "" && !all.has(line))).toEqual([]);
  });

  it("of which the budget leaves a part is read in fewer samples", async () => {
    const { reads, inspected } = await inspect(lines(100_000), { limits: { ...limits, maxBytes: 20_000 } });
    expect(reads).toHaveLength(2);
    expect(inspected.bytesRead).toBeLessThanOrEqual(20_000);
  });

  it("of 5 GB is looked at within the same limits", async () => {
    const line = Buffer.from("078-05-1120\n");
    const size = Math.floor((5 * 2 ** 30) / line.length) * line.length;
    const object = generatedObject(size, (from, bytes) =>
      Uint8Array.from({ length: bytes }, (_, i) => line[(from + i) % line.length] ?? 0),
    );
    const { inspected, texts } = await inspect(object, { limits });
    expect(inspected).toMatchObject({ kind: "scanned", bytesRead: 40_000, isWhole: false });
    for (const text of texts) expect(text.replaceAll("078-05-1120\n", "")).toMatch(/^(078-05-1120)?$/);
  });

  it("is left when its time is over", async () => {
    let now = 0;
    const { inspected } = await inspect(lines(100_000), {
      limits: { ...limits, deadlineMs: 3 },
      nowMs: () => now++,
    });
    expect(inspected).toMatchObject({ kind: "scanned", isWhole: false, limits: ["the time for it was over"] });
    expect(inspected.bytesRead).toBeLessThan(40_000);
  });

  it("is not begun when its time is over", async () => {
    const { inspected, reads } = await inspect("text", { limits: { deadlineMs: 0 } });
    const reason = "the time for it was over";
    expect(inspected).toEqual({ kind: "opaque", format: "unknown", reason, bytesRead: 0, isOutOfTime: true });
    expect(reads).toEqual([]);
  });
});

describe("samples", () => {
  it.each([
    [1_000, 100, 300, 2, 100, "450-550 900-1000"],
    [1_000, 100, 300, 9, 100, "450-550 900-1000"],
    [1_001, 100, 300, 2, 100, "452-551 902-1001"],
    [1_000, 100, 1_000, 9, 100, "100-200 200-300 300-400 400-500 500-600 600-700 700-800 800-900 900-1000"],
    [250, 100, 249, 4, 100, "150-250"],
    [1_000, 100, 100, 4, 100, ""],
    [1_000, 100, 150, 4, 100, "950-1000"],
    [1_000, 100, 900, 0, 100, ""],
    [1_000, 1_000, 2_000, 4, 100, ""],
  ])(
    "of %d bytes behind a head of %d within %d: %d of %d are %s",
    (size, headBytes, maxBytes, samples, sampleBytes, ranges) => {
      const planned = planSamples(size, headBytes, { ...ROOMY, maxBytes, samples, sampleBytes });
      expect(planned.map(({ from, to }) => `${from}-${to}`).join(" ")).toBe(ranges);
    },
  );
});

it("what `read` throws reaches the caller as it is", async () => {
  const failure = new Error("SlowDown");
  const object = {
    size: 10,
    reads: [],
    read: () => {
      throw failure;
    },
  };
  await expect(inspect(object)).rejects.toBe(failure);
});
