import { describe, expect, it } from "vitest";
import { cpuMs } from "../support/cpu-time.ts";
import { BASE, CONTROL, DATA_OWNER, errorsOf } from "./policy-stage.ts";

describe("scopes that can't meet are not compared, however many there are", () => {
  const MANY = 1_200;
  const places = [
    ...new Set([
      "eu-central-1",
      "eu-west-1",
      "eu-west-3",
      "eu-north-1",
      "us-east-1",
      "us-east-2",
      "us-west-1",
      "us-west-2",
      "sa-east-1",
      "ap-south-1",
    ]),
  ];
  const classes = Array.from({ length: 50 }, (_, rank) => ({ name: `c${rank}`, rank, residency: ["eu"] }));
  const tagged = (index: number) => ({
    tags: [{ key: "a", value: `${index}` }],
    tagsSetBy: { principals: [DATA_OWNER], enforcement: "declared" },
  });
  const refused = (scopeAt: (index: number) => object, more: object = {}, many = MANY) =>
    errorsOf({
      ...BASE,
      unclassified: undefined,
      classifications: classes,
      ...more,
      controls: {
        [CONTROL]: {
          scopes: Array.from({ length: many }, (_, index) => ({
            id: `s${index}`,
            mode: "enforce",
            ...scopeAt(index),
          })),
        },
      },
    });
  const units = Object.fromEntries(
    Array.from({ length: MANY }, (_, index) => [`u${index}`, { accounts: [String(100_000_000_000 + index)] }]),
  );

  it.each<readonly [string, (index: number) => object, object]>([
    ["accounts", (index) => ({ accounts: [String(100_000_000_000 + index)] }), {}],
    ["units", (index) => ({ units: [`u${index}`] }), { organizationalUnits: units }],
    ["exact ARNs", (index) => ({ resources: [`arn:aws:s3:::bucket-${index}`] }), {}],
    [
      "patterns that begin differently",
      (index) => ({ resources: [`arn:aws:s3:::${1_000 + index}-of-the-customers-*`] }),
      {},
    ],
    ["classes", (index) => ({ classifications: [`c${index % 50}`], ...tagged(index) }), {}],
    ["Regions", (index) => ({ regions: [places[index % 10]], ...tagged(index) }), {}],
    ["destinations", (index) => ({ to: [places[index % 10]], ...tagged(index) }), {}],
  ])("by %s", (_, scopeAt, more) => {
    expect(refused(scopeAt, more)).toEqual([]);
  });

  it.each<readonly [string, (index: number) => object, number]>([
    ["that only tags tell apart", tagged, MANY],
    ["by patterns that begin alike", (index) => ({ resources: [`arn:aws:s3:::b*${1_000 + index}`] }), 320],
    [
      "by patterns that begin early with a star",
      (index) => ({ resources: [`arn:aws:s3:::*bucket-${1_000_000 + index}`] }),
      320,
    ],
  ])("but those %s would be, and are refused with a way out", (_, scopeAt, many) => {
    expect(refused(scopeAt, {}, many)).toEqual([
      "too many equally specific scopes to tell whether two of them tie; expected them to name accounts, classifications, Regions or exact ARNs",
    ]);
  });
});

describe("a policy", () => {
  it("with very many mistakes is told a hundred of them, in time", () => {
    const started = cpuMs();
    const keys = Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`);
    expect(errorsOf(keys.join("\n"))).toHaveLength(100);
    expect(errorsOf(Array.from({ length: 20_000 }, () => "k: 1").join("\n"))).toHaveLength(100);
    expect(cpuMs() - started).toBeLessThan(10_000);
  });
});
