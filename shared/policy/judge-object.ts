import type { Classified } from "../classification/classify.ts";
import { classesByTags, tagFor } from "../classification/object-tags.ts";
import { isWithin } from "../classification/order.ts";
import type { ObjectFacts, Tag } from "../types.ts";
import type { Classification, ResidencyPolicy } from "./policy.ts";
import type { Verdict } from "./verdict.ts";

type KnownClass = Extract<Classified, { readonly kind: "classified" }>;

/**
 * Whether an object says what its data is: it carries a tag of its class, or of a more restrictive one, by whichever key. Otherwise the tag is to be written,
 * unless something stands in the way that is not Cordon's to move. Pure.
 */
export function judgeObject(facts: ObjectFacts, classified: Classified, policy: ResidencyPolicy): Verdict {
  if (classified.kind !== "classified")
    return { kind: "undecidable", rule: "built-in:unclassified", reasons: [classified.reason] };
  const { classification, also = [], reason, because = [], rule } = classified;
  const classes = [classification, ...also];
  const reasons = [reason, ...because];
  const citations = classes.flatMap((each) => each.citations);
  const carried = classesByTags(facts.carried, policy);
  const telling = carried.findLast((each) => classes.every((own) => isWithin(each, own)));
  if (telling !== undefined) {
    const said = `its tags say "${telling.name}"`;
    return { kind: "compliant", rule: "built-in:tagged", reasons: [...reasons, said], citations };
  }
  const tag = tagFor(classification);
  const obstacles = obstaclesTo(tag, facts, classified, policy);
  const [first] = obstacles;
  if (first !== undefined)
    return {
      kind: "for-a-person",
      rule: first.rule,
      reasons: [...obstacles.map(({ told }) => told), ...reasons],
      citations,
    };
  return {
    kind: "violating",
    rule: rule === undefined ? `classification:${classification.name}` : `object-rule:${rule}`,
    reasons: [...reasons, `it carries no tag that says so: ${tag?.key}=${tag?.value}`],
    citations,
  };
}

interface Obstacle {
  readonly rule: string;
  readonly told: string;
}

/** All that keeps the tag from being written, what matters most first: whoever removes one has to know of the next. */
function obstaclesTo(
  tag: Tag | undefined,
  { carried, isFull }: ObjectFacts,
  { classification, also = [], isLowered }: KnownClass,
  { objects }: ResidencyPolicy,
): readonly Obstacle[] {
  if (also.length > 0) return [obstacle("two-laws", apart([classification, ...also]))];
  if (tag === undefined)
    return [obstacle("no-tag", `policy names no tag for "${classification.name}", so none is written`)];
  const isProtected = objects?.protectedTags.includes(tag.key) === true && carried.some(({ key }) => key === tag.key);
  return [
    ...(isLowered === true && objects?.onLowered === "ask"
      ? [
          obstacle(
            "lowered",
            `somebody has taken its tag of "${classification.name}" from it, and policy asks a person then`,
          ),
        ]
      : []),
    ...(isProtected
      ? [
          obstacle(
            "protected-tag",
            `its tag ${tag.key} says something else, and policy has a person change it (protectedTags)`,
          ),
        ]
      : []),
    ...(isFull && carried.every(({ key }) => key !== tag.key)
      ? [
          obstacle(
            "no-room",
            `it has ten tags, as many as S3 takes: somebody has to take one of them away, or to make one of them ${tag.key}=${tag.value}`,
          ),
        ]
      : []),
  ];
}

function obstacle(name: string, told: string): Obstacle {
  return { rule: `built-in:${name}`, told };
}

function apart(classes: readonly Classification[]): string {
  const names = classes.map(({ name }) => `"${name}"`).join(" and ");
  return `it is ${names}, which no one tag says: a data owner has to decide`;
}
