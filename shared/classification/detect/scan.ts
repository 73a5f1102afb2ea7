import { CordonError } from "../../errors.ts";
import { BETWEEN } from "./automaton.ts";
import { columnAt, createColumns, resetColumns } from "./columns.ts";
import { createDecoder, type Decoder, HEAD_BYTES, MAX_HELD, tellEncoding } from "./decode.ts";
import { engineOf } from "./engine.ts";
import { passOver } from "./pass.ts";
import { NOWHERE, type Pass } from "./pass-state.ts";
import { createTally, type Found } from "./tally.ts";
import type { Text } from "./text.ts";
import { compileUserDetector, createUserPass, type UserDetector, type UserPass } from "./user-detectors.ts";

export type { BuiltInDetector, DetectorInfo } from "./detectors.ts";
export { builtInDetectors } from "./detectors.ts";
export type { Found } from "./tally.ts";
export type { UserDetector } from "./user-detectors.ts";

export interface ScanOptions {
  /** Ids of built-in detectors. */
  readonly detectors: ReadonlySet<string>;
  readonly user?: readonly UserDetector[];
  /** Secret, of the deployment: fingerprints are worth nothing where it is known. */
  readonly salt: string;
}

export interface ScanResult {
  /** As pushed, before decoding. */
  readonly bytes: number;
  /** Detectors with at least one match, sorted by id. */
  readonly found: readonly Found[];
}

/** Streamed, in bounded memory however much is pushed. How it is cut into chunks makes no difference. */
export interface Scanner {
  push(chunk: Uint8Array): void;
  /**
   * What was pushed so far is over and something else begins, such as another sample or another cell: nothing matches across, and its encoding is told anew.
   *
   * @param label the name of the column or field that what follows is from, until the next cut: it counts as a word beside every value, and as a column's name
   */
  cut(label?: string): void;
  end(): ScanResult;
}

/** Matches see so much of what is before them and after them: more than the longest value, and its context, needs. */
export const LOOK_BEHIND_BYTES = 256;
export const LOOK_AHEAD_BYTES = 1_024;

const WINDOW_BYTES = 64 * 1_024;
const MIN_WINDOW_BYTES = LOOK_BEHIND_BYTES + LOOK_AHEAD_BYTES + 64;
const LINE_BREAK = 0x0a;

/**
 * A scanner that looks for personal data and secrets in text: UTF-8, UTF-16 and Latin-1, also mixed. All built-in detectors share one pass over the bytes
 * (pass.ts); a user's patterns take one more each. What it keeps and answers are counts and salted fingerprints, never a value.
 *
 * @param windowBytes how much of the text is in memory; tests make it small
 * @throws CordonError `misconfigured` when a user's pattern is none: `compileUserDetector` tells that beforehand
 */
