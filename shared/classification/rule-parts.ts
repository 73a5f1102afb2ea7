import { matchesPattern } from "../policy/patterns.ts";
import type { ContentRule, ObjectRule } from "../policy/policy.ts";
import type { FoundInContent, RuleMatch } from "../types.ts";
import type { PatternMatcher } from "./key-patterns.ts";
import type { KnownObject, LookedThrough, ObjectHeaders, Unreadable } from "./known-object.ts";

/** What one part of a rule says of an object: it matches, does not, rests on what has not been read yet, or can't be told. */
export type PartTold =
  | { readonly kind: "yes"; readonly why?: string }
  | { readonly kind: "no" }
  | { readonly kind: "open"; readonly needs: "headers" | "content" }
  | { readonly kind: "unknown"; readonly why: string; readonly hidden?: RuleMatch["hidden"] };

/** A part of a rule; it says nothing where the rule doesn't ask for it. */
export type RulePart = (rule: ObjectRule, object: KnownObject, isFound: PatternMatcher) => PartTold | undefined;

const NO: PartTold = { kind: "no" };
const yes = (why: string): PartTold => ({ kind: "yes", why });
const MIB = 1_048_576;

/** The cheapest first, and those that have to be read for last. Pure. */
export const RULE_PARTS: readonly RulePart[] = [
  ({ buckets }, { bucket }) => buckets && (buckets.some((each) => matchesPattern(each, bucket)) ? { kind: "yes" } : NO),

  ({ prefixes }, { key }) => {
    const prefix = prefixes?.find((each) => key.startsWith(each));
    return prefixes && (prefix === undefined ? NO : yes(`its key begins with ${prefix}`));
  },

  ({ tags: named }, { tags }) => {
    const tag = named?.find(({ key, value }) => tags.some((each) => each.key === key && each.value === value));
    return named && (tag === undefined ? NO : yes(`its tag ${tag.key} says so`));
  },

  ({ macie: named }, { macie }) => {
    const type = named?.find((pattern) => macie.some((each) => matchesPattern(pattern, each)));
    return named && (type === undefined ? NO : yes(`Macie has found ${type}`));
  },

  ({ keyPattern }, { key }, isFound) =>
    keyPattern === undefined ? undefined : isFound(key, keyPattern) ? yes(`its key matches ${keyPattern}`) : NO,

  ({ contentTypes }, { headers }) =>
    contentTypes &&
    byHeaders(headers, ({ contentType }) => {
      const type = mediaTypeOf(contentType);
      const named = contentTypes.find((each) => type !== undefined && matchesPattern(each, type));
      return named === undefined ? NO : yes(`its media type is ${named}`);
    }),

  ({ metadata: named }, { headers }) =>
    named &&
    byHeaders(headers, ({ metadata }) => {
      const entry = named.find(({ key, value }) => {
        const found = Object.hasOwn(metadata, key) ? metadata[key] : undefined;
        return found !== undefined && matchesPattern(value, found);
      });
      return entry === undefined ? NO : yes(`its metadata ${entry.key} says so`);
    }),

  ({ content: asked }, { content }) => {
    if (asked === undefined) return undefined;
    if (content === undefined) return { kind: "open", needs: "content" };
    if ("unreadable" in content) return unopened("its content can't be read", content);
    return byContent(asked, content);
  },
];

function byHeaders(
  headers: ObjectHeaders | Unreadable | undefined,
  tell: (headers: ObjectHeaders) => PartTold,
): PartTold {
  if (headers === undefined) return { kind: "open", needs: "headers" };
  if ("unreadable" in headers) return unopened("its headers can't be read", headers);
  return tell(headers);
}

function unopened(what: string, { unreadable, isDenied }: Unreadable): PartTold {
  return { kind: "unknown", why: `${what}: ${unreadable}`, hidden: isDenied === true ? "denied" : "unopened" };
}

/** RFC 9110, section 8.3.1: letter case and parameters say nothing of the type. */
function mediaTypeOf(contentType: string | undefined): string | undefined {
  return contentType?.split(";", 1)[0]?.trim().toLowerCase();
}

function byContent(rule: ContentRule, { found, scannedBytes, cutOff }: LookedThrough): PartTold {
  const asked = found.filter(({ detector }) => rule.detectors.includes(detector));
  const enough = asked.filter((each) => isDense(each, scannedBytes, rule) && each.distinct >= rule.minDistinct);
  if (enough.length > 0) return yes(`it contains ${enough.map(foundInWords).join(", ")}`);
  const capped = asked.find((each) => isDense(each, scannedBytes, rule) && each.isDistinctCapped === true);
  if (capped !== undefined)
    return { kind: "unknown", why: `it contains ${foundInWords(capped)}, and more were not counted` };
  return cutOff === undefined ? NO : { kind: "unknown", why: cutOff, hidden: "unopened" };
}

function isDense({ matches }: FoundInContent, scannedBytes: number, { minPerMiB = 0 }: ContentRule): boolean {
  return matches * MIB >= minPerMiB * scannedBytes;
}

/** What a detector found, such as "12 x iban (5 different)". Pure. */
export function foundInWords({ detector, matches, distinct, isDistinctCapped }: FoundInContent): string {
  return `${matches} x ${detector} (${isDistinctCapped === true ? "at least " : ""}${distinct} different)`;
}
