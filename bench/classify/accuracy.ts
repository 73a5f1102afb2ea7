import { builtInDetectors, createScanner } from "../../shared/classification/detect/scan.ts";
import { corpus, VALUES_PER_ITEM } from "./corpus.ts";

/** What a detector made of the corpus. */
export interface Accuracy {
  readonly detector: string;
  readonly isChecksummed: boolean;
  readonly values: number;
  readonly missed: number;
  readonly wrong: number;
  readonly precision: number;
  readonly recall: number;
}

export interface AccuracyReport {
  readonly seed: number;
  readonly items: number;
  readonly values: number;
  readonly detectors: readonly Accuracy[];
  /** How many of each kind there were, and how many of those something was found in. */
  readonly nearMisses: readonly {
    readonly kind: string;
    readonly count: number;
    readonly claimed: number;
    readonly by: string;
  }[];
}

/** What is asked of detectors with a checksum (issue 6). */
export const LIMITS = { precision: 0.98, recall: 0.95 };

export const isAccurate = ({ isChecksummed, precision, recall }: Accuracy): boolean =>
  !isChecksummed || (precision >= LIMITS.precision && recall >= LIMITS.recall);

/** Scans a corpus item by item and compares. Files are small, so that one value missed and another made up in the same file are rare. */
export function measureAccuracy(seed: number, perDetector: number, perNearMiss: number): AccuracyReport {
  const detectors = new Set<string>(builtInDetectors.map(({ id }) => id));
  const counts = new Map(builtInDetectors.map(({ id }) => [id as string, { values: 0, missed: 0, wrong: 0 }]));
  const misses = new Map<string, { count: number; claimed: number; by: Set<string> }>();
  let items = 0;
  let values = 0;
  for (const { bytes, expected, ignored, nearMiss } of corpus(seed, perDetector, perNearMiss)) {
    items++;
    const scanner = createScanner({ detectors, salt: "bench" });
    scanner.push(bytes);
    const found = new Map(scanner.end().found.map((each) => [each.detector, each.matches]));
    for (const [detector, count] of counts) {
      const wanted = expected[detector] ?? 0;
      const got = found.get(detector) ?? 0;
      count.values += wanted;
      values += wanted;
      count.missed += Math.max(0, wanted - got);
      if (!ignored.includes(detector)) count.wrong += Math.max(0, got - wanted);
    }
    if (nearMiss === undefined) continue;
    const miss = misses.get(nearMiss) ?? { count: 0, claimed: 0, by: new Set() };
    misses.set(nearMiss, miss);
    miss.count += VALUES_PER_ITEM;
    for (const [detector, matches] of found) {
      if (ignored.includes(detector)) continue;
      miss.claimed += matches;
      miss.by.add(detector);
    }
  }
  return {
    seed,
    items,
    values: values + [...misses.values()].reduce((sum, { count }) => sum + count, 0),
    detectors: builtInDetectors.map(({ id, isChecksummed }) => {
      const { values: wanted = 0, missed = 0, wrong = 0 } = counts.get(id) ?? {};
      const right = wanted - missed;
      return {
        detector: id,
        isChecksummed,
        values: wanted,
        missed,
        wrong,
        precision: right + wrong === 0 ? 1 : right / (right + wrong),
        recall: wanted === 0 ? 1 : right / wanted,
      };
    }),
    nearMisses: [...misses].map(([kind, { count, claimed, by }]) => ({ kind, count, claimed, by: [...by].join(", ") })),
  };
}
