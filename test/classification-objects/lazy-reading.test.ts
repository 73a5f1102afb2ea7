import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { certainClasses } from "../../shared/classification/classify.ts";
import { classifyObject } from "../../shared/classification/classify-object.ts";
import type { KnownObject } from "../../shared/classification/known-object.ts";
import { objectFacts } from "../../shared/classification/object-facts.ts";
import { considerRules, planRead } from "../../shared/classification/object-rules.ts";
import type { Tag } from "../../shared/types.ts";
import { compiled } from "../policy/policy-stage.ts";
import { foundOf, objectOf, TWO_LAWS, tag } from "./object-stage.ts";

/** Everything there is to be known of an object. */
type Whole = KnownObject & Required<Pick<KnownObject, "headers" | "content">>;

const isFound = (text: string, pattern: string) => text.includes(pattern);

const rule = fc
  .record(
    {
      prefixes: fc.constantFrom(["2026/"], ["x/"]),
      contentTypes: fc.constantFrom(["text/csv"], ["image/*"]),
      metadata: fc.constantFrom([{ key: "team", value: "hr" }]),
      content: fc.constantFrom({ detectors: ["iban"] }, { detectors: ["email"], minDistinct: 3 }),
    },
    { requiredKeys: [] },
  )
  .filter((asked) => Object.keys(asked).length > 0);
const name = fc.constantFrom(...TWO_LAWS.classifications.map((each) => each.name));
const rules = fc
  .array(fc.tuple(rule, name), { maxLength: 5 })
  .map((all) => all.map(([asked, classification], index) => ({ id: `r${index}`, classification, ...asked })));
const tags = fc.array(
  fc.constantFrom("public", "internal", "eu", "us", "x").map((value) => tag(value)),
  { maxLength: 1 },
);
const unreadable = fc.constant({ unreadable: "denied" });
const whole: fc.Arbitrary<Whole> = fc
  .record({
    tags,
    headers: fc.oneof(
      fc.record({
        contentType: fc.constantFrom("text/csv", "image/png"),
        metadata: fc.constantFrom({}, { team: "hr" }),
      }),
      unreadable,
    ),
    content: fc.oneof(
      fc.record({
        found: fc.constantFrom([], [foundOf("iban", 1)], [foundOf("email", 3)], [foundOf("email", 2)]),
        scannedBytes: fc.constant(100),
        read: fc.constant("all of it"),
      }),
      unreadable,
    ),
  })
  .map((more) => ({ ...objectOf(more), ...more }));

/** Reads as much as is planned, step by step. */
function readAsPlanned(all: Whole, bucketTags: readonly Tag[], policy: ReturnType<typeof compiled>) {
  const around = { bucketTags, journalled: {}, policy };
  const asked = policy.objects?.rules ?? [];
  const { headers, content, ...rest } = all;
  let object: KnownObject = rest;
  const calls: string[] = [];
  for (;;) {
    const considered = considerRules(asked, object, isFound);
    const facts = objectFacts(object, considered, around);
    // What nobody has looked for yet is no reason against looking.
    const certain = certainClasses(classifyObject({ ...facts, undecided: [] }, bucketTags, {}, policy));
    const plan = planRead(considered, certain, policy);
    if (plan.kind === "nothing") return { facts, calls };
    calls.push(plan.kind);
    object = plan.kind === "headers" ? { ...object, headers } : { ...object, headers, content };
  }
}

describe("an object that is read only as far as it could raise its class", () => {
  it("has the class that it has when all of it is read", () => {
    fc.assert(
      fc.property(rules, tags, whole, (asked, bucketTags, all) => {
        const policy = compiled({ ...TWO_LAWS, objects: { rules: asked } });
        const lazy = readAsPlanned(all, bucketTags, policy).facts;
        const eager = objectFacts(all, considerRules(policy.objects?.rules ?? [], all, isFound), {
          bucketTags,
          journalled: {},
          policy,
        });
        const [one, other] = [lazy, eager].map((facts) => classifyObject(facts, bucketTags, {}, policy));
        expect(one?.kind).toBe(other?.kind);
        expect(one && certainClasses(one)).toEqual(other && certainClasses(other));
      }),
      { numRuns: 200 },
    );
  });

  it("takes two reads at most, of which one gives the content", () => {
    fc.assert(
      fc.property(rules, tags, whole, (asked, bucketTags, all) => {
        const policy = compiled({ ...TWO_LAWS, objects: { rules: asked } });
        const { calls } = readAsPlanned(all, bucketTags, policy);
        expect([[], ["headers"], ["content"], ["headers", "content"]]).toContainEqual(calls);
      }),
      { numRuns: 50 },
    );
  });
});
