import { describe, expect, it } from "vitest";
import { START_MS } from "../support/events.ts";
import {
  at,
  BASE,
  compiled,
  DATA_OWNER,
  decisionOf,
  errorsOf,
  policyOf,
  resource,
  transferTo,
  trusting,
} from "./policy-stage.ts";

const basis = { kind: "scc", document: "contract 7, clauses of 2021/914" };
const way = { id: "to-us", classifications: ["personal"], to: ["us"], basis };
const setBy = (enforcement = "declared") => ({ principals: [DATA_OWNER], enforcement });
const RELEASED = { key: "Sovereignty", value: "Global" };
const KEY = "arn:aws:kms:us-west-2:111122223333:key/11111111-2222-3333-4444-555555555555";
const OUTSIDE = 'us-west-2 is outside eu, where "personal" has to stay';
const BY_TAG = 'classified "personal" by the bucket tag class=personal';

const decided = async (transfers: readonly unknown[], facts = transferTo("us-west-2"), more = {}) =>
  decisionOf(await policyOf({ transfers: transfers.map((each) => trusting(each as object)) }), { facts, ...more });

describe("data that moves", () => {
  it.each([
    [
      "within its residency",
      transferTo("eu-west-1"),
      "compliant",
      "classification:personal",
      [BY_TAG, "eu-west-1 is in eu"],
    ],
    ["out of it", transferTo("us-west-2"), "contain", "classification:personal", [BY_TAG, OUTSIDE]],
    ["nowhere", transferTo("eu-central-1"), "compliant", "built-in:same-region", ["the data stays in eu-central-1"]],
    [
      "not at all",
      transferTo("us-west-2", { active: false }),
      "compliant",
      "built-in:inactive",
      ["it is switched off and moves no data"],
    ],
    [
      "to nobody knows where",
      transferTo(undefined, { toUnknown: "the bucket does not exist" }),
      "approve",
      "built-in:destination-unknown",
      ["where arn:aws:s3:::copies lies is unknown: the bucket does not exist"],
    ],
    [
      "to nobody knows where, nor why",
      transferTo(undefined),
      "approve",
      "built-in:destination-unknown",
      ["where arn:aws:s3:::copies lies is unknown: no reason given"],
    ],
    [
      "to a place in no country's table",
      transferTo("xx-nowhere-1"),
      "contain",
      "classification:personal",
      [BY_TAG, 'xx-nowhere-1 is outside eu, where "personal" has to stay'],
    ],
    [
      "to London, whatever its name begins with",
      transferTo("eu-west-2"),
      "contain",
      "classification:personal",
      [BY_TAG, 'eu-west-2 is outside eu, where "personal" has to stay'],
    ],
  ])("%s", async (_, facts, kind, rule, reasons) => {
    expect(await decided([], facts)).toMatchObject({ kind, rule, reasons });
  });

  it("may go anywhere if its class may", async () => {
    const policy = await policyOf();
    expect(decisionOf(policy, { tags: [{ key: "class", value: "public" }] })).toMatchObject({
      kind: "compliant",
      rule: "classification:public",
      reasons: ['classified "public" by the bucket tag class=public', '"public" may live anywhere'],
    });
  });
});

