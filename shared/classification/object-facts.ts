import type { ObjectRule, ResidencyPolicy } from "../policy/policy.ts";
import type { ObjectFacts, RuleMatch, Tag } from "../types.ts";
import { certainClasses, type JournalledClass } from "./classify.ts";
import { classifyObject, type JournalledObject } from "./classify-object.ts";
import type { KnownObject } from "./known-object.ts";
import { type ConsideredRules, couldRaise } from "./object-rules.ts";
import { carriedTags, MAX_OBJECT_TAGS } from "./object-tags.ts";

/** What an object's class rests on besides the object itself. */
export interface AroundObject {
  /** The bucket's live tags, or why they could not be read. */
  readonly bucketTags: readonly Tag[] | { readonly unreadable: string };
  /** What is journalled of the bucket's class. */
  readonly around?: JournalledClass | undefined;
  readonly journalled: JournalledObject;
  readonly policy: ResidencyPolicy;
}

/**
 * The facts of an object, as far as it has been read. A rule that is still open, and could raise its class, counts as one that can't be told: nobody has looked.
 * Pure.
 */
export function objectFacts(
  object: KnownObject,
  { matched, open, undecided }: ConsideredRules,
  { bucketTags, around, journalled, policy }: AroundObject,
): ObjectFacts {
  const { tags, content } = object;
  const seen = { matched, carried: carriedTags(tags, policy) };
  const certain = certainClasses(classifyObject({ ...seen, undecided: [] }, bucketTags, journalled, policy, around));
  return {
    kind: "object",
    ...seen,
    undecided: [...undecided, ...open.map(unread)].filter((each) => couldRaise([each], certain, policy)),
    found: content === undefined || "unreadable" in content ? [] : content.found,
    isFull: tags.length >= MAX_OBJECT_TAGS,
    read: readInWords(object),
  };
}

function unread({ id, classification, content }: ObjectRule): RuleMatch {
  return {
    rule: id,
    classification,
    why: `its ${content === undefined ? "headers have" : "content has"} not been read`,
  };
}

function readInWords({ headers, content }: KnownObject): string {
  if (content !== undefined)
    return "unreadable" in content ? `its content can't be read: ${content.unreadable}` : content.read;
  if (headers === undefined) return "nothing of it was read: what is known without it is enough";
  return "unreadable" in headers ? `its headers can't be read: ${headers.unreadable}` : "its headers";
}
