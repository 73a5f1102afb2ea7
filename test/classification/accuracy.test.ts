import { describe, expect, it } from "vitest";
import { isAccurate, measureAccuracy } from "../../bench/classify/accuracy.ts";
import { corpus } from "../../bench/classify/corpus.ts";
import { readOptions } from "../../bench/classify/options.ts";
import { holds } from "../../bench/classify/report.ts";

describe("the accuracy of detectors", () => {
  const report = measureAccuracy(1, 100, 40);

  it.each(report.detectors.map((each) => [each.detector, each] as const))("%s keeps its limits", (_, accuracy) => {
    expect(accuracy.values).toBeGreaterThanOrEqual(100);
    expect(isAccurate(accuracy), JSON.stringify(accuracy)).toBe(true);
    expect(accuracy.recall).toBeGreaterThanOrEqual(0.9);
    expect(accuracy.precision).toBeGreaterThanOrEqual(0.95);
  });

  it("is measured on near-misses of every kind that the issue names", () => {
    expect(report.nearMisses.length).toBeGreaterThan(30);
    expect(report.values).toBeGreaterThan(3_000);
  });

  it("is measured on the same corpus each time", () => {
    const first = [...corpus(5, 4, 4)].map(({ bytes }) => Buffer.from(bytes).toString("hex"));
    expect([...corpus(5, 4, 4)].map(({ bytes }) => Buffer.from(bytes).toString("hex"))).toEqual(first);
    expect([...corpus(6, 4, 4)].map(({ bytes }) => Buffer.from(bytes).toString("hex"))).not.toEqual(first);
  });

  it("decides with speed and memory whether the benchmark is passed", () => {
    const [good] = report.detectors;
    if (good === undefined) throw new Error("there are some");
    const accuracy = (precision: number) => ({ ...report, detectors: [{ ...good, precision }] });
    const speed = { megabytes: 1, pairs: 1, scannerMbPerSecond: 250, regexMbPerSecond: 50, ratio: 5 };
    const base = { machine: "", node: "" };
    expect(holds({ ...base, accuracy: accuracy(0.98), speed })).toBe(true);
    expect(holds({ ...base, accuracy: accuracy(0.97) })).toBe(false);
    expect(holds({ ...base, speed: { ...speed, ratio: 3.9 } })).toBe(false);
    expect(holds({ ...base, speed: { ...speed, scannerMbPerSecond: 199 } })).toBe(false);
    expect(holds({ ...base, speed: { ...speed, scannerMbPerSecond: 150, regexMbPerSecond: 30 } })).toBe(true);
  });

  it.each([[["--only", "x"]], [["--runs", "0"]], [["--seed", "a"]], [["--fast"]]])("%j is wrong usage", (list) => {
    expect(() => readOptions(list)).toThrow();
  });
});
