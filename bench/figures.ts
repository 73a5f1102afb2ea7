import type { Both, WarmRun } from "./measure.ts";
import type { Timed } from "./process.ts";
import { mean, median, quantile } from "./statistics.ts";

/** One line of the comparison. */
export interface Figure {
  readonly what: string;
  readonly unit: "ms" | "MB";
  readonly cordon: Summary;
  readonly floor: Summary;
  /** Cordon's over the floor's; `quartiles` of the pairs' ratios. */
  readonly ratio: Summary;
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
 * @param settled a series that began when the processes had been at work for long
 */
export function figuresOf(
  cold: Both<readonly Timed[]>,
  warm: readonly Both<readonly WarmRun[]>[],
  settled: Both<readonly WarmRun[]>,
): readonly Figure[] {
  const all = {
    cordon: warm.flatMap(({ cordon }) => cordon),
    floor: warm.flatMap(({ floor }) => floor),
  };
  const last = {
    cordon: warm.flatMap(({ cordon }) => cordon.slice(-1)),
    floor: warm.flatMap(({ floor }) => floor.slice(-1)),
  };
  return [
    compare("cold: import and first containment", "ms", cold, ({ sinceImportMs }) => sinceImportMs, { limit: COLD }),
    compare("cold: from fork to answer", "ms", cold, ({ waitedMs }) => waitedMs, { limit: COLD }),
    compare("cold: CPU", "ms", cold, ({ cpuMs }) => cpuMs),
    // What is paid for is the whole: a median leaves out what happens now and then, such as collecting garbage.
    compare("warm: CPU per containment", "ms", all, ({ cpuMs }) => cpuMs, { limit: WARM_CPU, isWhole: true }),
    compare("warm: CPU per containment, settled", "ms", settled, ({ cpuMs }) => cpuMs, { isWhole: true }),
    compare("warm: time per containment", "ms", all, ({ waitedMs }) => waitedMs),
    compare("peak memory: first containment", "MB", cold, ({ peakMb }) => peakMb, { limit: MEMORY }),
    compare("peak memory: whole series", "MB", last, ({ peakMb }) => peakMb, { limit: MEMORY }),
  ];
}

/**
 * Medians, and the median of the ratios pair by pair: the two of a pair ran one right after the other, so a machine that changes its speed changes
 * both.
 *
 * @param options.isWhole means instead, and their ratio
 */
export function compare<Run>(
  what: string,
  unit: Figure["unit"],
  runs: Both<readonly Run[]>,
  read: (run: Run) => number,
  { limit, isWhole = false }: { readonly limit?: number; readonly isWhole?: boolean } = {},
): Figure {
  const summary = (values: readonly number[]): Summary => ({
    value: isWhole ? mean(values) : median(values),
    quartiles: [quantile(values, 0.25), quantile(values, 0.75)],
  });
  const values = { cordon: runs.cordon.map(read), floor: runs.floor.map(read) };
  const [cordon, floor] = [summary(values.cordon), summary(values.floor)];
  const pairs = summary(values.cordon.map((value, pair) => value / (values.floor[pair] ?? Number.NaN)));
  const ratio = isWhole ? { ...pairs, value: cordon.value / floor.value } : pairs;
  return { what, unit, cordon, floor, ratio, ...(limit !== undefined && { limit }) };
}

/** Whether the ratio keeps its limit; true when there is none. A ratio that is no number keeps none. */
export function isKept({ ratio, limit }: Figure): boolean {
  return limit === undefined || ratio.value <= limit;
}
