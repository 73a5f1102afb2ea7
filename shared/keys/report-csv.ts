/** One record of a CSV text. */
export interface ReportLine {
  /** Of the record, counted from 1. */
  readonly number: number;
  /** Undefined: too long, or with quotes that don't end. */
  readonly cells: readonly string[] | undefined;
}

/** A row of the credential report has some 400 characters, and with the longest path and name there are two thousand. */
const MAX_CHARACTERS = 16_384;

/**
 * The records of a CSV text (RFC 4180), read in one pass: quoted cells may hold commas, quotes and ends of lines. A record that is longer than a row can be ends with its line.
 * Invalid UTF-8 becomes replacement characters. Empty lines are left out.
 */
export function* readCsv(content: Iterable<Uint8Array>): Generator<ReportLine> {
  let number = 0;
  let record = "";
  let isOpen = false;
  for (const line of linesOf(content)) {
    record = isOpen ? `${record}\n${line}` : line;
    isOpen = hasOpenQuote(record);
    if (isOpen && record.length <= MAX_CHARACTERS) continue;
    // What an unclosed quote has swallowed comes again line by line: rows are never lost behind it.
    const lines = isOpen || record.length > MAX_CHARACTERS ? record.split("\n") : [record];
    isOpen = false;
    for (const each of lines) if (each !== "") yield { number: ++number, cells: cellsOf(each) };
  }
  if (!isOpen) return;
  for (const each of record.split("\n")) if (each !== "") yield { number: ++number, cells: cellsOf(each) };
}

function* linesOf(content: Iterable<Uint8Array>): Generator<string> {
  const decoder = new TextDecoder("utf-8");
  let rest = "";
  let isSkipping = false;
  for (const piece of content) {
    rest += decoder.decode(piece, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (!isSkipping) yield line.replace(/\r$/, "");
      isSkipping = false;
    }
    // A line without an end is told once, as one that is too long.
    if (rest.length <= MAX_CHARACTERS) continue;
    if (!isSkipping) yield rest;
    isSkipping = true;
    rest = "";
  }
  rest += decoder.decode();
  if (!isSkipping && rest !== "") yield rest.replace(/\r$/, "");
}

function hasOpenQuote(record: string): boolean {
  let quotes = 0;
  for (let at = record.indexOf('"'); at >= 0; at = record.indexOf('"', at + 1)) quotes++;
  return quotes % 2 === 1;
}

const CELL = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;

function cellsOf(record: string): readonly string[] | undefined {
  if (record.length > MAX_CHARACTERS) return undefined;
  if (!record.includes('"')) return record.split(",");
  const cells: string[] = [];
  CELL.lastIndex = 0;
  for (;;) {
    const found = CELL.exec(record);
    if (found === null) return undefined;
    const [, quoted, plain, end] = found;
    cells.push(quoted?.replaceAll('""', '"') ?? plain ?? "");
    if (end === "") return cells;
  }
}
