import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactFacts } from "../../cli/redact.ts";
import { readMemory } from "../../cli/where-places.ts";
import type { Classified } from "../../shared/classification/classify.ts";
import { classifyObject, type JournalledObject } from "../../shared/classification/classify-object.ts";
import { classesByTags, tagFor } from "../../shared/classification/object-tags.ts";
import { isWithin } from "../../shared/classification/order.ts";
import { subjectOf } from "../../shared/ids.ts";
import type { FindingRecord } from "../../shared/journal/journal.ts";
import type { JournalRecords } from "../../shared/journal/records.ts";
import { transition } from "../../shared/lifecycle/transition.ts";
import type { PolicyInForce } from "../../shared/policy/policy.ts";
import type { ObjectFacts, Tag } from "../../shared/types.ts";
import {
  factsOf,
  foundOf,
  inForceWithObjects,
  matchOf,
  TWO_LAWS,
  tag,
} from "../classification-objects/object-stage.ts";
import { CONTROL, decisionOf, findingOf, policyOf, resource } from "./policy-stage.ts";

interface Given extends Partial<ObjectFacts> {
  readonly bucket?: readonly Tag[] | { readonly unreadable: string };
  readonly journalled?: JournalledObject;
  readonly classified?: Classified;
}
const tagged: JournalledObject = { classification: "personal", classSource: "tag", wasCarried: true };

/** What is decided about an object in a bucket of personal data. */
function decided(policy: PolicyInForce, { bucket = [tag("personal")], journalled = {}, classified, ...facts }: Given) {
  const known = factsOf(facts);
  return decisionOf(policy, {
    facts: known,
    classified: classified ?? classifyObject(known, bucket, journalled, policy),
    tags: known.carried,
  });
}

