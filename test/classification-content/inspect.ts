import {
  type ContentHints,
  type ContentLimits,
  inspectContent,
} from "../../shared/classification/content/read-content.ts";
import { objectOf, type RecordingObject, recordingScanner } from "./recording.ts";

/** Room for everything; a test narrows what it is about. */
export const ROOMY: ContentLimits = {
  maxBytes: 64 * 2 ** 20,
  headBytes: 256 * 1024,
  samples: 8,
  sampleBytes: 64 * 1024,
  maxInflatedBytes: 64 * 2 ** 20,
  deadlineMs: Number.MAX_SAFE_INTEGER,
};

export interface Options {
  readonly hints?: Partial<ContentHints>;
  readonly limits?: Partial<ContentLimits>;
  readonly chunkBytes?: readonly number[];
  readonly nowMs?: () => number;
}

/** Inspects content in memory, or an object that makes its own, and tells what came of it, what the scanner got, and what was read. */
export async function inspect(content: Uint8Array | string | RecordingObject, options: Options = {}) {
  const isObject = typeof content === "object" && "read" in content;
  const object = isObject ? content : objectOf(Buffer.from(content), options.chunkBytes);
  const scanner = recordingScanner();
  const inspected = await inspectContent(
    object,
    { key: "data", ...options.hints },
    { ...ROOMY, ...options.limits },
    scanner,
    { nowMs: options.nowMs ?? (() => 0) },
  );
  return {
    inspected,
    pieces: scanner.pieces(),
    texts: scanner.texts().filter((text) => text !== ""),
    reads: object.reads,
  };
}
