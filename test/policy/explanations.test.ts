import { describe, expect, it } from "vitest";
import { START_MS } from "../support/events.ts";
import { at, BASE, CONTROL, decisionOf, type Given, policyOf, resource, transferTo } from "./policy-stage.ts";

const facts = async (given: Given, more: object = {}) => decisionOf(await policyOf(more), given).explanation.facts;
const always = { account: resource.account, region: "eu-central-1", part: "to-there" };
const moved = { active: "true", from: "eu-central-1", destination: "arn:aws:s3:::copies" };

describe("the facts a decision rests on", () => {
  it.each<readonly [string, Given, object, object]>([
    [
      "where data goes, and its class",
      {},
      {},
      { ...always, ...moved, to: "us-west-2", classification: "personal", classifiedBy: "tag" },
    ],
    [
      "all that is told of the copies",
      {
        facts: transferTo("us-west-2", {
          prefix: "pii/",
          replicaKey: "key",
          destinationAccount: "222233334444",
          tags: [
            { key: "a", value: "1" },
            { key: "b", value: "2" },
          ],
        }),
        tags: [],
      },
      { organizationalUnits: { a: {}, b: { parent: "a", accounts: [resource.account] } } },
      {
        ...always,
        ...moved,
        to: "us-west-2",
        prefix: "pii/",
        replicaKey: "key",
        destinationAccount: "222233334444",
        tags: "a=1, b=2",
        units: "a > b",
        classification: "personal",
        classifiedBy: "default",
      },
    ],
    [
      "what is not known is left out",
      { facts: transferTo(undefined, { active: true }), classified: { kind: "undecided", reason: "r" } },
      {},
      { ...always, ...moved },
    ],
    [
      "that it is switched off",
      { facts: transferTo(undefined, { active: false }), classified: { kind: "undecided", reason: "r" } },
      {},
      { ...always, ...moved, active: "false" },
    ],
    [
      "why it can't be read",
      { facts: { kind: "unreadable", reason: "denied" }, classified: { kind: "not-applicable", reason: "r" } },
      {},
      { ...always, unreadable: "denied" },
    ],
    [
      "what is expected and what is found",
      {
        facts: { kind: "condition", holds: false, expected: "E", found: "F", consequence: "C", remedy: "R" },
        classified: { kind: "not-applicable", reason: "r" },
      },
      {},
      { ...always, expected: "E", found: "F" },
    ],
  ])("are %s", async (_, given, more, expected) => {
    expect(await facts(given, more)).toStrictEqual(expected);
  });
});

describe("a condition of Cordon's own", () => {
  const condition = (holds: boolean): Given => ({
    facts: { kind: "condition", holds, expected: "E", found: "F", consequence: "C", remedy: "R" },
    classified: { kind: "not-applicable", reason: "r" },
    finding: { controlId: "account-region-stays-covered" },
  });

  it("that holds is compliant, and one that does not is a person's, also where Cordon may enforce", async () => {
    const policy = await policyOf({ controls: { "account-region-stays-covered": { mode: "enforce" } } });
    expect(decisionOf(policy, condition(true))).toMatchObject({
      kind: "compliant",
      rule: "built-in:as-expected",
      reasons: ["F"],
    });
    expect(decisionOf(policy, condition(false))).toMatchObject({
      kind: "approve",
      rule: "built-in:drift",
      reasons: ["C", "expected: E", "found: F"],
      explanation: { verdict: "for-a-person", mode: "enforce" },
    });
  });
});

describe("what can't be decided", () => {
  it.each<readonly [string, Given, string, string]>([
    [
      "a state that can't be read",
      { facts: { kind: "unreadable", reason: "denied" } },
      "built-in:unreadable",
      "denied",
    ],
    [
      "a class that can't be told",
      { classified: { kind: "undecided", reason: "no class" } },
      "built-in:unclassified",
      "no class",
    ],
    [
      "data where none is judged",
      { classified: { kind: "not-applicable", reason: "no data" } },
      "built-in:unclassified",
      "no data",
    ],
  ])("%s needs a person, and is observed where Cordon only observes", async (_, given, rule, reason) => {
    const policy = await policyOf();
    expect(decisionOf(policy, given)).toMatchObject({
      kind: "approve",
      rule,
      reasons: [reason],
      explanation: { verdict: "undecidable" },
    });
    expect(decisionOf(policy, { ...given, ceiling: { mode: "observe", reason: "x" } }).kind).toBe("observe");
  });
});

describe("what a decision cites", () => {
  it("is what its class and its control cite, each once", async () => {
    const policy = await policyOf({
      controls: { [CONTROL]: { mode: "enforce", citations: ["LGPD Art. 33", "GDPR Art. 44"] } },
    });
    expect(decisionOf(policy).citations).toEqual([
      { framework: "GDPR", reference: "Art. 44" },
      { framework: "LGPD", reference: "Art. 33" },
    ]);
    expect(decisionOf(policy, { facts: transferTo("eu-west-1") }).citations).toHaveLength(2);
    expect(decisionOf(policy, { tags: [{ key: "class", value: "public" }] }).citations).toHaveLength(2);
    expect(decisionOf(policy, { facts: transferTo("eu-central-1") }).citations).toHaveLength(2);
    expect(decisionOf(await policyOf({ controls: {} })).citations).toEqual([
      { framework: "GDPR", reference: "Art. 44" },
    ]);
  });
});

