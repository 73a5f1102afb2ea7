import { basename } from "node:path";
import type { Clock } from "../shared/types.ts";

/** Tells how far a long command has come, where somebody looks on. */
export interface Progress {
  /** @param doneBytes of the whole */
  at(doneBytes: number, file: string): void;
  end(): void;
}

const BAR = 24;
/** More often than that nobody can read. */
const EVERY_MS = 100;

/** A bar on a terminal; on anything else nothing is written. */
export function progressOn(stream: NodeJS.WriteStream, totalBytes: number, clock: Clock): Progress {
  if (stream.isTTY !== true) return { at() {}, end() {} };
  let lastMs = Number.NEGATIVE_INFINITY;
  return {
    at(doneBytes, file) {
      const nowMs = clock.nowMs();
      if (nowMs - lastMs < EVERY_MS) return;
      lastMs = nowMs;
      const line = describeProgress(doneBytes, totalBytes, file).slice(0, (stream.columns || 80) - 1);
      stream.write(`\r\u001b[K${line}`);
    },
    end() {
      stream.write("\r\u001b[K");
    },
  };
}

/** Bar, share, bytes and the file under way. Pure. */
export function describeProgress(doneBytes: number, totalBytes: number, file: string): string {
  const share = totalBytes === 0 ? 1 : Math.min(1, doneBytes / totalBytes);
  const bar = "#".repeat(Math.floor(share * BAR)).padEnd(BAR, ".");
  return `[${bar}] ${Math.floor(share * 100)} %  ${megabytes(doneBytes)} of ${megabytes(totalBytes)} MB  ${basename(file)}`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
