import { contentHash } from "../ids.ts";
import type { EvidenceRecord } from "../journal/journal.ts";

/** An entry of evidence with the partition of the table it lies in, which `record.key` completes. */
export interface Entry {
  readonly pk: string;
  readonly record: EvidenceRecord;
}

export type ParsedEntry =
  | { readonly ok: true; readonly entry: Entry }
  | { readonly ok: false; readonly reason: string };

/** Tells an entry from all others. The hash belongs to it: a table restored from a backup gives the same key away again. */
export function entryId({ pk, record }: Entry): string {
  return `${pk} ${record.key} ${record.contentHash}`;
}

/** An entry's id is part of an object's key, so nothing may be in it that would lead elsewhere. */
const CONTROL_ID = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/**
 * Unknown -> entry. What is not of the evidence itself, such as the outbox's attributes, is left out: the same entry is the same however often it
 * was emitted. An entry whose content is not what its hash seals was altered, and is none.
 */
export function parseEntry(pk: unknown, value: unknown): ParsedEntry {
  const { key, findingId, controlId, occurrence, kind, at, content, contentHash: hash } = fieldsOf(value);
  if (
    typeof pk !== "string" ||
    typeof key !== "string" ||
    typeof findingId !== "string" ||
    typeof controlId !== "string" ||
    typeof kind !== "string" ||
    typeof at !== "string" ||
    typeof hash !== "string" ||
    typeof occurrence !== "number"
  ) {
    return { ok: false, reason: "a part of the entry is missing or of another type" };
  }
  if (!CONTROL_ID.test(controlId))
    return { ok: false, reason: "the control's id is not of lower-case words and dashes" };
  if (Number.isNaN(Date.parse(at))) return { ok: false, reason: "the entry's time is none" };
  if (typeof content !== "object" || content === null) return { ok: false, reason: "the entry has no content" };
  const sealed = content as EvidenceRecord["content"];
  if (hashOf(sealed) !== hash) return { ok: false, reason: "the content is not what its hash seals" };
  const record: EvidenceRecord = {
    key,
    findingId,
    controlId,
    occurrence,
    kind,
    at,
    content: sealed,
    contentHash: hash,
  };
  return { ok: true, entry: { pk, record } };
}

/** A value's fields, whatever it is. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** The hash of what can be hashed: canonical JSON has no form for half a character. */
export function hashOf(value: unknown): string | undefined {
  try {
    return contentHash(value);
  } catch {
    return undefined;
  }
}
