import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadKeyPatterns } from "../../shared/classification/key-patterns.ts";
import type { KnownObject } from "../../shared/classification/known-object.ts";
import { considerRules, couldRaise, planRead } from "../../shared/classification/object-rules.ts";
import { considered, foundOf, objectOf, withObjects } from "./object-stage.ts";

const MIB = 1_048_576;
const looked = (...found: readonly ReturnType<typeof foundOf>[]) => ({ found, scannedBytes: MIB, read: "all of it" });
const headers = (contentType?: string, metadata: Readonly<Record<string, string>> = {}) => ({
  metadata,
  ...(contentType !== undefined && { contentType }),
});

/** What one rule says of an object: why it applies, what it waits for, or why it can't be told. */
async function toldBy(rule: object, object: Partial<KnownObject>): Promise<string> {
  const { matched, open, undecided } = await considered(
    [{ id: "r", classification: "secret", ...rule }],
    objectOf(object),
  );
  const [first] = [...matched.map(({ why }) => why), ...undecided.map(({ why }) => `untold: ${why}`)];
  return first ?? (open.length > 0 ? "open" : "no");
}

describe("a rule", () => {
  it.each<readonly [string, object, Partial<KnownObject>, string]>([
    ["T2 by prefix", { prefixes: ["hr/", "2026/"] }, {}, "its key begins with 2026/"],
    ["by another prefix", { prefixes: ["6/"] }, {}, "no"],
    ["T1 by key pattern", { keyPattern: "(?i)ssn" }, { key: "a/Customer-SSN.csv" }, "its key matches (?i)ssn"],
    ["by a pattern that the key has not", { keyPattern: "^ssn" }, { key: "a/ssn.csv" }, "no"],
    [
      "by a key with signs and other letters",
      { prefixes: ["Ämter/a b+c"] },
      { key: "Ämter/a b+c.csv" },
      "its key begins with Ämter/a b+c",
    ],
    ["by its own tag", { tags: [{ key: "a", value: "1" }] }, { tags: [{ key: "a", value: "1" }] }, "its tag a says so"],
    ["by a tag of another value", { tags: [{ key: "a", value: "1" }] }, { tags: [{ key: "a", value: "11" }] }, "no"],
    [
      "T6 by Macie",
      { macie: ["SensitiveData:S3Object/*"] },
      { macie: ["Policy:IAMUser/S3BucketPublic", "SensitiveData:S3Object/Personal"] },
      "Macie has found SensitiveData:S3Object/*",
    ],
    [
      "by what Macie has not found",
      { macie: ["SensitiveData:S3Object/Financial"] },
      { macie: ["SensitiveData:S3Object/Personal"] },
      "no",
    ],
    [
      "T2 by media type",
      { contentTypes: ["Text/*"] },
      { headers: headers("TEXT/CSV; charset=utf-8") },
      "its media type is text/*",
    ],
    ["by another media type", { contentTypes: ["text/csv"] }, { headers: headers("text/csv-schema") }, "no"],
    ["by a media type that was not given", { contentTypes: ["*"] }, { headers: headers() }, "no"],
    [
      "T2 by metadata",
      { metadata: [{ key: "team", value: "hr-*" }] },
      { headers: headers(undefined, { team: "hr-berlin" }) },
      "its metadata team says so",
    ],
    [
      "by metadata that every record has in JavaScript",
      { metadata: [{ key: "__proto__", value: "*" }] },
      { headers: headers() },
      "no",
    ],
    ["by metadata that was not read", { metadata: [{ key: "team", value: "*" }] }, {}, "open"],
    [
      "by headers that can't be read",
      { contentTypes: ["*"] },
      { headers: { unreadable: "denied" } },
      "untold: its headers can't be read: denied",
    ],
    [
      "by several things, all of which hold",
      { prefixes: ["2026/"], keyPattern: "csv$", buckets: ["ord*"] },
      {},
      "its key begins with 2026/, and its key matches csv$",
    ],
    ["by several things, one of which doesn't hold", { prefixes: ["2026/"], keyPattern: "json$" }, {}, "no"],
    ["of another bucket", { prefixes: ["2026/"], buckets: ["order"] }, {}, "no"],
    ["by content of another prefix", { prefixes: ["pii/"], content: { detectors: ["iban"] } }, {}, "no"],
    [
      "by content that was not read",
      { prefixes: ["2026/"], content: { detectors: ["iban"] } },
      { headers: headers() },
      "open",
    ],
    [
      "by content after headers that can't be read",
      { contentTypes: ["*"], content: { detectors: ["iban"] } },
      { headers: { unreadable: "denied" } },
      "open",
    ],
  ])("%s", async (_, rule, object, told) => {
    expect(await toldBy(rule, object)).toBe(told);
  });

  it.each<readonly [string, object, KnownObject["content"], string]>([
    [
      "any one of its detectors",
      { detectors: ["iban", "staff-number"] },
      looked(foundOf("staff-number", 2, 1)),
      "it contains 2 x staff-number (1 different)",
    ],
    ["another detector", { detectors: ["iban"] }, looked(foundOf("email", 9)), "no"],
    [
      "as many different values as it asks for",
      { detectors: ["iban"], minDistinct: 5 },
      looked(foundOf("iban", 7, 5)),
      "it contains 7 x iban (5 different)",
    ],
    ["the same value again and again", { detectors: ["iban"], minDistinct: 5 }, looked(foundOf("iban", 700, 4)), "no"],
    [
      "different values of several detectors, none of which is enough",
      { detectors: ["iban", "email"], minDistinct: 2 },
      looked(foundOf("email", 1), foundOf("iban", 1)),
      "no",
    ],
    [
      "as many in each MiB as it asks for",
      { detectors: ["email"], minPerMiB: 100 },
      looked(foundOf("email", 100)),
      "it contains 100 x email (100 different)",
    ],
    ["fewer in each MiB", { detectors: ["email"], minPerMiB: 100 }, looked(foundOf("email", 99)), "no"],
    [
      "few, in an object that is small",
      { detectors: ["email"], minPerMiB: 100 },
      { ...looked(foundOf("email", 1)), scannedBytes: 10_000 },
      "it contains 1 x email (1 different)",
    ],
    [
      "nothing, in an object that is empty",
      { detectors: ["email"], minPerMiB: 1 },
      { ...looked(), scannedBytes: 0 },
      "no",
    ],
    [
      "enough before it broke off",
      { detectors: ["iban"] },
      { ...looked(foundOf("iban", 1)), cutOff: "its gzip is broken" },
      "it contains 1 x iban (1 different)",
    ],
    [
      "not enough before it broke off",
      { detectors: ["iban"] },
      { ...looked(foundOf("email", 1)), cutOff: "its gzip is broken" },
      "untold: its gzip is broken",
    ],
    [
      "more than was counted, and enough",
      { detectors: ["iban"], minDistinct: 10 },
      looked({ ...foundOf("iban", 99, 10), isDistinctCapped: true }),
      "it contains 99 x iban (at least 10 different)",
    ],
    [
      "more than was counted, and perhaps enough",
      { detectors: ["iban"], minDistinct: 11 },
      looked({ ...foundOf("iban", 99, 10), isDistinctCapped: true }),
      "untold: it contains 99 x iban (at least 10 different), and more were not counted",
    ],
    [
      "what can't be read",
      { detectors: ["iban"] },
      { unreadable: "the key is denied" },
      "untold: its content can't be read: the key is denied",
    ],
  ])("T3 by content: %s", async (_, content, read, told) => {
    expect(await toldBy({ content }, read === undefined ? {} : { content: read })).toBe(told);
  });

  it("says neither the key nor a value of tags or metadata", async () => {
    const object = objectOf({
      key: "people/maria-silva-ssn.csv",
      tags: [{ key: "owner", value: "maria" }],
      headers: headers("text/x-maria", { subject: "maria silva" }),
    });
    const rules = [
      { prefixes: ["people/"] },
      { keyPattern: "ssn" },
      { tags: [{ key: "owner", value: "maria" }] },
      { contentTypes: ["text/*"] },
      { metadata: [{ key: "subject", value: "*" }] },
    ].map((each, index) => ({ id: `r${index}`, classification: "secret", ...each }));
    const { matched } = await considered(rules, object);
    expect(matched).toHaveLength(rules.length);
    expect(JSON.stringify(matched)).not.toContain("maria");
  });
});

