import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { subjectOf } from "../../shared/ids.ts";
import type { PolicyInForce } from "../../shared/policy/policy.ts";
import type { Decision, Facts, Mode, Tag, TransferFacts } from "../../shared/types.ts";
import { START_MS } from "../support/events.ts";
import { at, BASE, CONTROL, DATA_OWNER, decisionOf, type Given, policyOf, resource, trusting } from "./policy-stage.ts";

/** Policies tried for each property; for many more at once: `POLICY_RUNS=5000 npx vitest run test/policy/properties.test.ts --testTimeout 600000`. */
const RUNS = Number(process.env.POLICY_RUNS ?? 80);

const maybe = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });
const defined = <Value extends object>(value: Value) =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Partial<Value>;

const place = fc.constantFrom(
  "eu-central-1",
  "eu-west-1",
  "us-west-2",
  "us-east-1",
  "ap-southeast-1",
  "eu-west-2",
  "xx-1",
);
const tag = fc.record({
  key: fc.constantFrom("class", "env", "Sovereignty"),
  value: fc.constantFrom("personal", "secret", "public", "dev", "Global"),
});
const KEY = "arn:aws:kms:us-west-2:111122223333:key/k";

const transfer: fc.Arbitrary<TransferFacts> = fc
  .record({
    active: fc.boolean(),
    from: place,
    to: maybe(place),
    tags: fc.array(tag, { maxLength: 2 }),
    prefix: maybe(fc.constantFrom("masked/x", "raw/", "")),
    replicaKey: maybe(fc.constantFrom(KEY, "alias/a", "other")),
    destinationAccount: maybe(fc.constantFrom("222233334444", "333344445555")),
  })
  .map((parts) => ({ kind: "transfer", destination: "arn:aws:s3:::copies", ...defined(parts) }) as TransferFacts);
const facts: fc.Arbitrary<Facts> = fc.oneof(
  { weight: 8, arbitrary: transfer },
  fc.string().map((reason): Facts => ({ kind: "unreadable", reason })),
  fc
    .boolean()
    .map((holds): Facts => ({ kind: "condition", holds, expected: "e", found: "f", consequence: "c", remedy: "r" })),
);
const mode = fc.constantFrom<Mode>("observe", "approve", "enforce");
const tags: fc.Arbitrary<readonly Tag[] | { readonly unreadable: string }> = fc.oneof(
  { weight: 4, arbitrary: fc.array(tag, { maxLength: 3 }) },
  fc.constant({ unreadable: "denied" }),
);

/** Holds, does not hold, or fails, depending on the facts. */
const when = fc.constantFrom(
  "true",
  "false",
  'tags["env"] == "dev"',
  'transfer.to.within("us")',
  'classification.name == "personal"',
  'part == "to-there"',
);
const scope = fc
  .record({
    accounts: maybe(fc.constantFrom([resource.account], ["999900001111"])),
    regions: maybe(fc.constantFrom(["eu"], ["us"])),
    classifications: maybe(fc.constantFrom(["personal"], ["secret", "personal"])),
    tags: maybe(fc.array(tag, { minLength: 1, maxLength: 1 })),
    resources: maybe(fc.constantFrom([resource.arn], ["arn:aws:s3:::o*"], ["arn:aws:s3:::x"])),
    to: maybe(fc.constantFrom(["us"], ["eu-west-2"])),
    when: maybe(when),
  })
  .filter((parts) => Object.values(parts).some((each) => each !== undefined))
  .map(defined);
const condition = fc.constantFrom<object>(
  { approval: true },
  { replicaKey: [KEY] },
  { pseudonymised: { prefixes: ["masked/"] } },
  { trustedTag: { key: "Sovereignty", value: "Global", setBy: { principals: [DATA_OWNER], enforcement: "declared" } } },
  { trustedTag: { key: "Sovereignty", value: "Global", setBy: { principals: [DATA_OWNER], enforcement: "verify" } } },
);
const way = fc
  .record({
    classifications: fc.constantFrom(["personal"], ["secret"], ["personal", "secret"]),
    from: maybe(fc.constantFrom(["eu"], ["eu-west-1"])),
    to: fc.constantFrom(["us"], ["us-west-2", "uk"]),
    conditions: fc.array(condition, { maxLength: 2 }),
    when: maybe(when),
    validUntil: maybe(fc.constantFrom(at(START_MS), at(START_MS + 60_000))),
  })
  .map((parts) => ({ basis: { kind: "scc", document: "d" }, ...defined(parts) }));
