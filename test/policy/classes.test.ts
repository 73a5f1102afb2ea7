import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { classifyBucket, type JournalledClass } from "../../shared/classification/classify.ts";
import { isWithin } from "../../shared/classification/order.ts";
import { subjectOf } from "../../shared/ids.ts";
import { classOf, notAbove } from "../../shared/lifecycle/judge.ts";
import type { Tag } from "../../shared/types.ts";
import { BASE, compiled, DATA_OWNER, decisionOf, errorsOf, policyOf, transferTo } from "./policy-stage.ts";

const tag = (value: string, key = "class"): Tag => ({ key, value });
const setBy = { principals: [DATA_OWNER], enforcement: "declared" };
const described = (classified: ReturnType<typeof classifyBucket>) =>
  classified.kind === "classified"
    ? [
        classified.classification.name,
        ...(classified.also ?? []).map(({ name }) => `+${name}`),
        classified.source,
        classified.reason,
      ]
    : [classified.kind, classified.reason];

/** Two laws, neither within the other, besides what is public and what is treated so by default. */
const TWO_LAWS = {
  ...BASE,
  classifications: [
    { name: "public", rank: 0, residency: "anywhere", recognisedBy: [{ tag: tag("public") }], setBy },
    { name: "eu-personal", rank: 40, residency: ["eu"], recognisedBy: [{ tag: tag("eu") }], setBy },
    { name: "us-health", rank: 50, residency: ["us"], recognisedBy: [{ tag: tag("us") }], setBy },
    { name: "internal", rank: 10, residency: ["eu", "us"], recognisedBy: [{ tag: tag("internal") }], setBy },
  ],
  unclassified: { treatAs: "internal" },
};

