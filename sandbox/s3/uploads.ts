import type { Content } from "./content.ts";
import type { NewObject } from "./objects.ts";

/** One part of an upload that is not complete. */
export interface Part {
  content: Content;
  /** Hex MD5. */
  etag: string;
}

/** An upload in parts that was begun, and neither completed nor aborted. */
export interface Upload {
  key: string;
  about: Omit<NewObject, "content" | "etag" | "checksums">;
  /** By their numbers; a part that comes again replaces the earlier one. */
  parts: Map<number, Part>;
}
