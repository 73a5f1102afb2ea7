import type { Classification, ResidencyPolicy } from "../policy/policy.ts";
import type { Tag } from "../types.ts";
import { isWithin } from "./order.ts";

/** The class that counts for a resource and why, or that none can be told. */
export type Classified =
  | {
      readonly kind: "classified";
      readonly classification: Classification;
      /** Classes that the data has to be treated as as well: it may go only where each of them may. */
      readonly also?: readonly Classification[];
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
  // Sorted by rank, so the last match is the most restrictive: classes that can meet on one resource lie within each other (compile-classifications.ts).
  const live = policy.classifications.findLast((entry) => entry.tags.some((tag) => isAmong(tag, tags)));
  const fallback = policy.classifications.find((entry) => entry.name === policy.unclassified);
  if (before !== undefined && live !== undefined && !isWithin(live, before)) {
    return wasTagged ? notBelow(before, live) : toBeConfirmed(before, live);
  }
  if (wasTagged && before !== undefined && live === undefined)
    return asJournalled(before, "the bucket carries no class");
  if (live !== undefined) return byTag(live, tags, fallback);
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

/** What a tag once said holds, whatever the tags say now; where the new class forbids what the old one allows, both do. */
function notBelow(before: Classification, live: Classification): Classified {
  if (isWithin(before, live)) return asJournalled(before, `its tags say "${live.name}"`);
  return {
    kind: "classified",
    classification: before,
    also: [live],
    source: "journal",
    reason: `journalled as "${before.name}", and its tags say "${live.name}", which may live elsewhere: it is treated as both until a data owner decides`,
  };
}

function asJournalled(before: Classification, seen: string): Classified {
  return {
    kind: "classified",
    classification: before,
    source: "journal",
    reason: `journalled as "${before.name}" (${seen}; only a data owner's decision lowers a class)`,
  };
}

function toBeConfirmed(before: Classification, live: Classification): Classified {
  const reason = `its tags say "${live.name}", but it was treated as "${before.name}" so far; a data owner has to confirm the lower class`;
  return { kind: "undecided", reason };
}

/** The class by its tags; one that frees data which would otherwise have to stay counts only when only those set it whom policy names (invariant 15). */
function byTag(live: Classification, tags: readonly Tag[], fallback: Classification | undefined): Classified {
  const by = live.tags.find((tag) => isAmong(tag, tags));
  const isFreeing = fallback === undefined || !isWithin(live, fallback);
  if (isFreeing && live.setBy?.enforcement === "verify") {
    const who = live.setBy.principals.join(", ");
    const reason = `its tag ${by?.key}=${by?.value} says "${live.name}", but that live policies deny the tag to everybody but ${who} has not been proved`;
    return { kind: "undecided", reason };
  }
  return {
    kind: "classified",
    classification: live,
    source: "tag",
    reason: `classified "${live.name}" by the bucket tag ${by?.key}=${by?.value}`,
  };
}

function isAmong(tag: Tag, tags: readonly Tag[]): boolean {
  return tags.some((other) => other.key === tag.key && other.value === tag.value);
}
