import { compare, type Figure } from "../figures.ts";
import type { Both, WarmRun } from "../measure.ts";
import type { Timed } from "../process.ts";

export const CPU_LIMIT = 1.2;

/**
 * What tagging small objects came to. Pure.
 *
 * @param cold first objects
 * @param warm series of deliveries, each in a process of its own
 * @param perDelivery objects in one of these
 */
export function objectFigures(
  cold: Both<readonly Timed[]>,
  warm: readonly Both<readonly WarmRun[]>[],
  perDelivery: number,
): readonly Figure[] {
  const all = { cordon: warm.flatMap(({ cordon }) => cordon), floor: warm.flatMap(({ floor }) => floor) };
  const last = {
    cordon: warm.flatMap(({ cordon }) => cordon.slice(-1)),
    floor: warm.flatMap(({ floor }) => floor.slice(-1)),
  };
  return [
    compare("warm: CPU per object", "ms", all, ({ cpuMs }) => cpuMs / perDelivery, { limit: CPU_LIMIT }),
    compare("warm: CPU per object, mean", "ms", all, ({ cpuMs }) => cpuMs / perDelivery, { isWhole: true }),
    compare("warm: time per object", "ms", all, ({ waitedMs }) => waitedMs / perDelivery),
    compare("cold: import and first object", "ms", cold, ({ sinceImportMs }) => sinceImportMs),
    compare("cold: CPU", "ms", cold, ({ cpuMs }) => cpuMs),
    compare("peak memory: whole series", "MB", last, ({ peakMb }) => peakMb),
  ];
}
