import { AT, DIGIT, kindOf, LOWER, UPPER, WORD } from "./alphabet.ts";
import { isNameOf } from "./column-names.ts";
import { type Columns, isInHeader, isInMarked, markColumn } from "./columns.ts";
import { MAX_WORD_BYTES, prefixOf } from "./dictionary.ts";
import { type Address, findAddress } from "./email.ts";
import { type Engine, startIndex, type Word } from "./engine.ts";
import { privateKeyAt, SECRET_KEY_BYTES, secretKeyAfter } from "./keys.ts";
import { matchInternational } from "./phone.ts";
import { MAX_RUN_BYTES } from "./rules.ts";
import type { Tally } from "./tally.ts";
import { isNear, isOpenAfter, isOpenBefore, type Text } from "./text.ts";

/** One pass over a text as it moves by: where it is, and which words it has met. */
export interface Pass {
  readonly text: Text;
  readonly engine: Engine;
  readonly tally: Tally;
  readonly columns: Columns;
  /** Where the next byte to be looked at is. */
  next: number;
  /** By kind of evidence: where the last word that is some ended. */
  readonly evidenceEnd: Int32Array;
  lastEvidenceEnd: number;
  /** By kind of evidence: 1 where it holds for the whole text, because its label says so. */
  readonly evidenceOfLabel: Uint8Array;
  hasLabel: boolean;
  readonly address: Address;
}

/** Where no word has ended yet. */
export const NOWHERE = -0x40000000;

const NEAR_BYTES = 32;
const PLUS = 0x2b;
const BACKSLASH = 0x5c;
const KEY_ID_BYTES = 20;

/**
 * Looks at every byte before `limit` once: runs of letters and digits by their kind and length in tables, and only what these don't dismiss by its detector. A
 * value that begins before `limit` may end behind it.
 */
export function passOver(pass: Pass, limit: number): void {
  const { text, engine } = pass;
  const { bytes } = text;
  const { starts } = engine;
  const { lengths } = engine.words;
  let i = pass.next;
  // What is behind the middle of a run was looked at with its beginning.
  if (i < limit && ((kindOf[bytes[i - 1] as number] as number) & WORD) !== 0)
    while (((kindOf[bytes[i] as number] as number) & WORD) !== 0) i++;
  while (i < limit) {
    let kind = kindOf[bytes[i] as number] as number;
    if (kind === 0) {
      i++;
      continue;
    }
    if (kind === AT) {
      i = engine.hasEmail ? atSign(pass, i) : i + 1;
      continue;
    }
    let start = i;
    let kinds = 0;
    do {
      kinds |= kind;
      kind = kindOf[bytes[++i] as number] as number;
    } while ((kind & WORD) !== 0);
    if (bytes[start - 1] === BACKSLASH) {
      // The letter of an escaped line break or tab is none of the word after it.
      if (++start === i) continue;
      kinds = kindsOf(bytes, start, i);
    }
    const length = i - start;
    if ((kinds & DIGIT) === 0) {
      if (length < 3 || length > MAX_RUN_BYTES) continue;
      if (
        length <= MAX_WORD_BYTES &&
        (((lengths[prefixOf(bytes, start)] as number) >>> length) & 1) === 1 &&
        lookUp(pass, start, i)
      )
        i = engine.words.endOfFound;
      else if (kinds === (UPPER | LOWER)) lookUpHumps(pass, start, i);
      if (kinds === UPPER && length === KEY_ID_BYTES)
        i = tryRules(pass, starts[startIndex(1, length, 0)] as number, start, i);
      continue;
    }
    if ((kinds & LOWER) !== 0 || length > MAX_RUN_BYTES) continue;
    if (bytes[start - 1] === PLUS && engine.hasPhone) {
      i = tryInternational(pass, start, i);
      continue;
    }
    const place = starts[startIndex(kinds === DIGIT ? 0 : 1, length, bytes[i] as number)] as number;
    if (place !== 0) i = tryRules(pass, place, start, i);
  }
  pass.next = i;
}

