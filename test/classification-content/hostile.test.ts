import { gzipSync, zstdCompressSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { inspectContent } from "../../shared/classification/content/read-content.ts";
import { inspect, type Options, ROOMY } from "./inspect.ts";
import { generatedObject, objectOf } from "./recording.ts";
import { zipOf } from "./zip-bytes.ts";

const MIB = 2 ** 20;

/** Inspects and keeps nothing, and tells how long it took and how much memory was there at most, looked at with each push. */
async function measure(content: Uint8Array | ReturnType<typeof generatedObject>, options: Options = {}) {
  const memory = () => {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const [startedMs, before] = [performance.now(), memory()];
  let most = before;
  let pushes = 0;
  const scanner = {
    push() {
      if (pushes++ % 64 === 0) most = Math.max(most, memory());
    },
    cut() {},
  };
  const object = content instanceof Uint8Array ? objectOf(content) : content;
  const limits = { ...ROOMY, maxInflatedBytes: 32 * MIB, ...options.limits };
  const inspected = await inspectContent(object, { key: "data" }, limits, scanner, { nowMs: () => performance.now() });
  return { inspected, tookMs: performance.now() - startedMs, tookBytes: most - before };
}

const zeros = gzipSync(Buffer.alloc(16 * MIB, "0"));
const bomb = Buffer.concat(Array.from({ length: 64 }, () => zeros));

describe("a bomb", () => {
  it.each([
    ["gzip of a gigabyte", bomb],
    ["gzip within gzip", gzipSync(bomb)],
    ["zstd", zstdCompressSync(Buffer.alloc(64 * MIB, "0"))],
    ["zip of one file", zipOf([{ name: "a", data: Buffer.alloc(64 * MIB, "0") }])],
    ["zip of compressed files", zipOf([{ name: "a.gz", data: bomb }])],
    [
      "zip whose files lie over one another",
      zipOf(
        Array.from({ length: 5_000 }, (_, i) => ({
          name: `${i}`,
          data: i === 0 ? Buffer.alloc(MIB, "0") : "",
          claimedOffset: 0,
          method: 0,
        })),
      ),
    ],
    [
      "document of nothing but tags",
      zipOf([
        { name: "[Content_Types].xml", data: "<T/>" },
        { name: "word/document.xml", data: "<w:p><w:t>0</w:t></w:p>".repeat(3_000_000) },
      ]),
    ],
  ])("(%s) is held to what may be unpacked", async (_, content) => {
    const { inspected, tookMs, tookBytes } = await measure(content);
    expect(inspected.kind).toBe("scanned");
    if (inspected.kind === "scanned") expect(inspected.bytesScanned).toBeLessThanOrEqual(32 * MIB);
    expect(tookMs).toBeLessThan(10_000);
    expect(tookBytes).toBeLessThan(96 * MIB);
  });
});

describe("memory is flat", () => {
  it.each([
    ["one line of 256 MiB", "0"],
    ["JSON 256 million levels deep", "["],
  ])("for %s that is read whole", async (_, letter) => {
    const line = Buffer.alloc(65_536, letter);
    const object = generatedObject(256 * MIB, (_, bytes) => line.subarray(0, bytes));
    const { inspected, tookBytes } = await measure(object, { limits: { maxBytes: 256 * MIB } });
    expect(inspected).toMatchObject({ kind: "scanned", isWhole: true, bytesScanned: 256 * MIB });
    expect(tookBytes).toBeLessThan(32 * MIB);
  });

  it("for a zip or Parquet file of 5 GB", async () => {
    for (const magic of ["PK\x03\x04", "PAR1\x15"]) {
      const object = generatedObject(5 * 1024 * MIB, (from, bytes) =>
        from === 0 ? Buffer.from(magic, "latin1") : Buffer.alloc(bytes),
      );
      const { inspected, tookBytes } = await measure(object);
      expect(inspected).toMatchObject({ kind: "opaque" });
      expect(tookBytes).toBeLessThan(32 * MIB);
    }
  });
});

describe("a zip's directory", () => {
  it("of more files than are looked at ends there", async () => {
    const content = zipOf(Array.from({ length: 10_001 }, (_, i) => ({ name: `${i}`, data: "", method: 0 })));
    const { inspected } = await measure(content);
    expect(inspected).toMatchObject({ kind: "scanned", limits: ["only the first 10000 files in it were looked at"] });
  });

  it("that claims more files than it has says that some may be missing", async () => {
    const { inspected, texts } = await inspect(zipOf([{ name: "a", data: "text" }], { count: 60_000 }));
    expect(inspected).toMatchObject({ limits: ["the zip's directory is broken: files in it may be missing"] });
    expect(texts).toEqual(["text"]);
  });
});

/** Bytes of Thrift's compact protocol, for footers and headers that no writer would write. */
const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
const int = (value: number) => varint(value * 2);
const field = (delta: number, type: number, bytes: readonly number[]) => [(delta << 4) | type, ...bytes];
const [I32, I64, BINARY, LIST, STRUCT] = [5, 6, 8, 9, 12] as const;
const text = (value: string) => [...varint(value.length), ...Buffer.from(value)];
const list = (elements: readonly (readonly number[])[], count = elements.length) => [
  0xf0 | STRUCT,
  ...varint(count),
  ...elements.flat(),
];

/** A Parquet file of one column, with the pages as given. */
function parquetOf(
  pages: readonly number[],
  { codec = 0, type = 6, claimedBytes = pages.length, offset = 4 } = {},
): Buffer {
  const root = [...field(4, BINARY, text("root")), ...field(1, I32, int(1)), 0];
  const leaf = [
    ...field(1, I32, int(type)),
    ...field(2, I32, int(0)),
    ...field(1, BINARY, text("ssn")),
    ...field(2, I32, int(0)),
    0,
  ];
  const metadata = [
    ...field(4, I32, int(codec)),
    ...field(3, I64, int(claimedBytes)),
    ...field(2, I64, int(offset)),
    0,
  ];
  const chunk = [...field(3, STRUCT, metadata), 0];
  const group = [...field(1, LIST, list([chunk])), 0];
  const footer = [...field(2, LIST, list([root, leaf])), ...field(2, LIST, list([group])), 0];
  return withFooter(footer, pages);
}

function withFooter(footer: readonly number[], pages: readonly number[] = [], claimedBytes = footer.length): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(claimedBytes);
  return Buffer.concat([Buffer.from("PAR1\x15"), Buffer.from(pages), Buffer.from(footer), length, Buffer.from("PAR1")]);
}

function page(
  data: readonly number[],
  { bytes = data.length, compressedBytes = data.length, encoding = 0 } = {},
): number[] {
  const header = [...field(1, I32, int(0)), ...field(1, I32, int(bytes)), ...field(1, I32, int(compressedBytes))];
  const values = [
    ...field(1, I32, int(1)),
    ...field(1, I32, int(encoding)),
    ...field(1, I32, int(3)),
    ...field(1, I32, int(3)),
    0,
  ];
  return [...header, ...field(2, STRUCT, values), 0, ...data];
}

const value = [11, 0, 0, 0, ...Buffer.from("078-05-1120")];

describe("a Parquet file made by hand", () => {
  it("is read when it is right", async () => {
    const { inspected, texts } = await inspect(parquetOf(page(value), { offset: 5 }));
    expect(texts).toEqual(["ssn\n078-05-1120\n"]);
    expect(inspected).toMatchObject({ kind: "scanned", isWhole: true });
  });

  it.each([
    ["has no footer", Buffer.from("PAR1\x15 nothing"), "the parquet file has no footer: it is broken or cut off"],
    ["ends before its footer", Buffer.from("PAR1\x15"), "the parquet file ends before its footer"],
    ["is encrypted", Buffer.concat([parquetOf([]).subarray(0, -4), Buffer.from("PARE")]), "it is encrypted"],
    ["claims a footer larger than itself", withFooter([0], [], 0xff_ff_ff_f0), "the parquet file's footer is broken"],
    [
      "claims a list of billions",
      withFooter([...field(2, LIST, [0xfc, ...varint(4_000_000_000)])]),
      "the parquet file's footer is broken",
    ],
    [
      "has lists in lists in lists",
      withFooter([...field(2, LIST, Array(1_000).fill(0x19))]),
      "the parquet file's footer is broken",
    ],
    ["has structures without end", withFooter(Array(100_000).fill(0x1c)), "the parquet file's footer is broken"],
    [
      "has a number of a million bytes",
      withFooter([...field(3, I64, Array(1_000_000).fill(0x80)), 0]),
      "the parquet file's footer is broken",
    ],
    [
      "has a schema of ten thousand levels",
      withFooter([
        ...field(
          2,
          LIST,
          list(Array.from({ length: 10_000 }, () => [...field(4, BINARY, text("a")), ...field(1, I32, int(1)), 0])),
        ),
        ...field(2, LIST, list([])),
        0,
      ]),
      "the parquet file's footer is broken",
    ],
  ])("that %s is opaque", async (_, content, reason) => {
    const { inspected, tookMs } = await measure(content);
    expect(inspected).toEqual({ kind: "opaque", format: "parquet", reason, bytesRead: content.length });
    expect(tookMs).toBeLessThan(2_000);
  });

  const snappyForEver = [10, 0xfc, 0xfa, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  // 128 values a block, 4 miniblocks, 4 billion values of which the first is 0.
  const deltas = [...varint(128), ...varint(4), ...varint(4_000_000_000), 0, 0, 0, 0, 0, 0];
  it.each([
    ["a page larger than the file", page(value, { compressedBytes: 1_000_000 }), {}],
    ["a page that unpacks to more than memory", page(value, { bytes: 2_000_000_000 }), { codec: 2 }],
    ["snappy that goes back and forth for ever", page(snappyForEver, { bytes: 10 }), { codec: 1 }],
    ["a gzip bomb in a page", page([...gzipSync(Buffer.alloc(10 * MIB))], { bytes: 100 }), { codec: 2 }],
    ["a value longer than its page", page([255, 255, 255, 255, 1, 2, 3]), {}],
    ["billions of deltas", page(deltas, { encoding: 5 }), { type: 1 }],
    ["blocks of no deltas", page([...varint(128), 0, 5, 0, 0], { encoding: 5 }), { type: 1 }],
    ["a column that lies elsewhere", page(value), { offset: 4_000_000 }],
    ["a column larger than the file", page(value), { claimedBytes: 4_000_000_000 }],
  ])("with %s tells that the column is broken", async (_, pages, options) => {
    const { inspected, tookMs } = await measure(parquetOf(pages, { offset: 5, ...options }));
    expect(inspected).toMatchObject({ kind: "scanned", isWhole: false, limits: ["1 column chunks are broken"] });
    expect(tookMs).toBeLessThan(2_000);
  });

  it("with common beginnings that spell terabytes is held to what may be unpacked", async () => {
    const columnData = [
      {
        name: "a",
        data: Array.from({ length: 2_000 }, (_, i) => `${"x".repeat(20_000)}${i}`),
        type: "STRING" as const,
        encoding: "DELTA_BYTE_ARRAY" as const,
      },
    ];
    const content = Buffer.from(
      parquetWriteBuffer({ columnData, statistics: false, pageSize: 2 ** 30, rowGroupSize: 2_000 }),
    );
    const { inspected, tookMs } = await measure(content);
    expect(inspected.kind).toBe("scanned");
    expect(tookMs).toBeLessThan(5_000);
  });
});