describe("the class of a bucket", () => {
  it.each<readonly [string, readonly Tag[], JournalledClass, readonly string[]]>([
    [
      "is its tag's",
      [tag("personal")],
      {},
      ["personal", "tag", 'classified "personal" by the bucket tag class=personal'],
    ],
    [
      "is the default's without a tag",
      [],
      {},
      ["personal", "default", 'not classified; policy test treats it as "personal"'],
    ],
    [
      "is the default's with a tag that says nothing",
      [tag("personal", "other")],
      {},
      ["personal", "default", 'not classified; policy test treats it as "personal"'],
    ],
    [
      "rises by itself",
      [tag("secret")],
      { classification: "personal", classSource: "tag" },
      ["secret", "tag", 'classified "secret" by the bucket tag class=secret'],
    ],
    [
      "rises from the default",
      [tag("secret")],
      { classification: "personal", classSource: "default" },
      ["secret", "tag", 'classified "secret" by the bucket tag class=secret'],
    ],
    [
      "does not fall by itself",
      [tag("public")],
      { classification: "personal", classSource: "tag" },
      [
        "personal",
        "journal",
        'journalled as "personal" (its tags say "public"; only a data owner\'s decision lowers a class)',
      ],
    ],
    [
      "holds when its tag is taken away",
      [],
      { classification: "secret", classSource: "tag" },
      [
        "secret",
        "journal",
        'journalled as "secret" (the bucket carries no class; only a data owner\'s decision lowers a class)',
      ],
    ],
    [
      "below the default needs to be confirmed",
      [tag("public")],
      { classification: "personal", classSource: "default" },
      [
        "undecided",
        'its tags say "public", but it was treated as "personal" so far; a data owner has to confirm the lower class',
      ],
    ],
    [
      "is today's default for what was never tagged",
      [],
      { classification: "secret", classSource: "default" },
      ["personal", "default", 'not classified; policy test treats it as "personal"'],
    ],
    [
      "that policy no longer knows is none",
      [tag("personal")],
      { classification: "gone", classSource: "tag" },
      ["undecided", 'the journalled class "gone" is not in policy test'],
    ],
    [
      "by a default that policy no longer knows does not matter",
      [tag("personal")],
      { classification: "gone", classSource: "default" },
      ["personal", "tag", 'classified "personal" by the bucket tag class=personal'],
    ],
  ])("%s", (_, tags, journalled, expected) => {
    expect(described(classifyBucket(tags, journalled, compiled()))).toEqual(expected);
  });

  it("is not known without a default", () => {
    const policy = compiled({
      ...BASE,
      unclassified: undefined,
      classifications: BASE.classifications.map((each) => ({ ...each, setBy })),
    });
    expect(described(classifyBucket([], {}, policy))).toEqual([
      "undecided",
      "the bucket is not classified and policy test gives no default",
    ]);
  });

  it("whose tags can't be read is at least the journalled one", () => {
    const policy = compiled();
    const unreadable = { unreadable: "denied" };
    const known = classifyBucket(unreadable, { classification: "secret", classSource: "tag" }, policy);
    expect(known).toMatchObject({
      kind: "undecided",
      reason: "the bucket's tags can't be read: denied",
      atLeast: [{ name: "secret" }],
    });
    for (const journalled of [
      {},
      { classification: "secret", classSource: "default" as const },
      { classification: "gone", classSource: "tag" as const },
    ])
      expect(classifyBucket(unreadable, journalled, policy)).not.toHaveProperty("atLeast");
  });

  it("is the most restrictive of those its tags name, in any order", () => {
    const classifications = BASE.classifications.map((each, index) => ({
      ...each,
      recognisedBy: [{ tag: tag("yes", `k${index}`) }],
    }));
    const policy = compiled({ ...BASE, classifications });
    const tags = classifications.map((_, index) => tag("yes", `k${index}`));
    for (const each of [tags, tags.toReversed()]) expect(described(classifyBucket(each, {}, policy))[0]).toBe("secret");
  });

  it("by a tag that frees data, and of which nobody vouches who sets it, is not believed", () => {
    const verified = { ...setBy, enforcement: "verify" };
    const classifications = BASE.classifications.map((each) =>
      each.name === "public" ? { ...each, setBy: verified } : each,
    );
    const policy = compiled({ ...BASE, classifications });
    expect(described(classifyBucket([tag("public")], {}, policy))).toEqual([
      "undecided",
      `its tag class=public says "public", but that live policies deny the tag to everybody but ${DATA_OWNER} has not been proved`,
    ]);
    const strict = compiled({
      ...BASE,
      classifications: classifications.map((each) => ({ ...each, setBy: verified })),
    });
    expect(described(classifyBucket([tag("personal")], {}, strict))[0]).toBe("personal");
    const without = compiled({
      ...BASE,
      classifications: classifications.map((each) => ({ ...each, setBy: verified })),
      unclassified: undefined,
    });
    expect(described(classifyBucket([tag("personal")], {}, without))[0]).toBe("undecided");
  });

  it("once a tag has said it is never given up by itself, whatever tags come", () => {
    const policy = compiled();
    fc.assert(
      fc.property(
        fc.constantFrom("personal", "secret"),
        fc.array(fc.constantFrom("public", "personal", "secret", "x")),
        (classification, values) => {
          const classified = classifyBucket(
            values.map((value) => tag(value)),
            { classification, classSource: "tag" },
            policy,
          );
          const before = policy.classifications.find(({ name }) => name === classification);
          expect(
            classified.kind === "classified" && before !== undefined && isWithin(classified.classification, before),
          ).toBe(true);
        },
      ),
    );
  });
});

