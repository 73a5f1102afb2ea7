import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { controlIds } from "../../controls/catalogue.ts";
import { classifyBucket } from "../../shared/classification/classify.ts";
import { findingId, subjectOf } from "../../shared/ids.ts";
import { type DecisionContext, decide } from "../../shared/policy/decide.ts";
import { formatPolicyErrors, parsePolicy } from "../../shared/policy/parse-policy.ts";
import type { Facts, Finding, Mode, Tag, TransferFacts } from "../../shared/types.ts";
import { START_MS } from "../support/events.ts";
import { policyWith } from "../support/stage.ts";

const EXAMPLE = new URL("../../policies/eu-gdpr.yaml", import.meta.url);
const example = readFileSync(EXAMPLE, "utf8");
const errorsOf = (text: string) => {
  const parsed = parsePolicy(text, "policy.yaml", controlIds);
  return parsed.ok ? "" : formatPolicyErrors(parsed.errors);
};
const edited = (from: string, to: string) => {
  expect(example).toContain(from);
  return errorsOf(example.replace(from, to));
};

describe("a policy file", () => {
  it.each(readdirSync(new URL("../../policies/", import.meta.url)))("%s, as shipped, is right", (file) => {
    expect(errorsOf(readFileSync(new URL(`../../policies/${file}`, import.meta.url), "utf8"))).toBe("");
  });

  it.each([
    ["a misspelt key", "unclassified:", "unclasified:", /^policy\.yaml:\d+:1: unknown key "unclasified"$/],
    [
      "a wrong value",
      "mode: enforce",
      "mode: enforced",
      /^policy\.yaml:\d+:11: controls\.[a-z0-9-]+\.mode: found "enforced", expected "observe" or "approve" or "enforce"$/,
    ],
    [
      "a glob in place of Regions",
      "[eu-central-1, eu-west-1,",
      "[eu-*, eu-west-1,",
      /found "eu-\*", expected an AWS Region/,
    ],
    ["a Region twice", "eu-west-1, eu-west-3", "eu-west-1, eu-west-1", /eu-west-1 is listed twice/],
    [
      "an unknown jurisdiction",
      "residency: [eu]",
      "residency: [europe]",
      /unknown jurisdiction "europe", expected one of: eu, us/,
    ],
    [
      "an unknown default",
      "treatAs: eu-only",
      "treatAs: secret",
      /unknown classification "secret", expected one of: public, eu-only/,
    ],
    [
      "an unknown control",
      "  s3-replication-stays-in-jurisdiction:",
      "  s3-replication-stays-put:",
      /unknown control "s3-replication-stays-put"/,
    ],
    ["a rank twice", "rank: 50", "rank: 0", /rank 0 is already public's/],
    ["a number in quotes", "settleWindowSeconds: 30", 'settleWindowSeconds: "30"', /found "30", expected a number/],
    [
      "a wait longer than the queue delivers",
      "cappedIntervalSeconds: 60",
      "cappedIntervalSeconds: 86400",
      /expected a whole number from 1 to 600/,
    ],
    ["a missing part", "version: 1\n", "", /version: found nothing, expected 1/],
    ["a duplicate key", "name: eu-gdpr", "name: eu-gdpr\nname: other", /Map keys must be unique/],
    ["a reserved key", "controls:\n", "controls:\n  __proto__: { mode: bogus }\n", /the key "__proto__" is reserved/],
    [
      "a default longer than the maximum",
      "defaultHours: 24",
      "defaultHours: 8000",
      /defaultHours is more than maxHours/,
    ],
  ])("with %s is refused with place, what was found and what was expected", (_, from, to, message) => {
    expect(edited(from, to)).toMatch(message);
  });

  it("with several mistakes shows them all, in order", () => {
    const text = example
      .replace("mode: enforce", "mode: on")
      .replace("rank: 50", "rank: high")
      .replace("version: 1", "version: 2");
    expect(errorsOf(text).split("\n")).toHaveLength(3);
  });

  it.each([
    ["no YAML at all", "{{{{"],
    ["nothing", ""],
    ["a list", "- a\n- b"],
    ["a number", "42"],
    [
      "a bomb of aliases",
      `a: &a [x, x, x, x, x, x, x, x, x]\n${"bcdefghij"
        .split("")
        .map((name, index) => `${name}: &${name} [${`*${"abcdefghi"[index]}, `.repeat(9)}]`)
        .join("\n")}`,
    ],
    ["over a megabyte", `name: ${"x".repeat(1_000_001)}`],
  ])("that is %s is refused without harm", (_, text) => {
    expect(errorsOf(text)).toMatch(/^policy\.yaml:\d+:\d+: ./);
  });

  it("means the same whatever the order of its parts", () => {
    const parts = Object.entries(parse(example) as Record<string, unknown>);
    const reversed = parsePolicy(JSON.stringify(Object.fromEntries(parts.reverse())), "b", controlIds);
    expect(reversed.ok && reversed.policy.digest).toBe(policyWith().digest);
  });
});

const resource = {
  type: "AWS::S3::Bucket",
  arn: "arn:aws:s3:::b",
  name: "b",
  account: "111122223333",
  region: "eu-central-1",
};
const CONTROL = "s3-replication-stays-in-jurisdiction";
const findingOf = (facts: Facts): Finding => ({
  id: findingId(CONTROL, resource, "r"),
  controlId: CONTROL,
  resource,
  part: "r",
  title: "t",
  facts,
});

const region = fc.constantFrom("eu-central-1", "eu-west-1", "us-west-2", "us-east-1", "ap-southeast-1", "eu-west-2");
const tags = fc.array(
  fc.record({
    key: fc.constantFrom("Sovereignty", "data-residency", "team"),
    value: fc.constantFrom("Global", "eu-only", "public", "x"),
  }),
  { maxLength: 3 },
);
const transfer: fc.Arbitrary<TransferFacts> = fc
  .record({
    active: fc.boolean(),
    from: region,
    to: fc.option(region, { nil: undefined }),
    tags,
    prefix: fc.option(fc.string(), { nil: undefined }),
  })
  .map(({ active, from, to, tags, prefix }) => ({
    kind: "transfer",
    active,
    from,
    destination: "arn:aws:s3:::d",
    tags,
    ...(to && { to }),
    ...(prefix && { prefix }),
  }));
const facts: fc.Arbitrary<Facts> = fc.oneof(
  transfer,
  fc.record({ kind: fc.constant("unreadable" as const), reason: fc.string() }),
);
const mode = fc.constantFrom<Mode>("observe", "approve", "enforce");
const policyPatch = fc.record({
  unclassified: fc.constantFrom(null, { treatAs: "eu-only" }, { treatAs: "public" }),
  controls: mode.map((each) => ({ [CONTROL]: { mode: each } })),
});
const bucketTags: fc.Arbitrary<readonly Tag[] | { readonly unreadable: string }> = fc.oneof(
  tags,
  fc.constant({ unreadable: "denied" }),
);
const world = fc.record({
  facts,
  patch: policyPatch,
  tags: bucketTags,
  ceiling: mode,
  journalled: fc.constantFrom(undefined, "eu-only", "public", "forgotten"),
  source: fc.constantFrom("tag" as const, "default" as const),
});

function decided(
  each: typeof world extends fc.Arbitrary<infer World> ? World : never,
  more: Partial<DecisionContext> = {},
) {
  const policy = policyWith(each.patch);
  const classified = classifyBucket(each.tags, { classification: each.journalled, classSource: each.source }, policy);
  const finding = findingOf(each.facts);
  const context = {
    classified,
    defaultMode: "observe" as const,
    ceiling: { mode: each.ceiling, reason: "CORDON_MODE" },
    nowMs: START_MS,
    ...more,
  };
  return { decision: decide(finding, policy, context), classified, policy, finding };
}

describe("a decision", () => {
  it("is made for any facts and any policy, with its reasons and the policy's digest", () => {
    fc.assert(
      fc.property(world, (each) => {
        const { decision, policy } = decided(each);
        expect(["compliant", "exempt", "observe", "approve", "contain"]).toContain(decision.kind);
        expect(decision.reasons.length).toBeGreaterThan(0);
        expect(decision.policyDigest).toBe(policy.digest);
        expect(decided(each).decision).toEqual(decision);
      }),
    );
  });

  it("never contains, nor finds compliant, what can't be decided", () => {
    fc.assert(
      fc.property(world, (each) => {
        const { decision, classified } = decided(each);
        const isUnreadable = each.facts.kind === "unreadable";
        const isUnknown = each.facts.kind === "transfer" && each.facts.active && each.facts.to === undefined;
        const isUnclassified =
          each.facts.kind === "transfer" &&
          each.facts.active &&
          each.facts.to !== each.facts.from &&
          classified.kind === "undecided";
        if (isUnreadable || isUnknown || isUnclassified) expect(["approve", "observe"]).toContain(decision.kind);
      }),
    );
  });

  it("never contains above what the ceiling allows", () => {
    fc.assert(
      fc.property(world, (each) => {
        const { kind } = decided(each).decision;
        if (each.ceiling !== "enforce") expect(kind).not.toBe("contain");
        if (each.ceiling === "observe") expect(kind).not.toBe("approve");
      }),
    );
  });

  it("finds data compliant only inside its residency, within its Region, switched off, allowed anywhere, or freed by a trusted tag", () => {
    fc.assert(
      fc.property(world, (each) => {
        const { decision, classified } = decided(each);
        if (decision.kind !== "compliant" || each.facts.kind !== "transfer") return;
        const { active, from, to, tags: moved } = each.facts;
        const allowed =
          !active ||
          from === to ||
          (classified.kind === "classified" &&
            (classified.classification.anywhere || classified.classification.regions.includes(to ?? ""))) ||
          moved.some(({ key, value }) => key === "Sovereignty" && value === "Global");
        expect(allowed).toBe(true);
      }),
    );
  });

  it("is exempt until the very moment an exception expires, and only for what it was granted for", () => {
    const given: TransferFacts = {
      kind: "transfer",
      active: true,
      from: "eu-central-1",
      to: "us-west-2",
      destination: "arn:aws:s3:::d",
      tags: [],
    };
    const exception = {
      findingId: "f",
      reason: "why",
      approver: "who",
      grantedAt: new Date(START_MS).toISOString(),
      expiresAt: new Date(START_MS + 1000).toISOString(),
      subject: subjectOf(given) ?? "",
      classification: "eu-only",
    };
    const each = {
      facts: given,
      patch: {},
      tags: [{ key: "data-residency", value: "eu-only" }],
      ceiling: "enforce",
      journalled: undefined,
      source: "tag",
    } as const;
    const kindAt = (nowMs: number, now: TransferFacts = given) =>
      decided(
        {
          ...each,
          facts: now,
          patch: { controls: { [CONTROL]: { mode: "enforce" } }, unclassified: { treatAs: "eu-only" } },
        },
        { exception, nowMs },
      ).decision.kind;
    expect(kindAt(START_MS + 999)).toBe("exempt");
    expect(kindAt(START_MS + 1000)).toBe("contain");
    expect(kindAt(START_MS, { ...given, to: "us-east-1" })).toBe("contain");
    expect(kindAt(START_MS, { ...given, destination: "arn:aws:s3:::other" })).toBe("contain");
    expect(kindAt(START_MS, { ...given, prefix: "pii/" })).toBe("contain");
  });
});

describe("a class", () => {
  it("once a tag has said it never falls by itself", () => {
    fc.assert(
      fc.property(tags, (now) => {
        const classified = classifyBucket(now, { classification: "eu-only", classSource: "tag" }, policyWith({}));
        expect(classified.kind === "classified" && classified.classification.name).toBe("eu-only");
      }),
    );
  });

  it("is the most restrictive of those the tags name", () => {
    const both = [
      { key: "data-residency", value: "public" },
      { key: "data-residency", value: "eu-only" },
    ];
    for (const each of [both, both.toReversed()]) {
      const classified = classifyBucket(each, {}, policyWith({}));
      expect(classified.kind === "classified" && classified.classification.name).toBe("eu-only");
    }
  });
});
