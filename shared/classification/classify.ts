import type { Classification, ResidencyPolicy } from "../policy/policy.ts";
import type { Tag } from "../types.ts";

/** The class that counts for a resource and why, or that none can be told. */
export type Classified =
  | {
      readonly kind: "classified";
      readonly classification: Classification;
      readonly source: "tag" | "journal" | "default";
      readonly reason: string;
    }
  /** `atLeast`: whatever else it is, it is of no lower class than this one, which a tag once gave. */
  | { readonly kind: "undecided"; readonly reason: string; readonly atLeast?: Classification }
  /** The control judges no data. */
  | { readonly kind: "not-applicable"; readonly reason: string };

/** The class journalled before, and whether a tag said so or policy's default. */
export interface JournalledClass {
  readonly classification?: string | undefined;
  readonly classSource?: "tag" | "default" | undefined;
}

/**
 * The class of a bucket's data: its own tags', or the one journalled before when that is more restrictive (invariant 15: by itself a class
 * only rises; lowering or removing a tag frees nothing). A tag below what the bucket was treated as by default may be its first, true
 * classification or a way out: a person has to say. Pure.
 *
 * @param tags the bucket's live tags, or why they could not be read
 */
export function classifyBucket(
  tags: readonly Tag[] | { readonly unreadable: string },
  { classification: journalled, classSource }: JournalledClass,
  policy: ResidencyPolicy,
): Classified {
  const before = policy.classifications.find((entry) => entry.name === journalled);
  const wasTagged = journalled !== undefined && classSource === "tag";
  if ("unreadable" in tags) {
    const reason = `the bucket's tags can't be read: ${tags.unreadable}`;
    return { kind: "undecided", reason, ...(wasTagged && before !== undefined && { atLeast: before }) };
  }
  if (wasTagged && before === undefined) {
    return { kind: "undecided", reason: `the journalled class "${journalled}" is not in policy ${policy.name}` };
  }
  // Sorted by rank, so the last match is the most restrictive.
  const live = policy.classifications.findLast((entry) => entry.tags.some((tag) => isAmong(tag, tags)));
  if (!wasTagged && before !== undefined && live !== undefined && live.rank < before.rank) {
    const reason = `its tags say "${live.name}", but it was treated as "${before.name}" so far; a data owner has to confirm the lower class`;
    return { kind: "undecided", reason };
  }
  if (wasTagged && before !== undefined && (live === undefined || live.rank < before.rank)) {
    const seen = live === undefined ? "the bucket carries no class" : `its tags say "${live.name}"`;
    return {
      kind: "classified",
      classification: before,
      source: "journal",
      reason: `journalled as "${before.name}" (${seen}; only a data owner's decision lowers a class)`,
    };
  }
  if (live !== undefined) {
    const by = live.tags.find((tag) => isAmong(tag, tags));
    return {
      kind: "classified",
      classification: live,
      source: "tag",
      reason: `classified "${live.name}" by the bucket tag ${by?.key}=${by?.value}`,
    };
  }
  const fallback = policy.classifications.find((entry) => entry.name === policy.unclassified);
  if (fallback === undefined) {
    return { kind: "undecided", reason: `the bucket is not classified and policy ${policy.name} gives no default` };
  }
  return {
    kind: "classified",
    classification: fallback,
    source: "default",
    reason: `not classified; policy ${policy.name} treats it as "${fallback.name}"`,
  };
}

function isAmong(tag: Tag, tags: readonly Tag[]): boolean {
  return tags.some((other) => other.key === tag.key && other.value === tag.value);
}
