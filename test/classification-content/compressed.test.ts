import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { inspect } from "./inspect.ts";
import { tarOf, zipOf } from "./zip-bytes.ts";

const csv = "name,ssn\nA,078-05-1120\n";
/** Lines that compress to about half. */
const lines = Array.from({ length: 20_000 }, (_, i) => `${(i * 2_654_435_761) % 4_294_967_296},${i}`).join("\n");

describe("what is compressed", () => {
  it.each([
    ["gzip", gzipSync(csv), {}],
    ["gzip of several members", Buffer.concat([gzipSync("name,ssn\n"), gzipSync("A,078-05-1120\n")]), {}],
    ["gzip within gzip", gzipSync(gzipSync(csv)), {}],
    ["gzip whatever its name says", gzipSync(csv), { key: "people.csv", contentType: "text/csv" }],
    ["gzip by Content-Encoding", gzipSync(csv), { contentEncoding: "gzip" }],
    ["zstd", zstdCompressSync(csv), {}],
    ["zstd within gzip", gzipSync(zstdCompressSync(csv)), {}],
    ["brotli by Content-Encoding", brotliCompressSync(csv), { contentEncoding: "br" }],
    ["nothing, though Content-Encoding says gzip", Buffer.from(csv), { contentEncoding: "gzip" }],
  ])("by %s is decompressed", async (_, content, hints) => {
    const { inspected, texts, reads } = await inspect(content, { hints });
    expect(texts).toEqual([csv]);
    expect(inspected).toMatchObject({ kind: "scanned", isWhole: true, bytesScanned: csv.length });
    expect(reads).toEqual([{ from: 0, to: content.length }]);
  });

  it("is told by what is within, and by the name that tells it", async () => {
    expect((await inspect(gzipSync(csv), { hints: { key: "people.csv.gz" } })).inspected.format).toBe("csv");
    expect((await inspect(gzipSync('{"a": 1}'))).inspected.format).toBe("json");
  });

  it("is read from its beginning only, up to the budget, when it is large, and ends with a whole line", async () => {
    const content = gzipSync(lines);
    const limits = { maxBytes: 50_000, headBytes: 10_000 };
    const { inspected, texts, reads } = await inspect(content, { limits });
    expect(reads).toEqual([
      { from: 0, to: 10_000 },
      { from: 10_000, to: 50_000 },
    ]);
    expect(inspected).toMatchObject({
      kind: "scanned",
      bytesRead: 50_000,
      isWhole: false,
      limits: [`it can only be read from its beginning: the first 50000 of ${content.length} bytes were looked at`],
    });
    expect(lines.startsWith(`${texts[0]}\n`)).toBe(true);
  });

  it("and broken further on counts up to there", async () => {
    const content = gzipSync(lines);
    content.fill(0xff, 60_000, 60_100);
    const { inspected, texts } = await inspect(content);
    expect(inspected).toMatchObject({ kind: "scanned", isWhole: false, limits: ["the text is broken"] });
    // What is broken may still unpack to something for a while.
    expect(lines.startsWith(texts[0]?.slice(0, 50_000) ?? "-")).toBe(true);
  });

  it("and cut off gives all that there is", async () => {
    const content = gzipSync(lines).subarray(0, 60_000);
    const { inspected, texts } = await inspect(content);
    expect(inspected.kind).toBe("scanned");
    expect(lines.startsWith(texts[0] ?? "-")).toBe(true);
    expect(texts[0]?.length).toBeGreaterThan(100_000);
  });

  it.each([
    ["three times over", gzipSync(gzipSync(gzipSync(csv))), "gzip", "it is compressed more than 2 times over"],
    [
      "and is no gzip but for its first bytes",
      Buffer.from("\x1f\x8b\x08 nothing", "latin1"),
      "gzip",
      "the gzip is broken",
    ],
    [
      "and is a zip within",
      gzipSync(zipOf([{ name: "a.csv", data: csv }])),
      "zip",
      "zip within another file is not opened",
    ],
    ["and is binary within", gzipSync(Buffer.alloc(100)), "unknown", "it is binary and of no format that is known"],
  ])("%s is opaque", async (_, content, format, reason) => {
    const { inspected, texts } = await inspect(content);
    expect(inspected).toEqual({ kind: "opaque", format, reason, bytesRead: content.length });
    expect(texts).toEqual([]);
  });
});

describe("a tar archive", () => {
  const files = [
    { name: "a.csv", data: csv },
    { name: "empty", data: "" },
    { name: "folder/b.json.gz", data: gzipSync('{"a": 1}') },
  ];

  it.each([
    ["as it is", tarOf(files)],
    ["compressed", gzipSync(tarOf(files))],
  ])("is read file by file, %s", async (_, content) => {
    const { inspected, texts } = await inspect(content);
    expect(texts).toEqual([csv, '{"a": 1}']);
    expect(inspected).toMatchObject({ kind: "scanned", format: "tar", isWhole: true });
  });

  it("tells how many of its files are not opened", async () => {
    const { inspected } = await inspect(
      tarOf([...files, { name: "c.png", data: "\x89PNG\r\n\x1a\n" }, files[0] ?? { name: "", data: "" }]),
    );
    expect(inspected).toMatchObject({
      isWhole: false,
      limits: ["1 files in it are of formats that are not opened there"],
    });
  });

  it("without a file that can be read is opaque", async () => {
    const { inspected } = await inspect(tarOf([{ name: "c.bin", data: Buffer.alloc(100) }]));
    expect(inspected).toMatchObject({ kind: "opaque", format: "tar" });
  });

  it("with a broken header counts up to there", async () => {
    const content = tarOf(files);
    content.write("not octal", 2 * 512 + 124);
    const { inspected, texts } = await inspect(content);
    expect(inspected).toMatchObject({ kind: "scanned", isWhole: false, limits: ["the tar archive is broken"] });
    expect(texts).toEqual([csv]);
  });
});

describe("what is no text", () => {
  it.each([
    ["pdf", "%PDF-1.7\n%\xe2\xe3\xcf\xd3"],
    ["png", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR"],
    ["jpeg", "\xff\xd8\xff\xe0\0\x10JFIF"],
    ["gif", "GIF89a\x01\0\x01\0\x80\0\0"],
    ["mp4", "\0\0\0\x20ftypisom\0\0\x02\0"],
    ["executable", "MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff"],
    ["elf", "\x7fELF\x02\x01\x01\0\0\0\0"],
    ["7z", "7z\xbc\xaf\x27\x1c\0\x04"],
    ["avro", "Obj\x01\x04\x16avro.schema"],
    ["orc", "ORC\x08\x03\x10\0\0\x0a\x0b\0\0\0"],
    ["compound file", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0"],
    ["encrypted parquet", "PARE\x15\0"],
    ["unknown", "\x01\x02\x03\x04\0\0\x05"],
  ])("is told as %s and opaque, whatever its name says", async (format, bytes) => {
    const content = Buffer.from(bytes, "latin1");
    const { inspected, reads, texts } = await inspect(content, { hints: { key: "data.csv", contentType: "text/csv" } });
    expect(inspected).toMatchObject({ kind: "opaque", format, bytesRead: content.length });
    expect(reads).toHaveLength(1);
    expect(texts).toEqual([]);
  });
});
