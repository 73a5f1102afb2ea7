import { describe, expect, it } from "vitest";
import type { PolicyInForce } from "../../shared/policy/policy.ts";
import { cpuMs } from "../support/cpu-time.ts";
import { START_MS } from "../support/events.ts";
import {
  at,
  BASE,
  CONTROL,
  decisionOf,
  errorsOf,
  type Given,
  policyOf,
  resource,
  shipped,
  transferTo,
  trusting,
} from "./policy-stage.ts";

const LIMIT_MS = 50;

/** How long the slowest of some decisions takes, the first with its indexes among them; the quietest of three attempts, for the machine may be busy. */
function slowestMs(policy: PolicyInForce, given: Given = {}): number {
  const attempts = Array.from({ length: 3 }, () => {
    const anew = { ...policy };
    const times = Array.from({ length: 4 }, () => {
      const started = cpuMs();
      decisionOf(anew, given);
      return cpuMs() - started;
    });
    return Math.max(...times);
  });
  return Math.min(...attempts);
}

const MANY = 3_000;
const scoped = (scopes: readonly object[]) => ({ controls: { [CONTROL]: { mode: "enforce", scopes } } });
const waiver = (index: number, more: object = {}) => ({
  id: `e${index}`,
  control: CONTROL,
  reason: "r",
  approver: "a",
  ticket: "t",
  grantedAt: at(START_MS),
  expiresAt: at(START_MS + 60_000),
  ...more,
});

describe("a decision is made in time with thousands of rules", () => {
  it.each<readonly [string, object]>([
    [
      "exceptions for other accounts",
      {
        exceptions: Array.from({ length: MANY }, (_, index) =>
          waiver(index, { accounts: [String(200_000_000_000 + index)] }),
        ),
      },
    ],
    [
      "exceptions that all match but for their part",
      {
        exceptions: Array.from({ length: MANY }, (_, index) =>
          waiver(index, { resources: [resource.arn], parts: ["x"] }),
        ),
      },
    ],
    [
      "exceptions by hostile patterns",
      {
        exceptions: Array.from({ length: 300 }, (_, index) =>
          waiver(index, { resources: [`arn:aws:s3:::${"a*".repeat(30)}${index}`] }),
        ),
      },
    ],
    [
      "transfers of its class to its place",
      {
        transfers: Array.from({ length: MANY }, (_, index) => ({
          id: `t${index}`,
          classifications: ["personal"],
          to: ["us"],
          basis: { kind: "scc", document: "d" },
          conditions: [{ replicaKey: [`arn:aws:kms:us-west-2:111122223333:key/${index}`] }],
        })),
      },
    ],
    [
      "scopes for other accounts",
      {
        controls: {
          [CONTROL]: {
            mode: "enforce",
            scopes: Array.from({ length: MANY }, (_, index) => ({
              id: `s${index}`,
              accounts: [String(200_000_000_000 + index)],
              mode: "observe",
            })),
          },
        },
      },
    ],
  ])("%s", async (_, more) => {
    const policy = await policyOf(more);
    const name = "a".repeat(63);
    const long: Given = { finding: { resource: { ...resource, name, arn: `arn:aws:s3:::${name}` } } };
    expect(slowestMs(policy)).toBeLessThan(LIMIT_MS);
    expect(slowestMs(policy, long)).toBeLessThan(LIMIT_MS);
    expect(decisionOf(policy, long).kind).toBe("contain");
  });

  it("and with as many conditions as match", async () => {
    const policy = await policyOf({
      exceptions: Array.from({ length: 500 }, (_, index) =>
        waiver(index, trusting({ when: `part == "p${index}" && tags["class"] == "x"` })),
      ),
    });
    expect(slowestMs(policy)).toBeLessThan(LIMIT_MS);
  });

  it("and policies whose conditions could together take longer are refused", () => {
    const exceptions = Array.from({ length: 2_000 }, (_, index) =>
      waiver(index, { when: `part == "p${index}" && resource.name == "x"` }),
    );
    expect(errorsOf({ ...BASE, exceptions })).toEqual([
      "the conditions up to here could take more than 40 ms in one decision; expected fewer or simpler ones",
    ]);
  });

  it("and units, patterns and places in any number are compiled in time, or refused", () => {
    const accounts = Array.from({ length: 900 }, (_, index) => String(100_000_000_000 + index));
    const units = Object.fromEntries(accounts.map((account, index) => [`u${index}`, { accounts: [account] }]));
    const byUnit = accounts.map((_, index) => ({ id: `s${index}`, units: [`u${index}`], mode: "observe" }));
    const patterns = (letters: string) =>
      Array.from({ length: 300 }, (_, index) => `arn:aws:s3:::${letters.repeat(40)}${index}*`);
    const chain = Object.fromEntries(
      accounts.map((account, index) => [
        `u${index}`,
        { accounts: [account], ...(index > 0 && { parent: `u${index - 1}` }) },
      ]),
    );
    const started = cpuMs();
    expect(errorsOf({ ...BASE, ...scoped(byUnit), organizationalUnits: units })).toEqual([]);
    expect(
      errorsOf({
        ...BASE,
        ...scoped([
          { id: "a", resources: patterns("*a"), mode: "observe" },
          { id: "b", resources: patterns("*b"), mode: "observe" },
        ]),
      }),
    ).toHaveLength(1);
    expect(errorsOf({ ...BASE, organizationalUnits: chain }).length).toBeGreaterThan(0);
    expect(cpuMs() - started).toBeLessThan(10_000);
  });
});

