/** Names come from strangers: no control characters, no line breaks, no direction marks reach a terminal. Pure. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ");
}

/** A text in lines of at most `width` letters, broken between words. Pure. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** "1 finding", "2 findings". Pure. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** A time without its milliseconds; as it is when it is none. Pure. */
export function toSeconds(at: string): string {
  return at.replace(/\.\d+Z$/, "Z");
}

/** Labelled paragraphs: each label once, its lines below one another in a column of their own. Without lines there is no label. Pure. */
export function labelled(rows: readonly (readonly [label: string, lines: readonly string[]])[]): string {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows
    .flatMap(([label, lines]) =>
      lines.map((line, index) => `${(index === 0 ? label : "").padEnd(width)}  ${plain(line)}\n`),
    )
    .join("");
}
