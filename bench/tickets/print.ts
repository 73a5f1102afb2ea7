import { isKept } from "../figures.ts";
import { type Printer, summaryCells, verdict } from "../print.ts";
import { isBurstKept, MEMORY_RATIO, type TicketsReport } from "./figures.ts";

/** What a burst of tickets came to, as people read it. */
export function printTickets(
  { bursts, containment, calls }: TicketsReport,
  isJudged: boolean,
  { line, paint, table }: Printer,
): void {
  line(paint("bold", "A burst of findings to one tracker, every message delivered twice"));
  line();
  table(
    [
      "",
      "findings",
      "tickets",
      "limit",
      "requests",
      "limit",
      "memory after a tenth, MB",
      "after all",
      "ratio",
      "limit",
      "CPU a finding, ms",
      "ok",
    ],
    bursts.map((each) => [
      each.what,
      ...[each.findings, each.tickets, each.mostTickets, each.requests, each.mostRequests].map(String),
      ...[each.earlyMb, each.lateMb].map((size) => size.toFixed(0)),
      (each.lateMb / each.earlyMb).toFixed(2),
      MEMORY_RATIO.toFixed(2),
      each.cpuMsPerFinding.toFixed(1),
      verdict(isBurstKept(each)),
    ]),
  );
  line(paint("bold", "A containment while every tracker is down, against the same without trackers"));
  line();
  table(
    ["", "trackers down", "quartiles", "no trackers", "quartiles", "ratio", "quartiles", "limit", "ok"],
    [
      [
        `${containment.what}, ${containment.unit}`,
        ...summaryCells(containment.cordon, 1),
        ...summaryCells(containment.floor, 1),
        ...summaryCells(containment.ratio, 2),
        containment.limit?.toFixed(2) ?? "",
        isJudged ? verdict(isKept(containment)) : "?",
      ],
    ],
  );
  line(`  Each containment made the same ${calls} AWS calls, with every tracker down and without trackers.`);
  line();
}
