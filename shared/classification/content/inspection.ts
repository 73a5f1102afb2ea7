import type { ContentLimits, Meter } from "./limits.ts";
import type { ObjectSource } from "./object-source.ts";
import type { Sink } from "./sink.ts";
import type { ContentHints, Format } from "./tell-format.ts";

/** What the reader of every format works with. */
export interface Inspection {
  readonly source: ObjectSource;
  readonly sink: Sink;
  readonly meter: Meter;
  readonly hints: ContentHints;
  readonly limits: ContentLimits;
  /** Notes the format, as soon as it is known: an error that follows is told with it. */
  tell(format: Format | "unknown"): void;
  /** Why only a part is looked at, in words, each once. They never quote the content. */
  readonly notes: Set<string>;
  /** What hides content that nobody looked at, in words, each once: it is encrypted, broken, packed too deep or too large. May hold what was not found. */
  readonly gaps: Set<string>;
}

/** What an object, or a part of a package, turned out to be. */
export interface Outcome {
  readonly format: Format | "unknown";
  /** Why nothing can be said of its content; `undefined` when it was handed to the scanner. */
  readonly closed?: string;
}

/** False for what `read` or the scanner threw: that is the caller's to know. */
export function isAboutContent(error: unknown, { source, sink }: Inspection): boolean {
  return ![source.failure, sink.failure].some((failure) => failure !== undefined && failure.error === error);
}
