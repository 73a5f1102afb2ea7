import type { FoundInContent, Tag } from "../types.ts";

/** What is known of one version of an object. What has not been asked for is left out: a rule that needs it is open until then. */
export interface KnownObject {
  readonly bucket: string;
  /** As S3 has it, not as URLs write it. */
  readonly key: string;
  /** All of its tags. Where they can't be read there is nothing to judge: no tag could be written without losing the others. */
  readonly tags: readonly Tag[];
  /** Types of Macie's findings about it. */
  readonly macie: readonly string[];
  readonly headers?: ObjectHeaders | Unreadable;
  readonly content?: LookedThrough | Unreadable;
}

/** What HeadObject and GetObject say besides the content. */
export interface ObjectHeaders {
  readonly contentType?: string;
  /** User-defined metadata by key, without `x-amz-meta-` and in lower case. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface LookedThrough {
  /** Of detectors that found something. */
  readonly found: readonly FoundInContent[];
  /** How much the detectors have seen, in bytes: of what is compressed, what it comes to. */
  readonly scannedBytes: number;
  /** How much of it that was, in words. */
  readonly read: string;
  /** Why less was looked through than policy asks for, in words, such as "its Parquet footer is broken": what was not found may be there. */
  readonly cutOff?: string;
}

/** AWS does not show it, or nothing can be made of it; why, in words. An image is not this: detectors find no text in it. */
export interface Unreadable {
  readonly unreadable: string;
  /** Somebody has to give Cordon a right, or a key back: policy may let be what can't be opened, and not that. */
  readonly isDenied?: true;
}