describe("data under two laws", () => {
  const policy = compiled(TWO_LAWS);
  const asEu: JournalledClass = { classification: "eu-personal", classSource: "tag" };

  it("is treated as both until a data owner decides, also when the tag is taken away again", () => {
    const classified = classifyBucket([tag("us")], asEu, policy);
    expect(described(classified)).toEqual([
      "us-health",
      "+eu-personal",
      "journal",
      'journalled as "eu-personal", and its tags say "us-health", which may live elsewhere: it is treated as all of them until a data owner decides',
    ]);
    expect(classOf(classified)).toEqual({ classification: "us-health+eu-personal", classSource: "tag" });
    expect(notAbove(classified, policy)).toEqual([
      "us-health+eu-personal",
      "public",
      "internal",
      "eu-personal",
      "us-health",
    ]);

    const both: JournalledClass = { classification: "us-health+eu-personal", classSource: "tag" };
    const gone = classifyBucket([], both, policy);
    expect(described(gone).slice(0, 3)).toEqual(["us-health", "+eu-personal", "journal"]);
    expect(classOf(gone).classification).toBe("us-health+eu-personal");
    const again = classifyBucket([tag("eu")], both, policy);
    expect(described(again).slice(0, 3)).toEqual(["us-health", "+eu-personal", "journal"]);
    expect(classOf(again).classification).toBe("us-health+eu-personal");
    expect(described(classifyBucket([tag("public")], both, policy)).slice(0, 2)).toEqual(["us-health", "+eu-personal"]);
    const unreadable = classifyBucket({ unreadable: "denied" }, both, policy);
    expect(unreadable).toMatchObject({ kind: "undecided", atLeast: [{ name: "us-health" }, { name: "eu-personal" }] });
    expect(classifyBucket([], { ...both, classification: "us-health+gone" }, policy)).toMatchObject({
      kind: "undecided",
    });
  });

  it("whose tags can't be read goes nowhere that one of its laws forbids", async () => {
    const given = {
      tags: { unreadable: "denied" },
      journalled: { classification: "us-health+eu-personal", classSource: "tag" as const },
    };
    const decision = decisionOf(await policyOf(TWO_LAWS), { ...given, facts: transferTo("us-west-2") });
    expect(decision).toMatchObject({ kind: "contain", rule: "classification:us-health" });
    expect(decision.reasons.at(-1)).toBe(
      'it is at least "us-health" and "eu-personal" by the journal, and no such data may go to us-west-2',
    );
  });

  it.each([
    ["us-west-2", "contain", "classification:eu-personal"],
    ["eu-west-1", "contain", "classification:us-health"],
    ["sa-east-1", "contain", "classification:us-health"],
  ])("may go only where both may: %s", async (to, kind, rule) => {
    const decision = decisionOf(await policyOf(TWO_LAWS), {
      facts: transferTo(to),
      tags: [tag("us")],
      journalled: asEu,
    });
    expect(decision).toMatchObject({
      kind,
      rule,
      explanation: { facts: { classification: "us-health + eu-personal" } },
    });
  });

  it("may go where a transfer lets both, with the reasons of both", async () => {
    const way = { to: ["uk"], basis: { kind: "adequacy", document: "D" } };
    const transfers = [
      { ...way, id: "a", classifications: ["eu-personal"], from: ["eu-central-1"] },
      { ...way, id: "b", classifications: ["us-health"], from: ["eu-central-1"] },
    ];
    const given = { facts: transferTo("eu-west-2"), tags: [tag("us")], journalled: asEu };
    const both = decisionOf(await policyOf({ ...TWO_LAWS, transfers }), given);
    expect(both).toMatchObject({ kind: "compliant", rule: "transfer:b" });
    expect(both.reasons.filter((reason) => reason.includes("allows it"))).toHaveLength(2);
    const open = transfers.map((each) => (each.id === "b" ? { ...each, conditions: [{ approval: true }] } : each));
    expect(decisionOf(await policyOf({ ...TWO_LAWS, transfers: open }), given)).toMatchObject({
      kind: "approve",
      rule: "transfer:b",
    });
    expect(decisionOf(await policyOf({ ...TWO_LAWS, transfers: open.slice(1) }), given)).toMatchObject({
      kind: "contain",
      rule: "classification:eu-personal",
    });
  });

  it("is covered by no exception for one of them", async () => {
    const exceptions = (classifications: readonly string[]) => [
      {
        id: "e",
        control: "s3-replication-stays-in-jurisdiction",
        classifications,
        reason: "r",
        approver: "a",
        ticket: "t",
        grantedAt: "2026-02-27T00:00:00Z",
        expiresAt: "2026-03-10T00:00:00Z",
      },
    ];
    const given = { tags: [tag("us")], journalled: asEu };
    const one = decisionOf(await policyOf({ ...TWO_LAWS, exceptions: exceptions(["us-health"]) }), given);
    expect(one.kind).toBe("approve");
    expect(one.reasons.at(-1)).toBe(
      'whether exception:e applies can\'t be told: the data is "us-health" and "eu-personal", of which it is for one only',
    );
    expect(
      decisionOf(await policyOf({ ...TWO_LAWS, exceptions: exceptions(["us-health", "eu-personal"]) }), given).kind,
    ).toBe("exempt");
    expect(decisionOf(await policyOf({ ...TWO_LAWS, exceptions: exceptions(["public"]) }), given).kind).toBe("contain");
  });

  it("has conditions that hold for each of its classes, or can't be told", async () => {
    const when = 'classification.name == "eu-personal"';
    const way = {
      id: "t",
      classifications: ["eu-personal", "us-health"],
      from: ["eu"],
      to: ["uk"],
      basis: { kind: "scc", document: "d" },
      when,
    };
    const given = { facts: transferTo("eu-west-2"), tags: [tag("us")], journalled: asEu };
    expect(decisionOf(await policyOf({ ...TWO_LAWS, transfers: [way] }), given)).toMatchObject({
      kind: "contain",
      rule: "classification:us-health",
    });
    const exception = {
      id: "e",
      control: "s3-replication-stays-in-jurisdiction",
      when,
      reason: "r",
      approver: "a",
      ticket: "t",
      grantedAt: "2026-02-27T00:00:00Z",
      expiresAt: "2026-03-10T00:00:00Z",
    };
    const decision = decisionOf(await policyOf({ ...TWO_LAWS, exceptions: [exception] }), given);
    expect(decision.kind).toBe("approve");
    expect(decision.reasons.at(-1)).toContain(
      "its condition holds for one of the classes of the data and not for another",
    );
  });

  it("is covered by a run-time exception that was granted for all of it", async () => {
    const facts = transferTo("us-west-2");
    const exception = (classification: string) => ({
      findingId: "f",
      reason: "r",
      approver: "a",
      grantedAt: "2026-02-27T00:00:00Z",
      expiresAt: "2026-03-10T00:00:00Z",
      subject: subjectOf(facts) ?? "",
      classification,
    });
    const policy = await policyOf(TWO_LAWS);
    const given = { facts, tags: [tag("us")], journalled: asEu };
    expect(decisionOf(policy, { ...given, exception: exception("us-health+eu-personal") }).kind).toBe("exempt");
    expect(decisionOf(policy, { ...given, exception: exception("eu-personal") }).kind).toBe("contain");
    expect(decisionOf(policy, { ...given, exception: exception("us-health+gone") }).kind).toBe("contain");
  });
});

