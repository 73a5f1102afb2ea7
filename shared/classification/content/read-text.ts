import type { Encoding } from "./encoding.ts";
import type { Inspection } from "./inspection.ts";
import type { ContentLimits } from "./limits.ts";

/** A part of an object: bytes from..to (exclusive). */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * Where samples lie behind the head: evenly spread, the last one ends with the object, on even offsets so that UTF-16 stays in step. As many as the budget has
 * room for. Pure.
 */
export function planSamples(
  size: number,
  headBytes: number,
  { maxBytes, samples, sampleBytes }: ContentLimits,
): readonly Range[] {
  const behind = size - headBytes;
  const bytesLeft = maxBytes - headBytes;
  const bytes = Math.min(sampleBytes, behind, bytesLeft);
  if (bytes <= 0) return [];
  const count = Math.min(samples, Math.floor(bytesLeft / bytes), Math.ceil(behind / bytes));
  const gap = Math.max(0, (behind - count * bytes) / count);
  const ranges: Range[] = [];
  for (let i = 1; i <= count; i++) {
    const start = headBytes + Math.ceil(gap * i + bytes * (i - 1));
    const from = gap === 0 ? start : start + (start % 2);
    const to = Math.min(size, start + bytes);
    if (from < to) ranges.push({ from, to });
  }
  return ranges;
}

/**
 * Hands text to the scanner as it is: the whole of it, or its head and samples.
 *
 * @param head the stream of the object's first `headBytes` bytes, or of all
 * @throws LimitReached, and what `read` throws
 */
export async function readText(
  head: AsyncIterable<Uint8Array>,
  headBytes: number,
  encoding: Encoding,
  inspection: Inspection,
): Promise<void> {
  const { source, sink, limits, notes } = inspection;
  const ranges = planSamples(source.size, headBytes, limits);
  let end = headBytes;
  sink.begin({ encoding, isCut: false });
  for await (const chunk of head) sink.push(chunk);
  for (const { from, to } of ranges) {
    if (from > end) {
      sink.finish(true);
      sink.begin({ encoding, isCut: true });
    }
    for await (const chunk of source.stream(from, to)) sink.push(chunk);
    end = to;
  }
  sink.finish(end < source.size);
  const scanned = ranges.reduce((sum, { from, to }) => sum + to - from, headBytes);
  if (scanned < source.size)
    notes.add(`only the first ${headBytes} bytes and ${ranges.length} samples of ${source.size} bytes were looked at`);
}
