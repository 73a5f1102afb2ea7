import { cpus } from "node:os";
import { styleText } from "node:util";
import { type Budgeted, isWithin } from "./budget.ts";
import { type Figure, isKept, type Summary } from "./figures.ts";

/** All that one run found. */
export interface Report {
  readonly machine: string;
  readonly node: string;
  readonly runs: { readonly cold: number; readonly warm: string };
  /** False when there were too few runs, or profiled ones: ratios are then shown and not judged. */
  readonly isJudged: boolean;
  readonly figures: readonly Figure[];
  readonly budget: readonly Budgeted[];
  /** Bytes a containment sends, as JSON. */
  readonly requestBytes: number;
  /** Bytes by bundle. */
  readonly bundles: Readonly<Record<string, number>>;
}

/** Pure: whether nothing that is judged misses its limit. Counts are exact, so the budget is judged however few the runs. */
export function holds({ isJudged, figures, budget }: Report): boolean {
  return budget.every(isWithin) && (!isJudged || figures.every(isKept));
}

export function machineName(): string {
  const [first] = cpus();
  return `${cpus().length} x ${first?.model ?? "unknown processor"}, ${process.platform} ${process.arch}`;
}

type Cell = string | { readonly text: string; readonly isGood: boolean };

/** The report as people read it. */
export function printReport(report: Report, out: NodeJS.WritableStream, isColoured: boolean): void {
  const { isJudged, figures, budget, bundles, runs } = report;
  const print = (text = ""): void => void out.write(`${text}\n`);
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    isColoured ? styleText(style, text, { validateStream: false }) : text;
  const table = (head: readonly string[], rows: readonly (readonly Cell[])[]): void => {
    const lines = [head, ...rows].map((row) => row.map((cell) => (typeof cell === "string" ? { text: cell } : cell)));
    const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.text.length ?? 0)));
    for (const [number, line] of lines.entries()) {
      const cells = line.map((cell, column) => {
        const width = widths[column] ?? 0;
        const text = column === 0 ? cell.text.padEnd(width) : cell.text.padStart(width);
        if (number === 0) return paint("dim", text);
        return "isGood" in cell ? paint(cell.isGood ? "green" : "red", text) : text;
      });
      print(`  ${cells.join("  ").trimEnd()}`);
    }
    print();
  };
  const verdict = (isGood: boolean): Cell => ({ text: isGood ? "yes" : "NO", isGood });

  print();
  print(paint("bold", "A containment by quarantine-replication, against the same AWS calls by a plain handler"));
  print(`  ${report.machine}; Node ${report.node}`);
  print(`  cold: ${runs.cold} new processes of each; warm: ${runs.warm}; in turn`);
  print();
  table(
    ["", "Cordon", "quartiles", "floor", "quartiles", "ratio", "quartiles", "limit", "ok"],
    figures.map((figure) => [
      `${figure.what}, ${figure.unit}`,
      ...summaryCells(figure.cordon, 1),
      ...summaryCells(figure.floor, 1),
      ...summaryCells(figure.ratio, 2),
      figure.limit === undefined ? "" : figure.limit.toFixed(2),
      figure.limit === undefined ? "" : isJudged ? verdict(isKept(figure)) : "?",
    ]),
  );
  table(
    ["calls of one event", "S3", "budget", "table", "budget", "other", "ok"],
    budget.map((each) => [
      each.what,
      ...[each.made.s3, each.budget.s3, each.made.table, each.budget.table, each.made.other].map(String),
      verdict(isWithin(each)),
    ]),
  );
  table(
    ["bundle", "KB"],
    Object.entries(bundles).map(([name, bytes]) => [name, (bytes / 1024).toFixed(0)]),
  );
  print(`  A containment sends ${(report.requestBytes / 1024).toFixed(1)} KB to AWS; the floor sends the same.`);
  if (!isJudged) print(`  ${paint("yellow", "The ratios are not judged: too few runs, or profiled ones.")}`);
  const kept = isJudged ? "All limits are kept." : "The call budget is kept.";
  print(`  ${holds(report) ? paint("green", kept) : paint("red", "A limit is missed.")}`);
}

function summaryCells({ value, quartiles }: Summary, digits: number): readonly string[] {
  return [value.toFixed(digits), quartiles.map((each) => each.toFixed(digits)).join(" to ")];
}
