const CHUNK_BYTES = 1024 * 1024;

/** An object's bytes. They need not be in memory: reads say which they want. */
export interface Content {
  readonly sizeBytes: number;
  /** Bytes `from` up to and without `to`; both within the content. */
  read(from: number, to: number): Uint8Array;
  /** Made when they are read: never held, and never hashed as a whole. */
  readonly isGenerated: boolean;
}

/** Bytes that are there. */
export function contentOf(bytes: Buffer): Content {
  return { sizeBytes: bytes.length, read: (from, to) => bytes.subarray(from, to), isGenerated: false };
}

/** As many bytes as `sizeBytes` says, made by `fill` as they are read: an object of 5 GB costs no memory. */
export function generated(sizeBytes: number, fill: (from: number, to: number) => Uint8Array): Content {
  return {
    sizeBytes,
    isGenerated: true,
    read(from, to) {
      const bytes = fill(from, to);
      if (bytes.length === to - from) return bytes;
      throw new Error(`fill(${from}, ${to}) has to give ${to - from} bytes, and gave ${bytes.length}`);
    },
  };
}

/** Several contents, one after the other. */
export function joined(parts: readonly Content[]): Content {
  const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
  return {
    sizeBytes,
    isGenerated: parts.some(({ isGenerated }) => isGenerated),
    read(from, to) {
      const pieces: Uint8Array[] = [];
      let start = 0;
      for (const part of parts) {
        const end = start + part.sizeBytes;
        if (start < to && from < end) pieces.push(part.read(Math.max(from, start) - start, Math.min(to, end) - start));
        start = end;
      }
      return Buffer.concat(pieces);
    },
  };
}

/** A stretch of a content, piece by piece, so that it goes over the wire without being held. */
export function* chunksOf({ read }: Content, from: number, to: number): Generator<Uint8Array> {
  for (let at = from; at < to; at += CHUNK_BYTES) yield read(at, Math.min(to, at + CHUNK_BYTES));
}
