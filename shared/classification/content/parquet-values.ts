import { BrokenPage, readDeltas } from "./parquet-deltas.ts";
import type { ValueKind } from "./parquet-kinds.ts";

/** What takes a column's values, each as the bytes of its text. */
export type PutValue = (value: Uint8Array) => void;

export type Encoding = "plain" | "split" | "delta" | "delta-length" | "delta-bytes";

/**
 * Takes the values out of a page's bytes, from `from` to their end (apache/parquet-format, Encodings.md). Counts in the page are not believed: plain values go on
 * to the end of the bytes.
 *
 * @param allow asked before memory beyond the page's own is taken, with its bytes; throws when that is too much
 * @throws BrokenPage
 */
export function readValues(
  encoding: Encoding,
  kind: ValueKind,
  page: Uint8Array,
  from: number,
  put: PutValue,
  allow: (bytes: number) => void,
): void {
  const isBytes = kind.as === "text" || kind.as === "bytes" || kind.as === "decimal";
  if (encoding === "plain") readPlain(kind, page, from, put);
  else if (encoding === "split") readPlain(kind, gatherSplit(kind, page.subarray(from)), 0, put);
  else if (encoding === "delta" && kind.as === "integer") {
    for (const value of readDeltas(page, from, kind.bits, allow).values) put(integerText(value, kind));
  } else if (encoding === "delta-length" && isBytes) readDeltaLengths(kind, page, from, put, allow);
  else if (encoding === "delta-bytes" && isBytes) readDeltaBytes(kind, page, from, put, allow);
  else throw new BrokenPage();
}

function readPlain(kind: ValueKind, page: Uint8Array, from: number, put: PutValue): void {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  if (kind.as === "integer" || kind.as === "float") {
    const width = kind.bits / 8;
    for (let at = from; at + width <= page.length; at += width) {
      if (kind.as === "integer") {
        put(integerText(width === 4 ? BigInt(view.getInt32(at, true)) : view.getBigInt64(at, true), kind));
        continue;
      }
      const value = width === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true);
      if (Number.isSafeInteger(value)) put(Buffer.from(String(value)));
    }
    return;
  }
  const fixed = "typeLength" in kind ? kind.typeLength : undefined;
  for (let at = from; at < page.length; ) {
    if (fixed === undefined && at + 4 > page.length) throw new BrokenPage();
    const start = fixed === undefined ? at + 4 : at;
    const length = fixed ?? view.getUint32(at, true);
    if (start + length > page.length) throw new BrokenPage();
    putBytes(kind, page.subarray(start, start + length), put);
    at = start + length;
  }
}

/** BYTE_STREAM_SPLIT: the first bytes of all values, then the second ones, and so on. */
function gatherSplit(kind: ValueKind, split: Uint8Array): Uint8Array {
  const width = "bits" in kind ? kind.bits / 8 : "typeLength" in kind ? kind.typeLength : undefined;
  if (width === undefined || split.length % width !== 0) throw new BrokenPage();
  const count = split.length / width;
  return Uint8Array.from(split, (_, i) => split[(i % width) * count + Math.floor(i / width)] ?? 0);
}

function putBytes(kind: ValueKind, bytes: Uint8Array, put: PutValue): void {
  if (kind.as !== "decimal") {
    put(bytes);
    return;
  }
  // 38 digits fit in 16 bytes.
  if (bytes.length === 0 || bytes.length > 16) throw new BrokenPage();
  const value = BigInt.asIntN(8 * bytes.length, BigInt(`0x${Buffer.from(bytes).toString("hex")}`));
  put(withPoint(value.toString(), kind.scale));
}

function integerText(value: bigint, kind: ValueKind & { readonly as: "integer" }): Uint8Array {
  const whole = kind.isUnsigned ? BigInt.asUintN(kind.bits, value) : value;
  return withPoint(whole.toString(), kind.scale);
}

function withPoint(digits: string, scale: number): Uint8Array {
  if (scale === 0) return Buffer.from(digits);
  const sign = digits.startsWith("-") ? "-" : "";
  const padded = digits.slice(sign.length).padStart(scale + 1, "0");
  return Buffer.from(`${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`);
}

function readDeltaLengths(
  kind: ValueKind,
  page: Uint8Array,
  from: number,
  put: PutValue,
  allow: (bytes: number) => void,
) {
  const { values: lengths, end } = readDeltas(page, from, 32, allow);
  let at = end;
  for (const length of lengths) {
    const to = at + Number(length);
    if (length < 0n || to > page.length) throw new BrokenPage();
    putBytes(kind, page.subarray(at, to), put);
    at = to;
  }
}

/** Each value begins with so many bytes of the one before. */
function readDeltaBytes(
  kind: ValueKind,
  page: Uint8Array,
  from: number,
  put: PutValue,
  allow: (bytes: number) => void,
) {
  const { values: prefixes, end } = readDeltas(page, from, 32, allow);
  const { values: suffixes, end: start } = readDeltas(page, end, 32, allow);
  let at = start;
  let previous = new Uint8Array();
  for (const [i, suffix] of suffixes.entries()) {
    const prefix = Number(prefixes[i] ?? -1n);
    const to = at + Number(suffix);
    if (prefix < 0 || prefix > previous.length || suffix < 0n || to > page.length) throw new BrokenPage();
    // A page of a kilobyte can so spell terabytes.
    allow(prefix);
    const value = new Uint8Array(prefix + (to - at));
    value.set(previous.subarray(0, prefix));
    value.set(page.subarray(at, to), prefix);
    putBytes(kind, value, put);
    [previous, at] = [value, to];
  }
}
