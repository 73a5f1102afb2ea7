import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { certainClasses, joinClasses } from "../../shared/classification/classify.ts";
import { classifyObject, type JournalledObject } from "../../shared/classification/classify-object.ts";
import { isWithin } from "../../shared/classification/order.ts";
import type { ResidencyPolicy } from "../../shared/policy/policy.ts";
import type { ObjectFacts, RuleMatch, Tag } from "../../shared/types.ts";
import { BASE, compiled, DATA_OWNER } from "../policy/policy-stage.ts";
import { described, factsOf, matchOf, TWO_LAWS, tag, withObjects } from "./object-stage.ts";

const byTag = (classification: string): JournalledObject => ({ classification, classSource: "tag" });
const byDefault = (classification: string): JournalledObject => ({ classification, classSource: "default" });
const policy = withObjects();
const twoLaws = compiled(TWO_LAWS);
const undecided = (classification: string): RuleMatch => ({ rule: "r", classification, why: "denied" });

interface Given extends Partial<Pick<ObjectFacts, "matched" | "undecided" | "carried">> {
  readonly bucket?: readonly Tag[] | { readonly unreadable: string };
  readonly journalled?: JournalledObject;
  readonly policy?: ResidencyPolicy;
}
const classified = ({ bucket = [tag("personal")], journalled = {}, policy: other = policy, ...facts }: Given = {}) =>
  classifyObject(factsOf(facts), bucket, journalled, other);

