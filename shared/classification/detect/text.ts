import { DIGIT, kindOf, WORD } from "./alphabet.ts";

/**
 * The part of a text that is in memory, in the alphabet of `alphabet.ts`. Positions are indexes of `bytes`; when the part moves on, they all shrink alike.
 * `bytes[0]` is a line break before a text begins, and `bytes[end]` is 0, so that a walk to either side stops by itself.
 */
export interface Text {
  readonly bytes: Uint8Array;
  end: number;
  /** It is where the text began, so its first line is in sight. */
  isBegin: boolean;
}

/** Between a word that says what a number is and the number: at most so many bytes, in one line and one field. */
export const MAX_GAP_BYTES = 32;
const MAX_GAP_DIGITS = 2;

const ENDS_FIELD = new Uint8Array(256);
for (const mark of "\n\r,;{}<") ENDS_FIELD[mark.charCodeAt(0)] = 1;

/** Whether what ends at `from` can say what begins at `to`: `"bsn": "123"` yes, `"bsn": null, "order": "123"` no. */
export function isNear({ bytes }: Text, from: number, to: number): boolean {
  if (to - from > MAX_GAP_BYTES || to < from) return false;
  let digits = 0;
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number;
    if (ENDS_FIELD[byte] === 1) return false;
    digits = kindOf[byte] === DIGIT ? digits + 1 : 0;
    if (digits > MAX_GAP_DIGITS) return false;
  }
  return true;
}

const isWord = (byte: number | undefined): boolean => ((kindOf[byte ?? 0] as number) & WORD) !== 0;

/** Marks that tie a number to what stands on their other side: parts of dates, UUIDs, versions, paths, IP addresses. */
const TIES = new Uint8Array(256);
for (const mark of "-./:") TIES[mark.charCodeAt(0)] = 1;

/** Marks that make a number something else: `#1234` is a ticket, `$1234` an amount, `_1234` a part of a name. */
const SPOILS = new Uint8Array(256);
for (const mark of "_#$@%+~^") SPOILS[mark.charCodeAt(0)] = 1;

/** Whether a number may begin at `start`: it is no part of something longer. */
export function isOpenBefore({ bytes }: Text, start: number): boolean {
  const before = bytes[start - 1] as number;
  if (SPOILS[before] === 1 || isWord(before)) return false;
  // A name before a colon or slash names the value; a digit there makes it a time, a path or a ratio.
  if (TIES[before] !== 1) return true;
  const further = bytes[start - 2] as number;
  return before === COLON ? kindOf[further] !== DIGIT : !isWord(further);
}

const COLON = 0x3a;

/** Whether a number may end before `end`. */
export function isOpenAfter({ bytes }: Text, end: number): boolean {
  const after = bytes[end] as number;
  if (after === UNDERSCORE || after === AT_SIGN || isWord(after)) return false;
  return TIES[after] !== 1 || !isWord(bytes[end + 1]);
}

const UNDERSCORE = 0x5f;
const AT_SIGN = 0x40;
