import { RE2JS } from "re2js";
import type { Normal, Tally } from "./tally.ts";
import type { Text } from "./text.ts";

/** A detector of a policy's own: a pattern of RE2, which takes time in proportion to the text whatever the pattern. */
export interface UserDetector {
  readonly id: string;
  /** Sees a text without accents: `é` is `e`, in the pattern as in the text. What it matches counts byte by byte. */
  readonly pattern: string;
}

export type CompiledUserDetector =
  | { readonly ok: true; readonly detector: UserDetector; readonly regex: RE2JS }
  | { readonly ok: false; readonly message: string };

export const MAX_PATTERN_CHARACTERS = 1_000;

/** So long a match can be told; what is longer may be counted in parts. */
export const MAX_USER_MATCH_BYTES = 1_024;

const MAX_PROGRAM_STEPS = 2_000;
const COUNTED_AS: Normal = "exact";

/** Compiles a pattern of a policy, or says what is wrong with it. Takes milliseconds; pure. */
export function compileUserDetector(detector: UserDetector): CompiledUserDetector {
  const { pattern } = detector;
  if (pattern.length > MAX_PATTERN_CHARACTERS)
    return {
      ok: false,
      message: `found a pattern of ${pattern.length} characters, expected at most ${MAX_PATTERN_CHARACTERS}`,
    };
  try {
    const regex = RE2JS.compile(pattern.normalize("NFD").replace(/\p{Mn}/gu, ""));
    const steps = regex.programSize();
    if (steps > MAX_PROGRAM_STEPS)
      return {
        ok: false,
        message: `found a pattern of ${steps} steps, expected at most ${MAX_PROGRAM_STEPS}: repeat less`,
      };
    return { ok: true, detector, regex };
  } catch (error) {
    return {
      ok: false,
      message: `found a pattern that RE2 refuses (${error instanceof Error ? error.message : error})`,
    };
  }
}

/** Patterns of one policy on one text. */
export interface UserPass {
  /** Looks for what begins before `limit`. */
  passOver(text: Text, limit: number): void;
  /** The text has moved on by so many bytes. */
  moveBy(bytes: number): void;
  reset(): void;
}

export function createUserPass(detectors: readonly (CompiledUserDetector & { ok: true })[], tally: Tally): UserPass {
  // Position 0 is before the text (text.ts).
  const next = detectors.map(() => 1);
  return {
    passOver(text, limit) {
      const { bytes, end } = text;
      // Clears the top bit, which leaves the base letter of an accented one (alphabet.ts).
      const whole = Buffer.from(bytes.buffer, bytes.byteOffset + 1, end - 1).toString("ascii");
      for (const [index, { detector, regex }] of detectors.entries()) {
        const matcher = regex.matcher(whole);
        let from = (next[index] as number) - 1;
        while (from < limit - 1 && matcher.find(from)) {
          const [start, to] = [matcher.start(), matcher.end()];
          if (start >= limit - 1) break;
          if (to > start) tally.add(detector.id, COUNTED_AS, text, start + 1, to + 1);
          from = to > start ? to : start + 1;
        }
        next[index] = Math.max(from, limit - 1) + 1;
      }
    },
    moveBy(moved) {
      for (const [index, at] of next.entries()) next[index] = Math.max(1, at - moved);
    },
    reset: () => void next.fill(1),
  };
}
