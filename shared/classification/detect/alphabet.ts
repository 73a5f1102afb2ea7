/**
 * What detectors see is one byte a character, whatever the encoding was:
 *
 *   0x00 to 0x7F   ASCII, as it is
 *   0xC1 to 0xDA   a Latin capital with an accent: its base letter with the top bit, so `& 31` gives the same letter as in ASCII
 *   0xE1 to 0xFA   a small one
 *   0x80           a letter or digit of another script
 *   0x1F           anything else
 *
 * Typographic spaces, dashes, quotes and full-width letters become their ASCII kin, since people type card numbers with those. Combining marks and
 * characters of no width are left out, so that a word with a soft hyphen is the word.
 */

/** Kinds of bytes, as bits: a run's kinds are or-ed together. */
export const UPPER = 1;
export const LOWER = 2;
export const DIGIT = 4;
export const WORD = UPPER | LOWER | DIGIT;
export const AT = 8;

const OTHER_LETTER = 0x80;
const OTHER = 0x1f;
const ACCENTED = 0x80;
/** In a page: the character is left out. */
export const LEFT_OUT = 0xff;

/** The kind of each byte of the alphabet; 0 for what separates. */
export const kindOf: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0x40) return AT;
  if (byte >= 0x30 && byte <= 0x39) return DIGIT;
  if (byte === OTHER_LETTER) return LOWER;
  const letter = byte & 0x7f;
  if (byte >= ACCENTED && byte < 0xc0) return 0;
  return letter >= 0x41 && letter <= 0x5a ? UPPER : letter >= 0x61 && letter <= 0x7a ? LOWER : 0;
});

/** Letters that Unicode does not take apart into a base and an accent. */
const BASE: Readonly<Record<string, string>> = {
  ß: "s",
  Æ: "A",
  æ: "a",
  Ø: "O",
  ø: "o",
  Œ: "O",
  œ: "o",
  Ł: "L",
  ł: "l",
  Đ: "D",
  đ: "d",
  Ð: "D",
  ð: "d",
  Þ: "T",
  þ: "t",
  ı: "i",
};

const KIN: readonly (readonly [RegExp, string])[] = [
  [/^[\p{Zs}]$/u, " "],
  [/^[\u2028\u2029\u0085]$/u, "\n"],
  [/^[\p{Pd}\u2212]$/u, "-"],
  [/^[\u2018\u2019\u201a\u201b\u2032]$/u, "'"],
  [/^[\u201c-\u201f\u00ab\u00bb\u2033]$/u, '"'],
];

function byteOf(codePoint: number): number {
  if (codePoint < 0x80) return codePoint;
  if (codePoint >= 0xd800 && codePoint <= 0xdfff) return OTHER;
  if (codePoint >= 0xff01 && codePoint <= 0xff5e) return codePoint - 0xfee0;
  const character = String.fromCodePoint(codePoint);
  if (/^[\p{Mn}\p{Cf}]$/u.test(character)) return LEFT_OUT;
  const base = BASE[character] ?? character.normalize("NFD").charAt(0);
  if (/^[A-Za-z]$/.test(base)) return base.charCodeAt(0) | ACCENTED;
  const kin = KIN.find(([pattern]) => pattern.test(character));
  if (kin !== undefined) return kin[1].charCodeAt(0);
  return /^[\p{L}\p{N}\p{Mc}]$/u.test(character) ? OTHER_LETTER : OTHER;
}

const pages: (Uint8Array | undefined)[] = [];

/** The bytes of 256 characters, made when first met: most texts need one page or two of the 4,352. */
function pageOf(number: number): Uint8Array {
  const known = pages[number];
  if (known !== undefined) return known;
  const page = Uint8Array.from({ length: 256 }, (_, low) => byteOf((number << 8) | low));
  pages[number] = page;
  return page;
}

/** A character's byte in the alphabet, or `LEFT_OUT`. */
export function toAlphabet(codePoint: number): number {
  return pageOf(codePoint >> 8)[codePoint & 0xff] as number;
}

/** What a single byte above ASCII means where it is no UTF-8: Windows-1252, of which Latin-1 is the part that is printed. */
export const singleBytes: Uint8Array = Uint8Array.from(
  new TextDecoder("windows-1252").decode(Uint8Array.from({ length: 256 }, (_, byte) => byte)),
  (character) => byteOf(character.codePointAt(0) ?? 0),
);
