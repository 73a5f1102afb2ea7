import type { ResidencyPolicy } from "../policy/policy.ts";
import type { OpenedObject } from "../resources/s3-objects.ts";
import type { Clock } from "../types.ts";
import type { ContentLimits } from "./content/read-content.ts";
import type { LookedThrough, Unreadable } from "./known-object.ts";

/** What is to be looked for in an object's content, and how far. */
export interface Search {
  /** Detectors, built-in or the policy's own. */
  readonly detectors: readonly string[];
  readonly policy: ResidencyPolicy;
  readonly key: string;
  readonly deadlineMs: number;
}

/**
 * Looks through an object's content. What it finds are counts and salted fingerprints, never a value.
 *
 * @throws what reading the object throws; nothing about its content
 */
export type LookThrough = (object: OpenedObject, search: Search) => Promise<LookedThrough | Unreadable>;

/**
 * Scanner and formats are loaded when an object's content is first looked through: most events need neither.
 *
 * @param salt secret, of the deployment
 */
export function lookThroughWith(salt: string, clock: Clock): LookThrough {
  return async ({ bytes, headers: { contentType }, contentEncoding }, { detectors, policy, key, deadlineMs }) => {
    const [{ createScanner }, { inspectContent }] = await Promise.all([
      import("./detect/scan.ts"),
      import("./content/read-content.ts"),
    ]);
    const { objects } = policy;
    if (objects === undefined) return { unreadable: "policy says nothing of objects" };
    const own = objects.detectors;
    const wanted = new Set(detectors);
    const scanner = createScanner({
      detectors: new Set(detectors.filter((id) => own.every((each) => each.id !== id))),
      user: own.filter(({ id }) => wanted.has(id)),
      salt,
    });
    const hints = {
      key,
      ...(contentType !== undefined && { contentType }),
      ...(contentEncoding !== undefined && { contentEncoding }),
    };
    const limits: ContentLimits = { ...objects.read, deadlineMs };
    const inspected = await inspectContent(bytes, hints, limits, scanner, clock);
    const { found } = scanner.end();
    if (inspected.kind === "opaque") {
      const read = `${inspected.bytesRead} bytes of ${inspected.format}: ${inspected.reason}`;
      return WITHOUT_TEXT.has(inspected.format) ? { found, scannedBytes: 0, read } : { unreadable: read };
    }
    const { format, bytesRead, bytesScanned, isWhole, limits: told } = inspected;
    const how = isWhole ? "all of it" : `a part of it (${told.join("; ")})`;
    return { found, scannedBytes: bytesScanned, read: `${bytesRead} bytes of ${format}, ${how}` };
  };
}

/** Formats without text that a detector could read. Of all others that were not opened, what is encrypted, broken or in them may say anything. */
const WITHOUT_TEXT: ReadonlySet<string> = new Set([
  ...["png", "gif", "jpeg", "tiff", "bmp", "webp", "heic", "mp4", "ogg", "flac", "matroska", "mp3", "wav", "avi"],
  ...["elf", "mach-o", "java class", "wasm", "windows executable"],
]);