describe("the rules that were considered", () => {
  it("are those of transfers, exceptions and scopes, in this order", async () => {
    const policy = await policyOf({
      transfers: [
        {
          id: "t",
          classifications: ["personal"],
          to: ["us"],
          basis: { kind: "scc", document: "D" },
          validUntil: at(START_MS - 1000),
        },
      ],
      exceptions: [
        {
          id: "e",
          control: CONTROL,
          to: ["us"],
          regions: ["eu-west-1"],
          reason: "r",
          approver: "a",
          ticket: "t",
          grantedAt: at(START_MS),
          expiresAt: at(START_MS + 1000),
        },
      ],
      controls: {
        [CONTROL]: {
          mode: "enforce",
          scopes: [{ id: "s", to: ["us"], accounts: [resource.account], mode: "approve" }],
        },
      },
    });
    expect(decisionOf(policy).explanation.considered.map(({ rule, applies }) => `${rule} ${applies}`)).toEqual([
      "transfer:t no",
      "exception:e no",
      `control:${CONTROL}/s yes`,
    ]);
  });

  it("are listed up to twenty, and counted beyond", async () => {
    const exceptions = (count: number) =>
      Array.from({ length: count }, (_, index) => ({
        id: `e${String(index).padStart(3, "0")}`,
        control: CONTROL,
        resources: [resource.arn],
        parts: ["x"],
        reason: "r",
        approver: "a",
        ticket: "t",
        grantedAt: at(START_MS),
        expiresAt: at(START_MS + 1000),
      }));
    const twenty = decisionOf(await policyOf({ exceptions: exceptions(20) })).explanation;
    expect([twenty.considered.length, twenty.unlisted]).toEqual([20, undefined]);
    const more = decisionOf(await policyOf({ exceptions: exceptions(23) })).explanation;
    expect([more.considered.length, more.unlisted]).toEqual([20, 3]);
  });

  it("are no others than can concern the finding, however many there are", async () => {
    const scopes = Array.from({ length: 500 }, (_, index) => ({
      id: `s${index}`,
      accounts: [String(200_000_000_000 + index)],
      mode: "observe",
    }));
    const policy = await policyOf({ controls: { [CONTROL]: { mode: "enforce", scopes } } });
    expect(decisionOf(policy).explanation.considered).toEqual([]);
  });
});

it("a policy without limits has those that docs/policy.md tells", async () => {
  const { limits } = await policyOf();
  expect(limits).toEqual({
    settleWindowMs: 30_000,
    flips: { count: 3, windowMs: 3_600_000, cappedIntervalMs: 60_000 },
    automaticChanges: { count: 50, windowMs: 3_600_000, reserve: 25, cappedIntervalMs: 5_000, quietMs: 1_800_000 },
    exception: { defaultMs: 86_400_000, maxMs: 30 * 86_400_000 },
    approvals: { by: [], validMs: 72 * 3_600_000 },
    brake: { by: [] },
  });
});

it("a policy's limits are its own, in milliseconds", async () => {
  const by = ["arn:aws:iam::*:role/dpo"];
  const { limits } = await policyOf({
    limits: {
      settleWindowSeconds: 10,
      flips: { count: 2, windowMinutes: 3, cappedIntervalSeconds: 4 },
      automaticChanges: { count: 5, windowMinutes: 6, reserve: 7, cappedIntervalSeconds: 8, quietMinutes: 9 },
      exceptions: { defaultHours: 48, maxDays: 2 },
      approvals: { by, validHours: 8 },
      brake: { by },
    },
  });
  expect(limits).toEqual({
    settleWindowMs: 10_000,
    flips: { count: 2, windowMs: 180_000, cappedIntervalMs: 4_000 },
    automaticChanges: { count: 5, windowMs: 360_000, reserve: 7, cappedIntervalMs: 8_000, quietMs: 540_000 },
    exception: { defaultMs: 172_800_000, maxMs: 172_800_000 },
    approvals: { by, validMs: 28_800_000 },
    brake: { by },
  });
  expect(BASE).not.toHaveProperty("limits");
});

it("what waits for a person says who may decide, and within how long", async () => {
  const by = ["arn:aws:iam::*:role/dpo"];
  const policy = await policyOf({
    limits: { approvals: { by, validHours: 8 } },
    controls: { [CONTROL]: { mode: "approve" } },
  });
  expect(decisionOf(policy).approval).toEqual({ by, validMs: 28_800_000 });
  expect(decisionOf(policy, { facts: transferTo("eu-west-1") })).not.toHaveProperty("approval");
});
