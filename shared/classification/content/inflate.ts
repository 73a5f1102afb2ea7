import { pipeline, Readable, type Transform, type TransformOptions } from "node:stream";
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflateRaw,
  createZstdDecompress,
  inflateRawSync,
} from "node:zlib";
import type { Meter } from "./limits.ts";
import type { Compression } from "./tell-format.ts";

/** `deflate` is what zip files hold: without a header. */
export type Inflatable = Compression | "deflate";

/**
 * zlib gives nothing of a call that ends in an error. So it is called with blocks that don't depend on how the input is cut into chunks, and not before what it
 * gave last is taken: of a broken stream the same part is read each time.
 */
const BLOCK_BYTES = 16 * 1024;
const OUTPUT: Pick<TransformOptions, "readableHighWaterMark"> & { readonly chunkSize: number } = {
  chunkSize: 64 * 1024,
  readableHighWaterMark: 1,
};

/** Zstandard may ask for as much memory as its window: 2^25 is 32 MiB, and its own levels need at most 2^27 (`--ultra`). */
const ZSTD_WINDOW_LOG = 25;

/** How each is opened so that a stream that ends too early gives what it has and no error: of large objects only the beginning is read. */
const DECODERS: Readonly<Record<Inflatable, () => Transform>> = {
  gzip: () => createGunzip({ ...OUTPUT, finishFlush: constants.Z_SYNC_FLUSH }),
  deflate: () => createInflateRaw({ ...OUTPUT, finishFlush: constants.Z_SYNC_FLUSH }),
  brotli: () => createBrotliDecompress({ ...OUTPUT, finishFlush: constants.BROTLI_OPERATION_FLUSH }),
  zstd: () =>
    createZstdDecompress({
      ...OUTPUT,
      finishFlush: constants.ZSTD_e_flush,
      params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG },
    }),
};

/**
 * Decompresses as a stream, one chunk at a time; gzip of several members, too (RFC 1952, 2.2).
 *
 * @throws LimitReached after the last bytes that the meter allows; what the input throws; an error of zlib's for what is no such stream
 */
export async function* inflate(
  as: Inflatable,
  chunks: AsyncIterable<Uint8Array>,
  meter: Meter,
): AsyncGenerator<Uint8Array> {
  const decoder = DECODERS[as]();
  // The loop below hears of every error by the decoder, which the pipeline destroys with it.
  pipeline(Readable.from(inBlocks(chunks), { highWaterMark: 1 }), decoder, () => {});
  yield* metered(decoder, meter);
}

/** To set up a stream takes longer than to inflate so much. */
const SMALL_BYTES = 16 * 1024;
const SMALL_OUTPUT_BYTES = 256 * 1024;

/** Inflates in one go what is small on both sides; `undefined` for all else, also for what is broken, of which a stream gives the part before. Pure. */
export function inflateSmall(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length > SMALL_BYTES) return undefined;
  try {
    return inflateRawSync(bytes, { maxOutputLength: SMALL_OUTPUT_BYTES });
  } catch {
    return undefined;
  }
}

/** Bytes that are unpacked count against the meter. */
export async function* metered(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  meter: Meter,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    meter.checkTime();
    const allowed = meter.allow(chunk.length);
    if (allowed > 0) yield allowed === chunk.length ? chunk : chunk.subarray(0, allowed);
    if (allowed < chunk.length) meter.exceed();
  }
}

async function* inBlocks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let block = new Uint8Array(BLOCK_BYTES);
  let length = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + BLOCK_BYTES - length);
      block.set(part, length);
      [at, length] = [at + part.length, length + part.length];
      if (length < BLOCK_BYTES) continue;
      yield block;
      [block, length] = [new Uint8Array(BLOCK_BYTES), 0];
    }
  }
  if (length > 0) yield block.subarray(0, length);
}
