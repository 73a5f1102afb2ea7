import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { inspect } from "./inspect.ts";

type Write = Parameters<typeof parquetWriteBuffer>[0];

function parquetOf(options: Write): Buffer {
  return Buffer.from(parquetWriteBuffer(options));
}

const compressors = {
  GZIP: (bytes: Uint8Array) => gzipSync(bytes),
  ZSTD: (bytes: Uint8Array) => zstdCompressSync(bytes),
  BROTLI: (bytes: Uint8Array) => brotliCompressSync(bytes),
};
const people = [
  { name: "ssn", data: ["078-05-1120", "219-09-9999", null, "457-55-5462"], type: "STRING" },
  { name: "age", data: [41, 42, 43, -44], type: "INT32" },
] satisfies Write["columnData"];

describe("a Parquet file", () => {
  it.each(["UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD", "BROTLI"] as const)(
    "by %s is read column by column",
    async (codec) => {
      const content = parquetOf({ columnData: people, codec, compressors });
      const { inspected, texts, reads } = await inspect(content);
      expect(texts).toEqual(["ssn\n078-05-1120\n219-09-9999\n457-55-5462\n", "age\n41\n42\n43\n-44\n"]);
      expect(inspected).toMatchObject({ kind: "scanned", format: "parquet", isWhole: true });
      expect(reads).toHaveLength(1);
    },
  );

  it.each([
    ["texts", { data: ["a", "b"], type: "STRING" }, ["a", "b"]],
    ["JSON", { data: [{ a: 1 }, { a: 2 }], type: "JSON" }, ['{"a":1}', '{"a":2}']],
    ["bytes that are text", { data: ["a", "b"].map((text) => Buffer.from(text)), type: "BYTE_ARRAY" }, ["a", "b"]],
    ["large numbers", { data: [12_345_678_901n, -1n], type: "INT64" }, ["12345678901", "-1"]],
    ["whole numbers kept as fractions", { data: [1.5, 12_345_678_901, Number.NaN], type: "DOUBLE" }, ["12345678901"]],
    ["texts that repeat", { data: Array(1_000).fill("078-05-1120"), type: "STRING" }, ["078-05-1120"]],
    [
      "deltas of numbers",
      { data: [5, 7, -7, 1_000_000], type: "INT32", encoding: "DELTA_BINARY_PACKED" },
      ["5", "7", "-7", "1000000"],
    ],
    [
      "deltas of large numbers",
      { data: [5n, 12_345_678_901n, -3n], type: "INT64", encoding: "DELTA_BINARY_PACKED" },
      ["5", "12345678901", "-3"],
    ],
    [
      "lengths apart",
      { data: ["a", "", "ccc"], type: "STRING", encoding: "DELTA_LENGTH_BYTE_ARRAY" },
      ["a", "", "ccc"],
    ],
    [
      "common beginnings",
      { data: ["ab", "abc", "abd", "x"], type: "STRING", encoding: "DELTA_BYTE_ARRAY" },
      ["ab", "abc", "abd", "x"],
    ],
  ] satisfies [string, object, string[]][])("of %s is read", async (_, column, values) => {
    const columnData = [{ name: "column", ...column }] as Write["columnData"];
    const { texts, inspected } = await inspect(parquetOf({ columnData }));
    expect(texts).toEqual([["column", ...values, ""].join("\n")]);
    expect(inspected).toMatchObject({ isWhole: true });
  });

  it("has thousands of deltas, over blocks and pages", async () => {
    const data = Array.from({ length: 5_000 }, (_, i) => (i * 7_919) % 100_003);
    const columnData: Write["columnData"] = [{ name: "n", data, type: "INT32", encoding: "DELTA_BINARY_PACKED" }];
    const { texts } = await inspect(parquetOf({ columnData, pageSize: 4_000, rowGroupSize: 5_000 }));
    expect(texts).toEqual([["n", ...data, ""].join("\n")]);
  });

  it.each([
    ["times", { data: [new Date(0)], type: "TIMESTAMP" }],
    ["switches", { data: [true], type: "BOOLEAN" }],
    ["UUIDs", { data: ["f81d4fae-7dec-11d0-a765-00a0c91e6bf6"], type: "UUID" }],
  ])("of %s has nothing to be read", async (_, column) => {
    const columnData = [{ name: "column", ...column }] as Write["columnData"];
    const { inspected, texts } = await inspect(parquetOf({ columnData }));
    expect(inspected).toMatchObject({ kind: "scanned", isWhole: true });
    expect(texts).toEqual([]);
  });

  it("tells binary columns, and reads the others", async () => {
    const binary = {
      name: "photo",
      data: [Uint8Array.of(0, 1, 2, 3), Uint8Array.of(4, 5, 6, 7), Uint8Array.of(1), Uint8Array.of(2)],
      type: "BYTE_ARRAY" as const,
    };
    const { inspected, texts } = await inspect(parquetOf({ columnData: [binary, ...people] }));
    expect(inspected).toMatchObject({ kind: "scanned", isWhole: false, limits: ["1 column chunks are binary"] });
    expect(texts).toEqual(["photo\n", expect.stringContaining("078-05-1120"), expect.stringContaining("41")]);
  });

  it("names nested columns by their path, without the levels that only make lists", async () => {
    const schema: Write["schema"] = [
      { name: "root", num_children: 1 },
      { name: "person", num_children: 1, repetition_type: "OPTIONAL" },
      { name: "phones", num_children: 1, repetition_type: "OPTIONAL", converted_type: "LIST" },
      { name: "list", num_children: 1, repetition_type: "REPEATED" },
      { name: "element", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
    ];
    const data = [{ phones: ["+49 1", "+49 2"] }, { phones: [] }, null, { phones: [null, "+49 3"] }];
    const { texts } = await inspect(parquetOf({ columnData: [{ name: "person", data }], schema }));
    expect(texts).toEqual(["person.phones\n+49 1\n+49 2\n+49 3\n"]);
  });

  it("reads decimals with their point", async () => {
    const schema: Write["schema"] = [
      { name: "root", num_children: 1 },
      { name: "price", type: "INT32", converted_type: "DECIMAL", scale: 2, precision: 9, repetition_type: "REQUIRED" },
    ];
    const { texts } = await inspect(parquetOf({ columnData: [{ name: "price", data: [1.05, 1234.5, -0.5] }], schema }));
    expect(texts).toEqual(["price\n1.05\n1234.50\n-0.50\n"]);
  });

  it("that is large is read by its footer, then as many columns' beginnings as there are samples, and all names", async () => {
    const columnData: Write["columnData"] = Array.from({ length: 12 }, (_, column) => ({
      name: `column${column}`,
      data: Array.from({ length: 5_000 }, (_, i) => `value ${column} ${i}`),
      type: "STRING",
    }));
    const content = parquetOf({ columnData, codec: "UNCOMPRESSED", pageSize: 4_000, rowGroupSize: 5_000 });
    const limits = { maxBytes: 200_000, headBytes: 20_000, samples: 5, sampleBytes: 10_000 };
    const { inspected, texts, reads } = await inspect(content, { limits });
    expect(content.length).toBeGreaterThan(900_000);
    expect(inspected).toMatchObject({ kind: "scanned", isWhole: false });
    expect(inspected.bytesRead).toBeLessThanOrEqual(200_000);
    expect(reads.length).toBeLessThanOrEqual(9);
    expect(texts.map((text) => text.split("\n")[0])).toEqual(columnData.map(({ name }) => name));
    expect(texts.filter((text) => text.includes("value")).length).toBeGreaterThanOrEqual(5);
  });
});
