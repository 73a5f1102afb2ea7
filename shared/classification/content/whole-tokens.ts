import type { Encoding } from "./encoding.ts";

/** Within so many bytes of where a sample begins or ends, a place is looked for at which nothing is cut in half. */
export const EDGE_BYTES = 256;

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
/** Between values and never within one: comma, semicolon, bar, quotes, angle brackets, braces, square brackets, tab. */
const BETWEEN_VALUES = new Set([..."\t,;|\"'<>{}[]"].map((letter) => letter.charCodeAt(0)));

/**
 * Where the first whole value begins in a sample that may begin within one, in bytes: behind the first line break, or else behind the first separator, or else
 * behind the first space, for a card number may have spaces. 0 when there is none of them: then it is one long value anyway. Pure.
 *
 * @param edge the sample's first `EDGE_BYTES` bytes, or all there are
 */
export function startOfWhole(edge: Uint8Array, encoding: Encoding): number {
  const units = toUnits(edge, encoding);
  return (firstBehind(units) ?? 0) * widthOf(encoding);
}

/**
 * Where the last whole value ends, in bytes, in a sample that may end within one: the like of `startOfWhole`. All of it when there is no such place. Pure.
 *
 * @param edge the sample's last `EDGE_BYTES` bytes, or all there are
 */
export function endOfWhole(edge: Uint8Array, encoding: Encoding): number {
  const units = toUnits(edge, encoding).reverse();
  const cut = firstBehind(units);
  return cut === undefined ? edge.length : (units.length - cut) * widthOf(encoding);
}

function firstBehind(units: readonly number[]): number | undefined {
  const ranks = [isLineEnd, isBetweenValues, isSpaceBesideNoDigit, isSpace];
  for (const isPlace of ranks) {
    const at = units.findIndex((unit, i) => isPlace(unit, units[i - 1], units[i + 1]));
    if (at !== -1) return at + 1;
  }
  return undefined;
}

type IsPlace = (unit: number, before: number | undefined, after: number | undefined) => boolean;

const isLineEnd: IsPlace = (unit) => unit === LF || unit === CR;
const isBetweenValues: IsPlace = (unit) => BETWEEN_VALUES.has(unit);
const isSpace: IsPlace = (unit) => unit === SPACE || unit === TAB;
const isSpaceBesideNoDigit: IsPlace = (unit, before, after) => unit === SPACE && !(isDigit(before) && isDigit(after));

function isDigit(unit: number | undefined): boolean {
  return unit !== undefined && unit >= 0x30 && unit <= 0x39;
}

function widthOf(encoding: Encoding): number {
  return encoding === "single-bytes" ? 1 : 2;
}

/** Code units; an odd byte at the end is left out. */
function toUnits(edge: Uint8Array, encoding: Encoding): number[] {
  if (encoding === "single-bytes") return Array.from(edge);
  const view = new DataView(edge.buffer, edge.byteOffset, edge.byteLength);
  return Array.from({ length: edge.length >> 1 }, (_, i) => view.getUint16(i * 2, encoding === "utf-16le"));
}
