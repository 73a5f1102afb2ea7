import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { inspect, ROOMY } from "./inspect.ts";
import { objectOf } from "./recording.ts";
import { tarOf, zipOf } from "./zip-bytes.ts";

const csv = `name,ssn,card\n${Array.from({ length: 600 }, (_, i) => `näme ${i},078-05-${1000 + i},"4111 1111 1111 ${1000 + i}"`).join("\n")}\n`;
const xml = `<w:p>${Array.from({ length: 300 }, (_, i) => `<w:r><w:t>&#52;1<![CDATA[${i}]]]]><!-- ${i} -->1</w:t></w:r><w:tab/>`).join("")}</w:p>`;
const parquet = Buffer.from(
  parquetWriteBuffer({
    columnData: [
      { name: "ssn", data: Array.from({ length: 500 }, (_, i) => `078-05-${1000 + i}`), type: "STRING" },
      { name: "n", data: Array.from({ length: 500 }, (_, i) => i * i), type: "INT32", encoding: "DELTA_BINARY_PACKED" },
    ],
    pageSize: 1_000,
  }),
);
const files = [
  { name: "a.csv", data: csv },
  { name: "b.gz", data: gzipSync(csv) },
];

/** One of each format that is opened. */
const CONTENTS: Readonly<Record<string, { readonly bytes: Buffer; readonly contentEncoding?: string }>> = {
  "text in UTF-8": { bytes: Buffer.from(csv) },
  "text in UTF-16": { bytes: Buffer.from(`\ufeff${csv}`, "utf16le") },
  gzip: { bytes: gzipSync(csv) },
  "gzip within gzip": { bytes: gzipSync(gzipSync(csv)) },
  zstd: { bytes: zstdCompressSync(csv) },
  brotli: { bytes: brotliCompressSync(csv), contentEncoding: "br" },
  tar: { bytes: tarOf(files) },
  "compressed tar": { bytes: gzipSync(tarOf(files)) },
  zip: { bytes: zipOf(files) },
  document: {
    bytes: zipOf([
      { name: "[Content_Types].xml", data: "<T/>" },
      { name: "word/document.xml", data: xml },
    ]),
  },
  parquet: { bytes: parquet },
};

const name = fc.constantFrom(...Object.keys(CONTENTS));
const chunkBytes = fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 5 });
/** Bytes that are written over, each at a share of the length. */
const damage = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255)), { maxLength: 4 });
const narrow = fc.record({
  maxBytes: fc.integer({ min: 1, max: 40_000 }),
  headBytes: fc.integer({ min: 1, max: 9_000 }),
  samples: fc.nat(6),
  sampleBytes: fc.integer({ min: 1, max: 5_000 }),
  maxInflatedBytes: fc.integer({ min: 1, max: 100_000 }),
});

function damaged(bytes: Buffer, places: readonly (readonly [number, number])[]): Buffer {
  const copy = Buffer.from(bytes);
  for (const [share, byte] of places) copy[Math.floor(share * (copy.length - 1))] = byte;
  return copy;
}

describe("whatever the content", () => {
  it("any chunks of it give the same pieces, and the same is told", async () => {
    await fc.assert(
      fc.asyncProperty(
        name,
        damage,
        chunkBytes,
        fc.option(narrow, { nil: {} }),
        async (which, places, lengths, limits) => {
          const { bytes, ...hints } = CONTENTS[which] ?? { bytes: Buffer.of() };
          const content = damaged(bytes, places);
          const whole = await inspect(content, { hints, limits, chunkBytes: [content.length] });
          const split = await inspect(content, { hints, limits, chunkBytes: lengths });
          expect(split.pieces).toEqual(whole.pieces);
          // Of what is not opened the rest of a chunk may have been read, too.
          expect({ ...split.inspected, bytesRead: 0 }).toEqual({ ...whole.inspected, bytesRead: 0 });
        },
      ),
      { numRuns: 150 },
    );
  });

  it("no limit is passed, nothing is read twice but by a new sample, and no error comes of it", async () => {
    await fc.assert(
      fc.asyncProperty(name, damage, narrow, async (which, places, limits) => {
        const { bytes, ...hints } = CONTENTS[which] ?? { bytes: Buffer.of() };
        const content = damaged(bytes, places);
        const { inspected, pieces, reads } = await inspect(content, { hints, limits });
        expect(inspected.bytesRead).toBeLessThanOrEqual(limits.maxBytes);
        expect(reads.length).toBeLessThanOrEqual(limits.samples + 4);
        const isWhole = content.length <= limits.maxBytes;
        expect(reads[0]).toEqual({
          from: 0,
          to: isWhole ? content.length : Math.min(limits.headBytes, limits.maxBytes),
        });
        if (isWhole) expect(reads).toHaveLength(1);
        for (const { from, to } of reads) expect(0 <= from && from < to && to <= content.length).toBe(true);
        if (inspected.kind === "opaque") return;
        // The scanner gets UTF-16's mark with each sample.
        const marks = 2 * pieces.length;
        const scanned = pieces.reduce((sum, piece) => sum + piece.length, 0);
        expect(scanned - inspected.bytesScanned).toBeGreaterThanOrEqual(0);
        expect(scanned - inspected.bytesScanned).toBeLessThanOrEqual(marks);
        expect(inspected.isWhole).toBe(inspected.limits.length === 0);
      }),
      { numRuns: 150 },
    );
  });

  it("bytes that say nothing give a verdict or a clear status", async () => {
    const magic = fc.constantFrom("", "PK\x03\x04", "PAR1\x15", "\x1f\x8b\x08", "\x28\xb5\x2f\xfd", "\ufeff");
    await fc.assert(
      fc.asyncProperty(magic, fc.uint8Array({ maxLength: 600 }), async (start, rest) => {
        const { inspected } = await inspect(Buffer.concat([Buffer.from(start, "latin1"), rest]));
        if (inspected.kind === "opaque") expect(inspected.reason).toMatch(/\w/);
      }),
      { numRuns: 200 },
    );
  });

  it("no text that is told quotes it", async () => {
    const secret = "secret-4111111111111111";
    for (const bytes of [
      zipOf([{ name: `${secret}.bin`, data: Buffer.alloc(9) }]),
      gzipSync(secret).fill(0, 12),
      Buffer.from(parquetWriteBuffer({ columnData: [{ name: secret, data: [secret] }] })).fill(0xff, 10, 40),
    ]) {
      const { inspected } = await inspect(bytes, { hints: { key: secret } });
      expect(JSON.stringify(inspected)).not.toContain("4111");
    }
  });
});

describe("what isn't about the content reaches the caller as it is", () => {
  const failure = new Error("SlowDown");

  it.each(Object.entries(CONTENTS))("when reading %s fails on the way", async (_, { bytes, ...hints }) => {
    const whole = objectOf(bytes);
    const object = {
      ...whole,
      async *read(from: number, to: number) {
        yield* whole.read(from, from + Math.floor((to - from) / 2));
        throw failure;
      },
    };
    await expect(inspect(object, { hints, limits: { ...ROOMY, maxBytes: 9_000 } })).rejects.toBe(failure);
  });
});
