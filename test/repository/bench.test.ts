import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Account, openAccount } from "../../bench/account.ts";
import type { Budgeted } from "../../bench/budget.ts";
import { type Bundles, openBundles } from "../../bench/bundles.ts";
import { openContestants } from "../../bench/contestants.ts";
import { figuresOf } from "../../bench/figures.ts";
import { holds, type Report } from "../../bench/report.ts";
import { assertSameCalls } from "../../bench/same-calls.ts";
import type { RecordedCall } from "../../sandbox/index.ts";

describe("the floor of the benchmark", () => {
  let account: Account;
  let bundles: Bundles;
  beforeAll(async () => {
    [account, bundles] = await Promise.all([openAccount(), openBundles()]);
  });
  afterAll(async () => {
    await Promise.all([account?.close(), bundles?.remove()]);
  });

  it("contains as Cordon does, by the same calls", async () => {
    const { operations } = await openContestants(account, bundles);
    expect(operations).toEqual([
      "BatchGetItem",
      "GetBucketReplication",
      "GetBucketReplication",
      "GetBucketTagging",
      "HeadBucket",
      "PutBucketReplication",
      "TransactWriteItems",
      "TransactWriteItems",
      "UpdateItem",
    ]);
  });

  const call = (operation: string, more: Partial<RecordedCall> = {}) =>
    ({
      service: "s3",
      operation,
      region: "eu-central-1",
      mutating: false,
      input: { Bucket: "a" },
      ...more,
    }) as RecordedCall;
  const read = call("GetBucketTagging");
  const write = call("PutBucketReplication", { mutating: true });
  const count = call("UpdateItem", { mutating: true, service: "dynamodb", input: { text: "x".repeat(200) } });

  it("is taken when reads that go together arrive in another order", () => {
    expect(() => assertSameCalls([read, call("HeadBucket"), write], [call("HeadBucket"), read, write])).not.toThrow();
  });

  it.each<[string, RecordedCall[]]>([
    ["leaves out a call", [read, write]],
    ["makes a call twice", [read, read, write, count]],
    ["calls another Region", [{ ...read, region: "us-east-1" }, write, count]],
    ["writes in another order", [read, count, write]],
    ["sends less", [read, write, { ...count, input: { text: "x" } }]],
  ])("is none when it %s", (_, floor) => {
    expect(() => assertSameCalls([read, write, count], floor)).toThrow("The floor is none");
  });
});

describe("the verdict of the benchmark", () => {
  const cold = (sinceImportMs: number) => [{ sinceImportMs, waitedMs: 100, cpuMs: 100, peakMb: 80 }];
  const warm = (cpuMs: number, peakMb = 100) => [{ cpuMs, waitedMs: 20, peakMb }];
  const counted = (s3: number, other = 0): Budgeted => ({
    what: "containment",
    budget: { s3: 5, table: 4, other: 0 },
    made: { s3, table: 4, other },
  });
  const report = (
    [coldMs, warmMs, peakMb]: readonly [number, number, number],
    budgeted = counted(5),
    isJudged = true,
  ): Report => ({
    machine: "",
    node: "",
    runs: { cold: 1, warm: "1" },
    isJudged,
    figures: figuresOf(
      { cordon: cold(coldMs), floor: cold(100) },
      [{ cordon: warm(warmMs, peakMb), floor: warm(10) }],
      { cordon: warm(20), floor: warm(10) },
    ),
    budget: [budgeted],
    requestBytes: 0,
    bundles: {},
  });

  it.each<[string, boolean, Report]>([
    ["every ratio at its limit", true, report([140, 11.5, 130])],
    ["fewer calls than the budget", true, report([100, 10, 100], counted(4))],
    ["a cold start too slow", false, report([141, 10, 100])],
    ["too much CPU", false, report([100, 11.6, 100])],
    ["too much memory", false, report([100, 10, 131])],
    ["a ratio that is no number", false, report([Number.NaN, 10, 100])],
    ["a call too many", false, report([100, 10, 100], counted(6))],
    ["a call to a service nobody expects", false, report([100, 10, 100], counted(5, 1))],
    ["ratios over the limit that are not judged", true, report([200, 20, 200], counted(5), false)],
    ["a call too many where ratios are not judged", false, report([100, 10, 100], counted(6), false)],
  ])("of %s is %s", (_, expected, given) => {
    expect(holds(given)).toBe(expected);
  });

  it("weighs pair by pair, and CPU as a whole", () => {
    // The machine gets ten times slower in between: the pairs' ratios are 1.2 all the same, and one expensive containment counts.
    const figures = figuresOf(
      { cordon: [120, 120, 1200].flatMap(cold), floor: [100, 100, 1000].flatMap(cold) },
      [{ cordon: [10, 10, 40].flatMap((each) => warm(each)), floor: [10, 10, 10].flatMap((each) => warm(each)) }],
      { cordon: warm(10), floor: warm(10) },
    );
    const ratioOf = (what: string) => figures.find((figure) => figure.what.startsWith(what))?.ratio.value;
    expect(ratioOf("cold: import")).toBeCloseTo(1.2);
    expect(ratioOf("warm: CPU")).toBeCloseTo(2);
    expect(ratioOf("warm: time")).toBeCloseTo(1);
  });
});