describe("the class of an object", () => {
  it.each<readonly [string, Given, string]>([
    ["T2 is its bucket's by tag", {}, "personal by tag"],
    ["T2 is its bucket's by default", { bucket: [] }, "personal by default"],
    ["T1 is that of a rule that is more restrictive", { matched: [matchOf("secret")] }, "secret by rule"],
    ["is not that of a rule that is less restrictive", { matched: [matchOf("public")] }, "personal by tag"],
    [
      "is that of the most restrictive of several rules",
      { bucket: [tag("public")], matched: [matchOf("personal"), matchOf("secret")] },
      "secret by rule",
    ],
    [
      "by a rule is remembered, where only the default gives it otherwise",
      { bucket: [], matched: [matchOf("personal")] },
      "personal by rule",
    ],
    ["T7 is raised by its own tag", { carried: [tag("secret")] }, "secret by tag"],
    ["T7 is not lowered by its own tag", { carried: [tag("public")] }, "personal by tag"],
    ["is not its own tag's that says nothing", { carried: [tag("unheard-of")] }, "personal by tag"],
    ["T7 is the journalled one when that is more restrictive", { journalled: byTag("secret") }, "secret by journal"],
    [
      "T7 is not lowered with its bucket's",
      { bucket: [tag("public")], journalled: byTag("personal") },
      "personal by journal",
    ],
    ["rises above the journalled one", { journalled: byTag("public") }, "personal by tag"],
    [
      "is today's default for what was only ever treated by default",
      { bucket: [], journalled: byDefault("secret") },
      "personal by default",
    ],
    ["rises from the default", { bucket: [tag("secret")], journalled: byDefault("personal") }, "secret by tag"],
    [
      "below the default needs to be confirmed",
      { bucket: [tag("public")], journalled: byDefault("personal") },
      "undecided, at least public",
    ],
    ["by a default that policy no longer knows does not matter", { journalled: byDefault("gone") }, "personal by tag"],
    ["that policy no longer knows is none", { journalled: byTag("gone") }, "undecided, at least personal"],
    ["by a rule that policy no longer knows is none", { matched: [matchOf("gone")] }, "undecided, at least personal"],
    [
      "is not known where its bucket's tags can't be read",
      { bucket: { unreadable: "denied" } },
      "undecided, at least nothing",
    ],
    [
      "is at least what rules, tags and journal say where its bucket's is not known",
      {
        bucket: { unreadable: "denied" },
        matched: [matchOf("personal")],
        carried: [tag("public")],
        journalled: byTag("personal"),
      },
      "undecided, at least personal",
    ],
    ["is not known while a rule may raise it", { undecided: [undecided("secret")] }, "undecided, at least personal"],
    [
      "is known when a rule that can't be told could not raise it",
      { undecided: [undecided("personal"), undecided("public")] },
      "personal by tag",
    ],
    [
      "is known when a rule that can't be told would say no more than the journal",
      { undecided: [undecided("secret")], journalled: byTag("secret") },
      "secret by journal",
    ],
    [
      "under two laws is both",
      { policy: twoLaws, bucket: [tag("eu")], matched: [matchOf("us-health")] },
      "us-health+eu-personal by rule",
    ],
    [
      "under two laws stays both",
      { policy: twoLaws, bucket: [tag("us")], journalled: byTag("eu-personal") },
      "us-health+eu-personal by tag",
    ],
    [
      "under two laws as journalled stays both",
      { policy: twoLaws, bucket: [], journalled: byTag("us-health+eu-personal") },
      "us-health+eu-personal by journal",
    ],
    [
      "under two laws is both by its own tag",
      { policy: twoLaws, bucket: [tag("eu")], carried: [tag("us")] },
      "us-health+eu-personal by tag",
    ],
  ])("%s", (_, given, expected) => {
    expect(described(classified(given))).toBe(expected);
  });

  it("T2 comes with every reason there is, what decides first", () => {
    const given: Given = {
      bucket: [tag("public")],
      matched: [matchOf("secret", "b"), matchOf("personal", "a")],
      carried: [tag("personal")],
    };
    expect(classified(given)).toMatchObject({
      rule: "b",
      reason: 'rule "b" says "secret": its key begins with a/',
      because: [
        'classified "public" by the bucket tag class=public',
        'its own tags say "personal"',
        'rule "a" says "personal": its key begins with a/',
      ],
    });
  });

  it("T7 kept by the journal says by whom it could be lowered", () => {
    const owned = compiled({
      ...BASE,
      classifications: BASE.classifications.map((each) => ({ ...each, loweredBy: [DATA_OWNER] })),
      objects: {},
    });
    const reason = `journalled as "secret" (by all that is seen it is "personal"; only a data owner's decision lowers a class: ${DATA_OWNER})`;
    expect(classified({ journalled: byTag("secret"), policy: owned })).toMatchObject({ reason });
    expect(classified({ bucket: [tag("public")], journalled: byDefault("personal"), policy: owned })).toMatchObject({
      reason: `it is "public" now, but it was treated as "personal" so far; a data owner has to confirm the lower class: ${DATA_OWNER}`,
    });
  });

  it("under two laws says so, and is remembered as both", () => {
    expect(classified({ policy: twoLaws, bucket: [tag("eu")], carried: [tag("us")] })).toMatchObject({
      remembered: "us-health+eu-personal",
      reason: 'its own tags say "us-health"',
      because: [
        '"us-health" and "eu-personal" may live in different places: it is treated as all of them until a data owner decides',
        'classified "eu-personal" by the bucket tag class=eu',
      ],
    });
  });

  it("that can't be told says which rule, and why", () => {
    expect(
      classified({ undecided: [{ rule: "r", classification: "secret", why: "its zip is encrypted" }] }),
    ).toMatchObject({ reason: 'whether rule "r" makes it "secret" can\'t be told: its zip is encrypted' });
    expect(classified({ matched: [matchOf("gone")] })).toMatchObject({
      reason: 'rule "is-gone" says "gone", which is no class of policy test',
    });
  });

  it("is not known without a default", () => {
    const { unclassified: _, ...rest } = TWO_LAWS;
    const none = compiled(rest);
    expect(described(classified({ policy: none, bucket: [], matched: [matchOf("us-health")] }))).toBe(
      "undecided, at least us-health",
    );
  });

  it("by a tag that lets data go further, of which nobody vouches who sets it, is not believed", () => {
    const verify = { principals: [DATA_OWNER], enforcement: "verify" };
    const favoured = compiled({
      ...BASE,
      classifications: BASE.classifications.map((each) => (each.name === "secret" ? { ...each, setBy: verify } : each)),
      transfers: [{ id: "t", classifications: ["secret"], to: ["us"], basis: { kind: "scc", document: "d" } }],
      objects: {},
    });
    const given: Given = { policy: favoured, carried: [tag("secret")] };
    expect(classified(given)).toMatchObject({
      kind: "undecided",
      reason: `its tag class=secret says "secret", but that live policies deny the tag to everybody but ${DATA_OWNER} has not been proved`,
    });
    // Where somebody else says so too, or where it frees nothing, it is.
    expect(described(classified({ ...given, matched: [matchOf("secret")] }))).toBe("secret by tag");
    const harmless = {
      ...favoured,
      classifications: favoured.classifications.map((each) => ({ ...each, isFavoured: false })),
    };
    expect(described(classified({ ...given, policy: harmless }))).toBe("secret by tag");
    expect(described(classified({ ...given, journalled: byTag("secret") }))).toBe("undecided, at least secret");
  });

  it.each<readonly [string, Given, boolean]>([
    ["its tag is gone", { journalled: { ...byTag("personal"), wasCarried: true } }, true],
    ["its tag says less", { journalled: { ...byTag("personal"), wasCarried: true }, carried: [tag("public")] }, true],
    ["its tag says more", { journalled: { ...byTag("personal"), wasCarried: true }, carried: [tag("secret")] }, false],
    [
      "its tag says the same",
      { journalled: { ...byTag("personal"), wasCarried: true }, carried: [tag("personal")] },
      false,
    ],
    ["its tag never was there", { journalled: byTag("personal") }, false],
    ["nothing is known of it", {}, false],
  ])("T7 is lowered by somebody: %s", (_, given, isLowered) => {
    expect(Object.hasOwn(classified(given), "isLowered")).toBe(isLowered);
  });
});

