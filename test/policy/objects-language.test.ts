import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { catalogue } from "../../controls/catalogue.ts";
import { builtInDetectors } from "../../shared/classification/detect/detectors.ts";
import { parsePolicy } from "../../shared/policy/language/parse-policy.ts";
import type { ObjectRules } from "../../shared/policy/policy.ts";
import { BASE, compiled, shippedDocument } from "./policy-stage.ts";

const rule = (more: object) => ({ id: "r", classification: "personal", ...more });
const objectsOf = (objects: object): ObjectRules => {
  const { objects: part } = compiled({ ...BASE, objects });
  if (part === undefined) throw new Error("the policy has objects");
  return part;
};
/** The text in which `objects` stands as given; each mistake with its line in it, and its column. */
const told = (objects: string, document: object = BASE) => {
  const parsed = parsePolicy(`${JSON.stringify(document).slice(0, -1)}, objects:\n${objects}\n}`, "p", catalogue);
  return parsed.ok ? [] : parsed.errors.map(({ line, column, message }) => `${line - 1}:${column} ${message}`);
};

describe("objects in a policy", () => {
  it("left out leave a policy as it was before there were any, with its digest", () => {
    const policy = compiled();
    expect(policy).not.toHaveProperty("objects");
    expect(policy.digest).not.toBe(compiled({ ...BASE, objects: {} }).digest);
  });

  it("with nothing said have no rules, a read budget, and get back what somebody lowers", () => {
    expect(objectsOf({})).toStrictEqual({
      rules: [],
      detectors: [],
      read: {
        maxBytes: 8_388_608,
        headBytes: 1_048_576,
        samples: 8,
        sampleBytes: 262_144,
        maxInflatedBytes: 67_108_864,
      },
      protectedTags: [],
      onLowered: "restore",
      onUnopened: "ask",
    });
  });

  it("say by what a backfill goes through a bucket, which changes no digest where they don't", () => {
    expect(objectsOf({ backfill: "distributed-map" }).backfill).toBe("distributed-map");
    expect(objectsOf({})).not.toHaveProperty("backfill");
    expect(told("{ backfill: glue }")).toEqual([
      '1:13 objects.backfill: found "glue", expected "batch-operations" or "distributed-map"',
    ]);
  });

  it("T2 may be classified by bucket, prefix, key, media type, metadata, tags, content and Macie", () => {
    const asked = {
      buckets: ["orders-*"],
      prefixes: ["pii/"],
      keyPattern: "(?i)\\bssn\\b",
      contentTypes: ["Text/CSV"],
      metadata: [{ key: "department", value: "hr-*" }],
      tags: [{ key: "contains", value: "pii" }],
      content: { detectors: ["us-ssn", "staff-number", "us-ssn"] },
      macie: ["SensitiveData:S3Object/*"],
    };
    const { rules, detectors } = objectsOf({
      rules: [rule(asked), { ...rule({}), id: "a", content: { detectors: ["iban"], minDistinct: 5, minPerMiB: 2 } }],
      detectors: [{ id: "staff-number", pattern: "\\bE-\\d{6}\\b" }],
    });
    expect(rules).toStrictEqual([
      { id: "a", classification: "personal", content: { detectors: ["iban"], minDistinct: 5, minPerMiB: 2 } },
      rule({
        ...asked,
        contentTypes: ["text/csv"],
        content: { detectors: ["staff-number", "us-ssn"], minDistinct: 1 },
      }),
    ]);
    expect(detectors).toStrictEqual([{ id: "staff-number", pattern: "\\bE-\\d{6}\\b" }]);
  });

  it("are plain data, so that they compile into a bundle", () => {
    const objects = objectsOf({ rules: [rule({ prefixes: ["a"], content: { detectors: ["iban"] } })] });
    expect(objects).toStrictEqual(JSON.parse(JSON.stringify(objects)));
  });

  it("mean the same in whatever order rules, detectors and protected tags stand", () => {
    const rules = [rule({ prefixes: ["a"] }), { ...rule({ prefixes: ["b"] }), id: "s" }];
    const detectors = [
      { id: "one", pattern: "a" },
      { id: "other", pattern: "b" },
    ];
    const protectedTags = ["class", "class"];
    expect(objectsOf({ rules, detectors, protectedTags })).toEqual(
      objectsOf({
        rules: rules.toReversed(),
        detectors: detectors.toReversed(),
        protectedTags: protectedTags.toReversed(),
      }),
    );
  });

  it.each([
    ["less in all", { maxKiB: 1_536 }, { headBytes: 1_048_576, samples: 2 }],
    ["less than a head in all", { maxKiB: 64 }, { headBytes: 65_536, samples: 0 }],
    ["one KiB", { maxKiB: 1 }, { headBytes: 1_024, samples: 0 }],
    ["larger samples", { sampleKiB: 4_096 }, { headBytes: 1_048_576, samples: 1 }],
    ["many samples", { samples: 31 }, { headBytes: 262_144, samples: 31 }],
    ["no samples", { samples: 0 }, { headBytes: 1_048_576, samples: 0 }],
    ["a larger head", { headKiB: 7_936 }, { headBytes: 8_126_464, samples: 1 }],
  ])("read %s, and of the rest as much as fits", (_, read, expected) => {
    const budget = objectsOf({ read }).read;
    expect(budget).toMatchObject(expected);
    expect(budget.headBytes + budget.samples * budget.sampleBytes).toBeLessThanOrEqual(budget.maxBytes);
  });
});

