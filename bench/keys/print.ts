import { type Printer, verdict } from "../print.ts";
import { CALLS_RATIO, CPU_RATIO, isCheap, isWithinKeys, type KeysCase, MEMORY_MB } from "./figures.ts";
import type { KeysReport } from "./measure.ts";

/** What looking through accounts came to, as people read it. */
export function printKeys({ rounds, cases }: KeysReport, isJudged: boolean, { line, paint, table }: Printer): void {
  line(paint("bold", "Looking through an account's access keys, against a plain scan that asks for each user's"));
  line(`  ${rounds} accounts of each kind and as many new processes for each of the two, in turn; users have two keys`);
  line();
  table(
    ["", "Cordon's calls", "limit", "the table's", "scan's calls", "ratio", "limit", "memory, MB", "limit", "ok"],
    cases.map((each) => [
      nameOf(each),
      ...[each.cordon.calls, each.mostCalls, each.cordon.tableCalls, each.scan.calls].map(String),
      ...[each.callsRatio, CALLS_RATIO].map((ratio) => ratio.toFixed(2)),
      ...[each.cordon.peakMb, MEMORY_MB].map((size) => size.toFixed(0)),
      verdict(isWithinKeys(each)),
    ]),
  );
  table(
    ["", "Cordon, CPU ms", "scan, CPU ms", "ratio", "limit", "scan's memory, MB", "ok"],
    cases.map((each) => [
      nameOf(each),
      each.cordon.cpuMs.toFixed(0),
      each.scan.cpuMs.toFixed(0),
      each.cpuRatio.toFixed(2),
      CPU_RATIO.toFixed(2),
      each.scan.peakMb.toFixed(0),
      isJudged ? verdict(isCheap(each)) : "?",
    ]),
  );
}

function nameOf({ users, stale, rotating }: KeysCase): string {
  const more = rotating === 0 ? "" : `, ${rotating} of them older than their keys`;
  return `${users} users, ${stale} keys too old${more}`;
}
