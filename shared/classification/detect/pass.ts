import { DIGIT, kindOf, LOWER, UPPER, WORD } from "./alphabet.ts";
import { AT_SIGN, BETWEEN, PLUS_RUN_END, RUN_END, SECOND_RUN_END, WORD_END } from "./automaton.ts";
import { placeOf } from "./column-names.ts";
import { type Columns, headerDelimiter, isInMarked, markColumn } from "./columns.ts";
import { type Address, findAddress } from "./email.ts";
import { ANY_SECOND, type Engine, type EngineRule, MAX_SECOND_BYTES, startIndex, type Word } from "./engine.ts";
import { privateKeyAt, SECRET_KEY_BYTES, secretKeyAfter } from "./keys.ts";
import { matchInternational } from "./phone.ts";
import { MAX_RUN_BYTES } from "./rules.ts";
import type { Tally } from "./tally.ts";
import { isNear, isOpenAfter, isOpenBefore, MAX_GAP_BYTES, type Text } from "./text.ts";
import { MAX_WALK_BYTES, walkOver, walkToEvent } from "./walk.ts";

/** One pass over a text as it moves by: where it is, and which words it has met. */
export interface Pass {
  readonly text: Text;
  readonly engine: Engine;
  readonly tally: Tally;
  readonly columns: Columns;
  /** Where the next byte to be looked at is. */
  next: number;
  /** The automaton's state there. */
  state: number;
  /** Where the last value ended: nothing begins before that. */
  taken: number;
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

const BACKSLASH = 0x5c;

/** So far behind a word that a rule asks for the run of its value may end. */
const NEAR_BYTES = MAX_GAP_BYTES + MAX_RUN_BYTES;

/**
 * Walks over every byte before `limit` once. A value that is noticed before `limit` may end behind it, and a run that goes on there is finished by the next call.
 */
export function passOver(pass: Pass, limit: number): void {
  while (pass.next < limit) {
    if (isNearAt(pass, pass.next)) walkNear(pass, limit);
    else walkFar(pass, Math.min(limit, pass.next + MAX_WALK_BYTES));
  }
}

function isNearAt(pass: Pass, at: number): boolean {
  return pass.hasLabel || pass.columns.isMarked || at < pass.lastEvidenceEnd + NEAR_BYTES;
}

/** Where a word that a rule asks for may be near: event by event, since any can end that or begin it anew. */
function walkNear(pass: Pass, limit: number): void {
  const { engine, text } = pass;
  while (pass.next < limit && isNearAt(pass, pass.next)) {
    const isAlways = pass.hasLabel || pass.columns.isMarked;
    const stop = isAlways ? limit : Math.min(limit, pass.lastEvidenceEnd + NEAR_BYTES);
    if (!walkToEvent(pass, engine.near, text.bytes, stop)) continue;
    pass.next = look(pass, pass.state, pass.next);
    pass.state = BETWEEN;
  }
}

/** Where none is near: over all of it at once. A word that is met there has the part behind it walked over anew. */
function walkFar(pass: Pass, stop: number): void {
  let reached = pass.next;
  walkOver(pass, pass.engine.far, pass.text.bytes, stop, (event, at) => {
    // The end of a value is the end of its last run, too.
    if (at < reached || at < pass.taken || (at === pass.taken && event !== AT_SIGN)) return true;
    const to = look(pass, event, at);
    if (!isNearAt(pass, to)) return true;
    const { next, state } = pass;
    pass.next = to;
    pass.state = BETWEEN;
    walkNear(pass, stop);
    reached = pass.next;
    // Still near at the end: the next walk goes on from there.
    if (reached >= stop) return false;
    pass.next = next;
    pass.state = state;
    return true;
  });
  if (pass.taken <= pass.next) return;
  pass.next = pass.taken;
  pass.state = BETWEEN;
}

/** @returns where the walk goes on: the end of what was found, or that of the run */
function look(pass: Pass, event: number, at: number): number {
  const to = lookAt(pass, event, at);
  if (to > at) pass.taken = to;
  return to;
}

function lookAt(pass: Pass, event: number, at: number): number {
  if (event === AT_SIGN) return atSign(pass, at);
  const { bytes } = pass.text;
  const start = runStart(bytes, at);
  if (at - start > MAX_RUN_BYTES) return at;
  if (event === SECOND_RUN_END) return trySecond(pass, start, at);
  if (event === PLUS_RUN_END) return tryInternational(pass, start, at);
  if (event === WORD_END && lookUp(pass, start, at)) return pass.engine.words.endOfFound;
  const kinds = kindsOf(bytes, start, at);
  if (event === RUN_END) return tryRun(pass, kinds === DIGIT ? 0 : 1, start, at);
  if (kinds === (UPPER | LOWER)) lookUpHumps(pass, start, at);
  return kinds === UPPER ? tryRun(pass, 1, start, at) : at;
}

/** Goes back over a run of letters and digits, at most one byte further than any rule looks. */
function runStart(bytes: Uint8Array, end: number): number {
  const least = end - MAX_RUN_BYTES;
  let start = end;
  while (start >= least && ((kindOf[bytes[start - 1] as number] as number) & WORD) !== 0) start--;
  // The letter of an escaped line break or tab is none of the word after it.
  return bytes[start - 1] === BACKSLASH && ESCAPES[bytes[start] as number] === 1 ? start + 1 : start;
}

const ESCAPES = new Uint8Array(256);
for (const letter of "nrtbf") ESCAPES[letter.charCodeAt(0)] = 1;

function kindsOf(bytes: Uint8Array, start: number, end: number): number {
  let kinds = 0;
  for (let i = start; i < end; i++) kinds |= kindOf[bytes[i] as number] as number;
  return kinds;
}

/** The run behind a first one may belong to that, or be a first one itself. */
function trySecond(pass: Pass, start: number, end: number): number {
  const firstEnd = start - 1;
  const first = runStart(pass.text.bytes, firstEnd);
  const to = first < pass.taken ? firstEnd : tryRun(pass, 0, first, firstEnd);
  return to > firstEnd ? to : tryRun(pass, 0, start, end);
}

function tryRun(pass: Pass, kind: number, start: number, end: number): number {
  const after = pass.text.bytes[end] as number;
  return tryRules(pass, pass.engine.starts[startIndex(kind, end - start, after)] as number, start, end);
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

/**
 * A word beside a number says more than its form: 010190-1234 after "CPR" is Danish, though it may pass a Swedish check.
 *
 * @returns where the value that was found ends, or else where its first run does
 */
function tryRules(pass: Pass, place: number, start: number, end: number): number {
  const { text, engine } = pass;
  const hasWord = pass.hasLabel || pass.columns.isMarked || start - pass.lastEvidenceEnd <= MAX_GAP_BYTES;
  const beside = hasWord ? (engine.beside[place] as readonly EngineRule[]) : NONE;
  const alone = engine.alone[place] as readonly EngineRule[];
  if (beside.length === 0 && !canGoOn(engine.seconds[place] as number, text.bytes, end + 1)) return end;
  if (!isOpenBefore(text, start)) return end;
  for (const rule of beside) {
    if (!hasEvidence(pass, rule.evidenceIndex, start)) continue;
    const to = tryRule(pass, rule, start, end);
    if (to > 0) return to;
  }
  for (const rule of alone) {
    const to = tryRule(pass, rule, start, end);
    if (to > 0) return to;
  }
  return end;
}

function canGoOn(seconds: number, bytes: Uint8Array, from: number): boolean {
  if ((seconds & ANY_SECOND) !== 0) return true;
  let length = 0;
  while (length < MAX_SECOND_BYTES && ((kindOf[bytes[from + length] as number] as number) & WORD) !== 0) length++;
  return ((seconds >>> length) & 1) === 1;
}

const NONE: readonly EngineRule[] = [];

function tryRule(pass: Pass, rule: EngineRule, start: number, end: number): number {
  const { text, tally, engine } = pass;
  const to = rule.match(text, start, end);
  if (to < 0 || !isOpenAfter(text, to)) return -1;
  tally.add(rule.detector, rule.normal, text, start, to);
  // AWS hands keys out as CSV: the id, and the secret right after it.
  return rule.detector === "aws-access-key" && engine.hasSecretKey ? takeSecretKey(pass, to) : to;
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
  for (let i = start + 1; i < end; i++)
    if (kindOf[bytes[i] as number] === UPPER && kindOf[bytes[i - 1] as number] === LOWER && lookUp(pass, i, end))
      return;
}

function lookUp(pass: Pass, start: number, end: number): boolean {
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

/** @returns the end of the secret key behind `from`, or `from` */
function takeSecretKey({ text, tally }: Pass, from: number): number {
  const secret = secretKeyAfter(text, from);
  if (secret < 0) return from;
  tally.add("aws-secret-key", "exact", text, secret, secret + SECRET_KEY_BYTES);
  return secret + SECRET_KEY_BYTES;
}

/** No hump of a longer word: `onDiabetesClick` is code. */
const isWhole = ({ bytes }: Text, start: number, end: number): boolean =>
  ((kindOf[bytes[start - 1] as number] as number) & WORD) === 0 &&
  ((kindOf[bytes[end] as number] as number) & WORD) === 0;
