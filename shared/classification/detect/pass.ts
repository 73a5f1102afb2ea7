import { DIGIT, kindOf, LOWER, UPPER, WORD } from "./alphabet.ts";
import { AT_SIGN, BETWEEN, PLUS_RUN_END, RUN_END, SECOND_RUN_END, WORD_END } from "./automaton.ts";
import type { Pass } from "./pass-state.ts";
import { MAX_RUN_BYTES } from "./rules.ts";
import { MAX_GAP_BYTES } from "./text.ts";
import { atSign, tryInternational, tryRun } from "./values.ts";
import { MAX_WALK_BYTES, walkOver, walkToEvent } from "./walk.ts";
import { lookUp, lookUpHumps } from "./words.ts";

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
