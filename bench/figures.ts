import type { Both, WarmRun } from "./measure.ts";
import type { Timed } from "./process.ts";
import { mean, median, quantile } from "./statistics.ts";

/** One line of the comparison. */
export interface Figure {
  readonly what: string;
  readonly unit: "ms" | "MB";
  readonly cordon: Summary;
  readonly floor: Summary;
  /** Cordon's value over the floor's. */
  readonly ratio: number;
  /** The highest ratio that will do; without one the figure is for information. */
  readonly limit?: number;
}

export interface Summary {
  readonly value: number;
  /** A quarter of the values lie below the first, a quarter above the second. */
  readonly quartiles: readonly [number, number];
}

const COLD = 1.4;
const WARM_CPU = 1.15;
const MEMORY = 1.3;

/**
 * What the measurements come to. Pure.
 *
 * @param cold first containments
 * @param warm series of containments, each in a process of its own
 */
export function figuresOf(cold: Both<readonly Timed[]>, warm: readonly Both<readonly WarmRun[]>[]): readonly Figure[] {
  const all = {
    cordon: warm.flatMap(({ cordon }) => cordon),
    floor: warm.flatMap(({ floor }) => floor),
  };
  const last = {
    cordon: warm.flatMap(({ cordon }) => cordon.slice(-1)),
    floor: warm.flatMap(({ floor }) => floor.slice(-1)),
  };
  return [
    compare("cold: import and first containment", "ms", cold, ({ sinceImportMs }) => sinceImportMs, median, COLD),
    compare("cold: from fork to answer", "ms", cold, ({ waitedMs }) => waitedMs, median, COLD),
    compare("cold: CPU", "ms", cold, ({ cpuMs }) => cpuMs, median),
    // What is paid for is the whole: a median leaves out what happens now and then, such as collecting garbage.
    compare("warm: CPU per containment", "ms", all, ({ cpuMs }) => cpuMs, mean, WARM_CPU),
    compare("warm: time per containment", "ms", all, ({ waitedMs }) => waitedMs, median),
    compare("peak memory: first containment", "MB", cold, ({ peakMb }) => peakMb, median, MEMORY),
    compare("peak memory: whole series", "MB", last, ({ peakMb }) => peakMb, median, MEMORY),
  ];
}

function compare<Run>(
  what: string,
  unit: Figure["unit"],
  runs: Both<readonly Run[]>,
  read: (run: Run) => number,
  typical: (values: readonly number[]) => number,
  limit?: number,
): Figure {
  const summary = (of: readonly Run[]): Summary => {
    const values = of.map(read);
    return { value: typical(values), quartiles: [quantile(values, 0.25), quantile(values, 0.75)] };
  };
  const [cordon, floor] = [summary(runs.cordon), summary(runs.floor)];
  return { what, unit, cordon, floor, ratio: cordon.value / floor.value, ...(limit !== undefined && { limit }) };
}

/** Whether the ratio keeps its limit; true when there is none. */
export function isKept({ ratio, limit }: Figure): boolean {
  return limit === undefined || ratio <= limit;
}
