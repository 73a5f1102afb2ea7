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

/** An object that has no bytes until they are asked for: `chunkAt` gives those from an offset on, as many as are asked for at most. */
export function generatedObject(size: number, chunkAt: (from: number, bytes: number) => Uint8Array): RecordingObject {
  const reads: { from: number; to: number }[] = [];
  return {
    size,
    reads,
    async *read(from, to) {
      reads.push({ from, to });
      for (let at = from; at < to; ) {
        const chunk = chunkAt(at, Math.min(65_536, to - at));
        at += chunk.length;
        yield chunk;
      }
    },
  };
}
