import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import type { ResourceRef } from "../types.ts";
import type { RunRecord } from "./journal.ts";
import { runKey } from "./keys.ts";

/** An item holds 400 KB; this leaves room for the rest of the run. */
const MAX_PLAIN = 250_000;
const MAX_PIECE = 350_000;

/**
 * A run as items: plan and findings as text where they fit, else compressed and in pieces. S3 takes configurations up to 2 MB; "too large to
 * journal" would be a way around containment. The wide window finds that `before` and `after` are nearly the same.
 */
export function packRun(resource: ResourceRef, run: RunRecord): readonly Record<string, unknown>[] {
  const { plan, judged, ...rest } = run;
  const text = JSON.stringify({ plan, judged });
  const item = { ...runKey(resource, run.number), entity: "run", ...rest };
  if (Buffer.byteLength(text) <= MAX_PLAIN) return [{ ...item, content: text }];
  const packed = brotliCompressSync(text, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS },
  });
  const pieces: Record<string, unknown>[] = [];
  for (let offset = 0; offset < packed.length; offset += MAX_PIECE) {
    const data = new Uint8Array(packed.subarray(offset, offset + MAX_PIECE));
    pieces.push({ ...runKey(resource, run.number, pieces.length + 1), entity: "run-piece", data });
  }
  return [{ ...item, pieces: pieces.length }, ...pieces];
}

/** The inverse of `packRun`; undefined when a piece is missing. */
export function unpackRun(
  item: Readonly<Record<string, unknown>>,
  pieces: readonly (Readonly<Record<string, unknown>> | undefined)[],
): RunRecord | undefined {
  const { pk: _pk, sk: _sk, entity: _entity, pieces: _pieces, content: text, ...rest } = item;
  let content = text;
  if (pieces.length > 0) {
    const data = pieces.map((piece) => piece?.data);
    if (!data.every((bytes) => bytes instanceof Uint8Array)) return undefined;
    content = brotliDecompressSync(Buffer.concat(data)).toString("utf8");
  }
  if (typeof content !== "string") return undefined;
  const run = { ...rest, ...JSON.parse(content) } as RunRecord;
  // `null` stands for "none" in the table.
  if (run.verification !== null) return run;
  const { verification: _, ...unverified } = run;
  return unverified;
}