describe("a transfer on a legal basis", () => {
  it("allows what it names, and says on which basis", async () => {
    const { kind, rule, reasons, citations } = await decided([{ ...way, citations: ["GDPR Art. 46(2)(c)"] }]);
    expect({ kind, rule, reasons }).toEqual({
      kind: "compliant",
      rule: "transfer:to-us",
      reasons: [
        BY_TAG,
        'us-west-2 is outside eu, and transfer "to-us" allows it: standard contractual clauses, contract 7, clauses of 2021/914',
        "it has no further conditions",
      ],
    });
    expect(citations).toEqual([
      { framework: "GDPR", reference: "Art. 44" },
      { framework: "GDPR", reference: "Art. 46(2)(c)" },
    ]);
  });

  it.each([
    ["adequacy", "adequacy decision"],
    ["bcr", "binding corporate rules"],
    ["derogation", "derogation"],
  ])("%s is told as %s", async (kind, words) => {
    const { reasons } = await decided([{ ...way, basis: { kind, document: "D" } }]);
    expect(reasons[1]).toContain(`allows it: ${words}, D`);
  });

  it.each<readonly [string, object, Parameters<typeof transferTo>[1], string]>([
    ["other data", { classifications: ["secret"] }, {}, OUTSIDE],
    ["another place", { to: ["uk"] }, {}, OUTSIDE],
    [
      "data from elsewhere",
      { from: ["eu-west-1"] },
      {},
      'transfer "to-us" does not cover it: it does not allow data to leave eu-central-1',
    ],
    [
      "data that should not be where it is",
      {},
      { from: "us-east-1" },
      'transfer "to-us" does not cover it: it does not allow data to leave us-east-1',
    ],
    [
      "a later time",
      { validFrom: at(START_MS + 1000) },
      {},
      `transfer "to-us" does not cover it: it is valid from ${new Date(START_MS + 1000).toISOString()}`,
    ],
    [
      "an earlier time",
      { validUntil: at(START_MS) },
      {},
      `transfer "to-us" does not cover it: it was valid until ${new Date(START_MS).toISOString()}`,
    ],
  ])("for %s does not count", async (_, change, facts, reason) => {
    const decision = await decided([{ ...way, ...change }], transferTo("us-west-2", facts));
    expect(decision).toMatchObject({ kind: "contain", rule: "classification:personal" });
    expect(decision.reasons.at(-1)).toBe(reason);
  });

  it("counts from the second it is valid from, until and not at the second it ends", async () => {
    const bounded = { ...way, validFrom: at(START_MS), validUntil: at(START_MS + 1000) };
    const kinds = await Promise.all(
      [-1, 0, 999, 1000].map(async (ms) => (await decided([bounded], undefined, { nowMs: START_MS + ms })).kind),
    );
    expect(kinds).toEqual(["contain", "compliant", "compliant", "contain"]);
  });

  it.each<readonly [string, object, Parameters<typeof transferTo>[1], string, string]>([
    [
      "trusted tag: only data that carries it",
      { trustedTag: { ...RELEASED, setBy: setBy() } },
      { tags: [RELEASED] },
      "compliant",
      `only data tagged Sovereignty=Global moves; policy declares that tag trusted, set by ${DATA_OWNER}`,
    ],
    [
      "trusted tag: other data too",
      { trustedTag: { ...RELEASED, setBy: setBy() } },
      { tags: [{ key: "Sovereignty", value: "Local" }] },
      "contain",
      'transfer "to-us" does not cover it: data without the tag Sovereignty=Global moves too',
    ],
    [
      "trusted tag: the value under another key",
      { trustedTag: { ...RELEASED, setBy: setBy() } },
      { tags: [{ key: "Other", value: "Global" }] },
      "contain",
      'transfer "to-us" does not cover it: data without the tag Sovereignty=Global moves too',
    ],
    [
      "trusted tag: nobody has proved that only those named set it",
      { trustedTag: { ...RELEASED, setBy: setBy("verify") } },
      { tags: [RELEASED] },
      "approve",
      `transfer "to-us" may allow it: only data tagged Sovereignty=Global moves, but that live policies deny the tag to everybody but ${DATA_OWNER} has not been proved`,
    ],
    [
      "replica key: a named one",
      { replicaKey: [KEY] },
      { replicaKey: KEY },
      "compliant",
      `it encrypts the copies with ${KEY}`,
    ],
    [
      "replica key: another one",
      { replicaKey: [KEY] },
      { replicaKey: `${KEY}0` },
      "contain",
      `transfer "to-us" does not cover it: it encrypts the copies with ${KEY}0, which is none of the keys named`,
    ],
    [
      "replica key: none",
      { replicaKey: [KEY] },
      {},
      "contain",
      'transfer "to-us" does not cover it: it does not encrypt the copies with a customer key',
    ],
    [
      "replica key: an alias, which can be pointed at any key",
      { replicaKey: [KEY] },
      { replicaKey: "arn:aws:kms:us-west-2:111122223333:alias/replicas" },
      "approve",
      'transfer "to-us" may allow it: it names the key by arn:aws:kms:us-west-2:111122223333:alias/replicas, and which key that is can\'t be told',
    ],
    [
      "replica key: a bare alias",
      { replicaKey: [KEY] },
      { replicaKey: "alias/replicas" },
      "approve",
      'transfer "to-us" may allow it: it names the key by alias/replicas, and which key that is can\'t be told',
    ],
    [
      "pseudonymised: below the prefix",
      { pseudonymised: { prefixes: ["raw/", "masked/"] } },
      { prefix: "masked/2026/" },
      "compliant",
      "only pseudonymised data, below masked/, moves",
    ],
    [
      "pseudonymised: above the prefix",
      { pseudonymised: { prefixes: ["raw/", "masked/"] } },
      { prefix: "mask" },
      "contain",
      'transfer "to-us" does not cover it: data that is not below raw/ or masked/ moves too',
    ],
    [
      "pseudonymised: everything",
      { pseudonymised: { prefixes: ["masked/"] } },
      {},
      "contain",
      'transfer "to-us" does not cover it: data that is not below masked/ moves too',
    ],
    [
      "pseudonymised: by a tag",
      { pseudonymised: { tag: { key: "form", value: "masked", setBy: setBy() } } },
      { tags: [{ key: "form", value: "masked" }] },
      "compliant",
      `only data tagged form=masked moves; policy declares that tag trusted, set by ${DATA_OWNER}`,
    ],
    [
      "pseudonymised: without the tag",
      { pseudonymised: { tag: { key: "form", value: "masked", setBy: setBy() } } },
      {},
      "contain",
      'transfer "to-us" does not cover it: data without the tag form=masked moves too',
    ],
    [
      "approval",
      { approval: true },
      {},
      "approve",
      'transfer "to-us" may allow it: a person has to approve it each time',
    ],
  ])("under a condition, %s", async (_, condition, facts, kind, reason) => {
    const decision = await decided([{ ...way, conditions: [condition] }], transferTo("us-west-2", facts));
    expect(decision.kind).toBe(kind);
    expect(decision.reasons.at(-1)).toBe(reason);
    const isOpen = kind === "approve";
    expect(decision.rule).toBe(kind === "contain" ? "classification:personal" : "transfer:to-us");
    expect(decision.explanation.verdict).toBe(
      kind === "compliant" ? "compliant" : isOpen ? "undecidable" : "violating",
    );
    if (isOpen) expect(decision.reasons).toContain(OUTSIDE);
  });

  it("needs all of its conditions: one that fails settles it, one that is open leaves it open", async () => {
    const both = { ...way, conditions: [{ approval: true }, { replicaKey: [KEY] }] };
    expect((await decided([both])).kind).toBe("contain");
    const open = await decided([both], transferTo("us-west-2", { replicaKey: KEY }));
    expect(open.kind).toBe("approve");
    expect(open.reasons.at(-1)).toBe('transfer "to-us" may allow it: a person has to approve it each time');
    const met = { ...way, conditions: [{ replicaKey: [KEY] }, { pseudonymised: { prefixes: ["masked/"] } }] };
    const decision = await decided([met], transferTo("us-west-2", { replicaKey: KEY, prefix: "masked/" }));
    expect(decision.reasons.at(-1)).toBe(
      `it encrypts the copies with ${KEY}; only pseudonymised data, below masked/, moves`,
    );
  });

  it("of several one that allows it is enough, the first by its id is told", async () => {
    const transfers = [
      { ...way, id: "b" },
      { ...way, id: "a" },
      { ...way, id: "c", conditions: [{ approval: true }] },
    ];
    const { kind, rule, explanation } = await decided(transfers);
    expect({ kind, rule }).toEqual({ kind: "compliant", rule: "transfer:a" });
    expect(explanation.considered).toEqual([
      { rule: "transfer:a", applies: "yes", why: "it has no further conditions" },
      { rule: "transfer:b", applies: "yes", why: "it has no further conditions" },
      { rule: "transfer:c", applies: "unknown", why: "a person has to approve it each time" },
    ]);
  });

  it("of several that do not cover it tells three, and considers all", async () => {
    const transfers = ["a", "b", "c", "d"].map((id) => ({ ...way, id, conditions: [{ replicaKey: [KEY] }] }));
    const { reasons, explanation } = await decided(transfers);
    expect(reasons).toHaveLength(5);
    expect(explanation.considered).toHaveLength(4);
  });

  it("whose condition can't be evaluated leaves it to a person, also when another one would allow it", async () => {
    const failing = { ...way, id: "failing", when: 'tags["missing"] == "x"' };
    for (const transfers of [[failing], [failing, { ...way, id: "allows" }], [{ ...way, id: "allows" }, failing]]) {
      const decision = await decided(transfers);
      expect(decision).toMatchObject({ kind: "approve", rule: "transfer:failing" });
      expect(decision.reasons.at(-1)).toContain('transfer "failing" may allow it: its condition can\'t be evaluated (');
    }
  });

  it("with a condition in CEL holds when that does", async () => {
    const policy = await policyOf({ transfers: [{ ...way, when: 'resource.name == "orders"' }] });
    expect(decisionOf(policy).kind).toBe("compliant");
    const other = { ...resource, name: "other", arn: "arn:aws:s3:::other" };
    const decision = decisionOf(policy, { finding: { resource: other } });
    expect(decision.kind).toBe("contain");
    expect(decision.reasons.at(-1)).toBe(
      'transfer "to-us" does not cover it: its condition does not hold: resource.name == "orders"',
    );
  });
});

