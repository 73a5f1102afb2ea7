import { type Inspection, isAboutContent, type Outcome } from "./inspection.ts";
import { type Clock, type ContentLimits, createMeter, LimitReached, Unreadable } from "./limits.ts";
import { createSource, type ObjectBytes } from "./object-source.ts";
import { type Peeked, peek } from "./peek.ts";
import { isCompression, readStream, whyClosed } from "./read-stream.ts";
import { readText } from "./read-text.ts";
import type { Scanner } from "./scanner.ts";
import { createSink } from "./sink.ts";
import { type ContentHints, type Format, HEAD_BYTES, tellFormat } from "./tell-format.ts";

export type { Clock, ContentHints, ContentLimits, Format, ObjectBytes, Scanner };

/** What was looked at, or that nothing can be said of the content. */
export type Inspected =
  | {
      readonly kind: "scanned";
      readonly format: Format;
      readonly bytesRead: number;
      /** What the scanner got: decompressed, unpacked, and of an Office document the text alone. */
      readonly bytesScanned: number;
      /** Every byte of content was looked at; otherwise `limits` says why not. */
      readonly isWhole: boolean;
      readonly limits: readonly string[];
      /** Those of the limits that hide what nobody looked at, where it is not policy's own budget. */
      readonly gaps?: readonly string[];
      /** The time was over: another look may see more. */
      readonly isOutOfTime?: true;
    }
  /** Binary, encrypted, broken, or of a format that isn't opened. */
  | {
      readonly kind: "opaque";
      readonly format: Format | "unknown";
      readonly reason: string;
      readonly bytesRead: number;
      readonly isOutOfTime?: true;
    };

/**
 * Reads an object within limits and hands what it says to the scanner, whatever its format is: text as it is, in head and samples when it is large; what is
 * compressed, decompressed; Parquet by its columns; zips and Office documents by the text in them. The same content gives the scanner the same bytes however the
 * stream is cut into chunks. An object of at most `maxBytes` takes one ranged read.
 *
 * Memory: the chunk at hand, and of a zip or Parquet file `MAX_HELD_BYTES` at most.
 *
 * @param scanner nothing is said to it but `push` and `cut`; what it found belongs to whoever made it
 * @returns also for hostile, broken and encrypted content: texts in it never quote the content
 * @throws what `object.read` or the scanner throws, untouched
 */
export async function inspectContent(
  object: ObjectBytes,
  hints: ContentHints,
  limits: ContentLimits,
  scanner: Scanner,
  clock: Clock,
): Promise<Inspected> {
  const meter = createMeter(limits, clock);
  const source = createSource(object, limits, meter);
  let format: Format | "unknown" = "unknown";
  const tell = (told: typeof format) => {
    format = told;
  };
  const inspection: Inspection = {
    source,
    sink: createSink(scanner),
    meter,
    hints,
    limits,
    tell,
    notes: new Set(),
    gaps: new Set(),
  };
  let closed: string | undefined;
  let isOutOfTime = false;
  try {
    const outcome = await readObject(inspection);
    format = outcome.format;
    closed = outcome.closed;
  } catch (error) {
    if (!isAboutContent(error, inspection)) throw error;
    // zlib, yauzl and hyparquet throw what they like; their words may quote the content.
    const isOurs = error instanceof LimitReached || error instanceof Unreadable;
    const why = isOurs ? error.message : `the ${format} is broken`;
    const isBudget = error instanceof LimitReached && error.of !== "bound";
    (isBudget ? inspection.notes : inspection.gaps).add(why);
    if (error instanceof LimitReached && error.of === "time") isOutOfTime = true;
    inspection.sink.finish(true);
    if (inspection.sink.bytesScanned === 0) closed = [...inspection.notes, ...inspection.gaps].join("; ");
  }
  return conclude(inspection, format, closed, isOutOfTime);
}

function conclude(
  { source: { bytesRead }, sink: { bytesScanned }, notes, gaps }: Inspection,
  format: Format | "unknown",
  closed: string | undefined,
  isOutOfTime: boolean,
): Inspected {
  const late = isOutOfTime ? { isOutOfTime: true as const } : {};
  if (closed !== undefined || format === "unknown")
    return { kind: "opaque", format, reason: closed ?? whyClosed(format), bytesRead, ...late };
  const limits = [...notes, ...gaps];
  return {
    kind: "scanned",
    format,
    bytesRead,
    bytesScanned,
    isWhole: limits.length === 0,
    limits,
    ...(gaps.size > 0 && { gaps: [...gaps] }),
    ...late,
  };
}

async function readObject(inspection: Inspection): Promise<Outcome> {
  const { source, hints, limits, tell } = inspection;
  if (source.size === 0) return { format: "text" };
  const firstBytes = source.size <= limits.maxBytes ? source.size : Math.min(limits.headBytes, limits.maxBytes);
  const peeked = await peek(source.stream(0, firstBytes), HEAD_BYTES);
  const told = tellFormat(peeked.head, hints);
  tell(told.format);
  if (told.kind === "text") {
    await readText(peeked.chunks, firstBytes, told.encoding, inspection);
    return { format: told.format };
  }
  if (told.format === "zip") {
    await source.hold(peeked.chunks);
    return (await import("./read-zip.ts")).readZip(inspection);
  }
  if (told.format === "parquet") {
    await source.hold(peeked.chunks);
    return (await import("./read-parquet.ts")).readParquet(inspection);
  }
  if (isCompression(told.format) || told.format === "tar") return readFromStart(peeked, firstBytes, inspection);
  await peeked.chunks.return();
  return { format: told.format, closed: whyClosed(told.format) };
}

/** What can't be entered in its middle: as much of it as may be read, from its beginning. */
async function readFromStart({ chunks }: Peeked, firstBytes: number, inspection: Inspection): Promise<Outcome> {
  const { source, notes, limits } = inspection;
  const end = Math.min(source.size, limits.maxBytes);
  const isCut = () => end < source.size;
  if (isCut())
    notes.add(`it can only be read from its beginning: the first ${end} of ${source.size} bytes were looked at`);
  async function* all(): AsyncGenerator<Uint8Array> {
    yield* chunks;
    if (end > firstBytes) yield* source.stream(firstBytes, end);
  }
  return readStream(all(), inspection, { isCut, compressions: 0 });
}
