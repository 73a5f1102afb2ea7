import {
  builtInDetectors,
  createScanner,
  type ScanOptions,
  type ScanResult,
} from "../../shared/classification/detect/scan.ts";

export const allDetectors: ReadonlySet<string> = new Set(builtInDetectors.map(({ id }) => id));

/** Scans one text, all of it in one chunk. `counts`: matches by detector. */
export function scanned(
  content: string | Uint8Array,
  options: Partial<ScanOptions> = {},
): ScanResult & { readonly counts: Readonly<Record<string, number>> } {
  return scannedInChunks([typeof content === "string" ? Buffer.from(content) : content], options);
}

/** @param windowBytes how much of a text is in memory */
export function scannedInChunks(
  chunks: readonly Uint8Array[],
  options: Partial<ScanOptions> = {},
  windowBytes?: number,
): ReturnType<typeof scanned> {
  const scanner = createScanner({ detectors: allDetectors, salt: "a test's", ...options }, windowBytes);
  for (const chunk of chunks) scanner.push(chunk);
  const result = scanner.end();
  return { ...result, counts: Object.fromEntries(result.found.map(({ detector, matches }) => [detector, matches])) };
}