describe("a transfer in a policy", () => {
  const wrong = (change: object) => errorsOf({ ...BASE, transfers: [{ ...way, ...change }] });

  it.each<readonly [string, object, readonly string[]]>([
    [
      "data of a class that there isn't",
      { classifications: ["personel"] },
      ['unknown classification "personel"; did you mean "personal"?'],
    ],
    ["to nowhere", { to: ["usa"] }, ['unknown jurisdiction "usa"; did you mean "us"?']],
    ["from nowhere", { from: ["mars"] }, [expect.stringMatching(/^unknown jurisdiction "mars"/)]],
    [
      "over before it begins",
      { validFrom: "2026-01-02T00:00:00Z", validUntil: "2026-01-02T00:00:00Z" },
      ["found a time that is not after validFrom, expected a later one"],
    ],
    [
      "a time without offset",
      { validUntil: "2026-01-02T00:00:00" },
      [
        expect.stringContaining(
          "expected a time with seconds and an offset, such as 2026-12-31T23:59:59Z or 2026-12-31T23:59:59+01:00",
        ),
      ],
    ],
    [
      "a day that there isn't",
      { validUntil: "2026-02-30T00:00:00Z" },
      [expect.stringContaining("there is no such time")],
    ],
    [
      "two conditions in one",
      { conditions: [{ approval: true, replicaKey: [KEY] }] },
      ["expected one condition in each entry: trustedTag, replicaKey, pseudonymised or approval"],
    ],
    [
      "an empty condition",
      { conditions: [{}] },
      ["expected one condition in each entry: trustedTag, replicaKey, pseudonymised or approval"],
    ],
    [
      "both prefixes and a tag",
      { conditions: [{ pseudonymised: { prefixes: ["a/"], tag: { ...RELEASED, setBy: setBy() } } }] },
      [expect.stringContaining("expected either prefixes or a tag")],
    ],
    [
      "neither prefixes nor a tag",
      { conditions: [{ pseudonymised: {} }] },
      [expect.stringContaining("expected either prefixes or a tag")],
    ],
    [
      "a tag that anybody may set",
      { conditions: [{ trustedTag: RELEASED }] },
      ["transfers.0.conditions.0.trustedTag.setBy: found nothing, expected a mapping"],
    ],
    [
      "an alias for a key",
      { conditions: [{ replicaKey: ["arn:aws:kms:us-west-2:111122223333:alias/a"] }] },
      [expect.stringContaining("expected the ARN of a KMS key")],
    ],
    [
      "a principal that is none",
      { conditions: [{ trustedTag: { ...RELEASED, setBy: { principals: ["data-owner"], enforcement: "declared" } } }] },
      [expect.stringContaining("expected the ARN of a principal")],
    ],
    ["CEL that is wrong", { when: "resource.nam == 1" }, [expect.stringMatching(/^in CEL: /)]],
    [
      "CEL about a jurisdiction that there isn't",
      { when: 'transfer.to.within("euu")' },
      ['in CEL: unknown jurisdiction "euu"; did you mean "eu"?'],
    ],
  ])("with %s is refused", (_, change, messages) => {
    expect(wrong(change)).toEqual(messages);
  });

  it("needs an id of its own", () => {
    expect(errorsOf({ ...BASE, transfers: [way, way] })).toEqual([
      'the id "to-us" is taken already; expected one of its own',
    ]);
  });

  it("means the same whatever the order of transfers, and a class named twice is named once", () => {
    const [one, other] = [
      { ...way, classifications: ["personal", "personal"] },
      { ...way, id: "z" },
    ];
    const digests = [
      [one, other],
      [other, one],
    ].map((transfers) => compiled({ ...BASE, transfers }).digest);
    expect(new Set(digests).size).toBe(1);
    expect(compiled({ ...BASE, transfers: [one] }).transfers[0]?.classifications).toEqual(["personal"]);
  });
});

