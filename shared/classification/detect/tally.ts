import { createHash, createHmac } from "node:crypto";
import { DIGIT, kindOf, LOWER, UPPER } from "./alphabet.ts";
import type { Text } from "./text.ts";

/** What of a value counts: two ways to write the same are one value. */
export type Normal =
  /** Letters and digits, letters as capitals: `DE89 3704` and `DE893704`. */
  | "code"
  /** Letters as small ones, without accents. */
  | "letters"
  /** Every byte, letters as small ones. */
  | "address"
  /** Every byte. */
  | "exact";

/** Distinct values are counted so far. */
export const MAX_DISTINCT = 10_000;

/** Of so many values a fingerprint is kept. */
export const MAX_FINGERPRINTS = 5;

const FINGERPRINT_CHARACTERS = 16;
const MAX_VALUE_BYTES = 1_024;

/** What one detector found. */
export interface Found {
  readonly detector: string;
  readonly matches: number;
  readonly distinct: number;
  /** Distinct values were counted up to `MAX_DISTINCT` and no further. */
  readonly isDistinctCapped?: true;
  /** Of the first distinct values: HMAC-SHA256 with the salt, 16 hexadecimal digits. The same value can be recognised by it and never read from it. */
  readonly fingerprints: readonly string[];
}

/** Counts what is found, and keeps no value. */
export interface Tally {
  add(detector: string, normal: Normal, text: Text, start: number, end: number): void;
  /** Sorted by detector. */
  found(): readonly Found[];
}

interface Count {
  matches: number;
  readonly values: Values;
  isCapped: boolean;
  readonly fingerprints: string[];
}

/** @param salt secret: who knows it can try all card numbers against a fingerprint */
export function createTally(salt: string): Tally {
  const counts = new Map<string, Count>();
  // Keyed, so that nobody can make values that count as one.
  const seeds = createHash("sha256").update(salt).digest();
  const [seedA, seedB] = [seeds.readInt32LE(0), seeds.readInt32LE(4)];

  return {
    add(detector, normal, { bytes }, start, end) {
      let count = counts.get(detector);
      if (count === undefined) {
        count = { matches: 0, values: createValues(), isCapped: false, fingerprints: [] };
        counts.set(detector, count);
      }
      count.matches++;
      if (count.isCapped) return;
      const to = Math.min(end, start + MAX_VALUE_BYTES);
      const isNew = addValue(count.values, hashOf(normals[normal], bytes, start, to, seedA, seedB));
      if (!isNew) return;
      if (count.values.size > MAX_DISTINCT) count.isCapped = true;
      else if (count.fingerprints.length < MAX_FINGERPRINTS) {
        const value = bytes.slice(start, to).map((byte) => normals[normal][byte] as number);
        const mac = createHmac("sha256", salt)
          .update(`${detector}\n`)
          .update(value.filter((byte) => byte !== LEFT_OUT));
        count.fingerprints.push(mac.digest("hex").slice(0, FINGERPRINT_CHARACTERS));
      }
    },
    found: () =>
      [...counts]
        .map(([detector, { matches, values, isCapped, fingerprints }]) => ({
          detector,
          matches,
          distinct: Math.min(values.size, MAX_DISTINCT),
          ...(isCapped && { isDistinctCapped: true as const }),
          fingerprints,
        }))
        .sort((a, b) => (a.detector < b.detector ? -1 : 1)),
  };
}

/** No value has this byte: it stands for none. */
const LEFT_OUT = 0;

const isLetter = (byte: number): boolean => ((kindOf[byte] as number) & (UPPER | LOWER)) !== 0;

const tableOf = (map: (byte: number) => number): Uint8Array => Uint8Array.from({ length: 256 }, (_, byte) => map(byte));

const normals: Readonly<Record<Normal, Uint8Array>> = {
  exact: tableOf((byte) => byte),
  address: tableOf((byte) => (isLetter(byte) ? byte | 0x20 : byte)),
  letters: tableOf((byte) => (isLetter(byte) ? (byte & 0x1f) | 0x60 : LEFT_OUT)),
  code: tableOf((byte) => (isLetter(byte) ? byte & 0xdf : kindOf[byte] === DIGIT ? byte : LEFT_OUT)),
};

/** Two hashes of 32 bits, of which a number holds 53: among 10,000 values, two share one in a run of a hundred million. Never 0. */
function hashOf(
  normal: Uint8Array,
  bytes: Uint8Array,
  start: number,
  end: number,
  seedA: number,
  seedB: number,
): number {
  let a = seedA;
  let b = seedB;
  for (let i = start; i < end; i++) {
    const byte = normal[bytes[i] as number] as number;
    if (byte === LEFT_OUT) continue;
    a = Math.imul(a ^ byte, 0x85ebca6b);
    a ^= a >>> 15;
    b = Math.imul(b ^ byte, 0xc2b2ae35);
    b ^= b >>> 13;
  }
  return (a >>> 0) * 0x200000 + (b >>> 11) || 1;
}

/** Hashes of values, in a table that doubles: a Set of such large numbers takes five times as long. */
interface Values {
  table: Float64Array;
  size: number;
}

const createValues = (): Values => ({ table: new Float64Array(64), size: 0 });

/** @returns whether it was not there */
function addValue(values: Values, hash: number): boolean {
  const { table } = values;
  const mask = table.length - 1;
  let at = hash & mask;
  for (; table[at] !== 0; at = (at + 1) & mask) if (table[at] === hash) return false;
  table[at] = hash;
  if (++values.size * 2 > table.length) {
    const all = table.filter((each) => each !== 0);
    values.table = new Float64Array(table.length * 2);
    values.size = 0;
    for (const each of all) addValue(values, each);
  }
  return true;
}
