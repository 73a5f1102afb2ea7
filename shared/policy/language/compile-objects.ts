import { examinePattern, findsNothing } from "../conditions/safe-pattern.ts";
import type { ObjectRule, ObjectRules } from "../policy.ts";
import type { Compiled } from "./compile-scopes.ts";
import { checkName, checkNames, checkUnique, type Names } from "./names.ts";
import { checkReadBudget, compileReadBudget } from "./object-budget.ts";
import { checkProtectedTags, checkWritableTags } from "./object-tags.ts";
import type { Problem } from "./problems.ts";
import type { PolicyDocument } from "./schema.ts";
import type { ObjectsDocument } from "./schema-objects.ts";

const byId = (one: { readonly id: string }, other: { readonly id: string }) => (one.id < other.id ? -1 : 1);

/**
 * How objects get their class; undefined where the document says nothing of it, so that its digest stays what it was before there was this.
 *
 * @param builtIn ids of the detectors there are
 */
export function compileObjects(
  { objects, classifications }: PolicyDocument,
  builtIn: readonly string[],
  names: Names,
): Compiled<ObjectRules | undefined> {
  if (objects === undefined) return { part: undefined, problems: [] };
  const {
    rules = [],
    detectors = [],
    read = {},
    protectedTags = [],
    onLowered = "restore",
    onUnopened = "ask",
    backfill,
  } = objects;
  const known = [...builtIn, ...detectors.map(({ id }) => id)];
  return {
    part: {
      rules: rules.map(compileRule).sort(byId),
      detectors: detectors.toSorted(byId),
      read: compileReadBudget(read),
      protectedTags: [...new Set(protectedTags)].sort(),
      onLowered,
      onUnopened,
      // Left out where it isn't said: the digest of older policies stays.
      ...(backfill !== undefined && { backfill }),
    },
    problems: [
      ...checkUnique(rules, ["objects", "rules"]),
      ...checkUnique(detectors, ["objects", "detectors"]),
      ...rules.flatMap((rule, index) => checkRule(rule, ["objects", "rules", index], known, names)),
      ...detectors.flatMap((detector, index) => checkDetector(detector, ["objects", "detectors", index], builtIn)),
      ...checkReadBudget(read),
      ...checkWritableTags(classifications),
      ...checkProtectedTags(protectedTags, classifications),
    ],
  };
}

type RuleDocument = NonNullable<ObjectsDocument["rules"]>[number];
type DetectorDocument = NonNullable<ObjectsDocument["detectors"]>[number];

function compileRule({ id, classification, content, ...asked }: RuleDocument): ObjectRule {
  const { buckets, prefixes, keyPattern, contentTypes, metadata, tags, macie } = asked;
  return {
    id,
    classification,
    ...(buckets && { buckets }),
    ...(prefixes && { prefixes }),
    ...(keyPattern !== undefined && { keyPattern }),
    ...(contentTypes && { contentTypes: contentTypes.map((type) => type.toLowerCase()) }),
    ...(metadata && { metadata }),
    ...(tags && { tags }),
    ...(content && {
      content: {
        detectors: [...new Set(content.detectors)].sort(),
        minDistinct: content.minDistinct ?? 1,
        ...(content.minPerMiB !== undefined && { minPerMiB: content.minPerMiB }),
      },
    }),
    ...(macie && { macie }),
  };
}

const ASKABLE = ["prefixes", "keyPattern", "contentTypes", "metadata", "tags", "content", "macie"] as const;

function checkRule(rule: RuleDocument, path: Problem["path"], detectors: readonly string[], names: Names): Problem[] {
  const { classification, keyPattern, content } = rule;
  const { classifications } = names;
  const at = [...path, "content", "detectors"];
  const asksNothing = ASKABLE.every((key) => rule[key] === undefined);
  const message = `expected at least one of ${ASKABLE.join(", ")}; for a whole bucket, tag the bucket`;
  return [
    ...(asksNothing ? [{ path, message }] : []),
    ...checkName("classification", classification, classifications, [...path, "classification"], ["classifications"]),
    ...(keyPattern === undefined ? [] : checkPattern(keyPattern, [...path, "keyPattern"])),
    ...checkNames("detector", content?.detectors, detectors, at, []),
  ];
}

function checkDetector(
  { id, pattern }: DetectorDocument,
  path: Problem["path"],
  builtIn: readonly string[],
): Problem[] {
  const at = [...path, "pattern"];
  const problems = checkPattern(pattern, at);
  if (builtIn.includes(id))
    problems.push({ path: [...path, "id"], message: `the detector "${id}" is built in; expected another name` });
  if (problems.length === 0 && findsNothing(pattern)) {
    const message = "found a pattern that also matches where nothing stands, expected one that takes a letter at least";
    problems.push({ path: at, message });
  }
  return problems;
}

function checkPattern(pattern: string, path: Problem["path"]): Problem[] {
  const examined = examinePattern(pattern);
  return examined.ok ? [] : [{ path, message: examined.message }];
}
