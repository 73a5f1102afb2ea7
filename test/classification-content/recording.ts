import type { ObjectBytes, Scanner } from "../../shared/classification/content/read-content.ts";

/** A scanner that keeps what it gets: the pieces between its cuts. */
export interface Recording extends Scanner {
  pieces(): readonly Buffer[];
  texts(): readonly string[];
}

export function recordingScanner(): Recording {
  const pieces: Buffer[][] = [[]];
  return {
    // A copy: what is pushed may be written over afterwards.
    push: (chunk) => pieces.at(-1)?.push(Buffer.from(chunk)),
    cut: () => pieces.push([]),
    pieces: () => pieces.map((chunks) => Buffer.concat(chunks)),
    texts: () => pieces.map((chunks) => Buffer.concat(chunks).toString("utf8")),
  };
}

/** An object in memory that notes its ranged reads. */
export interface RecordingObject extends ObjectBytes {
  readonly reads: { readonly from: number; readonly to: number }[];
}

/** @param chunkBytes how the bytes are cut into chunks: the lengths in turn, over and over */
export function objectOf(bytes: Uint8Array, chunkBytes: readonly number[] = [65_536]): RecordingObject {
  const reads: { from: number; to: number }[] = [];
  return {
    size: bytes.length,
    reads,
    async *read(from, to) {
      reads.push({ from, to });
      for (let at = from, turn = 0; at < to; turn++) {
        const end = Math.min(to, at + (chunkBytes[turn % chunkBytes.length] ?? 1));
        yield bytes.subarray(at, end);
        at = end;
      }
    },
  };
}

/** An object that has no bytes until they are asked for: `fill` writes those from an offset on. */
export function generatedObject(size: number, fill: (chunk: Uint8Array, from: number) => void): RecordingObject {
  const reads: { from: number; to: number }[] = [];
  return {
    size,
    reads,
    async *read(from, to) {
      reads.push({ from, to });
      for (let at = from; at < to; at += 65_536) {
        const chunk = new Uint8Array(Math.min(65_536, to - at));
        fill(chunk, at);
        yield chunk;
      }
    },
  };
}