describe("an object", () => {
  it.each<readonly [string, object, Given, string, string]>([
    ["without a tag gets its class's", {}, {}, "contain", "classification:personal"],
    [
      "with the tag of its class is as it should be",
      {},
      { carried: [tag("personal")] },
      "compliant",
      "built-in:tagged",
    ],
    [
      "with the tag of a more restrictive class is as it should be",
      {},
      { carried: [tag("secret")] },
      "compliant",
      "built-in:tagged",
    ],
    [
      "T7 with the tag of a lower class gets its class's",
      {},
      { carried: [tag("public")] },
      "contain",
      "classification:personal",
    ],
    [
      "with a tag that says nothing gets its class's",
      {},
      { carried: [tag("unheard-of")] },
      "contain",
      "classification:personal",
    ],
    [
      "T1 T2 gets the class of the rule that applies",
      {},
      { matched: [matchOf("secret", "ssn")] },
      "contain",
      "object-rule:ssn",
    ],
    [
      "gets its bucket's class where a rule says no more",
      {},
      { matched: [matchOf("personal", "pii")] },
      "contain",
      "classification:personal",
    ],
    [
      "T6 with its bucket's tag gets that of a rule that says more",
      {},
      { matched: [matchOf("secret", "macie")], carried: [tag("personal")] },
      "contain",
      "object-rule:macie",
    ],
    ["T4 with ten tags waits for a person", {}, { isFull: true }, "approve", "built-in:no-room"],
    [
      "with ten tags, one of which says its class, is as it should be",
      {},
      { isFull: true, carried: [tag("personal")] },
      "compliant",
      "built-in:tagged",
    ],
    [
      "T4 with a protected tag in the way waits for a person",
      { protectedTags: ["class"] },
      { carried: [tag("public")] },
      "approve",
      "built-in:protected-tag",
    ],
    ["without a protected tag gets it", { protectedTags: ["class"] }, {}, "contain", "classification:personal"],
    [
      "T7 lowered by hand gets its tag again",
      {},
      { journalled: tagged, carried: [tag("public")] },
      "contain",
      "classification:personal",
    ],
    [
      "T7 lowered by hand waits for a person where policy asks",
      { onLowered: "ask" },
      { journalled: tagged, carried: [tag("public")] },
      "approve",
      "built-in:lowered",
    ],
    [
      "T7 robbed of its tag waits for a person where policy asks",
      { onLowered: "ask" },
      { journalled: tagged },
      "approve",
      "built-in:lowered",
    ],
    [
      "that never had a tag gets it, also where policy asks",
      { onLowered: "ask" },
      { journalled: { ...tagged, wasCarried: false } },
      "contain",
      "classification:personal",
    ],
    [
      "whose class can't be told waits for a person",
      {},
      { bucket: { unreadable: "denied" } },
      "approve",
      "built-in:unclassified",
    ],
    [
      "whose class can't be told waits for a person, whatever tag it has",
      {},
      { bucket: { unreadable: "denied" }, carried: [tag("secret")] },
      "approve",
      "built-in:unclassified",
    ],
    [
      "that holds no data waits for a person",
      {},
      { classified: { kind: "not-applicable", reason: "r" } },
      "approve",
      "built-in:unclassified",
    ],
  ])("%s", async (_, objects, given, kind, rule) => {
    expect(decided(await inForceWithObjects(objects), given)).toMatchObject({ kind, rule });
  });

  it.each<readonly [string, Given, string, string]>([
    ["waits for a data owner, for no tag says both", {}, "approve", "built-in:two-laws"],
    ["waits for a data owner with the tag of one of them", { carried: [tag("us")] }, "approve", "built-in:two-laws"],
    ["is as it should be with a class within both", { carried: [tag("top")] }, "compliant", "built-in:tagged"],
  ])("under two laws %s", async (_, given, kind, rule) => {
    const policy = await policyOf(TWO_LAWS);
    const [first] = policy.classifications;
    if (first === undefined) throw new Error("there is a class");
    const top = { ...first, name: "top", rank: 99, anywhere: false, places: [], tags: [tag("top")] };
    const extended = { ...policy, classifications: [...policy.classifications, top] };
    expect(decided(extended, { bucket: [tag("eu")], matched: [matchOf("us-health")], ...given })).toMatchObject({
      kind,
      rule,
    });
  });

  it("of a class without a tag waits for a person", async () => {
    const policy = await inForceWithObjects();
    const bare = { ...policy, classifications: policy.classifications.map((each) => ({ ...each, tags: [] })) };
    expect(decided(bare, {})).toMatchObject({
      kind: "approve",
      rule: "built-in:no-tag",
      reasons: expect.arrayContaining(['policy names no tag for "personal", so none is written']),
    });
  });

  it("T2 is told with every reason, what is to be written and the law", async () => {
    expect(decided(await inForceWithObjects(), { matched: [matchOf("personal", "pii")] })).toMatchObject({
      reasons: [
        'classified "personal" by the bucket tag class=personal',
        'rule "pii" says "personal": its key begins with a/',
        "it carries no tag that says so: class=personal",
      ],
      citations: [{ framework: "GDPR", reference: "Art. 44" }],
    });
  });

  it("T4 is told with all that stands in the way, and what to do about it, first", async () => {
    const policy = await inForceWithObjects({ onLowered: "ask", protectedTags: ["class"] });
    const lowered = 'somebody has taken its tag of "personal" from it, and policy asks a person then';
    const other = decided(policy, { isFull: true, journalled: tagged, carried: [tag("public")] });
    expect(other.rule).toBe("built-in:lowered");
    expect(other.reasons.slice(0, 2)).toEqual([
      lowered,
      "its tag class says something else, and policy has a person change it (protectedTags)",
    ]);
    expect(other.reasons).toContain('classified "personal" by the bucket tag class=personal');

    expect(decided(policy, { isFull: true, journalled: tagged }).reasons.slice(0, 2)).toEqual([
      lowered,
      "it has ten tags, as many as S3 takes: somebody has to take one of them away, or to make one of them class=personal",
    ]);
  });

  it("T4 with ten tags, one of them with the key of its class, has room for it", async () => {
    const policy = await inForceWithObjects();
    expect(decided(policy, { isFull: true, carried: [tag("public")] })).toMatchObject({ kind: "contain" });
    expect(decided(policy, { isFull: true })).toMatchObject({ kind: "approve", rule: "built-in:no-room" });
  });

  it("is explained with what was found, and what it rests on", async () => {
    const { explanation } = decided(await inForceWithObjects(), {
      matched: [matchOf("secret", "ssn")],
      undecided: [{ rule: "zip", classification: "secret", why: "it is encrypted" }],
      found: [foundOf("us-ssn", 3, 2)],
      carried: [tag("public")],
      isFull: true,
      read: "all 100 bytes",
    });
    expect(explanation).toMatchObject({
      verdict: "violating",
      facts: {
        classification: "secret",
        classifiedBy: "rule",
        rules: "ssn (secret): its key begins with a/",
        undecidedRules: "zip (secret): it is encrypted",
        found: "3 x us-ssn (2 different)",
        tags: "class=public",
        room: "it has ten tags, as many as S3 takes",
        read: "all 100 bytes",
      },
    });
  });

  it("is only observed, or asked about, where the control may do no more", async () => {
    for (const [mode, kind] of [
      ["observe", "observe"],
      ["approve", "approve"],
    ] as const)
      expect(decided(await policyOf({ objects: {}, controls: { [CONTROL]: { mode } } }), {}).kind).toBe(kind);
  });

  it("is in no scope for data that moves", async () => {
    const scopes = [{ id: "to-us", to: ["us"], mode: "observe" }];
    const policy = await policyOf({ objects: {}, controls: { [CONTROL]: { mode: "enforce", scopes } } });
    expect(decided(policy, {}).kind).toBe("contain");
  });

  it("whatever is known of it, never gets a tag below one that it has", async () => {
    const policy = await policyOf(TWO_LAWS);
    const names = policy.classifications.map(({ name }) => name);
    const values = ["public", "internal", "eu", "us", "x"];
    const tags = fc.array(
      fc.constantFrom(...values).map((value) => tag(value)),
      { maxLength: 1 },
    );
    const given = fc.record({
      matched: fc.array(
        fc.constantFrom(...names).map((name) => matchOf(name)),
        { maxLength: 3 },
      ),
      carried: tags,
      bucket: tags,
      isFull: fc.boolean(),
      journalled: fc.record(
        { classification: fc.constantFrom(...names), classSource: fc.constant("tag" as const) },
        { requiredKeys: [] },
      ),
    });
    fc.assert(
      fc.property(given, ({ bucket, journalled, ...facts }) => {
        const known = factsOf(facts);
        const classified = classifyObject(known, bucket, journalled, policy);
        const { kind } = decided(policy, { ...facts, bucket, journalled });
        if (classified.kind !== "classified") expect(kind).toBe("approve");
        if (kind !== "contain" || classified.kind !== "classified") return;
        const written = tagFor(classified.classification);
        const [next] = written === undefined ? [] : classesByTags([written], policy);
        for (const each of classesByTags(facts.carried, policy)) expect(next && isWithin(next, each)).toBe(true);
      }),
    );
  });
});

