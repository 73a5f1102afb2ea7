import type { Classified } from "../../shared/classification/classify.ts";
import { loadKeyPatterns } from "../../shared/classification/key-patterns.ts";
import type { KnownObject } from "../../shared/classification/known-object.ts";
import { type ConsideredRules, considerRules } from "../../shared/classification/object-rules.ts";
import type { PolicyInForce, ResidencyPolicy } from "../../shared/policy/policy.ts";
import type { FoundInContent, ObjectFacts, RuleMatch, Tag } from "../../shared/types.ts";
import { BASE, compiled, DATA_OWNER, policyOf } from "../policy/policy-stage.ts";

export const tag = (value: string, key = "class"): Tag => ({ key, value });
const setBy = { principals: [DATA_OWNER], enforcement: "declared" };

/** A policy with objects of its own, of which a test says what it is about. */
export const withObjects = (objects: object = {}): ResidencyPolicy => compiled({ ...BASE, objects });
export const inForceWithObjects = (objects: object = {}): Promise<PolicyInForce> => policyOf({ objects });

/** Two laws, neither within the other, and a class within both. */
export const TWO_LAWS = {
  ...BASE,
  classifications: [
    { name: "public", rank: 0, residency: "anywhere", recognisedBy: [{ tag: tag("public") }], setBy },
    { name: "internal", rank: 10, residency: ["eu", "us"], recognisedBy: [{ tag: tag("internal") }], setBy },
    { name: "eu-personal", rank: 40, residency: ["eu"], recognisedBy: [{ tag: tag("eu") }], setBy },
    { name: "us-health", rank: 50, residency: ["us"], recognisedBy: [{ tag: tag("us") }], setBy },
  ],
  unclassified: { treatAs: "internal" },
  objects: {},
};

/** What differs from an object of which nothing has been read. */
export function objectOf(more: Partial<KnownObject> = {}): KnownObject {
  return { bucket: "orders", key: "2026/summary.csv", tags: [], macie: [], ...more };
}

export const matchOf = (classification: string, rule = `is-${classification}`): RuleMatch => ({
  rule,
  classification,
  why: "its key begins with a/",
});

export function factsOf(more: Partial<ObjectFacts> = {}): ObjectFacts {
  return {
    kind: "object",
    matched: [],
    undecided: [],
    found: [],
    carried: [],
    isFull: false,
    read: "nothing",
    ...more,
  };
}

export const foundOf = (detector: string, matches: number, distinct = matches): FoundInContent => ({
  detector,
  matches,
  distinct,
  fingerprints: [],
});

/** What the rules, as they stand in a document, say of an object. */
export async function considered(rules: readonly object[], object: KnownObject): Promise<ConsideredRules> {
  const compiledRules = withObjects({
    rules,
    detectors: [{ id: "staff-number", pattern: "E-\\d{6}" }],
  }).objects?.rules;
  return considerRules(compiledRules ?? [], object, await loadKeyPatterns(compiledRules ?? []));
}

/** A class in few words: its name, those beside it and what gave it; or that it can't be told, and what it is at least. */
export function described(classified: Classified): string {
  if (classified.kind === "not-applicable") return "not applicable";
  const names = (all: readonly { readonly name: string }[] = []) => all.map(({ name }) => name).join("+");
  if (classified.kind === "undecided") return `undecided, at least ${names(classified.atLeast) || "nothing"}`;
  const { classification, also = [], source } = classified;
  return `${names([classification, ...also])} by ${source}`;
}
