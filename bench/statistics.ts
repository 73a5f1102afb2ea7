/** The value below which `share` of the values lie; between two values in proportion. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** A B B A A B B A ...: neither is always first, so a machine that gets slower or faster does so for both. */
export function inTurn(pair: number): readonly ["cordon", "floor"] | readonly ["floor", "cordon"] {
  return pair % 2 === 0 ? ["cordon", "floor"] : ["floor", "cordon"];
}
