import { kindOf, LOWER, UPPER, WORD } from "./alphabet.ts";
import { placeOf } from "./column-names.ts";
import { headerDelimiter, markColumn } from "./columns.ts";
import type { Word } from "./engine.ts";
import { privateKeyAt } from "./keys.ts";
import type { Pass } from "./pass-state.ts";
import type { Text } from "./text.ts";
import { takeSecretKey } from "./values.ts";

/** `customerSsn`: a word in the middle of a run begins with a capital. */
export function lookUpHumps(pass: Pass, start: number, end: number): void {
  const { bytes } = pass.text;
  for (let i = start + 1; i < end; i++)
    if (kindOf[bytes[i] as number] === UPPER && kindOf[bytes[i - 1] as number] === LOWER && lookUp(pass, i, end))
      return;
}

/** The word or phrase that begins with a run of letters. @returns whether it is known; the dictionary's `endOfFound` says where it ends */
export function lookUp(pass: Pass, start: number, end: number): boolean {
  const { words } = pass.engine;
  const word = words.find(pass.text, start, end);
  if (word === undefined) return false;
  meet(pass, word, start, words.endOfFound);
  return true;
}

function meet(pass: Pass, word: Word, start: number, end: number): void {
  const { text, tally, columns } = pass;
  if (word.evidences.length > 0 || word.isColumnName) {
    const place = placeOf(text, start, end, headerDelimiter(columns, text, start));
    for (const evidence of word.evidences) {
      pass.evidenceEnd[evidence] = end;
      pass.lastEvidenceEnd = end;
      if (place === "cell" || place === "in-cell") markColumn(columns, text, start, evidence);
    }
    if (word.isColumnName && (place === "key" || place === "cell"))
      tally.add("column-name", "letters", text, start, end);
  }
  if (word.isHealthTerm && isWhole(text, start, end)) tally.add("health-term", "letters", text, start, end);
  if (word.isSecretKeyName) takeSecretKey(pass, end);
  if (word.isKeyBegin) {
    const keyEnd = privateKeyAt(text, start);
    if (keyEnd >= 0) tally.add("private-key", "exact", text, start, keyEnd);
  }
}

/** No hump of a longer word: `onDiabetesClick` is code. */
const isWhole = ({ bytes }: Text, start: number, end: number): boolean =>
  ((kindOf[bytes[start - 1] as number] as number) & WORD) === 0 &&
  ((kindOf[bytes[end] as number] as number) & WORD) === 0;