describe("a tag that is taken away", () => {
  const freed: JournalledClass = { classification: "public", classSource: "tag" };

  it("frees no longer what unclassified data may not do, and the journal keeps what it had", async () => {
    const classified = classifyBucket([], freed, compiled());
    expect(described(classified)).toEqual([
      "personal",
      "+public",
      "journal",
      'the bucket was "public" by a tag that is gone; policy test treats it as "personal" as well',
    ]);
    expect(classOf(classified)).toEqual({ classification: "public", classSource: "tag" });
    expect(decisionOf(await policyOf(), { tags: [], journalled: freed }).kind).toBe("contain");
    expect(decisionOf(await policyOf(), { tags: [], journalled: freed, facts: transferTo("eu-west-1") }).kind).toBe(
      "compliant",
    );
  });

  it("leaves it to a person where policy gives no default", async () => {
    const policy = await policyOf({ unclassified: undefined });
    const decision = decisionOf(policy, { tags: [], journalled: freed, facts: transferTo("eu-west-1") });
    expect(decision).toMatchObject({
      kind: "approve",
      reasons: ['the bucket was "public" by a tag that is gone, and policy test gives no default'],
    });
    expect(decisionOf(policy, { tags: [], journalled: { ...freed, classification: "secret" } }).kind).toBe("contain");
  });

  it("is told with who may lower a class, where policy says so", () => {
    const classifications = BASE.classifications.map((each) => ({ ...each, loweredBy: [DATA_OWNER] }));
    const policy = compiled({ ...BASE, classifications });
    const reasons = [
      described(classifyBucket([], { classification: "secret", classSource: "tag" }, policy)).at(-1),
      described(classifyBucket([tag("public")], { classification: "personal", classSource: "default" }, policy)).at(-1),
    ];
    for (const reason of reasons) expect(reason).toContain(DATA_OWNER);
  });
});

describe("data whose class can't be read", () => {
  const given = (classification: string) => ({
    tags: { unreadable: "denied" },
    journalled: { classification, classSource: "tag" as const },
  });

  it("is contained when no class that it could have may go there", async () => {
    const decision = decisionOf(await policyOf(), given("personal"));
    expect(decision).toMatchObject({ kind: "contain", rule: "classification:personal" });
    expect(decision.reasons).toEqual([
      "the bucket's tags can't be read: denied",
      'it is at least "personal" by the journal, and no such data may go to us-west-2',
    ]);
    expect(decision.citations).toEqual([{ framework: "GDPR", reference: "Art. 44" }]);
    expect(decision.explanation.facts).not.toHaveProperty("classification");
  });

  it("is left to a person when some class that it could have may", async () => {
    const decision = decisionOf(await policyOf(), { ...given("personal"), facts: transferTo("eu-west-1") });
    expect(decision).toMatchObject({
      kind: "approve",
      rule: "built-in:unclassified",
      reasons: ["the bucket's tags can't be read: denied"],
    });
    expect(decisionOf(await policyOf(), { tags: { unreadable: "denied" } }).kind).toBe("approve");
  });
});