function kindsOf(bytes: Uint8Array, start: number, end: number): number {
  let kinds = 0;
  for (let i = start; i < end; i++) kinds |= kindOf[bytes[i] as number] as number;
  return kinds;
}

function atSign({ text, tally, address }: Pass, at: number): number {
  if (!findAddress(text, at, address)) return at + 1;
  tally.add("email", "address", text, address.start, address.end);
  return address.end;
}

function tryInternational({ text, tally }: Pass, start: number, end: number): number {
  if (((kindOf[text.bytes[start - 2] as number] as number) & WORD) !== 0) return end;
  const to = matchInternational(text, start);
  if (to < 0 || !isOpenAfter(text, to)) return end;
  tally.add("phone", "code", text, start, to);
  return to;
}

/** @returns where the value that was found ends, or else where its first run does */
function tryRules(pass: Pass, place: number, start: number, end: number): number {
  const { text } = pass;
  if (!isOpenBefore(text, start)) return end;
  const canHaveEvidence = pass.hasLabel || pass.columns.isMarked || start - pass.lastEvidenceEnd <= NEAR_BYTES;
  for (const rule of pass.engine.rules[place] ?? []) {
    if (rule.evidenceIndex >= 0 && (!canHaveEvidence || !hasEvidence(pass, rule.evidenceIndex, start))) continue;
    const to = rule.match(text, start, end);
    if (to < 0 || !isOpenAfter(text, to)) continue;
    pass.tally.add(rule.detector, rule.normal, text, start, to);
    return to;
  }
  return end;
}

function hasEvidence(pass: Pass, evidence: number, start: number): boolean {
  return (
    pass.evidenceOfLabel[evidence] === 1 ||
    isNear(pass.text, pass.evidenceEnd[evidence] as number, start) ||
    (pass.columns.isMarked && isInMarked(pass.columns, pass.text, start, evidence))
  );
}

/** `customerSsn`: a word in the middle of a run begins with a capital. */
function lookUpHumps(pass: Pass, start: number, end: number): void {
  const { bytes } = pass.text;
  const { lengths } = pass.engine.words;
  for (let i = start + 1; i <= end - 3; i++) {
    if (kindOf[bytes[i] as number] !== UPPER || kindOf[bytes[i - 1] as number] !== LOWER) continue;
    if (end - i <= MAX_WORD_BYTES && (((lengths[prefixOf(bytes, i)] as number) >>> (end - i)) & 1) === 1)
      if (lookUp(pass, i, end)) return;
  }
}

function lookUp(pass: Pass, start: number, end: number): boolean {
  const word = pass.engine.words.find(pass.text, start, end);
  if (word === undefined) return false;
  meet(pass, word, start, pass.engine.words.endOfFound);
  return true;
}

function meet(pass: Pass, word: Word, start: number, end: number): void {
  const { text, tally, columns } = pass;
  const isHeader = isInHeader(columns, text, start);
  for (const evidence of word.evidences) {
    pass.evidenceEnd[evidence] = end;
    if (isHeader) markColumn(columns, text, start, evidence);
  }
  if (word.evidences.length > 0) pass.lastEvidenceEnd = end;
  if (word.isHealthTerm && isWhole(text, start, end)) tally.add("health-term", "letters", text, start, end);
  if (word.isColumnName && isNameOf(text, start, end, isHeader, columns.delimiter))
    tally.add("column-name", "letters", text, start, end);
  if (word.isSecretKeyName) {
    const secret = secretKeyAfter(text, end);
    if (secret >= 0) tally.add("aws-secret-key", "exact", text, secret, secret + SECRET_KEY_BYTES);
  }
  if (word.isKeyBegin) {
    const keyEnd = privateKeyAt(text, start);
    if (keyEnd >= 0) tally.add("private-key", "exact", text, start, keyEnd);
  }
}

/** No hump of a longer word: `onDiabetesClick` is code. */
const isWhole = ({ bytes }: Text, start: number, end: number): boolean =>
  ((kindOf[bytes[start - 1] as number] as number) & WORD) === 0 &&
  ((kindOf[bytes[end] as number] as number) & WORD) === 0;
