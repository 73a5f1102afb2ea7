/** Thrown for a page that is not what it claims. Caught by the reader of columns. */
export class BrokenPage extends Error {}

/** Values in a page beyond this are not read: a few bytes can claim any number of equal ones. */
const MAX_VALUES = 4_000_000;

export interface Deltas {
  readonly values: readonly bigint[];
  /** Where they end in the page. */
  readonly end: number;
}

/**
 * DELTA_BINARY_PACKED: blocks of small differences in as few bits as they need (apache/parquet-format, Encodings.md).
 *
 * @param allow asked before memory beyond the page's own is taken, with its bytes; throws when that is too much
 * @throws BrokenPage
 */
export function readDeltas(page: Uint8Array, from: number, bits: 32 | 64, allow: (bytes: number) => void): Deltas {
  let at = from;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = page[at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new BrokenPage();
  };
  const zigzag = (): bigint => {
    const value = varint();
    return value & 1n ? -((value + 1n) >> 1n) : value >> 1n;
  };
  const blockValues = Number(varint());
  const miniblocks = Number(varint());
  const count = Number(varint());
  const perMiniblock = blockValues / miniblocks;
  const isSound = miniblocks > 0 && blockValues <= 65_536 && perMiniblock % 8 === 0 && perMiniblock > 0;
  if (!isSound || count > MAX_VALUES) throw new BrokenPage();
  allow(count * 8);
  let value = zigzag();
  const values: bigint[] = count > 0 ? [value] : [];
  while (values.length < count) {
    const least = zigzag();
    const widths = page.subarray(at, at + miniblocks);
    if (widths.length < miniblocks) throw new BrokenPage();
    at += miniblocks;
    for (const width of widths) {
      if (values.length >= count) break;
      const length = (perMiniblock * width) / 8;
      // Writers may leave out what fills up the last block.
      if (width > 64 || at >= page.length + (width === 0 ? 1 : 0)) throw new BrokenPage();
      for (let i = 0; i < perMiniblock && values.length < count; i++) {
        value = BigInt.asIntN(bits, value + least + bitsAt(page, at * 8 + i * width, width));
        values.push(value);
      }
      at += length;
    }
  }
  return { values, end: at };
}

/** So many bits from a bit on, the lowest first. */
function bitsAt(page: Uint8Array, bit: number, width: number): bigint {
  let value = 0n;
  for (let done = 0; done < width; ) {
    const byte = page[(bit + done) >> 3];
    if (byte === undefined) throw new BrokenPage();
    const offset = (bit + done) & 7;
    const taken = Math.min(8 - offset, width - done);
    value |= BigInt((byte >> offset) & ((1 << taken) - 1)) << BigInt(done);
    done += taken;
  }
  return value;
}
