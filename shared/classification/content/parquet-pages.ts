import { brotliDecompressSync, constants, gunzipSync, zstdDecompressSync } from "node:zlib";
import { BrokenPage } from "./parquet-deltas.ts";
import type { ColumnChunk } from "./parquet-footer.ts";
import { decompressHadoopLz4, decompressLz4 } from "./parquet-lz4.ts";
import type { Encoding } from "./parquet-values.ts";
import { readThrift } from "./thrift.ts";

/** PageHeader, as far as it is of interest (apache/parquet-format, parquet.thrift). */
const PAGE_HEADER = {
  type: [1, "int"],
  bytes: [2, "int"],
  compressedBytes: [3, "int"],
  data: [5, { fields: { encoding: [2, "int"], definitionEncoding: [3, "int"], repetitionEncoding: [4, "int"] } }],
  dataV2: [
    8,
    {
      fields: {
        encoding: [4, "int"],
        definitionBytes: [5, "int"],
        repetitionBytes: [6, "int"],
        isCompressed: [7, "bool"],
      },
    },
  ],
} as const;
/** Statistics in a header have as many values as this at most. */
const MAX_HEADER_VALUES = 1000;
/** Writers make pages of one megabyte, and dictionaries of as much. */
const MAX_PAGE_BYTES = 32 * 2 ** 20;

export interface Page {
  readonly headerBytes: number;
  readonly compressedBytes: number;
  /** Decompressed, as the header claims. */
  readonly bytes: number;
  readonly layout:
    | { readonly kind: "dictionary" }
    /** How repetition and definition levels are encoded; it counts for those that there are. */
    | { readonly kind: "data"; readonly encoding: number; readonly levelEncodings: readonly [number, number] }
    | {
        readonly kind: "data-v2";
        readonly encoding: number;
        readonly levelBytes: number;
        readonly isCompressed: boolean;
      }
    /** Holds no values. */
    | { readonly kind: "other" };
}

/** Reads the header of a page; `undefined` when it is broken, claims what can't be, or needs more bytes. Pure. */
export function parsePage(bytes: Uint8Array): Page | undefined {
  const read = readThrift(bytes, 0, PAGE_HEADER, MAX_HEADER_VALUES);
  const { type, bytes: pageBytes, compressedBytes, data, dataV2 } = read?.value ?? {};
  if (read === undefined || pageBytes === undefined || compressedBytes === undefined) return undefined;
  if (pageBytes < 0 || compressedBytes < 0 || pageBytes > MAX_PAGE_BYTES) return undefined;
  const sizes = { headerBytes: read.end, compressedBytes, bytes: pageBytes };
  switch (type) {
    case 0: {
      const { encoding, definitionEncoding = RLE, repetitionEncoding = RLE } = data ?? {};
      const levelEncodings = [repetitionEncoding, definitionEncoding] as const;
      return encoding === undefined ? undefined : { ...sizes, layout: { kind: "data", encoding, levelEncodings } };
    }
    case 2:
      return { ...sizes, layout: { kind: "dictionary" } };
    case 3: {
      const { encoding, definitionBytes = 0, repetitionBytes = 0, isCompressed = true } = dataV2 ?? {};
      const levelBytes = definitionBytes + repetitionBytes;
      const isSound =
        definitionBytes >= 0 && repetitionBytes >= 0 && levelBytes <= Math.min(pageBytes, compressedBytes);
      if (encoding === undefined || !isSound) return undefined;
      return { ...sizes, layout: { kind: "data-v2", encoding, levelBytes, isCompressed } };
    }
    default:
      return { ...sizes, layout: { kind: "other" } };
  }
}

const RLE = 3;

/** Encodings by their number in parquet.thrift. A dictionary's indexes are none: they say nothing that the dictionary doesn't. */
export const ENCODINGS: ReadonlyMap<number, Encoding | "dictionary"> = new Map([
  [0, "plain"],
  [2, "dictionary"],
  [5, "delta"],
  [6, "delta-length"],
  [7, "delta-bytes"],
  [8, "dictionary"],
  [9, "split"],
]);

/** Gives no more than it is asked for, and throws when it would be more. */
export type Decompress = (bytes: Uint8Array, toBytes: number) => Uint8Array;

/** zlib's own bound for windows of Zstandard is 128 MiB. */
const ZSTD_WINDOW_LOG = 25;

/** By their number in parquet.thrift. */
const DECOMPRESSORS: ReadonlyMap<number, Decompress> = new Map<number, Decompress>([
  [0, (bytes) => bytes],
  [2, (bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength })],
  [4, (bytes, maxOutputLength) => brotliDecompressSync(bytes, { maxOutputLength })],
  [5, decompressHadoopLz4],
  [7, decompressLz4],
  [
    6,
    (bytes, maxOutputLength) =>
      zstdDecompressSync(bytes, { maxOutputLength, params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG } }),
  ],
]);
/** Its code, a WebAssembly module, is loaded when a file needs it. */
const SNAPPY = 1;

/** The decompressors for one file; `undefined` for LZO, which nobody writes any more. */
export function createDecompressors(): (codec: number) => Promise<Decompress | undefined> {
  // One for each file: its memory grows with the largest page and never shrinks.
  let snappy: Decompress | undefined;
  return async (codec) => {
    if (codec !== SNAPPY) return DECOMPRESSORS.get(codec);
    snappy ??= (await import("hysnappy")).snappyUncompressor();
    return snappy;
  };
}

/**
 * A page's bytes decompressed, and where its values begin: behind the levels, which tell where values are missing and lists end. Pure.
 *
 * @throws BrokenPage, and what the decompressor throws
 */
export function openPage(
  page: Page,
  bytes: Uint8Array,
  { column }: ColumnChunk,
  decompress: Decompress,
): { readonly bytes: Uint8Array; readonly from: number } {
  const { layout } = page;
  if (layout.kind === "data-v2") {
    const values = bytes.subarray(layout.levelBytes);
    const toBytes = page.bytes - layout.levelBytes;
    return { bytes: layout.isCompressed && toBytes > 0 ? decompress(values, toBytes) : values, from: 0 };
  }
  const opened = page.bytes === 0 ? new Uint8Array() : decompress(bytes, page.bytes);
  if (layout.kind !== "data") return { bytes: opened, from: 0 };
  let from = 0;
  for (const [i, has] of [column.hasRepetitionLevels, column.hasDefinitionLevels].entries()) {
    if (!has) continue;
    // Bit-packed levels have not been written since 2013.
    if (layout.levelEncodings[i] !== RLE || from + 4 > opened.length) throw new BrokenPage();
    from += 4 + new DataView(opened.buffer, opened.byteOffset + from, 4).getUint32(0, true);
  }
  if (from > opened.length) throw new BrokenPage();
  return { bytes: opened, from };
}
