import { builtInDetectors, createScanner } from "../../shared/classification/detect/scan.ts";
import { inTurn } from "../statistics.ts";
import { corpus } from "./corpus.ts";
import { createRandom, type Random } from "./random.ts";

export interface SpeedReport {
  readonly megabytes: number;
  readonly pairs: number;
  /** Of all built-in detectors together, per second of one core: the best run, here and of the others. */
  readonly scannerMbPerSecond: number;
  /** Of ten regular expressions of V8, one after the other, over the same bytes as text. */
  readonly regexMbPerSecond: number;
  readonly ratio: number;
}

export const SPEED_LIMITS = { ratio: 4, mbPerSecond: 200 };

/** Where ten regular expressions are slower than this, the machine is, and megabytes per second say nothing; ratios still do. */
export const QUICK_MACHINE_REGEX_MB = 45;

/** What one would write without a scanner: patterns alone, no check, no encoding but one. */
const patterns: readonly RegExp[] = [
  /\b(?:\d[ -]?){13,19}\b/g,
  /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b/g,
  /[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}/g,
  /\+\d[\d ().-]{6,18}\d/g,
  /\b\d{3}-\d{2}-\d{4}\b/g,
  /\b\d{3}\.\d{3}\.\d{3}-\d{2}\b/g,
  /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/g,
  /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/g,
  /\b(?:diabetes|hypertension|chemotherapy|oncology|diagnosis|carcinoma|leukemia)\b/gi,
  /\b(?:ssn|iban|card_?number|date_?of_?birth|passport|first_?name|last_?name)\b/gi,
];

const WORDS =
  "the of and order customer shipped invoice total amount delivery please regarding status warehouse between because without morning project review window signed returned parcel street north open".split(
    " ",
  );

const hex = (random: Random, count: number): string => random.letters(count, "0123456789abcdef");
const prose = (random: Random, count: number): string =>
  Array.from({ length: count }, () => random.pick(WORDS)).join(" ");

/** Lines as they fill buckets: logs, CSV, JSON, XML, prose. */
const lines: readonly ((random: Random) => string)[] = [
  (random) =>
    `2026-01-1${random.below(10)}T12:3${random.below(10)}:33.${random.digits(3)}Z INFO [${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-a${hex(random, 3)}-${hex(random, 12)}] request id=${random.digits(10)} took ${random.digits(3)}ms path=/api/v1/orders/${random.digits(8)}`,
  (random) =>
    `${random.digits(8)},${prose(random, 2)},${random.digits(3)}.${random.digits(2)},${hex(random, 12)},active,2026-01-0${random.below(10)}`,
  (random) =>
    `{"id":"${hex(random, 24)}","orderId":${random.digits(12)},"amount":${random.digits(4)}.${random.digits(2)},"title":"${prose(random, 3)}","createdAt":"2026-01-02T03:04:05Z","ok":true}`,
  (random) => `${prose(random, 7)} größer ${prose(random, 4)} café ${prose(random, 3)}.`,
  (random) =>
    `<row id="${random.digits(6)}"><sku>${random.digits(3)}-${hex(random, 6)}</sku><note>${prose(random, 4)}</note></row>`,
];

const BLOCK_BYTES = 4_000_000;
/** A file of four values stands in for one line in so many. */
const LINES_PER_ITEM = 200;

/** Text of every kind, with values of every detector now and then, again and again. */
export function mixedText(seed: number, megabytes: number): Buffer {
  const random = createRandom(seed);
  const items = [...corpus(seed, 20, 8)].filter(({ encoding }) => encoding === "utf-8");
  const block: string[] = [];
  for (let bytes = 0; bytes < Math.min(BLOCK_BYTES, megabytes * 1e6); ) {
    const line = random.oneIn(LINES_PER_ITEM)
      ? Buffer.from(random.pick(items).bytes).toString()
      : random.pick(lines)(random);
    block.push(line, "\n");
    bytes += line.length + 1;
  }
  const one = Buffer.from(block.join(""));
  return Buffer.concat(Array.from({ length: Math.ceil((megabytes * 1e6) / one.length) }, () => one)).subarray(
    0,
    megabytes * 1e6,
  );
}

/** Both over the same bytes in turn, by the processor's time. `cordon` is the scanner, `floor` the expressions. */
export function measureSpeed(
  megabytes: number,
  pairs: number,
  progress: (done: number, of: number) => void,
): SpeedReport {
  const bytes = mixedText(1, megabytes);
  const detectors = new Set<string>(builtInDetectors.map(({ id }) => id));
  const contestants = {
    cordon: () => {
      const scanner = createScanner({ detectors, salt: "bench" });
      scanner.push(bytes);
      return scanner.end().found.length;
    },
    // In parts: V8 has no string of 64 MB to spare, and Latin-1 is what it decodes fastest.
    floor: () => {
      let matches = 0;
      for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
        const text = bytes.toString("latin1", at, at + BLOCK_BYTES);
        for (const pattern of patterns) for (const _ of text.matchAll(pattern)) matches++;
      }
      return matches;
    },
  };
  const found: Record<"cordon" | "floor", number[]> = { cordon: [], floor: [] };
  for (let pair = 0; pair <= pairs; pair++) {
    for (const which of inTurn(pair)) {
      const before = process.cpuUsage();
      if (contestants[which]() === 0) throw new Error("nothing was found");
      const { user, system } = process.cpuUsage(before);
      // The first pair is for the compiler.
      if (pair > 0) found[which].push(bytes.length / (user + system));
    }
    progress(pair, pairs);
  }
  // Other programs on the machine only ever slow a run down: the least disturbed of each says most.
  const [scannerMbPerSecond, regexMbPerSecond] = [Math.max(...found.cordon), Math.max(...found.floor)];
  return {
    megabytes,
    pairs,
    scannerMbPerSecond,
    regexMbPerSecond,
    ratio: scannerMbPerSecond / regexMbPerSecond,
  };
}

export function isFast({ ratio, scannerMbPerSecond, regexMbPerSecond }: SpeedReport): boolean {
  const isQuick = regexMbPerSecond >= QUICK_MACHINE_REGEX_MB;
  return ratio >= SPEED_LIMITS.ratio && (!isQuick || scannerMbPerSecond >= SPEED_LIMITS.mbPerSecond);
}