describe("classes in a policy", () => {
  const wrong = (...classifications: readonly object[]) =>
    errorsOf({ ...BASE, classifications, unclassified: undefined, transfers: [] });
  const [, personal] = BASE.classifications;

  it.each<readonly [string, readonly object[], readonly unknown[]]>([
    [
      "a name twice",
      [personal ?? {}, { ...personal, rank: 1, recognisedBy: [] }],
      ['the name "personal" is already personal\'s; expected one of its own'],
    ],
    [
      "a tag twice",
      [personal ?? {}, { ...personal, name: "b", rank: 1 }],
      ["the tag class=personal is already personal's; expected one of its own"],
    ],
    [
      "a higher rank that may live in more places",
      [
        { name: "low", rank: 1, residency: ["eu"] },
        { name: "high", rank: 2, residency: ["eu", "us"] },
      ],
      [
        '"high" (rank 2) may live wherever "low" (rank 1) may, and elsewhere too; expected the more restrictive to rank higher',
      ],
    ],
    [
      "a higher rank that may live anywhere",
      [
        { name: "low", rank: 1, residency: ["eu"] },
        { name: "high", rank: 2, residency: "anywhere" },
      ],
      [
        '"high" (rank 2) may live wherever "low" (rank 1) may, and elsewhere too; expected the more restrictive to rank higher',
      ],
    ],
    [
      "two laws whose tags one bucket could carry",
      [
        { name: "eu", rank: 1, residency: ["eu"], recognisedBy: [{ tag: tag("eu", "a") }], setBy },
        { name: "us", rank: 2, residency: ["us"], recognisedBy: [{ tag: tag("us", "b") }], setBy },
      ],
      [
        '"us" and "eu" may live in different places, and one resource could carry the tags of both; expected tags with one and the same key',
      ],
    ],
    [
      "a tag that lets data go further than the default, from anybody",
      [
        { name: "low", rank: 1, residency: ["eu", "us"], recognisedBy: [{ tag: tag("low") }] },
        { name: "high", rank: 2, residency: ["eu"] },
      ],
      ['the tags of "low" make data less restricted than "high" data is; expected setBy, which names who may set them'],
    ],
    ["no class at all", [], ["classifications: found a list, expected at least one entry"]],
    [
      "more classes than can be journalled",
      Array.from({ length: 51 }, (_, rank) => ({ name: `c${rank}`, rank, residency: ["eu"] })),
      ["classifications: found a list, expected at most 50 entries"],
    ],
    [
      "a residency of nothing",
      [{ name: "a", rank: 1, residency: [] }],
      ["classifications.0.residency: found a list, expected at least one entry"],
    ],
    [
      "a residency that is neither",
      [{ name: "a", rank: 1, residency: 7 }],
      ['classifications.0.residency: found 7, expected "anywhere" or a list of jurisdictions'],
    ],
  ])("are refused with %s", (_, classifications, messages) => {
    expect(wrong(...classifications)).toEqual(messages);
  });

  it.each<readonly [string, readonly object[]]>([
    [
      "the same residency under two ranks",
      [
        { name: "low", rank: 1, residency: ["eu"] },
        { name: "high", rank: 2, residency: ["eu"] },
      ],
    ],
    [
      "a higher rank in fewer places",
      [
        { name: "low", rank: 1, residency: ["eu", "ch"] },
        { name: "high", rank: 2, residency: ["eu"] },
      ],
    ],
    [
      "two that may live anywhere",
      [
        { name: "low", rank: 1, residency: "anywhere" },
        { name: "high", rank: 2, residency: "anywhere" },
      ],
    ],
    [
      "two laws by one key",
      [
        { name: "eu", rank: 1, residency: ["eu"], recognisedBy: [{ tag: tag("eu") }], setBy },
        { name: "us", rank: 2, residency: ["us"], recognisedBy: [{ tag: tag("us") }], setBy },
      ],
    ],
    [
      "two laws of which one has no tags",
      [
        { name: "eu", rank: 1, residency: ["eu"] },
        { name: "us", rank: 2, residency: ["us"], recognisedBy: [{ tag: tag("us", "b") }], setBy },
      ],
    ],
    [
      "classes within each other by different keys",
      [
        { name: "wide", rank: 1, residency: ["eu", "ch"], recognisedBy: [{ tag: tag("a", "a") }], setBy },
        { name: "eu", rank: 2, residency: ["eu"], recognisedBy: [{ tag: tag("b", "b") }] },
      ],
    ],
    [
      "a tag that only restricts, from anybody",
      [{ name: "high", rank: 2, residency: ["eu"], recognisedBy: [{ tag: tag("x") }] }],
    ],
  ])("may have %s", (_, classifications) => {
    expect(wrong(...classifications)).toEqual([]);
  });

  it("are compared with the default, where there is one", () => {
    const classifications = [
      { name: "low", rank: 1, residency: ["eu", "us"], recognisedBy: [{ tag: tag("low") }] },
      { name: "high", rank: 2, residency: ["eu"] },
    ];
    expect(errorsOf({ ...BASE, classifications, unclassified: { treatAs: "low" } })).toEqual([]);
    expect(errorsOf({ ...BASE, classifications, unclassified: { treatAs: "high" } })).toHaveLength(1);
  });

  it("are sorted by rank, with places and citations", () => {
    const { classifications } = compiled({ ...BASE, classifications: BASE.classifications.toReversed() });
    expect(classifications.map(({ name }) => name)).toEqual(["public", "personal", "secret"]);
    expect(classifications[1]).toMatchObject({
      anywhere: false,
      residency: ["eu"],
      loweredBy: [],
      citations: [{ framework: "GDPR", reference: "Art. 44" }],
    });
    expect(classifications[1]?.places).toEqual(
      expect.arrayContaining(["eu-central-1", "eu-west-1", "eu-central-1-ham-1"]),
    );
    expect(classifications[0]).toMatchObject({
      anywhere: true,
      residency: [],
      places: [],
      setBy: { principals: [DATA_OWNER], enforcement: "declared" },
    });
    expect(classifications[2]?.places).toEqual(["eu-central-1"]);
  });
});