export function createScanner({ detectors, user = [], salt }: ScanOptions, windowBytes = WINDOW_BYTES): Scanner {
  const capacity = Math.max(windowBytes, MIN_WINDOW_BYTES);
  const engine = engineOf(detectors);
  const tally = createTally(salt);
  const text: Text = { bytes: new Uint8Array(capacity + MAX_HELD + 2), end: 1, isBegin: true };
  text.bytes[0] = LINE_BREAK;
  const pass: Pass = {
    text,
    engine,
    tally,
    columns: createColumns(),
    next: 1,
    state: BETWEEN,
    taken: 0,
    evidenceEnd: new Int32Array(engine.evidences).fill(NOWHERE),
    lastEvidenceEnd: NOWHERE,
    evidenceOfLabel: new Uint8Array(engine.evidences),
    hasLabel: false,
    address: { start: 0, end: 0 },
  };
  const userPass = compileUser(user, tally);
  const head = new Uint8Array(HEAD_BYTES);
  let headBytes = 0;
  let decoder: Decoder | undefined;
  let bytes = 0;

  const look = (limit: number): void => {
    text.bytes[text.end] = 0;
    passOver(pass, limit);
    userPass?.passOver(text, limit);
  };

  const moveOn = (): void => {
    look(text.end - LOOK_AHEAD_BYTES);
    const moved = Math.min(pass.next, text.end - LOOK_AHEAD_BYTES) - LOOK_BEHIND_BYTES;
    if (pass.columns.isMarked) columnAt(pass.columns, text, moved);
    shift(pass, moved);
    userPass?.moveBy(moved);
  };

  const decode = (source: Uint8Array, to: number): void => {
    if (decoder === undefined) return;
    for (let from = 0; from < to; ) {
      const room = capacity - text.end;
      const end = Math.min(to, from + room);
      text.end = decoder.write(source, from, end, text.bytes, text.end);
      from = end;
      if (text.end >= capacity) moveOn();
    }
  };

  const begin = (): void => {
    const told = head.subarray(0, headBytes);
    decoder = createDecoder(tellEncoding(told));
    decode(told, headBytes);
  };

  const finish = (): void => {
    if (decoder === undefined) {
      if (headBytes === 0) return;
      begin();
    }
    text.end = decoder?.flush(text.bytes, text.end) ?? text.end;
    // The zero behind the text ends its last run.
    look(text.end + 1);
  };

  const reset = (): void => {
    headBytes = 0;
    decoder = undefined;
    text.end = 1;
    text.isBegin = true;
    text.bytes[0] = LINE_BREAK;
    pass.next = 1;
    pass.state = BETWEEN;
    pass.taken = 0;
    pass.evidenceEnd.fill(NOWHERE);
    pass.lastEvidenceEnd = NOWHERE;
    resetColumns(pass.columns);
    userPass?.reset();
  };

  return {
    push(chunk) {
      bytes += chunk.length;
      let rest = chunk;
      if (decoder === undefined) {
        const taken = Math.min(chunk.length, HEAD_BYTES - headBytes);
        head.set(chunk.subarray(0, taken), headBytes);
        headBytes += taken;
        if (headBytes < HEAD_BYTES) return;
        begin();
        rest = chunk.subarray(taken);
      }
      decode(rest, rest.length);
    },
    cut(label) {
      finish();
      reset();
      if (pass.hasLabel) pass.evidenceOfLabel.fill(0);
      pass.hasLabel = false;
      if (label !== undefined) readLabel(label);
    },
    end() {
      finish();
      reset();
      return { bytes, found: tally.found() };
    },
  };

  /** A label is met as the key of a value. */
  function readLabel(label: string): void {
    const asKey = Buffer.from(`"${label.replaceAll('"', " ")}":`);
    decoder = createDecoder("bytes");
    decode(asKey.subarray(0, LOOK_AHEAD_BYTES), Math.min(asKey.length, LOOK_AHEAD_BYTES));
    finish();
    for (const [index, end] of pass.evidenceEnd.entries()) {
      if (end === NOWHERE) continue;
      pass.evidenceOfLabel[index] = 1;
      pass.hasLabel = true;
    }
    reset();
  }
}

function compileUser(user: readonly UserDetector[], tally: Parameters<typeof createUserPass>[1]): UserPass | undefined {
  if (user.length === 0) return undefined;
  const compiled = user.map((detector) => {
    const result = compileUserDetector(detector);
    if (!result.ok) throw new CordonError("misconfigured", `detector ${detector.id}: ${result.message}`);
    return result;
  });
  return createUserPass(compiled, tally);
}

/** Keeps of what is behind the next byte as much as matches look back, and moves it to the front. */
function shift(pass: Pass, moved: number): void {
  const { text, columns, evidenceEnd } = pass;
  text.bytes.copyWithin(0, moved, text.end);
  text.end -= moved;
  text.isBegin = false;
  pass.next -= moved;
  pass.taken = Math.max(0, pass.taken - moved);
  pass.lastEvidenceEnd = Math.max(NOWHERE, pass.lastEvidenceEnd - moved);
  columns.at -= moved;
  for (let i = 0; i < evidenceEnd.length; i++) evidenceEnd[i] = Math.max(NOWHERE, (evidenceEnd[i] as number) - moved);
}