describe("rules held against an object about which more and more is known", () => {
  const rule = fc.record(
    {
      prefixes: fc.constantFrom(["2026/"], ["x/"]),
      keyPattern: fc.constantFrom("csv", "json"),
      contentTypes: fc.constantFrom(["text/csv"], ["image/*"]),
      metadata: fc.constantFrom([{ key: "team", value: "hr" }], [{ key: "team", value: "x" }]),
      content: fc.constantFrom({ detectors: ["iban"] }, { detectors: ["email"], minDistinct: 3 }),
    },
    { requiredKeys: [] },
  );

  it("only ever settle what was open, and leave nothing open in the end", async () => {
    const isFound = (text: string, pattern: string) => text.includes(pattern);
    const steps: readonly Partial<KnownObject>[] = [
      {},
      { headers: headers("text/csv", { team: "hr" }) },
      { content: looked(foundOf("iban", 1), foundOf("email", 3)) },
    ];
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 6 }), (asked) => {
        const rules = withObjects({
          rules: asked
            .filter((each) => Object.keys(each).length > 0)
            .map((each, index) => ({ id: `r${index}`, classification: "secret", ...each })),
        }).objects?.rules;
        let object = objectOf();
        let before = considerRules(rules ?? [], object, isFound);
        for (const step of steps) {
          object = { ...object, ...step };
          const now = considerRules(rules ?? [], object, isFound);
          expect(now.matched).toEqual(expect.arrayContaining([...before.matched]));
          expect(before.open).toEqual(expect.arrayContaining([...now.open]));
          before = now;
        }
        expect(before.open).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });
});

