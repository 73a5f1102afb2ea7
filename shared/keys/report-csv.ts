/** One line of a CSV text. */
export interface ReportLine {
  /** Counted from 1. */
  readonly number: number;
  /** Undefined: too long, or with quotes that don't end or have more behind them. */
  readonly cells: readonly string[] | undefined;
}

/** A row of the credential report has some 400 characters, and two thousand with the longest path and name. */
const MAX_CHARACTERS = 16_384;

/**
 * The lines of a CSV text, read in one pass: quoted cells may hold commas and quotes (RFC 4180). Nothing of IAM's holds an end of a line, so that each ends its row whatever
 * quotes are open: what is wrong with one row never takes others with it. A quote within a cell that doesn't begin with one is a character like any other: paths may have them.
 * Invalid UTF-8 becomes replacement characters. Empty lines are left out.
 */
export function* readCsv(content: Iterable<Uint8Array>): Generator<ReportLine> {
  let number = 0;
  for (const line of linesOf(content)) {
    number++;
    if (line !== "") yield { number, cells: line.length > MAX_CHARACTERS ? undefined : cellsOf(line) };
  }
}

function* linesOf(content: Iterable<Uint8Array>): Generator<string> {
  const decoder = new TextDecoder("utf-8");
  let rest = "";
  let isSkipping = false;
  for (const piece of content) {
    const lines = `${rest}${decoder.decode(piece, { stream: true })}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (!isSkipping) yield line.replace(/\r$/, "");
      isSkipping = false;
    }
    // A line that is too long is told once, and not kept.
    if (!isSkipping && rest.length <= MAX_CHARACTERS) continue;
    if (!isSkipping) yield rest;
    isSkipping = true;
    rest = "";
  }
  rest += decoder.decode();
  if (!isSkipping && rest !== "") yield rest.replace(/\r$/, "");
}

function cellsOf(line: string): readonly string[] | undefined {
  const cells: string[] = [];
  for (let at = 0; at <= line.length; at++) {
    const end = line[at] === '"' ? endOfQuoted(line, at) : endOfPlain(line, at);
    if (end === undefined) return undefined;
    const text = line.slice(at, end);
    cells.push(text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text);
    at = end;
  }
  return cells;
}

function endOfPlain(line: string, from: number): number {
  const comma = line.indexOf(",", from);
  return comma < 0 ? line.length : comma;
}

/** Behind the quote that closes the cell; undefined when there is none, or something else than a comma behind it. */
function endOfQuoted(line: string, from: number): number | undefined {
  for (let at = line.indexOf('"', from + 1); at >= 0; at = line.indexOf('"', at + 2)) {
    if (line[at + 1] === '"') continue;
    return at + 1 === line.length || line[at + 1] === "," ? at + 1 : undefined;
  }
  return undefined;
}
