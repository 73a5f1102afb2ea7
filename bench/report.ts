import { cpus } from "node:os";
import { isWithin } from "./budget.ts";
import type { ContainmentReport } from "./containment.ts";
import { isKept } from "./figures.ts";
import { isCheap, isWithinKeys } from "./keys/figures.ts";
import type { KeysReport } from "./keys/measure.ts";
import { printKeys } from "./keys/print.ts";
import { isPolicyKept, type PolicyFigure } from "./policy/figures.ts";
import type { PolicyReport } from "./policy/measure.ts";
import { type Printer, printerTo, summaryCells, verdict } from "./print.ts";
import { areTicketsCounted, type TicketsReport } from "./tickets/figures.ts";
import { printTickets } from "./tickets/print.ts";

/** All that one run found. */
export interface Report {
  readonly machine: string;
  readonly node: string;
  /** False when there were too few runs, or profiled ones: times are then shown and not judged. */
  readonly isJudged: boolean;
  readonly containment?: ContainmentReport;
  readonly policy?: PolicyReport;
  readonly keys?: KeysReport;
  readonly tickets?: TicketsReport;
}

/** Pure: whether nothing that is judged misses its limit. Counts are exact, so they are judged however few the runs. */
export function holds({ isJudged, containment, policy, keys, tickets }: Report): boolean {
  const { budget = [], figures: ratios = [] } = containment ?? {};
  const { figures = [] } = policy ?? {};
  const { cases = [] } = keys ?? {};
  const judged = figures.filter(({ isExact }) => isJudged || isExact);
  const areTickets = tickets === undefined || areTicketsCounted(tickets);
  const isCheapToTell = tickets === undefined || isKept(tickets.containment);
  const isCounted = areTickets && budget.every(isWithin) && cases.every(isWithinKeys) && judged.every(isPolicyKept);
  return isCounted && (!isJudged || (ratios.every(isKept) && cases.every(isCheap) && isCheapToTell));
}

export function machineName(): string {
  const [first] = cpus();
  return `${cpus().length} x ${first?.model ?? "unknown processor"}, ${process.platform} ${process.arch}`;
}

/** The report as people read it. */
export function printReport(report: Report, out: NodeJS.WritableStream, isColoured: boolean): void {
  const { machine, node, isJudged, containment, policy, keys, tickets } = report;
  const printer = printerTo(out, isColoured);
  const { line, paint } = printer;
  line();
  line(`  ${machine}; Node ${node}`);
  line();
  if (containment !== undefined) printContainment(containment, isJudged, printer);
  if (policy !== undefined) printPolicy(policy, isJudged, printer);
  if (keys !== undefined) printKeys(keys, isJudged, printer);
  if (tickets !== undefined) printTickets(tickets, isJudged, printer);
  if (!isJudged) line(`  ${paint("yellow", "Times are not judged: too few runs, or profiled ones.")}`);
  const kept = isJudged ? "All limits are kept." : "What is counted keeps its limits.";
  line(`  ${holds(report) ? paint("green", kept) : paint("red", "A limit is missed.")}`);
}

function printContainment(
  { runs, figures, budget, bundles, requestBytes }: ContainmentReport,
  isJudged: boolean,
  { line, paint, table }: Printer,
): void {
  line(paint("bold", "A containment by quarantine-replication, against the same AWS calls by a plain handler"));
  line(`  cold: ${runs.cold} new processes of each; warm: ${runs.warm}; in turn`);
  line();
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
  line(`  A containment sends ${(requestBytes / 1024).toFixed(1)} KB to AWS; the floor sends the same.`);
  line();
}

function printPolicy({ runs, figures, usual }: PolicyReport, isJudged: boolean, { line, paint, table }: Printer): void {
  line(paint("bold", "Deciding by a policy, and loading one"));
  line(`  decisions: ${runs.decisions}, of each policy in turn; cold: ${runs.cold} new processes of each, in turn`);
  line();
  table(
    ["", "median", "quartiles", "limit", "ok"],
    figures.map((figure) => [
      `${figure.what}, ${figure.unit}`,
      ...summaryCells(figure, digitsOf(figure)),
      limitOf(figure),
      figure.limit === undefined ? "" : isJudged || figure.isExact ? verdict(isPolicyKept(figure)) : "?",
    ]),
  );
  const findings = Object.entries(usual.kinds).map(([kind, count]) => `${count} ${kind}`);
  const looked = `${usual.rules.toFixed(1)} rules and evaluates ${usual.conditions.toFixed(1)} conditions`;
  line(`  With 100 rules it decides on ${findings.join(", ")}, over and over; a decision looks at ${looked}.`);
  line();
}

function digitsOf({ unit }: PolicyFigure): number {
  return unit === "decisions per CPU second" || unit === "modules" ? 0 : unit === "ratio" ? 2 : 1;
}

function limitOf({ limit }: PolicyFigure): string {
  if (limit === undefined) return "";
  return "atLeast" in limit ? `>= ${limit.atLeast}` : `<= ${limit.atMost}`;
}