describe("what is read of an object", () => {
  const rules = [
    { id: "by-content", classification: "secret", content: { detectors: ["us-ssn", "iban"] } },
    { id: "by-type", classification: "personal", contentTypes: ["text/csv"] },
    {
      id: "by-type-and-content",
      classification: "personal",
      contentTypes: ["text/*"],
      content: { detectors: ["email"] },
    },
  ];
  const policy = withObjects({ rules });
  const classesOf = (...names: readonly string[]) => policy.classifications.filter(({ name }) => names.includes(name));

  it.each<readonly [string, readonly string[], readonly string[], object]>([
    ["nothing where no rule is open", ["secret"], [], { kind: "nothing" }],
    ["nothing where its class can't rise any more", ["secret"], ["by-content", "by-type"], { kind: "nothing" }],
    ["the headers where they are enough", ["public"], ["by-type"], { kind: "headers" }],
    [
      "the content for the rules that could raise the class",
      ["personal"],
      ["by-content", "by-type", "by-type-and-content"],
      { kind: "content", detectors: ["iban", "us-ssn"] },
    ],
    [
      "the content for all of them where nothing is certain",
      [],
      ["by-content", "by-type", "by-type-and-content"],
      { kind: "content", detectors: ["email", "iban", "us-ssn"] },
    ],
  ])("is %s", (_, certain, open, plan) => {
    const opened = (policy.objects?.rules ?? []).filter(({ id }) => open.includes(id));
    expect(planRead({ matched: [], undecided: [], open: opened }, classesOf(...certain), policy)).toEqual(plan);
  });

  it("is more when a class lies apart from what is certain, or is not in policy", () => {
    expect(couldRaise([{ classification: "personal" }], classesOf("secret"), policy)).toBe(false);
    expect(couldRaise([{ classification: "secret" }], classesOf("personal"), policy)).toBe(true);
    expect(couldRaise([{ classification: "gone" }], classesOf("secret"), policy)).toBe(true);
    expect(couldRaise([], [], policy)).toBe(false);
  });
});

it("a policy without key patterns loads nothing that finds them, and never takes that for an answer", async () => {
  const isFound = await loadKeyPatterns([{ id: "r", classification: "secret", prefixes: ["a"] }]);
  expect(() => isFound("key", "pattern")).toThrow("nothing finds patterns here: pattern");
});