const waiver = scope.chain((narrow) =>
  fc.constantFrom(at(START_MS), at(START_MS + 60_000)).map((expiresAt) => ({
    ...narrow,
    control: CONTROL,
    reason: "r",
    approver: "a",
    ticket: "t",
    grantedAt: at(START_MS - 60_000),
    expiresAt,
  })),
);
const numbered = (prefix: string, entries: readonly object[]): object[] =>
  entries.map((each, index) => ({ id: `${prefix}${index}`, ...trusting(each) }));

/** A policy of which nothing can tie: one narrower scope. */
const document = fc
  .record({
    unclassified: fc.constantFrom({ treatAs: "personal" }, { treatAs: "secret" }, undefined),
    transfers: fc.array(way, { maxLength: 4 }),
    exceptions: fc.array(waiver, { maxLength: 4 }),
    base: mode,
    narrow: maybe(scope.chain((each) => mode.map((its) => ({ ...each, mode: its })))),
  })
  .map(({ unclassified, transfers, exceptions, base, narrow }) => ({
    unclassified,
    classifications: BASE.classifications.map((each) => ({
      ...each,
      setBy: { principals: [DATA_OWNER], enforcement: "declared" },
    })),
    transfers: numbered("t", transfers),
    exceptions: numbered("e", exceptions),
    controls: { [CONTROL]: { mode: base, scopes: narrow === undefined ? [] : [{ id: "s", ...trusting(narrow) }] } },
  }));
const given: fc.Arbitrary<Given> = fc
  .record({
    facts,
    tags,
    journalled: fc.record({
      classification: fc.constantFrom("personal", "secret", "public", "forgotten"),
      classSource: fc.constantFrom("tag", "default"),
    }),
    ceiling: mode.map((each) => ({ mode: each, reason: "CORDON_MODE" })),
    exception: maybe(
      transfer.map((about) => ({
        findingId: "f",
        reason: "r",
        approver: "a",
        grantedAt: at(START_MS),
        expiresAt: at(START_MS + 60_000),
        subject: subjectOf(about) ?? "",
        classification: "personal",
      })),
    ),
  })
  .map((parts) => defined(parts) as Given);

type Document = typeof document extends fc.Arbitrary<infer Value> ? Value : never;
const property = (
  check: (policy: PolicyInForce, about: Given, written: Document) => Promise<void> | void,
  numRuns = RUNS,
) =>
  fc.assert(
    fc.asyncProperty(document, given, async (written, about) => check(await policyOf(written), about, written)),
    { numRuns },
  );
const isViolation = ({ explanation, kind }: Decision) => explanation.verdict === "violating" && kind !== "exempt";
const isFine = ({ kind }: Decision) => kind === "compliant" || kind === "exempt";

describe("for any facts and any valid policy", () => {
  it("there is a decision, the same each time, with its rule, reasons, facts, and digests", () =>
    property((policy, about) => {
      const decision = decisionOf(policy, about);
      expect(["compliant", "exempt", "observe", "approve", "contain"]).toContain(decision.kind);
      expect(decision.rule).toMatch(/^(built-in|classification|transfer|exception|parameter):./);
      expect(decision.reasons.every((reason) => typeof reason === "string")).toBe(true);
      expect(decision.policyDigest).toBe(policy.digest);
      expect(Object.keys(decision.explanation.facts)).toEqual(expect.arrayContaining(["account", "region", "part"]));
      expect(decisionOf(policy, about)).toEqual(decision);
    }));

  it("nothing is contained but what surely violates, is enforced, and no rule leaves in doubt", () =>
    property((policy, about) => {
      const { kind, explanation } = decisionOf(policy, about);
      if (kind !== "contain") return;
      expect(explanation).toMatchObject({ verdict: "violating", mode: "enforce" });
      expect(about.ceiling?.mode ?? "enforce").toBe("enforce");
      expect(explanation.considered.filter(({ applies }) => applies === "unknown").map(({ rule }) => rule)).toEqual(
        // Only a scope that says the same may be in doubt.
        policy.controls[CONTROL]?.scopes[0]?.mode === "enforce" &&
          explanation.considered.some(({ rule, applies }) => rule.startsWith("control:") && applies === "unknown")
          ? [`control:${CONTROL}/s`]
          : [],
      );
    }));

  it("nothing is compliant but what stays, may live there, is switched off, or a transfer allows", () =>
    property((policy, about) => {
      const { kind, rule } = decisionOf(policy, about);
      if (kind !== "compliant") return;
      const { facts: told } = about;
      if (told?.kind === "condition") return void expect(told.holds).toBe(true);
      if (told?.kind !== "transfer") throw new Error(`${told?.kind} is compliant`);
      if (!told.active || told.from === told.to) return;
      if (rule.startsWith("transfer:")) {
        const allowing = policy.transfers.find(({ id }) => `transfer:${id}` === rule);
        return void expect(allowing?.to).toContain(told.to);
      }
      const classification = policy.classifications.find(({ name }) => `classification:${name}` === rule);
      expect(classification?.anywhere === true || classification?.places.includes(told.to ?? "")).toBe(true);
    }));

  it("what can't be decided is never compliant, nor contained", () =>
    property((policy, about) => {
      const { kind, explanation } = decisionOf(policy, about);
      if (explanation.verdict === "undecidable" || explanation.verdict === "for-a-person")
        expect(["approve", "observe", "exempt"]).toContain(kind);
      const told = about.facts;
      if (told?.kind === "unreadable" || (told?.kind === "transfer" && told.active && told.to === undefined))
        expect(explanation.verdict).toBe("undecidable");
    }));

  it("nothing is done above the ceiling", () =>
    property((policy, about) => {
      const { kind } = decisionOf(policy, about);
      const ceiling = about.ceiling?.mode;
      if (ceiling !== "enforce") expect(kind).not.toBe("contain");
      if (ceiling === "observe") expect(kind).not.toBe("approve");
    }));
});

