import { styleText } from "node:util";
import type { Summary } from "./figures.ts";

/** A text, or one that is good or bad. */
export type Cell = string | { readonly text: string; readonly isGood: boolean };

/** Writes lines and tables. */
export interface Printer {
  line(text?: string): void;
  paint(style: Parameters<typeof styleText>[0], text: string): string;
  /** The first column to the left, the others to the right, and an empty line after it. */
  table(head: readonly string[], rows: readonly (readonly Cell[])[]): void;
}

export function printerTo(out: NodeJS.WritableStream, isColoured: boolean): Printer {
  const line = (text = ""): void => void out.write(`${text}\n`);
  const paint: Printer["paint"] = (style, text) =>
    isColoured ? styleText(style, text, { validateStream: false }) : text;
  return {
    line,
    paint,
    table(head, rows) {
      const lines = [head, ...rows].map((row) => row.map((cell) => (typeof cell === "string" ? { text: cell } : cell)));
      const widths = head.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.text.length ?? 0)));
      for (const [number, cells] of lines.entries()) {
        const texts = cells.map((cell, column) => {
          const width = widths[column] ?? 0;
          const text = column === 0 ? cell.text.padEnd(width) : cell.text.padStart(width);
          if (number === 0) return paint("dim", text);
          return "isGood" in cell ? paint(cell.isGood ? "green" : "red", text) : text;
        });
        line(`  ${texts.join("  ").trimEnd()}`);
      }
      line();
    },
  };
}

/** Whether a limit is kept, as a cell. */
export const verdict = (isGood: boolean): Cell => ({ text: isGood ? "yes" : "NO", isGood });

/** A value and its quartiles, as two cells. */
export function summaryCells({ value, quartiles }: Summary, digits: number): readonly string[] {
  return [value.toFixed(digits), quartiles.map((each) => each.toFixed(digits)).join(" to ")];
}
