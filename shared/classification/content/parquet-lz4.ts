import { BrokenPage } from "./parquet-deltas.ts";

/** Matches are this long at least (lz4_Block_format.md). */
const MIN_MATCH = 4;
const HADOOP_HEADER_BYTES = 8;

/**
 * Decompresses one LZ4 block (lz4/lz4, doc/lz4_Block_format.md), for Node's zlib has no LZ4. Takes time by the bytes it gives.
 *
 * @throws BrokenPage when it is no such block, or gives more or fewer bytes than `toBytes`
 */
export function decompressLz4(block: Uint8Array, toBytes: number): Uint8Array {
  const out = new Uint8Array(toBytes);
  let at = 0;
  let length = 0;
  const byte = (): number => {
    const value = block[at++];
    if (value === undefined) throw new BrokenPage();
    return value;
  };
  const lengthFrom = (nibble: number): number => {
    let total = nibble;
    if (nibble === 15) for (let more = 255; more === 255; total += more) more = byte();
    return total;
  };
  while (at < block.length) {
    const token = byte();
    const literals = lengthFrom(token >> 4);
    if (at + literals > block.length || length + literals > toBytes) throw new BrokenPage();
    out.set(block.subarray(at, at + literals), length);
    [at, length] = [at + literals, length + literals];
    // The last sequence has no match.
    if (at === block.length) break;
    const offset = byte() | (byte() << 8);
    const match = lengthFrom(token & 15) + MIN_MATCH;
    if (offset === 0 || offset > length || length + match > toBytes) throw new BrokenPage();
    // It may reach into what it writes, so it is copied byte by byte.
    for (let i = 0; i < match; i++) out[length + i] = out[length + i - offset] ?? 0;
    length += match;
  }
  if (length !== toBytes) throw new BrokenPage();
  return out;
}

/**
 * Decompresses what Hadoop calls LZ4: blocks, each behind its two lengths; some writers left those out (apache/parquet-format, Compression.md).
 *
 * @throws BrokenPage
 */
export function decompressHadoopLz4(bytes: Uint8Array, toBytes: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  let at = 0;
  let left = toBytes;
  while (at + HADOOP_HEADER_BYTES <= bytes.length && left > 0) {
    const [partBytes, blockBytes] = [view.getUint32(at), view.getUint32(at + 4)];
    const start = at + HADOOP_HEADER_BYTES;
    if (partBytes > left || start + blockBytes > bytes.length) break;
    parts.push(decompressLz4(bytes.subarray(start, start + blockBytes), partBytes));
    [at, left] = [start + blockBytes, left - partBytes];
    // A part of nothing, over and over, is no progress.
    if (partBytes === 0) break;
  }
  return left === 0 && at === bytes.length ? Buffer.concat(parts) : decompressLz4(bytes, toBytes);
}