const NAMES = ["public", "internal", "eu-personal", "us-health"];
const VALUES = ["public", "internal", "eu", "us", "x"];
const matches = fc.array(
  fc.constantFrom(...NAMES).map((name) => matchOf(name)),
  { maxLength: 4 },
);
const carried = fc.array(
  fc.constantFrom(...VALUES).map((value) => tag(value)),
  { maxLength: 1 },
);
const bucket = fc.array(
  fc.constantFrom(...VALUES).map((value) => tag(value)),
  { maxLength: 1 },
);
const untold = fc.array(fc.constantFrom(...NAMES).map(undecided), { maxLength: 2 });
const journal = fc.record(
  {
    classification: fc.constantFrom(...NAMES, "us-health+eu-personal", "gone", ""),
    classSource: fc.constantFrom("tag" as const, "default" as const),
    wasCarried: fc.boolean(),
  },
  { requiredKeys: [] },
);
const given = fc.record({ matched: matches, carried, bucket, undecided: untold, journalled: journal });
/** Whether whatever `before` surely is, `now` surely is, too. */
const isNoLower = (now: ReturnType<typeof classified>, before: ReturnType<typeof classified>) =>
  certainClasses(before).every((each) => certainClasses(now).some((other) => isWithin(other, each)));

describe("whatever rules, tags and journal say, the class of an object", () => {
  it("never falls with one more rule that applies", () => {
    fc.assert(
      fc.property(given, fc.constantFrom(...NAMES), (all, name) => {
        const before = classified({ ...all, policy: twoLaws });
        const now = classified({ ...all, matched: [...all.matched, matchOf(name, "new")], policy: twoLaws });
        expect(isNoLower(now, before)).toBe(true);
      }),
    );
  });

  it("never falls with one more tag on it, or on a bucket that is classified", () => {
    const keyed = compiled({
      ...TWO_LAWS,
      classifications: TWO_LAWS.classifications
        .filter(({ name }) => name !== "us-health")
        .map((each) => ({ ...each, recognisedBy: [{ tag: tag("yes", each.name) }] })),
    });
    const own = fc.constantFrom("public", "internal", "eu-personal").map((key) => tag("yes", key));
    fc.assert(
      fc.property(fc.array(own, { minLength: 1 }), fc.array(own), own, (onBucket, onObject, more) => {
        const before = classified({ bucket: onBucket, carried: onObject, policy: keyed });
        for (const now of [
          classified({ bucket: [...onBucket, more], carried: onObject, policy: keyed }),
          classified({ bucket: onBucket, carried: [...onObject, more], policy: keyed }),
        ])
          expect(isNoLower(now, before)).toBe(true);
      }),
    );
  });

  it("never falls below what the journal has from a tag", () => {
    fc.assert(
      fc.property(given, fc.constantFrom(...NAMES), (all, name) => {
        const now = classified({ ...all, journalled: byTag(name), policy: twoLaws });
        const known = twoLaws.classifications.find((each) => each.name === name);
        expect(certainClasses(now).some((each) => known !== undefined && isWithin(each, known))).toBe(true);
      }),
    );
  });

  it("stays what it is when it is journalled and nothing else changes", () => {
    fc.assert(
      fc.property(given, (all) => {
        const first = classified({ ...all, policy: twoLaws });
        if (first.kind !== "classified" || first.source === "default") return;
        const again = classified({ ...all, journalled: byTag(joinClasses(certainClasses(first))), policy: twoLaws });
        expect(certainClasses(again)).toEqual(certainClasses(first));
      }),
    );
  });

  it("is the same in whatever order they come", () => {
    fc.assert(
      fc.property(given, (all) => {
        const reversed = {
          ...all,
          matched: all.matched.toReversed(),
          undecided: all.undecided.toReversed(),
          carried: all.carried.toReversed(),
        };
        expect(classified({ ...reversed, policy: twoLaws })).toEqual(classified({ ...all, policy: twoLaws }));
      }),
    );
  });

  it("is none of several when one of them is within all", () => {
    fc.assert(
      fc.property(given, (all) => {
        const certain = certainClasses(classified({ ...all, policy: twoLaws }));
        for (const one of certain)
          for (const other of certain) expect(one === other || !isWithin(one, other)).toBe(true);
      }),
    );
  });
});
