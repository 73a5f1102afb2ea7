import type { Exposure } from "../../types.ts";
import type { Block } from "./block.ts";

/** What may have crossed before it was stopped. Pure. */
export function crossed(exposure: Exposure | undefined): Block {
  return {
    heading: "What may have crossed",
    tells: ["exposure"],
    lines: exposure === undefined ? [] : linesOf(exposure),
  };
}

function linesOf({
  objects,
  bytes,
  firstAt,
  lastAt,
  from,
  to,
  isAll,
  isUnreadable,
  basis,
}: Exposure): readonly string[] {
  const open = `Data could cross from ${from} to ${to}.`;
  // Nothing was counted: a "0" would be read as "nothing crossed".
  if (isUnreadable === true) return [open, basis];
  const count = `${objects.toLocaleString("en-US")} object${objects === 1 ? "" : "s"}, ${readableBytes(bytes)}`;
  return [
    open,
    isAll ? `An estimate: ${count}` : `An estimate: at least ${count}`,
    ...(firstAt === undefined || lastAt === undefined ? [] : [`first written ${firstAt}, last ${lastAt}`]),
    basis,
  ];
}

const UNITS = ["kB", "MB", "GB", "TB", "PB", "EB"];

/** Powers of 1,000, and the exact number beside them. */
function readableBytes(bytes: number): string {
  const exact = `${bytes.toLocaleString("en-US")} byte${bytes === 1 ? "" : "s"}`;
  let unit = -1;
  let value = bytes;
  // 999,950 is 1.0 MB, not 1000.0 kB.
  for (; Math.round(value * 10) >= 10_000 && unit < UNITS.length - 1; unit++) value /= 1_000;
  return unit < 0 ? exact : `${value.toFixed(1)} ${UNITS[unit]} (${exact})`;
}
