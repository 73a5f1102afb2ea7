import { type Inspection, isAboutContent, type Outcome } from "./inspection.ts";
import { LimitReached, Unreadable } from "./limits.ts";
import { createLines, createTextGate, type TextGate } from "./lines.ts";
import { type ColumnChunk, type Footer, type ParquetColumn, parseFooter } from "./parquet-footer.ts";
import { createDecompressors, type Decompress, ENCODINGS, openPage, type Page, parsePage } from "./parquet-pages.ts";
import { readValues } from "./parquet-values.ts";

/** Length of the footer and magic bytes. */
const TAIL_BYTES = 8;
const MAGIC_BYTES = 4;
/** A footer of a thousand columns and a hundred row groups is some 15 MB. */
const MAX_FOOTER_BYTES = 16 * 2 ** 20;
/** Most footers lie within. */
const END_BYTES = 64 * 1024;
/** A page's header is small unless it holds statistics of long values. */
const HEADER_BYTES = [1024, 64 * 1024];

/**
 * Hands a Parquet file to the scanner column by column: the column's name as a header, then its values as lines (apache/parquet-format, README.md). Values that are
 * kept in a dictionary come once and not as often as they are in the column. What is in memory is read whole; of a larger file as many reads as there are samples,
 * each from a column's beginning, the first row group's columns first.
 *
 * Written here and not taken from a library: hyparquet, the one that is kept up, believes the lengths in a file. Fifteen bytes of snappy make it run for ever, a
 * run of two billion equal levels makes it fill the memory, and neither can be stopped from outside. Not the values' order and rows but the values alone are
 * wanted, which is the smaller part of the format.
 *
 * @throws LimitReached, Unreadable, and what `read` throws
 */
export async function readParquet(inspection: Inspection): Promise<Outcome> {
  const { sink, notes, gaps } = inspection;
  const footer = await readFooter(inspection);
  const wanted = footer.chunks.flat().filter(({ column }) => column.kind.as !== "nothing");
  const unread = new Map<string, number>();
  const count = (why: string) => unread.set(why, (unread.get(why) ?? 0) + 1);
  const decompressorOf = createDecompressors();
  const named = new Set<ParquetColumn>();
  let reached = 0;
  try {
    for (const chunk of wanted) {
      named.add(chunk.column);
      const why = await readColumn(chunk, await decompressorOf(chunk.codec), inspection);
      if (why !== undefined) count(why);
      reached += 1;
    }
  } catch (error) {
    if (!(error instanceof LimitReached)) throw error;
    if (error.of === "time") throw error;
    (error.of === "budget" ? notes : gaps).add(error.message);
    sink.finish(true);
    notes.add(`${reached} of ${wanted.length} column chunks were looked at`);
    nameColumns(wanted, named, inspection);
  } finally {
    for (const [why, times] of unread) gaps.add(`${times} column chunks ${why}`);
    if (footer.unreadable > 0) gaps.add(`${footer.unreadable} column chunks are encrypted, or lie in another file`);
  }
  return { format: "parquet" };
}

async function readFooter({ source }: Inspection): Promise<Footer> {
  const { size } = source;
  if (size < MAGIC_BYTES + TAIL_BYTES) throw new Unreadable("the parquet file ends before its footer");
  const tail = Buffer.from(await source.at(Math.max(0, size - END_BYTES), Math.min(size, END_BYTES)));
  const magic = tail.toString("latin1", tail.length - MAGIC_BYTES);
  if (magic === "PARE") throw new Unreadable("it is encrypted");
  if (magic !== "PAR1") throw new Unreadable("the parquet file has no footer: it is broken or cut off");
  const length = tail.readUInt32LE(tail.length - TAIL_BYTES);
  if (length > size - TAIL_BYTES - MAGIC_BYTES) throw new Unreadable("the parquet file's footer is broken");
  if (length > MAX_FOOTER_BYTES)
    throw new Unreadable(`the parquet file's footer is larger than ${MAX_FOOTER_BYTES} bytes`);
  const footer = parseFooter(await source.at(size - TAIL_BYTES - length, length));
  if (footer === undefined) throw new Unreadable("the parquet file's footer is broken");
  return footer;
}

/** @returns why the column, or the rest of it, is not read, as the end of a sentence */
async function readColumn(
  chunk: ColumnChunk,
  decompress: Decompress | undefined,
  inspection: Inspection,
): Promise<string | undefined> {
  const { source, sink, meter, limits } = inspection;
  if (decompress === undefined) return "are compressed in a way that is not read";
  // Columns without end and pages without values cost time, too.
  const allow = (bytes: number) => {
    meter.checkTime();
    if (meter.allow(bytes) < bytes) meter.exceed();
  };
  allow(chunk.column.name.length);
  const lines = beginColumn(chunk, inspection);
  const most = source.isHeld ? chunk.to : chunk.from + Math.max(limits.sampleBytes, source.heldFrom(chunk.from));
  const end = Math.min(chunk.to, most);
  try {
    for (let at = chunk.from; at < end; ) {
      const page = await readPageHeader(at, chunk.to, inspection);
      if (page === undefined) return "are broken";
      allow(page.headerBytes);
      const from = at + page.headerBytes;
      const isFirst = at === chunk.from;
      at = from + page.compressedBytes;
      if (at > chunk.to) return "are broken";
      // Of a column that isn't in memory one page may be larger than a sample, and no further one.
      if (at > end && !isFirst) break;
      const encoding = encodingOf(page);
      if (encoding === "none") continue;
      if (encoding === undefined) return "are encoded in a way that is not read";
      allow(page.bytes);
      const opened = openPage(page, await source.at(from, page.compressedBytes), chunk, decompress);
      readValues(encoding, chunk.column.kind, opened.bytes, opened.from, lines.put, allow);
      if (lines.isBinary()) return "are binary";
    }
    lines.flush();
    if (lines.isBinary()) return "are binary";
    return end < chunk.to ? "were looked at only in their beginning" : undefined;
  } catch (error) {
    if (error instanceof LimitReached || !isAboutContent(error, inspection)) throw error;
    return "are broken";
  } finally {
    lines.flush();
    sink.finish(false);
  }
}

async function readPageHeader(at: number, end: number, { source }: Inspection): Promise<Page | undefined> {
  for (const most of HEADER_BYTES) {
    const bytes = Math.min(most, end - at);
    const page = parsePage(await source.at(at, bytes));
    if (page !== undefined || bytes < most) return page;
  }
  return undefined;
}

function encodingOf({ layout }: Page) {
  if (layout.kind === "other") return "none";
  if (layout.kind === "dictionary") return "plain";
  const encoding = ENCODINGS.get(layout.encoding);
  return encoding === "dictionary" ? "none" : encoding;
}

/** A column begins with its name, as a table does with its header. */
function beginColumn({ column }: ColumnChunk, { sink }: Inspection): TextGate {
  sink.begin({ encoding: "single-bytes", isCut: false });
  const lines = createLines(sink);
  lines.put(Buffer.from(column.name));
  if (column.kind.as === "bytes") return createTextGate(lines);
  return { ...lines, isBinary: () => false };
}

/** A column's name is told even where its values aren't reached. */
function nameColumns(chunks: readonly ColumnChunk[], named: Set<ParquetColumn>, inspection: Inspection): void {
  for (const chunk of chunks) {
    if (named.has(chunk.column)) continue;
    named.add(chunk.column);
    beginColumn(chunk, inspection).flush();
    inspection.sink.finish(false);
  }
}
