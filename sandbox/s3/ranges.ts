import { ServiceError } from "../errors.ts";

/** Bytes `from` up to and without `to`. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/**
 * The bytes a `Range` header asks for (RFC 9110, 14.1.2); undefined for none and for what is no range, which counts as none. Throws 416
 * InvalidRange for a range that begins after the end, as every range of an empty object does, and NotImplemented for several.
 */
export function readRange(header: unknown, sizeBytes: number): ByteRange | undefined {
  if (header === undefined) return undefined;
  const text = String(header);
  if (/^bytes=.*,/.test(text)) {
    throw new ServiceError("NotImplemented", "The sandbox does not implement several ranges in one request", 501);
  }
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(text) ?? [];
  if (first === "" && last === "") return undefined;
  if (first !== "" && last !== "" && Number(last) < Number(first)) return undefined;
  const from = first === "" ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const to = first === "" || last === "" ? sizeBytes : Math.min(sizeBytes, Number(last) + 1);
  if (from < to) return { from, to };
  throw new ServiceError("InvalidRange", "The requested range is not satisfiable", 416, {
    headers: { "content-range": `bytes */${sizeBytes}` },
    members: { RangeRequested: text, ActualObjectSize: sizeBytes },
  });
}

/** As a `Content-Range` header says it. */
export function contentRange({ from, to }: ByteRange, sizeBytes: number): string {
  return `bytes ${from}-${to - 1}/${sizeBytes}`;
}
