import { kindOf, WORD } from "./alphabet.ts";
import { isInMarked } from "./columns.ts";
import { findAddress } from "./email.ts";
import { ANY_SECOND, type EngineRule, MAX_SECOND_BYTES, startIndex } from "./engine.ts";
import { SECRET_KEY_BYTES, secretKeyAfter } from "./keys.ts";
import type { Pass } from "./pass-state.ts";
import { matchInternational } from "./phone.ts";
import { isNear, isOpenAfter, isOpenBefore, MAX_GAP_BYTES } from "./text.ts";

/** The address around an at sign. @returns where it ends, or behind the sign */
export function atSign({ text, tally, address }: Pass, at: number): number {
  if (!findAddress(text, at, address)) return at + 1;
  tally.add("email", "address", text, address.start, address.end);
  return address.end;
}

/** The phone number whose digits begin at `start`, behind a plus. @returns where it ends, or else where its first run does */
export function tryInternational({ text, tally }: Pass, start: number, end: number): number {
  if (((kindOf[text.bytes[start - 2] as number] as number) & WORD) !== 0) return end;
  const to = matchInternational(text, start);
  if (to < 0 || !isOpenAfter(text, to)) return end;
  tally.add("phone", "code", text, start, to);
  return to;
}

/**
 * What may begin with a run, by its kind (0 digits, 1 digits and capitals) and length.
 *
 * @returns where the value that was found ends, or else where the run does
 */
export function tryRun(pass: Pass, kind: number, start: number, end: number): number {
  const after = pass.text.bytes[end] as number;
  return tryRules(pass, pass.engine.starts[startIndex(kind, end - start, after)] as number, start, end);
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

/** @returns the end of the secret key behind `from`, or `from` */
export function takeSecretKey({ text, tally }: Pass, from: number): number {
  const secret = secretKeyAfter(text, from);
  if (secret < 0) return from;
  tally.add("aws-secret-key", "exact", text, secret, secret + SECRET_KEY_BYTES);
  return secret + SECRET_KEY_BYTES;
}
