import { createHash, createHmac } from "node:crypto";
import { kindOf, WORD } from "./alphabet.ts";
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
  readonly values: Set<number>;
  isCapped: boolean;
  readonly fingerprints: string[];
}

/** @param salt secret: who knows it can try all card numbers against a fingerprint */
export function createTally(salt: string): Tally {
  const counts = new Map<string, Count>();
  const scratch = new Uint8Array(MAX_VALUE_BYTES);
  // Keyed, so that nobody can make values that count as one.
  const seeds = createHash("sha256").update(salt).digest();
  const [seedA, seedB] = [seeds.readInt32LE(0), seeds.readInt32LE(4)];

  return {
    add(detector, normal, { bytes }, start, end) {
      let count = counts.get(detector);
      if (count === undefined) {
        count = { matches: 0, values: new Set(), isCapped: false, fingerprints: [] };
        counts.set(detector, count);
      }
      count.matches++;
      if (count.isCapped) return;
      const length = normalise(normal, bytes, start, end, scratch);
      const hash = hashOf(scratch, length, seedA, seedB);
      if (count.values.has(hash)) return;
      if (count.values.size === MAX_DISTINCT) {
        count.isCapped = true;
        return;
      }
      count.values.add(hash);
      if (count.fingerprints.length < MAX_FINGERPRINTS) {
        const mac = createHmac("sha256", salt).update(`${detector}\n`).update(scratch.subarray(0, length));
        count.fingerprints.push(mac.digest("hex").slice(0, FINGERPRINT_CHARACTERS));
      }
    },
    found: () =>
      [...counts]
        .map(([detector, { matches, values, isCapped, fingerprints }]) => ({
          detector,
          matches,
          distinct: values.size,
          ...(isCapped && { isDistinctCapped: true as const }),
          fingerprints,
        }))
        .sort((a, b) => (a.detector < b.detector ? -1 : 1)),
  };
}

function normalise(normal: Normal, bytes: Uint8Array, start: number, end: number, out: Uint8Array): number {
  const to = Math.min(end, start + MAX_VALUE_BYTES);
  let length = 0;
  for (let i = start; i < to; i++) {
    const byte = bytes[i] as number;
    const isLetter = ((kindOf[byte] as number) & 3) !== 0;
    if (normal === "exact") out[length++] = byte;
    else if (normal === "address") out[length++] = isLetter ? byte | 0x20 : byte;
    else if (normal === "letters") {
      if (isLetter) out[length++] = (byte & 0x1f) | 0x60;
    } else if (((kindOf[byte] as number) & WORD) !== 0) out[length++] = isLetter ? byte & 0xdf : byte;
  }
  return length;
}

/** Two hashes of 32 bits, of which a number holds 53: among 10,000 values, two share one in a run of a hundred million. */
function hashOf(bytes: Uint8Array, length: number, seedA: number, seedB: number): number {
  let a = seedA;
  let b = seedB;
  for (let i = 0; i < length; i++) {
    const byte = bytes[i] as number;
    a = Math.imul(a ^ byte, 0x85ebca6b);
    a ^= a >>> 15;
    b = Math.imul(b ^ byte, 0xc2b2ae35);
    b ^= b >>> 13;
  }
  return (a >>> 0) * 0x200000 + (b >>> 11);
}
