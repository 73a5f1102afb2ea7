import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lasting } from "../../cli/backfill-text.ts";
import { type Amount, type Asked, estimate, isAbove } from "../../shared/backfill/estimate.ts";

const exactly = (objects: number): Amount => ({ objects, certainty: "exact" });
const asked = (objects: Amount, more: Partial<Asked> = {}): Asked => ({
  objects,
  memoryMb: 1_024,
  isListed: true,
  engine: "batch-operations",
  ...more,
});
const cents = ({ least, most }: { readonly least: number; readonly most: number }) => [
  Math.round(least * 100) / 100,
  Math.round(most * 100) / 100,
];

describe("what a backfill costs", () => {
  it.each<[string, Asked, Readonly<Record<string, readonly number[]>>, readonly number[], readonly number[]]>([
    [
      "of nothing is the job's fee",
      asked(exactly(0)),
      { "S3 Batch Operations": [0.25, 0.25], Lambda: [0, 0], "S3 requests": [0, 0], DynamoDB: [0, 0], logs: [0, 0] },
      [0.25, 0.25],
      [0, 0],
    ],
    [
      // 1 + 0.015 + 0.25; 0.2 + 0.1 s x 1 GB x 13.33, 0.2 + 0.5 x 13.33; 0.4, 3 x 0.4 + 2 x 5; 0.625, 8 x 0.125 + 60 x 0.625; 0.75, 1.5
      "of a million is counted call by call",
      asked(exactly(1e6)),
      {
        "S3 Batch Operations": [1.26, 1.26],
        Lambda: [1.53, 6.87],
        "S3 requests": [0.4, 11.2],
        DynamoDB: [0.63, 38.5],
        logs: [0.75, 1.5],
      },
      [4.57, 59.33],
      [0.18, 3.4],
    ],
    [
      "of ten million is ten times that, but for the fee",
      asked(exactly(1e7)),
      {
        "S3 Batch Operations": [10.4, 10.4],
        Lambda: [15.33, 68.67],
        "S3 requests": [4, 112],
        DynamoDB: [6.25, 385],
        logs: [7.5, 15],
      },
      [43.48, 591.07],
      [1.75, 34],
    ],
    [
      "by an inventory saves the listing, and half the memory half of Lambda's time",
      asked(exactly(1e6), { isListed: false, memoryMb: 512 }),
      {
        "S3 Batch Operations": [1.25, 1.25],
        Lambda: [0.87, 3.53],
        "S3 requests": [0.4, 11.2],
        DynamoDB: [0.63, 38.5],
        logs: [0.75, 1.5],
      },
      [3.89, 55.98],
      [0.18, 3.4],
    ],
    [
      // 20,000 batches: each a transition and a request, 0.5 s to 25 s of 64 MB; 1,000 pages; 50 objects an invocation, ten of them at a time or one by one.
      "of a million by a Distributed Map is counted batch by batch",
      asked(exactly(1e6), { engine: "distributed-map" }),
      {
        "Step Functions": [0.54, 1.05],
        Lambda: [0.14, 6.67],
        "S3 requests": [0.4, 11.2],
        DynamoDB: [0.63, 38.5],
        logs: [0.75, 1.5],
      },
      [2.45, 58.92],
      [0.18, 3.4],
    ],
    [
      "of nothing by a Distributed Map is next to nothing",
      asked(exactly(0), { engine: "distributed-map" }),
      { "Step Functions": [0, 0], Lambda: [0, 0], "S3 requests": [0, 0], DynamoDB: [0, 0], logs: [0, 0] },
      [0, 0],
      [0, 0],
    ],
  ])("%s", (_, what, each, total, monthly) => {
    const { usd, totalUsd, monthlyUsd } = estimate(what);
    expect(Object.fromEntries(usd.map((line) => [line.what, cents(line.usd)]))).toEqual(each);
    expect(cents(totalUsd)).toEqual(total);
    expect(cents(monthlyUsd)).toEqual(monthly);
  });

  it("is the sum of its lines, never less at its most than at its least, and grows with the objects", () => {
    const amounts = fc.record({
      objects: fc.integer({ min: 0, max: 1e10 }),
      more: fc.integer({ min: 0, max: 1e10 }),
      memoryMb: fc.integer({ min: 128, max: 10_240 }),
      isListed: fc.boolean(),
      engine: fc.constantFrom("batch-operations", "distributed-map"),
    });
    fc.assert(
      fc.property(amounts, ({ objects, more, ...how }) => {
        const few = estimate({ objects: exactly(objects), ...how });
        const many = estimate({ objects: exactly(objects + more), ...how });
        expect(few.totalUsd.most).toBeCloseTo(
          few.usd.reduce((sum, { usd }) => sum + usd.most, 0),
          6,
        );
        expect(few.totalUsd.least).toBeLessThanOrEqual(few.totalUsd.most);
        expect(many.totalUsd.most).toBeGreaterThanOrEqual(few.totalUsd.most);
        expect(many.seconds.most).toBeGreaterThanOrEqual(few.seconds.most);
      }),
    );
  });

  it("is above a limit by the most that it may be, which is not known before all is counted", () => {
    const of = (certainty: Amount["certainty"]) => estimate(asked({ objects: 1e6, certainty }));
    expect([isAbove(of("exact"), 59), isAbove(of("exact"), 60)]).toEqual([true, false]);
    expect([isAbove(of("about"), 59), isAbove(of("about"), 60)]).toEqual([true, false]);
    expect([isAbove(of("at-least"), 59), isAbove(of("at-least"), 60)]).toEqual([true, undefined]);
  });
});

describe("how long a backfill takes", () => {
  it("is told of ten million objects, with the evidence that follows more slowly", () => {
    const { seconds, evidenceSeconds } = estimate(asked(exactly(1e7)));
    expect([lasting(seconds.least), lasting(seconds.most)]).toEqual(["3 h", "14 h"]);
    expect(lasting(evidenceSeconds.most)).toBe("5 d");
  });

  it("is told for a Distributed Map from where objects only wait for AWS to where each takes a container for itself", () => {
    const { seconds } = estimate(asked(exactly(1e6), { engine: "distributed-map" }));
    expect([seconds.least, seconds.most]).toEqual([1_000, 50_000]);
  });

  it.each([
    [0, "1 s"],
    [0.2, "1 s"],
    [90, "90 s"],
    [119.5, "120 s"],
    [120, "2 min"],
    [7_199, "120 min"],
    [7_201, "3 h"],
    [200_000, "3 d"],
  ])("%d seconds are %s", (seconds, text) => {
    expect(lasting(seconds)).toBe(text);
  });
});
