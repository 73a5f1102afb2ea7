/** One cell: its text, and a colour where it says how things stand. */
export interface Cell {
  readonly text: string;
  readonly colour?: Colour | undefined;
}

export type Colour = "red" | "green" | "yellow" | "grey";

const CODES: Readonly<Record<Colour, number>> = { red: 31, green: 32, yellow: 33, grey: 90 };

/** Whether people look at stdout, and want colours (https://no-color.org). */
export function isColoured(): boolean {
  return process.stdout.isTTY === true && !process.env.NO_COLOR;
}

/** Rows under a head, each column as wide as its widest cell. The last column is not padded. Pure. */
export function renderTable(head: readonly string[], rows: readonly (readonly Cell[])[], colours: boolean): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.text.length ?? 0)),
  );
  const line = (row: readonly Cell[]) =>
    row
      .map(({ text, colour }, column) => painted(text.padEnd(widths[column] ?? 0), colours ? colour : undefined))
      .join("  ")
      .trimEnd();
  return [line(head.map((text) => ({ text }))), ...rows.map(line)].map((each) => `${each}\n`).join("");
}

/** Text in a colour; as it is without one. Pure. */
export function painted(text: string, colour: Colour | undefined): string {
  return colour === undefined ? text : `\u001b[${CODES[colour]}m${text}\u001b[0m`;
}