it("a class in several jurisdictions, and a tag that several may set, are told as lists", async () => {
  const classifications = BASE.classifications.map((each) =>
    each.name === "personal" ? { ...each, residency: ["eu", "ch"] } : each,
  );
  const principals = [DATA_OWNER, "arn:aws:iam::*:role/dpo"];
  const transfers = [{ ...way, conditions: [{ trustedTag: { ...RELEASED, setBy: { ...setBy(), principals } } }] }];
  const policy = await policyOf({ classifications, transfers });
  expect(decisionOf(policy, { facts: transferTo("eu-central-2") }).reasons).toEqual([
    BY_TAG,
    "eu-central-2 is in eu, ch",
  ]);
  const { reasons, explanation } = decisionOf(policy, { facts: transferTo("us-west-2", { tags: [RELEASED] }) });
  expect(reasons.at(-1)).toContain(`set by ${DATA_OWNER}, arn:aws:iam::*:role/dpo`);
  expect(explanation.considered.map(({ applies }) => applies)).toEqual(["yes"]);
});

it("a key that is called like an alias, but is none, is another key", async () => {
  const decision = await decided(
    [{ ...way, conditions: [{ replicaKey: [KEY] }] }],
    transferTo("us-west-2", { replicaKey: "arn:aws:kms:us-west-2:111122223333:key/alias/x" }),
  );
  expect(decision.kind).toBe("contain");
});

it("a transfer is valid at no time that is none, and by tags only once it is known who sets them", async () => {
  const nan = { nowMs: Number.NaN };
  expect((await decided([{ ...way, validUntil: "2099-01-01T00:00:00Z" }], undefined, nan)).kind).toBe("contain");
  expect((await decided([{ ...way, validFrom: "2020-01-01T00:00:00Z" }], undefined, nan)).kind).toBe("contain");
  const tagged = { ...way, when: '"class" in tags', tagsSetBy: { principals: [DATA_OWNER], enforcement: "verify" } };
  const decision = await decided([tagged]);
  expect(decision).toMatchObject({ kind: "approve", rule: "transfer:to-us" });
  expect(decision.reasons.at(-1)).toContain(
    `that live policies deny its tags to everybody but ${DATA_OWNER} has not been proved`,
  );
  expect((await decided([{ ...tagged, tagsSetBy: { ...tagged.tagsSetBy, enforcement: "declared" } }])).kind).toBe(
    "compliant",
  );
});

it("a condition may name a Region itself", async () => {
  expect((await decided([{ ...way, when: 'transfer.to.within("us-west-2")' }])).kind).toBe("compliant");
});
