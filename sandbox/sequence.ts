const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const HEX = "0123456789abcdef";

/** Identifiers that look like AWS's and come in the same order for the same seed. */
export interface IdSequence {
  /** 16 upper-case letters and digits, as S3 and SQS request ids look. */
  requestId(): string;
  /** A version 4 UUID. */
  uuid(): string;
  /** `prefix` and as many upper-case letters and digits as make `length` characters. */
  key(prefix: string, length?: number): string;
}

/** Numbers from 0 up to 1 (mulberry32), the same ones for the same seed. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Seeded identifiers: a test that fails can be run again with the very same ids. */
export function createIdSequence(seed: number): IdSequence {
  const random = createRandom(seed);
  const next = (below: number): number => Math.floor(random() * below);
  const text = (alphabet: string, length: number): string => {
    let out = "";
    for (let i = 0; i < length; i++) out += alphabet.charAt(next(alphabet.length));
    return out;
  };
  return {
    requestId: () => text(UPPER, 16),
    key: (prefix, length = 20) => prefix + text(UPPER, length - prefix.length),
    uuid: () =>
      `${text(HEX, 8)}-${text(HEX, 4)}-4${text(HEX, 3)}-${"89ab".charAt(next(4))}${text(HEX, 3)}-${text(HEX, 12)}`,
  };
}
