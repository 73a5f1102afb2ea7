import { builtInDetectors, createScanner } from "../../shared/classification/detect/scan.ts";
import { mixedText } from "./speed.ts";

export interface MemoryReport {
  readonly gigabytes: number;
  /** After the first 64 MB, by which all code is compiled, and the most there was after that. */
  readonly firstMb: number;
  readonly peakMb: number;
}

/** The most that memory may grow by after that, in MB: what garbage collection leaves now and then. */
export const MEMORY_LIMIT_MB = 32;

const CHUNK_BYTES = 1_000_000;
const CHUNKS = 16;
const CHECK_EVERY = 64;

/**
 * Pushes generated text through one scanner, without a line break for the second half, and looks at the memory of the process on the way. Nothing is kept but
 * the chunks that are pushed again and again.
 */
export function measureMemory(gigabytes: number, progress: (done: number, of: number) => void): MemoryReport {
  const text = mixedText(2, CHUNKS);
  const chunks = Array.from({ length: CHUNKS }, (_, index) =>
    text.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES),
  );
  const oneLine = chunks.map((chunk) => Buffer.from(chunk.map((byte) => (byte === 0x0a ? 0x20 : byte))));
  const scanner = createScanner({ detectors: new Set(builtInDetectors.map(({ id }) => id)), salt: "bench" });
  const total = Math.round(gigabytes * 1_000);
  const megabytes = (): number => process.memoryUsage().rss / 1e6;
  for (let index = 0; index < CHECK_EVERY; index++) scanner.push(chunks[index % CHUNKS] as Uint8Array);
  const firstMb = megabytes();
  let peakMb = firstMb;
  for (let index = CHECK_EVERY; index < total; index++) {
    scanner.push((index < total / 2 ? chunks : oneLine)[index % CHUNKS] as Uint8Array);
    if (index % CHECK_EVERY !== 0) continue;
    peakMb = Math.max(peakMb, megabytes());
    progress(index, total);
  }
  scanner.end();
  progress(total, total);
  return { gigabytes, firstMb, peakMb };
}

export const isFlat = ({ firstMb, peakMb }: MemoryReport): boolean => peakMb - firstMb <= MEMORY_LIMIT_MB;
