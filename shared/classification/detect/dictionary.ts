import { kindOf, toAlphabet, WORD } from "./alphabet.ts";
import type { Text } from "./text.ts";

/**
 * Looks words and phrases up by their letters: case, accents and the single mark between words (`date_of_birth`, `date-of-birth`, `Date of birth`) don't count,
 * and `dateOfBirth` is the same in one word. Most of what begins like a word is dismissed by its first three letters and its length, in one look at a table.
 */
export interface Dictionary<Entry> {
  /** The entry of the longest phrase that begins with the word from `start` to `end`; `endOfFound` says where it ends. */
  find(text: Text, start: number, end: number): Entry | undefined;
  endOfFound: number;
  /** The first words of all phrases, letters as `byte & 31`. */
  readonly firstWords: readonly Uint8Array[];
}

/** No word that begins a phrase may be longer, nor shorter than three letters. */
export const MAX_WORD_BYTES = 31;
const MIN_WORD_BYTES = 3;

/** A power of two, several times the number of phrases. */
const BUCKETS = 4_096;

interface Phrase<Entry> {
  /** Of each word, `byte & 31`; 0 between words. */
  readonly letters: Uint8Array;
  readonly firstWord: number;
  readonly entry: Entry;
}

const JOINS = new Uint8Array(256);
for (const mark of " _-.'/") JOINS[mark.charCodeAt(0)] = 1;

const prefixOf = (bytes: Uint8Array, at: number): number =>
  (((bytes[at] as number) & 31) << 10) | (((bytes[at + 1] as number) & 31) << 5) | ((bytes[at + 2] as number) & 31);

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0;
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + ((bytes[i] as number) & 31)) | 0;
  return hash;
}

/**
 * @param phrases words parted by single spaces; a phrase of several words is also known written as one
 * @throws Error when a first word has fewer than three letters or more than `MAX_WORD_BYTES`: it would never be found
 */
export function createDictionary<Entry>(phrases: Iterable<readonly [string, Entry]>): Dictionary<Entry> {
  // By the first three letters: a bit for each length that a word with them has.
  const lengths = new Int32Array(32 * 32 * 32);
  const buckets: Phrase<Entry>[][] = Array.from({ length: BUCKETS }, () => []);
  const add = (words: string, entry: Entry): void => {
    const letters = Uint8Array.from(words, (letter) =>
      letter === " " ? 0 : toAlphabet(letter.codePointAt(0) ?? 0) & 31,
    );
    const space = letters.indexOf(0);
    const firstWord = space < 0 ? letters.length : space;
    if (firstWord < MIN_WORD_BYTES || firstWord > MAX_WORD_BYTES)
      throw new Error(`"${words}" begins with a word of ${firstWord} letters, expected 3 to ${MAX_WORD_BYTES}`);
    const prefix = prefixOf(letters, 0);
    lengths[prefix] = (lengths[prefix] as number) | (1 << firstWord);
    const hash = hashOf(letters, 0, firstWord);
    const same = buckets[hash & (BUCKETS - 1)] as Phrase<Entry>[];
    same.push({ letters, firstWord, entry });
    // The longest first, so that "diabetes mellitus" is not just "diabetes".
    same.sort((a, b) => b.letters.length - a.letters.length);
  };
  for (const [words, entry] of phrases) {
    add(words, entry);
    const joined = words.replaceAll(" ", "");
    if (joined !== words && joined.length <= MAX_WORD_BYTES) add(joined, entry);
  }
  const dictionary: Dictionary<Entry> = {
    endOfFound: 0,
    firstWords: buckets.flat().map(({ letters, firstWord }) => letters.subarray(0, firstWord)),
    find({ bytes }, start, end) {
      const length = end - start;
      if (length < MIN_WORD_BYTES || length > MAX_WORD_BYTES) return undefined;
      if ((((lengths[prefixOf(bytes, start)] as number) >>> length) & 1) === 0) return undefined;
      const hash = hashOf(bytes, start, end);
      for (const { letters, firstWord, entry } of buckets[hash & (BUCKETS - 1)] as readonly Phrase<Entry>[]) {
        if (firstWord !== length) continue;
        const { length: all } = letters;
        let i = 0;
        for (; i < all; i++) {
          const byte = bytes[start + i] as number;
          const letter = letters[i] as number;
          if (letter === 0 ? JOINS[byte] !== 1 : (byte & 31) !== letter || ((kindOf[byte] as number) & 3) === 0) break;
        }
        if (i < all || ((kindOf[bytes[start + i] as number] as number) & WORD) !== 0) continue;
        dictionary.endOfFound = start + all;
        return entry;
      }
      return undefined;
    },
  };
  return dictionary;
}