describe("a policy that says more", () => {
  it("by an exception never makes a violation of what was none, and one that says less never frees what was one", () =>
    property(async (policy, about, written) => {
      const [before, after] = [policy, await policyOf({ ...written, exceptions: written.exceptions.slice(1) })].map(
        (each) => decisionOf(each, about),
      );
      if (before === undefined || after === undefined) throw new Error("two decisions were made");
      // `before` has one exception more than `after`.
      if (!isViolation(after)) expect(isViolation(before)).toBe(false);
      if (isViolation(before)) expect(isFine(after)).toBe(false);
      expect(before.kind === "compliant").toBe(after.kind === "compliant");
    }));

  it("by a transfer never makes a violation of what was none", () =>
    property(async (policy, about, written) => {
      const fewer = decisionOf(await policyOf({ ...written, transfers: written.transfers.slice(1) }), about);
      const more = decisionOf(policy, about);
      if (!isViolation(fewer)) expect(isViolation(more)).toBe(false);
      if (isViolation(more)) expect(fewer.kind).not.toBe("compliant");
    }));

  it("by a wider residency never makes a violation of what was none", () => {
    const wider = fc.constantFrom("us", "uk", "sg", "eu-west-2");
    return fc.assert(
      fc.asyncProperty(document, given, wider, async (written, about, more) => {
        const classifications = written.classifications.map((each) =>
          each.name === "personal" ? { ...each, residency: ["eu", more] } : each,
        );
        const [narrow, wide] = [
          decisionOf(await policyOf(written), about),
          decisionOf(await policyOf({ ...written, classifications }), about),
        ];
        if (narrow.kind === "compliant") expect(isViolation(wide)).toBe(false);
        if (isViolation(wide)) expect(isViolation(narrow) || isFine(narrow) === false).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });
});

describe("the order", () => {
  it("of rules changes neither the digest nor any decision", () =>
    property(async (policy, about, written) => {
      const turned = await policyOf({
        ...written,
        classifications: written.classifications.toReversed(),
        transfers: written.transfers.toReversed(),
        exceptions: written.exceptions.toReversed(),
      });
      expect(turned.digest).toBe(policy.digest);
      expect(decisionOf(turned, about)).toEqual(decisionOf(policy, about));
    }));
});

describe("an expiry", () => {
  it("is met exactly at its second, whatever the offset it is written with and whatever the event's own time", () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: -14, max: 14 }),
        fc.integer({ min: 1, max: 29 * 86_400 }),
        async (offset, lasts) => {
          const endMs = START_MS + lasts * 1000;
          const sign = offset < 0 ? "-" : "+";
          const written = `${new Date(endMs + offset * 3_600_000).toISOString().slice(0, 19)}${sign}${String(Math.abs(offset)).padStart(2, "0")}:00`;
          const policy = await policyOf({
            exceptions: [
              {
                id: "e",
                control: CONTROL,
                resources: [resource.arn],
                reason: "r",
                approver: "a",
                ticket: "t",
                grantedAt: at(START_MS),
                expiresAt: written,
              },
            ],
          });
          expect([-1, 0, 1].map((ms) => decisionOf(policy, { nowMs: endMs + ms }).kind)).toEqual([
            "exempt",
            "contain",
            "contain",
          ]);
        },
      ),
      { numRuns: 100 },
    ));
});
