import { areObjectsKept, type ObjectsReport } from "../objects/measure.ts";
import { printObjects } from "../objects/print.ts";
import { type Printer, printerTo, verdict } from "../print.ts";
import { type AccuracyReport, isAccurate, LIMITS } from "./accuracy.ts";
import { isFlat, MEMORY_LIMIT_MB, type MemoryReport } from "./memory.ts";
import { isFast, QUICK_MACHINE_REGEX_MB, SPEED_LIMITS, type SpeedReport } from "./speed.ts";

/** All that one run found. */
export interface Report {
  readonly machine: string;
  readonly node: string;
  readonly accuracy?: AccuracyReport;
  readonly speed?: SpeedReport;
  readonly memory?: MemoryReport;
  readonly objects?: ObjectsReport;
}

/** Pure: whether nothing misses its limit. */
export function holds({ accuracy, speed, memory, objects }: Report): boolean {
  return (
    (accuracy === undefined || accuracy.detectors.every(isAccurate)) &&
    (speed === undefined || isFast(speed)) &&
    (memory === undefined || isFlat(memory)) &&
    (objects === undefined || areObjectsKept(objects))
  );
}

/** The report as people read it. */
export function printReport(report: Report, out: NodeJS.WritableStream, isColoured: boolean): void {
  const printer = printerTo(out, isColoured);
  const { line, paint } = printer;
  line();
  line(`  ${report.machine}; Node ${report.node}`);
  line();
  if (report.accuracy !== undefined) printAccuracy(report.accuracy, printer);
  if (report.speed !== undefined) printSpeed(report.speed, printer);
  if (report.memory !== undefined) printMemory(report.memory, printer);
  if (report.objects !== undefined) printObjects(report.objects, printer);
  if (report.objects?.isJudged === false)
    line(`  ${paint("yellow", "Times of objects are not judged: too few runs, or profiled ones.")}`);
  line(`  ${holds(report) ? paint("green", "All limits are kept.") : paint("red", "A limit is missed.")}`);
}

function printAccuracy({ seed, items, values, detectors, nearMisses }: AccuracyReport, printer: Printer): void {
  const { line, paint, table } = printer;
  line(paint("bold", "What is found of a labelled corpus"));
  line(
    `  ${values} labelled values in ${items} files, seed ${seed}; with a checksum: precision >= ${LIMITS.precision}, recall >= ${LIMITS.recall}`,
  );
  line();
  table(
    ["detector", "values", "missed", "wrong", "precision", "recall", "ok"],
    detectors.map((each) => [
      each.detector,
      ...[each.values, each.missed, each.wrong].map(String),
      each.precision.toFixed(4),
      each.recall.toFixed(4),
      each.isChecksummed ? verdict(isAccurate(each)) : "",
    ]),
  );
  table(
    ["what looks like a value and is none", "count", "claimed", "share", "by"],
    nearMisses.map(({ kind, count, claimed, by }) => [
      kind,
      String(count),
      String(claimed),
      `${((100 * claimed) / count).toFixed(1)} %`,
      by,
    ]),
  );
}

function printSpeed(speed: SpeedReport, { line, paint, table }: Printer): void {
  line(paint("bold", "All built-in detectors, against ten regular expressions in turn over the same bytes"));
  line(`  ${speed.megabytes} MB of mixed text, ${speed.pairs} pairs in turn, one core, the best run of each`);
  line();
  const isQuick = speed.regexMbPerSecond >= QUICK_MACHINE_REGEX_MB;
  table(
    ["", "MB/s", "limit", "ok"],
    [
      [
        "scanner",
        speed.scannerMbPerSecond.toFixed(0),
        `>= ${SPEED_LIMITS.mbPerSecond}`,
        isQuick ? verdict(speed.scannerMbPerSecond >= SPEED_LIMITS.mbPerSecond) : "?",
      ],
      ["ten regular expressions", speed.regexMbPerSecond.toFixed(0), "", ""],
      ["ratio", speed.ratio.toFixed(2), `>= ${SPEED_LIMITS.ratio}`, verdict(speed.ratio >= SPEED_LIMITS.ratio)],
    ],
  );
  if (!isQuick)
    line(`  MB/s are judged where the expressions reach ${QUICK_MACHINE_REGEX_MB}: this machine is slower, or busy.\n`);
}

function printMemory(memory: MemoryReport, { line, paint, table }: Printer): void {
  line(paint("bold", `Memory of the process, ${memory.gigabytes} GB through one scanner`));
  line();
  table(
    ["", "MB", "limit", "ok"],
    [
      ["after the first 64 MB", memory.firstMb.toFixed(0), "", ""],
      ["peak after that", memory.peakMb.toFixed(0), `+ ${MEMORY_LIMIT_MB}`, verdict(isFlat(memory))],
    ],
  );
}
