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
      /** What the journal is to keep, where that is not simply the class's name: `joinClasses` of several, or what it had before. */
      readonly remembered?: string;
      readonly source: "tag" | "rule" | "journal" | "default";
      readonly reason: string;
      /** Of an object: all else that gives it a class, a sentence for each. */
      readonly because?: readonly string[];
      /** The rule of `objects` that gave the class, where one did. */
      readonly rule?: string;
      /** Of an object: it carried a tag of its class, and no longer does. */
      readonly isLowered?: true;
    }
  /**
   * `atLeast`: whatever else it is, it is of no lower class than these, which a tag once gave. `remembered`: what of it is sure enough to be journalled, for it takes nothing
   * back of what is: an open question must not answer itself at the next look.
   */
  | {
      readonly kind: "undecided";
      readonly reason: string;
      readonly atLeast?: readonly Classification[];
      readonly remembered?: string;
    }
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
  const wasTagged = classSource === "tag";
  const before = journalledClasses(journalled, policy) ?? [];
  const isKnown = before.length > 0;
  if ("unreadable" in tags) {
    const reason = `the bucket's tags can't be read: ${tags.unreadable}`;
    return { kind: "undecided", reason, ...(wasTagged && isKnown && { atLeast: before }) };
  }
  if (wasTagged && journalled !== undefined && !isKnown) {
    return { kind: "undecided", reason: `the journalled class "${journalled}" is not in policy ${policy.name}` };
  }
  // Sorted by rank, so the last match is the most restrictive: classes that can meet on one resource lie within each other (compile-classifications.ts).
  const live = policy.classifications.findLast((entry) => entry.tags.some((tag) => isAmong(tag, tags)));
  const fallback = policy.classifications.find((entry) => entry.name === policy.unclassified);
  if (wasTagged && isKnown) {
    if (live === undefined) return withoutTag(before, fallback, policy);
    if (!before.every((each) => isWithin(live, each))) return notBelow(before, live);
  } else {
    const [treated] = before;
    if (treated !== undefined && live !== undefined && !isWithin(live, treated)) return toBeConfirmed(treated, live);
  }
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

/** No class is called so (schema.ts). */
const AND = "+";

/** Classes as the journal keeps them: the highest first. Pure. */
export function joinClasses(classes: readonly Classification[]): string {
  return classes.map(({ name }) => name).join(AND);
}

/** The names in what `joinClasses` wrote. Pure. */
export function splitClasses(journalled: string): readonly string[] {
  return journalled.split(AND);
}

/** The classes that the journal names: none when it names none, undefined when policy doesn't know all of them. Pure. */
export function journalledClasses(
  journalled: string | undefined,
  policy: ResidencyPolicy,
): readonly Classification[] | undefined {
  const names = journalled === undefined ? [] : splitClasses(journalled);
  const known = names.flatMap((name) => policy.classifications.find((entry) => entry.name === name) ?? []);
  return known.length === names.length ? known : undefined;
}

/** What data surely is, whatever else it may be. Pure. */
export function certainClasses(classified: Classified): readonly Classification[] {
  if (classified.kind === "classified") return [classified.classification, ...(classified.also ?? [])];
  return classified.kind === "undecided" ? (classified.atLeast ?? []) : [];
}

/** What a tag once said holds, whatever the tags say now; where the new class forbids what the old one allows, both do. */
function notBelow(before: readonly Classification[], live: Classification): Classified {
  if (before.some((each) => isWithin(each, live))) return asJournalled(before, `its tags say "${live.name}"`);
  // What the new class contains is no news; the others stand beside it.
  const all = [...before.filter((each) => !isWithin(live, each)), live].sort((a, b) => b.rank - a.rank);
  const [classification = live, ...also] = all;
  return {
    kind: "classified",
    classification,
    also,
    remembered: joinClasses(all),
    source: "journal",
    reason: `journalled as ${quoted(before)}, and its tags say "${live.name}", which may live elsewhere: it is treated as all of them until a data owner decides${deciders(before)}`,
  };
}

/**
 * A tag that was taken away frees nothing: neither does the class that it gave fall, nor does it go on freeing what unclassified data may not do. The journal
 * keeps what it had.
 */
function withoutTag(
  before: readonly Classification[],
  fallback: Classification | undefined,
  policy: ResidencyPolicy,
): Classified {
  const reference = fallback ?? policy.classifications.at(-1);
  const isFreeing = reference !== undefined && !before.some((each) => isWithin(each, reference));
  if (!isFreeing) return asJournalled(before, "the bucket carries no class");
  const seen = `the bucket was ${quoted(before)} by a tag that is gone`;
  if (fallback === undefined)
    return { kind: "undecided", reason: `${seen}, and policy ${policy.name} gives no default`, atLeast: before };
  return {
    kind: "classified",
    classification: fallback,
    also: before,
    remembered: joinClasses(before),
    source: "journal",
    reason: `${seen}; policy ${policy.name} treats it as "${fallback.name}" as well`,
  };
}

function asJournalled(before: readonly Classification[], seen: string): Classified {
  const [classification, ...also] = before as [Classification, ...Classification[]];
  return {
    kind: "classified",
    classification,
    ...(also.length > 0 && { also, remembered: joinClasses(before) }),
    source: "journal",
    reason: `journalled as ${quoted(before)} (${seen}; only a data owner's decision lowers a class${deciders(before)})`,
  };
}

function toBeConfirmed(before: Classification, live: Classification): Classified {
  const reason = `its tags say "${live.name}", but it was treated as "${before.name}" so far; a data owner has to confirm the lower class${deciders([before])}`;
  return { kind: "undecided", reason };
}

/** Names of classes as sentences tell them. Pure. */
export function quoted(classes: readonly Classification[]): string {
  return classes.map(({ name }) => `"${name}"`).join(" and ");
}

/** Who may decide that data is of a lower class, where policy says so. Pure. */
export function deciders(classes: readonly Classification[]): string {
  const who = [...new Set(classes.flatMap(({ loweredBy }) => loweredBy))];
  return who.length === 0 ? "" : `: ${who.join(", ")}`;
}

/** The class by its tags; one that frees data which would otherwise have to stay counts only when only those set it whom policy names (invariant 15). */
function byTag(live: Classification, tags: readonly Tag[], fallback: Classification | undefined): Classified {
  const by = live.tags.find((tag) => isAmong(tag, tags));
  const isFreeing = live.isFavoured || fallback === undefined || !isWithin(live, fallback);
  if (isFreeing && live.setBy?.enforcement === "verify") return { kind: "undecided", reason: unproved(live, tags) };
  return {
    kind: "classified",
    classification: live,
    source: "tag",
    reason: `classified "${live.name}" by the bucket tag ${by?.key}=${by?.value}`,
  };
}

/** That a tag frees data, and nobody has proved that only those set it who may. Pure. */
export function unproved({ name, setBy, tags: recognisedBy }: Classification, tags: readonly Tag[]): string {
  const by = recognisedBy.find((tag) => isAmong(tag, tags));
  const who = setBy?.principals.join(", ");
  return `its tag ${by?.key}=${by?.value} says "${name}", but that live policies deny the tag to everybody but ${who} has not been proved`;
}

/** Whether a tag is one of these, key and value. Pure. */
export function isAmong(tag: Tag, tags: readonly Tag[]): boolean {
  return tags.some((other) => other.key === tag.key && other.value === tag.value);
}