describe("jurisdictions", () => {
  const wrong = (jurisdictions: object) => errorsOf({ ...BASE, jurisdictions });
  it.each<readonly [string, object, readonly unknown[]]>([
    ["a Region twice", { home: { regions: ["eu-west-1", "eu-west-1"] } }, ["eu-west-1 is listed twice"]],
    [
      "a Region that there isn't",
      { home: { regions: ["eu-west-11"] } },
      ['there is no Region or Local Zone "eu-west-11"; did you mean "eu-west-1"?'],
    ],
    ["a preset that there isn't", { home: { include: ["eurp"] } }, [expect.stringMatching(/^unknown preset "eurp"/)]],
    [
      "the name of a preset",
      { eu: { regions: ["eu-west-1"] } },
      ['"eu" is a preset or a Region already; expected another name, such as "eu-only"'],
    ],
    [
      "the name of a Region",
      { "eu-west-1": { regions: ["eu-west-1"] } },
      ['"eu-west-1" is a preset or a Region already; expected another name, such as "eu-west-1-only"'],
    ],
    ["nothing in it", { home: {} }, [expect.stringContaining("expected include, regions or both")]],
  ])("are refused with %s", (_, jurisdictions, messages) => {
    expect(wrong(jurisdictions)).toEqual(messages);
  });

  it("are presets and places together, each once, in any partition", () => {
    const policy = compiled({
      ...BASE,
      jurisdictions: {
        home: {
          title: "Home",
          include: ["ch", "uk"],
          regions: ["us-gov-west-1", "eu-west-2", "cn-north-1", "us-east-1-bos-1"],
        },
      },
      transfers: [
        { id: "t", classifications: ["personal"], to: ["home", "us-west-1"], basis: { kind: "bcr", document: "D" } },
      ],
    });
    expect(policy.jurisdictions.home).toEqual([
      "cn-north-1",
      "eu-central-2",
      "eu-west-2",
      "us-east-1-bos-1",
      "us-gov-west-1",
    ]);
    expect(policy.transfers[0]?.to).toEqual([...(policy.jurisdictions.home ?? []), "us-west-1"].sort());
    // Presets that a rule names are there as well, and no others.
    expect(Object.keys(policy.jurisdictions)).toEqual(["eu", "home"]);
  });
});
