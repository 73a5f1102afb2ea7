import type { Text } from "./text.ts";

/** In which column of a CSV or TSV file a byte stands: counted onwards from the last answer, so that all answers together cost one walk. */
export interface Columns {
  /** Whether the text has a header in which columns were marked. */
  isMarked: boolean;
  /** The first line ends here, and what stands between its cells; nothing is known of a text without such a line. */
  headerEnd: number;
  delimiter: number;
  /** By kind of evidence: the columns whose name says so. */
  readonly marked: Map<number, Set<number>>;
  at: number;
  column: number;
  isQuoted: boolean;
}

const LINE_BREAK = 0x0a;
const QUOTE = 0x22;
const DELIMITERS = [0x2c, 0x3b, 0x09, 0x7c];

/** A text begins at position 1; its first line is looked at when first asked for. */
export function createColumns(): Columns {
  return { isMarked: false, headerEnd: -1, delimiter: 0, marked: new Map(), at: 1, column: 0, isQuoted: false };
}

/** Another text begins. */
export function resetColumns(columns: Columns): void {
  if (columns.isMarked) columns.marked.clear();
  columns.isMarked = false;
  columns.headerEnd = -1;
  columns.at = 1;
  columns.column = 0;
  columns.isQuoted = false;
}

/** What parts the first line into cells, if a byte stands in that line and more lines follow; 0 when it is a single cell. */
export function headerDelimiter(columns: Columns, text: Text, at: number): number | undefined {
  if (!text.isBegin) return undefined;
  if (columns.headerEnd < 0) readHeader(columns, text);
  return at < columns.headerEnd ? columns.delimiter : undefined;
}

function readHeader(columns: Columns, { bytes, end }: Text): void {
  const lineBreak = bytes.indexOf(LINE_BREAK, 1);
  columns.headerEnd = lineBreak < 0 || lineBreak >= end ? 0 : lineBreak;
  const counts = new Uint32Array(256);
  for (let i = 1; i < columns.headerEnd; i++) {
    const byte = bytes[i] as number;
    counts[byte] = (counts[byte] as number) + 1;
  }
  columns.delimiter = 0;
  let most = 0;
  for (const delimiter of DELIMITERS) {
    const count = counts[delimiter] as number;
    if (count <= most) continue;
    most = count;
    columns.delimiter = delimiter;
  }
}

/** Marks the column that a word of the header stands in. */
export function markColumn(columns: Columns, text: Text, at: number, evidence: number): void {
  const known = columns.marked.get(evidence) ?? new Set();
  known.add(columnAt(columns, text, at));
  columns.marked.set(evidence, known);
  columns.isMarked = true;
}

/** Whether the column of a byte is marked. `at` never goes back. */
export function isInMarked(columns: Columns, text: Text, at: number, evidence: number): boolean {
  const known = columns.marked.get(evidence);
  return known?.has(columnAt(columns, text, at)) === true;
}

/** Only there a quote begins a quoted cell, or goes on with one after a doubled quote: an inch mark in the middle is a letter. */
const beginsCell = (before: number, delimiter: number): boolean =>
  before === delimiter || before === LINE_BREAK || before === QUOTE;

/** The column of a byte, from 0. A line break within quotes belongs to the cell. */
export function columnAt(columns: Columns, { bytes }: Text, at: number): number {
  const { delimiter } = columns;
  let { column, isQuoted } = columns;
  for (let i = columns.at; i < at; i++) {
    const byte = bytes[i] as number;
    if (byte === QUOTE) isQuoted = !isQuoted && beginsCell(bytes[i - 1] as number, delimiter);
    else if (isQuoted) continue;
    else if (byte === LINE_BREAK) column = 0;
    else if (byte === delimiter && delimiter !== 0) column++;
  }
  if (at > columns.at) columns.at = at;
  columns.column = column;
  columns.isQuoted = isQuoted;
  return column;
}
