import type { Inspection, Outcome } from "./inspection.ts";
import { Unreadable } from "./limits.ts";
import type { Chunks } from "./peek.ts";
import { readStream, type StreamOptions } from "./read-stream.ts";
import { isWithoutText } from "./tell-format.ts";

const BLOCK_BYTES = 512;
/** Header blocks of empty files cost work and count for nothing otherwise. */
const MAX_MEMBERS = 10_000;

/** A stream that is read by pieces of known length. */
interface Blocks {
  /** Exactly so many bytes, or what is left of the stream. */
  take(bytes: number): Promise<Uint8Array>;
  /** So many bytes as a stream; what nobody read of them is skipped by the next call. */
  member(bytes: number): AsyncGenerator<Uint8Array>;
  skipRest(): Promise<void>;
}

/**
 * Hands the files in a tar archive to the scanner, each on its own (POSIX.1-2017, pax, "ustar Interchange Format"): a header block, the file, filled up to
 * whole blocks. A stream, so that what is compressed can be read as well.
 */
export async function readTar(chunks: Chunks, inspection: Inspection, options: StreamOptions): Promise<Outcome> {
  const { meter, notes, gaps, sink } = inspection;
  const blocks = createBlocks(chunks);
  let unopened = 0;
  let withoutText = 0;
  try {
    for (let members = 0; ; members++) {
      meter.checkTime();
      const header = await blocks.take(BLOCK_BYTES);
      if (header.length < BLOCK_BYTES || header[0] === 0) break;
      if (members >= MAX_MEMBERS) {
        gaps.add(`only the first ${MAX_MEMBERS} files of the archive were looked at`);
        break;
      }
      const size = readSize(header);
      if (size > 0) {
        const outcome = await readStream(blocks.member(size), inspection, { ...options, isPart: true });
        if (outcome.closed !== undefined && isWithoutText(outcome.format)) withoutText += 1;
        else if (outcome.closed !== undefined) unopened += 1;
      }
      await blocks.skipRest();
      await blocks.take((BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES);
    }
  } finally {
    if (unopened > 0) gaps.add(`${unopened} files in it are of formats that are not opened there`);
    if (withoutText > 0) notes.add(`${withoutText} files in it are without text, such as pictures`);
    await chunks.return();
  }
  const isOpaque = unopened > 0 && sink.bytesScanned === 0;
  return { format: "tar", ...(isOpaque && { closed: "no file in it is of a format that is opened there" }) };
}

/** The size is octal digits; where it has its first bit set it is binary, which files beyond 8 GB need (GNU tar). */
function readSize(header: Uint8Array): number {
  const field = header.subarray(124, 136);
  const digits = Buffer.from(field).toString("latin1").replace(/[\0 ]/g, "");
  if (((field[0] ?? 0) & 0x80) !== 0) {
    const size = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
    if (Number.isSafeInteger(size)) return size;
  } else if (/^[0-7]*$/.test(digits)) return Number.parseInt(digits || "0", 8);
  throw new Unreadable("the tar archive is broken");
}

function createBlocks(chunks: Chunks): Blocks {
  let held: Uint8Array = new Uint8Array();
  let left = 0;
  async function next(bytes: number): Promise<Uint8Array | undefined> {
    if (held.length === 0) {
      const { value, done } = await chunks.next();
      if (done === true) return undefined;
      held = value;
    }
    const part = held.subarray(0, bytes);
    held = held.subarray(part.length);
    return part;
  }
  async function* member(bytes: number): AsyncGenerator<Uint8Array> {
    left = bytes;
    while (left > 0) {
      const part = await next(left);
      if (part === undefined) break;
      left -= part.length;
      yield part;
    }
  }
  return {
    async take(bytes) {
      const parts: Uint8Array[] = [];
      for (let missing = bytes; missing > 0; ) {
        const part = await next(missing);
        if (part === undefined) break;
        parts.push(part);
        missing -= part.length;
      }
      return Buffer.concat(parts);
    },
    member,
    async skipRest() {
      while (left > 0) {
        const part = await next(left);
        if (part === undefined) break;
        left -= part.length;
      }
    },
  };
}