describe("an exception for an object", () => {
  it("is bound to the classes that rules give it, by whichever rules and in whatever order", () => {
    const subject = (...classes: readonly string[]) =>
      subjectOf(factsOf({ matched: classes.map((name, index) => matchOf(name, `r${index}`)) }));
    expect(subject("secret", "personal", "secret")).toBe(subject("personal", "secret"));
    expect(new Set([subject(), subject("personal"), subject("secret"), subject("personal", "secret")]).size).toBe(4);
  });

  it("no longer covers it when a rule gives it another class", async () => {
    const policy = await inForceWithObjects();
    const facts = factsOf({ matched: [matchOf("personal")] });
    const exception = {
      findingId: findingOf(facts).id,
      reason: "r",
      approver: "a",
      grantedAt: "2020-01-01T00:00:00Z",
      expiresAt: "2100-01-01T00:00:00Z",
      subject: subjectOf(facts) ?? "",
      classification: "secret",
    };
    const kindOf = (matched: ObjectFacts["matched"]) => {
      const known = factsOf({ matched });
      const classified = classifyObject(known, [tag("personal")], {}, policy);
      return decisionOf(policy, { facts: known, classified, tags: [], exception }).kind;
    };
    expect(kindOf(facts.matched)).toBe("exempt");
    expect(kindOf([...facts.matched, matchOf("secret")])).toBe("contain");
  });
});

describe("what is told of an object", () => {
  it("has no value of a tag and no fingerprint, unless all is asked for", () => {
    const found = [{ ...foundOf("email", 1), fingerprints: ["0f1e2d"] }];
    const told = redactFacts(factsOf({ carried: [tag("maria", "class")], found }));
    expect(told).toMatchObject({
      kind: "object",
      carried: [{ key: "class" }],
      found: [{ detector: "email", matches: 1 }],
    });
    expect(JSON.stringify(told)).not.toMatch(/maria|0f1e2d/);
  });

  it("has no place of its own among those that data is sent to", async () => {
    const finding = { status: "awaiting-approval", facts: factsOf(), resource } as unknown as FindingRecord;
    const records = {
      async *all() {
        yield { kind: "finding" as const, finding };
      },
    } as unknown as JournalRecords;
    expect(await readMemory(records)).toEqual({ resources: [], leaks: [] });
  });

  it("stays that it was contained, while it carries its tag", async () => {
    const decision = decided(await inForceWithObjects(), { carried: [tag("personal")] });
    if (decision.kind !== "compliant") throw new Error("it carries its tag");
    const previous = {
      status: "contained" as const,
      occurrence: 1,
      firstSeenAt: "2026-01-01T00:00:00Z",
      changedAtMs: 0,
      basis: "b",
      containedAtMs: [0],
    };
    const finding = findingOf(factsOf({ carried: [tag("personal")] }));
    const step = transition(previous, finding, { ...decision, kind: "compliant" }, 1);
    expect(step).toEqual({ status: "already-contained", occurrence: 1 });
  });
});
