import { type ContentLimits, LimitReached, type Meter, Unreadable } from "./limits.ts";

/** Ranged reads of one object version; each call is one GetObject. */
export interface ObjectBytes {
  /** Size in bytes as S3 tells it. */
  readonly size: number;
  /** Bytes from..to (exclusive) as a stream of chunks, pinned to the version and ETag by whoever implements it. */
  read(from: number, to: number): AsyncIterable<Uint8Array>;
}

/** The object's bytes within the limits: what was read before is not read again. */
export interface ObjectSource {
  readonly size: number;
  readonly bytesRead: number;
  /** Every byte of the object is in memory. */
  readonly isHeld: boolean;
  /** What reading threw; it belongs to the caller of `inspectContent`. */
  readonly failure: { readonly error: unknown } | undefined;
  /** @throws LimitReached, and whatever `read` throws */
  stream(from: number, to: number): AsyncGenerator<Uint8Array>;
  /** Keeps what a stream that began at byte 0 gives, `MAX_HELD_BYTES` at most, for `at`. */
  hold(fromStart: AsyncIterable<Uint8Array>): Promise<void>;
  /**
   * Bytes from anywhere, out of memory or by one ranged read, which takes `sampleBytes` along if it may.
   *
   * @throws LimitReached when the budget has not that much; Unreadable when the object has not
   */
  at(from: number, bytes: number): Promise<Uint8Array>;
  /** How many bytes from there on are in memory. */
  heldFrom(from: number): number;
}

/** A file whose parts are found by its directory is held in memory up to this size; a larger one is read in samples. */
export const MAX_HELD_BYTES = 32 * 2 ** 20;

/** The head, two for a directory at the end, and one for what lies between. */
const READS_BESIDE_SAMPLES = 4;

interface Window {
  readonly from: number;
  readonly bytes: Uint8Array;
}

export function createSource(object: ObjectBytes, limits: ContentLimits, meter: Meter): ObjectSource {
  const { size } = object;
  let bytesRead = 0;
  let reads = 0;
  let failure: { readonly error: unknown } | undefined;
  // Head and tail stay, for directories lie there; what lies between is replaced by the next.
  let head: Window | undefined;
  let tail: Window | undefined;
  let between: Window | undefined;

  const bytesLeft = () => Math.max(0, limits.maxBytes - bytesRead);

  async function* stream(from: number, to: number): AsyncGenerator<Uint8Array> {
    if (reads >= limits.samples + READS_BESIDE_SAMPLES)
      throw new LimitReached(`${reads} ranged reads were made`, "budget");
    if (to - from > bytesLeft())
      throw new LimitReached(`the ${limits.maxBytes} bytes that may be read were used up`, "budget");
    meter.checkTime();
    reads += 1;
    let left = to - from;
    try {
      for await (const chunk of object.read(from, to)) {
        if (chunk.length === 0) continue;
        if (left === 0) return;
        const wanted = chunk.length > left ? chunk.subarray(0, left) : chunk;
        left -= wanted.length;
        bytesRead += wanted.length;
        yield wanted;
        // Its end is read too, which is there already: an answer that is broken off takes its connection with it.
        if (left > 0) meter.checkTime();
      }
    } catch (error) {
      if (!(error instanceof LimitReached)) failure = { error };
      throw error;
    }
    // A version's bytes never change: less than its size is a broken answer and no content.
    if (left > 0) throw new Unreadable("S3 gave fewer bytes than the object has");
  }

  const holding = (from: number, to: number) =>
    [head, tail, between].find(
      (each) => each !== undefined && each.from <= from && to <= each.from + each.bytes.length,
    );

  async function at(from: number, bytes: number): Promise<Uint8Array> {
    const to = from + bytes;
    if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || bytes < 0 || to > size)
      throw new Unreadable("it points outside itself");
    const held = holding(from, to);
    if (held !== undefined) return held.bytes.subarray(from - held.from, to - held.from);
    if (bytes > MAX_HELD_BYTES) throw new LimitReached(`a part of it is larger than ${MAX_HELD_BYTES} bytes`, "bound");
    const along = Math.max(bytes, Math.min(limits.sampleBytes, bytesLeft(), MAX_HELD_BYTES));
    const end = Math.min(size, from + along);
    const window = { from, bytes: await gather(stream(from, end), end - from) };
    if (end === size) tail = window;
    else between = window;
    return window.bytes.subarray(0, bytes);
  }

  return {
    size,
    get bytesRead() {
      return bytesRead;
    },
    get isHeld() {
      return head !== undefined && head.bytes.length === size;
    },
    get failure() {
      return failure;
    },
    stream,
    async hold(fromStart) {
      head = { from: 0, bytes: await gather(fromStart, size > MAX_HELD_BYTES ? limits.headBytes : size) };
    },
    at,
    heldFrom(from) {
      const held = holding(from, from);
      return held === undefined ? 0 : held.from + held.bytes.length - from;
    },
  };
}

async function gather(chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const gathered: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    gathered.push(chunk);
    bytes += chunk.length;
    if (bytes >= maxBytes) break;
  }
  return Buffer.concat(gathered).subarray(0, maxBytes);
}
