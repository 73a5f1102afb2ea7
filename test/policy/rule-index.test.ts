import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matchScope } from "../../shared/policy/match-scope.ts";
import type { Classification, Scope } from "../../shared/policy/policy.ts";
import { RuleIndex } from "../../shared/policy/rule-index.ts";
import type { Subject } from "../../shared/policy/subject.ts";
import type { TransferFacts } from "../../shared/types.ts";
import { findingOf, resource, transferTo } from "./policy-stage.ts";

const some = <Value>(...values: readonly Value[]) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 });
const maybe = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });
const tag = fc.record({ key: fc.constantFrom("a", "b"), value: fc.constantFrom("1", "2") });
const defined = <Value extends object>(value: Value) =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Scope;

const scope: fc.Arbitrary<Scope> = fc
  .record({
    accounts: maybe(some("111122223333", "222233334444")),
    units: maybe(some("lab", "production")),
    regions: maybe(some("eu-central-1", "eu-west-1")),
    classifications: maybe(some("personal", "secret")),
    tags: maybe(fc.array(tag, { minLength: 1, maxLength: 2 })),
    resources: maybe(some("arn:aws:s3:::orders", "arn:aws:s3:::o*", "arn:aws:s3:::x*", "arn:aws:s3:::other", "*")),
    to: maybe(some("us-west-2", "us-east-1")),
    when: maybe(fc.constantFrom("true", "false", "fails")),
  })
  .map(defined);

const classes = [{ name: "personal" }, { name: "secret" }] as unknown as readonly Classification[];
const subject: fc.Arbitrary<Subject> = fc
  .record({
    account: fc.constantFrom("111122223333", "333344445555"),
    region: fc.constantFrom("eu-central-1", "us-east-1"),
    name: fc.constantFrom("orders", "other", "payroll"),
    units: fc.subarray(["lab", "production"]),
    tags: maybe(fc.dictionary(fc.constantFrom("a", "b"), fc.constantFrom("1", "2"))),
    classes: maybe(fc.subarray([...classes])),
    transfer: maybe(
      fc.constantFrom<TransferFacts>(transferTo("us-west-2"), transferTo(undefined), transferTo("eu-west-1")),
    ),
  })
  .map(({ account, region, name, units, tags, classes: known, transfer }) => ({
    finding: findingOf(transfer ?? { kind: "unreadable", reason: "r" }, {
      resource: { ...resource, account, region, name, arn: `arn:aws:s3:::${name}` },
    }),
    units,
    tags: tags && new Map(Object.entries(tags)),
    classes: known,
    transfer,
    context: () => {
      throw new Error("not asked for");
    },
  }));

const conditions = (expression: string) => {
  if (expression === "fails") throw new Error("fails");
  return expression === "true";
};

describe("the index of rules", () => {
  it("finds every rule that may be about a subject, once, in the order they were given", () => {
    fc.assert(
      fc.property(fc.array(scope, { maxLength: 12 }), subject, (scopes, about) => {
        const rules = scopes.map((each, index) => ({ ...each, index }));
        const found = new RuleIndex(rules).candidates({ ...about, context: () => ({}) as never });
        const wanted = rules.filter(
          (rule) => matchScope(rule, { ...about, context: () => ({}) as never }, conditions).applies !== "no",
        );
        const indexes = found.map(({ index }) => index);
        expect(indexes).toEqual(expect.arrayContaining(wanted.map(({ index }) => index)));
        expect(indexes).toEqual([...new Set(indexes)].sort((a, b) => a - b));
      }),
      { numRuns: 1_500 },
    );
  });

  it.each<readonly [string, (index: number) => Scope]>([
    ["accounts", (index) => ({ accounts: [`${index}`], resources: ["arn:aws:s3:::o*"] })],
    ["exact ARNs", (index) => ({ resources: [`arn:aws:s3:::b${index}`], accounts: ["111122223333"] })],
    ["patterns", (index) => ({ resources: [`arn:aws:s3:::b${index}-*`], classifications: ["personal"] })],
    ["classes", (index) => ({ classifications: [`c${index}`], regions: ["eu-central-1"] })],
    ["destinations", (index) => ({ to: [`r${index}`], regions: ["eu-central-1"] })],
    ["units", (index) => ({ units: [`u${index}`], regions: ["eu-central-1"] })],
    ["Regions", (index) => ({ regions: [`r${index}`] })],
    ["tags", (index) => ({ tags: [{ key: "a", value: `${index}` }], classifications: ["personal"] })],
  ])("looks at hardly any of ten thousand that name other %s", (_, scopeAt) => {
    const index = new RuleIndex(Array.from({ length: 10_000 }, (_, position) => scopeAt(position)));
    const about: Subject = {
      finding: findingOf(transferTo("us-west-2")),
      units: ["production"],
      tags: new Map([["a", "7"]]),
      classes,
      transfer: transferTo("us-west-2"),
      context: () => ({}) as never,
    };
    expect(index.candidates(about).length).toBeLessThanOrEqual(1);
  });

  it("takes in everything that could match when a fact is not known", () => {
    const rules: readonly Scope[] = [
      { classifications: ["c"] },
      { to: ["us-west-2"] },
      { tags: [{ key: "a", value: "1" }] },
    ];
    const known: Subject = {
      finding: findingOf(transferTo("eu-west-1")),
      units: [],
      tags: new Map(),
      classes: [],
      transfer: transferTo("eu-west-1"),
      context: () => ({}) as never,
    };
    const index = new RuleIndex(rules);
    expect(index.candidates(known)).toEqual([]);
    expect(index.candidates({ ...known, classes: undefined })).toEqual([rules[0]]);
    expect(index.candidates({ ...known, transfer: transferTo(undefined) })).toEqual([rules[1]]);
    expect(index.candidates({ ...known, tags: undefined })).toEqual([rules[2]]);
    // Nothing moves; and what can't be read may be anything.
    const condition = findingOf({
      kind: "condition",
      holds: true,
      expected: "e",
      found: "f",
      consequence: "c",
      remedy: "r",
    });
    expect(index.candidates({ ...known, finding: condition, transfer: undefined })).toEqual([]);
    const unreadable = findingOf({ kind: "unreadable", reason: "denied" });
    expect(index.candidates({ ...known, finding: unreadable, transfer: undefined })).toEqual([rules[1]]);
  });

  it("does not take two tags for one that looks like both", () => {
    const index = new RuleIndex<Scope>([{ tags: [{ key: "a=b", value: "c" }] }]);
    const about: Subject = {
      finding: findingOf(transferTo("us-west-2")),
      units: [],
      tags: new Map([["a", "b=c"]]),
      classes: [],
      transfer: undefined,
      context: () => ({}) as never,
    };
    expect(index.candidates(about)).toEqual([]);
  });
});
