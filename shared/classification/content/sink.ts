import { byteOrderMark, type Encoding } from "./encoding.ts";
import type { Scanner } from "./scanner.ts";
import { EDGE_BYTES, endOfWhole, startOfWhole } from "./whole-tokens.ts";

/** Hands pieces of content to the scanner so that no value is judged that a piece's edge cuts in half. */
export interface Sink {
  /** Bytes handed to the scanner. */
  readonly bytesScanned: number;
  /** What the scanner threw: a mistake of ours, and nothing about the content. */
  readonly failure: { readonly error: unknown } | undefined;
  /** A piece begins. */
  begin(piece: PieceStart): void;
  push(chunk: Uint8Array): void;
  /** The piece is over. With `isCut` it goes on where nobody looks, so its last, halved value is left out. Nothing when no piece is open. */
  finish(isCut: boolean): void;
}

export interface PieceStart {
  readonly encoding: Encoding;
  /** It begins in the middle of something: its first, halved value is left out. */
  readonly isCut: boolean;
}

export function createSink(scanner: Scanner): Sink {
  let bytesScanned = 0;
  let pieces = 0;
  let failure: { readonly error: unknown } | undefined;
  let open: PieceStart | undefined;
  // The piece's start until its first whole value is found, later its last `EDGE_BYTES`, which may have to be cut.
  let kept: Uint8Array = new Uint8Array();
  let isStarted = false;
  // Of the piece.
  let bytes = 0;

  function guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      failure = { error };
      throw error;
    }
  }
  function hand(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    bytesScanned += chunk.length;
    guard(() => scanner.push(chunk));
  }
  function start({ encoding, isCut }: PieceStart): void {
    isStarted = true;
    if (!isCut) return;
    kept = kept.subarray(startOfWhole(kept.subarray(0, EDGE_BYTES), encoding));
    // The scanner tells UTF-16 by its mark, which only the object's first piece has.
    guard(() => scanner.push(byteOrderMark(encoding)));
  }
  return {
    get bytesScanned() {
      return bytesScanned;
    },
    get failure() {
      return failure;
    },
    begin(piece) {
      if (pieces > 0) guard(() => scanner.cut());
      pieces += 1;
      open = piece;
      kept = new Uint8Array();
      isStarted = false;
      bytes = 0;
    },
    push(chunk) {
      if (open === undefined) throw new Error("a piece has to begin before it is pushed");
      bytes += chunk.length;
      if (isStarted && chunk.length >= EDGE_BYTES) {
        hand(kept);
        kept = chunk;
      } else kept = kept.length === 0 ? chunk : Buffer.concat([kept, chunk]);
      if (!isStarted && kept.length >= EDGE_BYTES) start(open);
      if (!isStarted || kept.length <= EDGE_BYTES) return;
      hand(kept.subarray(0, kept.length - EDGE_BYTES));
      // A copy, for the chunk is its producer's, and may be large.
      kept = Uint8Array.from(kept.subarray(kept.length - EDGE_BYTES));
    },
    finish(isCut) {
      if (open === undefined) return;
      const piece = open;
      open = undefined;
      if (!isStarted) start(piece);
      if (isCut) {
        // Half a code unit at either end would put all others out of step.
        const halfBefore = piece.encoding === "single-bytes" ? 0 : (bytes - kept.length) % 2;
        kept = kept.subarray(0, halfBefore + endOfWhole(kept.subarray(halfBefore), piece.encoding));
      }
      hand(kept);
      kept = new Uint8Array();
    },
  };
}