describe("a mistake in what is said of objects", () => {
  it.each<readonly [string, string, string]>([
    ["a misspelt section", "{ ruls: [] }", '1:3 objects: unknown key "ruls"; did you mean "rules"?'],
    [
      "a misspelt key",
      "{ rules: [{ id: a, classification: secret, prefixs: [a] }] }",
      '1:44 objects.rules.0: unknown key "prefixs"; did you mean "prefixes"?',
    ],
    [
      "an unknown class",
      "{ rules: [{ id: a, classification: secrt, prefixes: [a] }] }",
      '1:36 unknown classification "secrt"; did you mean "secret"?',
    ],
    [
      "an unknown detector",
      "{ rules: [{ id: a, classification: secret, content: { detectors: [payment-crd] } }] }",
      '1:67 unknown detector "payment-crd"; did you mean "payment-card"?',
    ],
    [
      "an id twice",
      "{ rules: [{ id: a, classification: secret, prefixes: [a] },\n{ id: a, classification: secret, prefixes: [b] }] }",
      '2:7 the id "a" is taken already; expected one of its own',
    ],
    [
      "a rule that would be the bucket's class",
      "{ rules: [{ id: a, classification: secret, buckets: [a] }] }",
      "1:11 expected at least one of prefixes, keyPattern, contentTypes, metadata, tags, content, macie; for a whole bucket, tag the bucket",
    ],
    [
      "a rule with an empty list",
      "{ rules: [{ id: a, classification: secret, prefixes: [] }] }",
      "1:44 objects.rules.0.prefixes: found a list, expected at least one entry",
    ],
    [
      "a key pattern that RE2 refuses",
      "{ rules: [{ id: a, classification: secret, keyPattern: 'a(?=b)' }] }",
      "1:56 found a pattern that RE2 refuses (error parsing regexp: invalid or unsupported Perl syntax: `(?=`), expected RE2 syntax",
    ],
    [
      "a key pattern that could take long",
      "{ rules: [{ id: a, classification: secret, keyPattern: 'a.{200}b.{200}c' }] }",
      "1:56 found a pattern that needs too many states, expected less repetition, smaller classes or a ^ at its start",
    ],
    [
      "a metadata key as it is sent",
      "{ rules: [{ id: a, classification: secret, metadata: [{ key: x-amz-meta-a, value: b }] }] }",
      '1:62 objects.rules.0.metadata.0.key: found "x-amz-meta-a", expected a key in lower case and without x-amz-meta-',
    ],
    [
      "a metadata key that S3 would write small",
      "{ rules: [{ id: a, classification: secret, metadata: [{ key: Team, value: b }] }] }",
      '1:62 objects.rules.0.metadata.0.key: found "Team", expected a key in lower case and without x-amz-meta-',
    ],
    [
      "a detector that is built in",
      "{ detectors: [{ id: iban, pattern: a }] }",
      '1:21 the detector "iban" is built in; expected another name',
    ],
    [
      "a detector that finds nothing everywhere",
      "{ detectors: [{ id: a, pattern: 'a*' }] }",
      "1:33 found a pattern that also matches where nothing stands, expected one that takes a letter at least",
    ],
    [
      "a detector that finds the edges of words",
      "{ detectors: [{ id: a, pattern: '\\b' }] }",
      "1:33 found a pattern that also matches where nothing stands, expected one that takes a letter at least",
    ],
    [
      "a detector that RE2 refuses",
      "{ detectors: [{ id: a, pattern: '(' }] }",
      "1:33 found a pattern that RE2 refuses (error parsing regexp: missing closing ): `(`), expected RE2 syntax",
    ],
    [
      "a head larger than all that is read",
      "{ read: { maxKiB: 10, headKiB: 20 } }",
      "1:32 found a head and samples of 20 KiB together, expected at most maxKiB, which is 10",
    ],
    [
      "samples larger than all that is read",
      "{ read: { headKiB: 1, samples: 32 } }",
      "1:32 found a head and samples of 8193 KiB together, expected at most maxKiB, which is 8192",
    ],
    [
      "a negative number of samples",
      "{ read: { samples: -1 } }",
      "1:20 objects.read.samples: found -1, expected a whole number from 0 to 1000",
    ],
    [
      "a way that there is not",
      "{ onLowered: aks }",
      '1:14 objects.onLowered: found "aks", expected "restore" or "ask"',
    ],
    [
      "an answer to what can't be opened that is none",
      "{ onUnopened: drop }",
      '1:15 objects.onUnopened: found "drop", expected "ask" or "keep"',
    ],
  ])("such as %s stands at its place", (_, objects, message) => {
    expect(told(objects)).toEqual([message]);
  });

  it("is told with the others, once each", () => {
    const all = told(
      "{ rules: [{ id: a, classification: secrt, keyPattern: '(' }],\ndetectors: [{ id: iban, pattern: '(' }],\nread: { maxKiB: 1, headKiB: 2 } }",
    );
    expect(all.map((each) => each.split(":")[0])).toEqual(["1", "1", "2", "2", "3"]);
  });

  it("is a protected tag that would never be written", () => {
    expect(told("{ protectedTags: [class, clas] }")).toEqual([
      `1:26 unknown key of a class's tag "clas"; did you mean "class"?`,
    ]);
  });

  const withTags = (recognisedBy: readonly object[] | undefined) => ({
    ...BASE,
    classifications: BASE.classifications.map((each) => (each.name === "secret" ? { ...each, recognisedBy } : each)),
  });
  it.each<readonly [string, readonly object[] | undefined, string]>([
    ["no tag", undefined, 'objects get the first tag of their class, and "secret" has none'],
    ["an empty list of tags", [], 'objects get the first tag of their class, and "secret" has none'],
    ["letters that S3 refuses", [{ tag: { key: "class", value: "secret!" } }], "S3 takes no tag class=secret!;"],
    ["a key that is AWS's", [{ tag: { key: "AWS:class", value: "a" } }], "S3 takes no tag AWS:class=a;"],
    ["a key that is too long", [{ tag: { key: "k".repeat(129), value: "a" } }], "S3 takes no tag kkk"],
    ["a value that is too long", [{ tag: { key: "class", value: "v".repeat(257) } }], "S3 takes no tag class=vvv"],
  ])("is a class with %s, which no object could carry", (_, recognisedBy, message) => {
    expect(told("{}", withTags(recognisedBy))).toEqual([expect.stringContaining(message)]);
    // Where no object is judged, such a class is right.
    const parsed = parsePolicy(JSON.stringify(withTags(recognisedBy)), "p", catalogue);
    expect(parsed.ok).toBe(true);
  });

  it("is no second tag, for only the first is written", () => {
    const tags = [{ tag: { key: "class", value: "secret" } }, { tag: { key: "class", value: "secret!" } }];
    expect(told("{}", withTags(tags))).toEqual([]);
  });
});