describe("a condition that would take for ever is refused", () => {
  it.each([
    ["a regular expression that backtracks", 'transfer.prefix.matches("^(a+)+$")'],
    ["a comprehension in another", "units.all(a, units.exists(b, a == b))"],
    ["three of them", "units.all(a, units.all(b, units.all(c, a == b && b == c)))"],
    ["one that is too long", `part == "${"x".repeat(3_000)}"`],
    ["one of too many parts", Array.from({ length: 200 }, () => "true").join(" && ")],
    ["one nested too deep", `${"(".repeat(300)}true${")".repeat(300)}`],
  ])("%s", (_, when) => {
    const started = cpuMs();
    expect(errorsOf({ ...BASE, exceptions: [{ ...waiver(0), when }] })).toEqual([expect.stringMatching(/^in CEL: /)]);
    expect(cpuMs() - started).toBeLessThan(500);
  });
});

describe("values that a stranger chose", () => {
  it.each([
    ["names of JavaScript's own", ["__proto__", "constructor", "toString"]],
    ["long ones", ["x".repeat(10_000)]],
    ["nothing", [""]],
  ])("%s never break a decision", async (_, values) => {
    const policy = await policyOf({
      transfers: [
        trusting({
          id: "t",
          classifications: ["personal"],
          to: ["us"],
          basis: { kind: "scc", document: "d" },
          when: 'transfer.prefix == "a" && "env" in tags && tags["env"] == "x"',
        }),
      ],
    });
    for (const value of values) {
      const tags = [
        { key: value, value },
        { key: "class", value: "personal" },
      ];
      const facts = transferTo("us-west-2", { prefix: value, tags, destination: value });
      expect(["contain", "approve"]).toContain(decisionOf(policy, { facts, tags, finding: { part: value } }).kind);
      expect(["contain", "approve"]).toContain(decisionOf(policy, { facts: transferTo(value), tags }).kind);
    }
  });

  it("what is not text in UTF-8 never breaks a decision", async () => {
    const policy = await policyOf();
    const tags = [{ key: "\ud800", value: "\ud800" }];
    expect(
      decisionOf(policy, { facts: transferTo("us-west-2", { prefix: "\ud800", destination: "\ud800", tags }), tags })
        .kind,
    ).toBe("contain");
  });

  it("as a control that there isn't is decided by what the control itself says", async () => {
    const policy = await policyOf();
    for (const controlId of ["__proto__", "constructor", "toString"]) {
      expect(decisionOf(policy, { finding: { controlId } })).toMatchObject({
        kind: "observe",
        explanation: { modeRule: `default:${controlId}` },
      });
    }
  });

  it("as an account that there isn't lies in no unit", async () => {
    const policy = await policyOf({ organizationalUnits: { a: { accounts: ["111122223333"] } } });
    for (const account of ["__proto__", "constructor"]) {
      expect(
        decisionOf(policy, { finding: { resource: { ...resource, account } } }).explanation.facts,
      ).not.toHaveProperty("units");
    }
  });
});

/** Slow ones, which mutants are spared (vitest.mutation.config.ts). */
describe("a large policy", () => {
  it("of a megabyte of rules is read in time", { timeout: 20_000 }, () => {
    const lines = Array.from({ length: 9_000 }, (_, index) => `- { id: e${index}, reason: ${"x".repeat(80)} }`);
    expect(errorsOf(`${shipped("eu-gdpr.yaml")}\nexceptions:\n${lines.join("\n")}\n`).join()).toContain(
      "expiresAt: found nothing",
    );
  });
});

describe("scopes that are equally specific", () => {
  it("are found among thousands that can't tie, in time", () => {
    const scopes = Array.from({ length: 5_000 }, (_, index) => ({
      id: `s${index}`,
      accounts: [String(100_000_000_000 + index)],
      mode: "observe",
    }));
    const started = cpuMs();
    expect(errorsOf({ ...BASE, ...scoped([...scopes, { ...scopes[7], id: "late" }]) })).toEqual([
      '"late" and "s7" are equally specific and can both match; expected one of them to be narrower',
    ]);
    expect(cpuMs() - started).toBeLessThan(5_000);
  });

  it("that are too many to compare are refused, with a way out", () => {
    const scopes = Array.from({ length: 1_100 }, (_, index) => ({
      id: `s${index}`,
      when: `part == "p${index}"`,
      mode: "observe",
    }));
    expect(errorsOf({ ...BASE, ...scoped(scopes) })).toEqual([
      "too many equally specific scopes to tell whether two of them tie; expected them to name accounts, classifications, Regions or exact ARNs",
    ]);
  });
});