it("a letter of any alphabet may stand in a class's tag", () => {
  const { classifications, ...rest } = shippedDocument("eu-gdpr.yaml") as { classifications: readonly object[] };
  const cyrillic = classifications.map((each, index) => ({
    ...each,
    recognisedBy: [{ tag: { key: "доступ", value: `für ${index}` } }],
  }));
  const parsed = parsePolicy(JSON.stringify({ ...rest, classifications: cyrillic, objects: {} }), "p", catalogue);
  expect(parsed.ok).toBe(true);
});

it("every built-in detector has one name, which a policy can write", () => {
  const ids = builtInDetectors.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[a-z][a-z0-9-]{0,62}$/);
});

it("what docs/policy.md shows of objects is right", () => {
  const docs = readFileSync(new URL("../../docs/policy.md", import.meta.url), "utf8");
  const shown = (section: string) => new RegExp(`\`\`\`yaml\\n(${section}:[\\s\\S]*?)\`\`\``).exec(docs)?.[1];
  const text = `version: 1\nname: n\n${shown("jurisdictions")}${shown("objects")}`;
  const parsed = parsePolicy(text, "docs/policy.md", catalogue);
  expect(parsed).toMatchObject({ ok: true, policy: { objects: { rules: { length: 5 }, detectors: { length: 1 } } } });
  // The budget that is shown is the one that holds when none is given.
  expect(parsed.ok && parsed.policy.objects?.read).toEqual(objectsOf({}).read);
});
