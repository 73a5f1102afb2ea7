import { isAscii } from "node:buffer";
import { LEFT_OUT, singleBytes, toAlphabet } from "./alphabet.ts";

export type Encoding = "bytes" | "utf-16le" | "utf-16be";

/** So many bytes tell an encoding; what is shorter tells it by all of them. */
export const HEAD_BYTES = 1_024;

/** Longer forms than needed hide ASCII, and beyond the last character is none: neither is anything. */
function put(codePoint: number, out: Uint8Array, at: number): number {
  const letter = codePoint < 0x80 || codePoint > 0x10ffff ? LEFT_OUT : toAlphabet(codePoint);
  if (letter === LEFT_OUT) return at;
  out[at] = letter;
  return at + 1;
}

/** A byte that is no part of UTF-8. */
function putSingle(byte: number, out: Uint8Array, at: number): number {
  const letter = singleBytes[byte] as number;
  if (letter === LEFT_OUT) return at;
  out[at] = letter;
  return at + 1;
}

const FEWEST_PAIRS = 4;

/**
 * Tells UTF-16 by its mark, or by the zero bytes that every other letter of a Western text has there. All else is "bytes": UTF-8 and Latin-1 need not be told
 * apart, since what is no valid UTF-8 is read as Windows-1252, byte by byte. A sample that begins at an odd byte of UTF-16 reads as the other order.
 *
 * @param head the first `HEAD_BYTES`, or all there are
 */
export function tellEncoding(head: Uint8Array): Encoding {
  if (head[0] === 0xff && head[1] === 0xfe) return "utf-16le";
  if (head[0] === 0xfe && head[1] === 0xff) return "utf-16be";
  if (head.indexOf(0) < 0) return "bytes";
  const pairs = head.length >> 1;
  if (pairs < FEWEST_PAIRS) return "bytes";
  let first = 0;
  let second = 0;
  for (let i = 0; i < pairs * 2; i += 2) {
    if (head[i] === 0) first++;
    if (head[i + 1] === 0) second++;
  }
  if (second > pairs * 0.6 && first < pairs * 0.1) return "utf-16le";
  if (first > pairs * 0.6 && second < pairs * 0.1) return "utf-16be";
  return "bytes";
}

/** Writes text in the alphabet of `alphabet.ts`. A character may be split between two calls. */
export interface Decoder {
  /** `out` begins at a multiple of four bytes of its buffer. Writes at most `to - from` + `MAX_HELD` bytes to `out` at `at`, and returns where it stopped writing. */
  write(source: Uint8Array, from: number, to: number, out: Uint8Array, at: number): number;
  /** The text is over: writes what was held back for want of the rest. */
  flush(out: Uint8Array, at: number): number;
}

/** A character of UTF-8 has four bytes, so three can wait for the fourth. */
export const MAX_HELD = 3;

export function createDecoder(encoding: Encoding): Decoder {
  return encoding === "bytes" ? createByteDecoder() : createPairDecoder(encoding === "utf-16le" ? 0 : 1);
}

/** Runs of ASCII from so many bytes on are moved by a call; shorter ones faster one by one. */
const LONG_RUN_BYTES = 64;
const NOT_ASCII = 0x80808080;

function createByteDecoder(): Decoder {
  const held = new Uint8Array(MAX_HELD);
  let holds = 0;
  let missing = 0;
  let codePoint = 0;

  const release = (out: Uint8Array, at: number): number => {
    let to = at;
    for (let i = 0; i < holds; i++) to = putSingle(held[i] as number, out, to);
    holds = 0;
    missing = 0;
    return to;
  };

  /** Takes what the character that began in another chunk still needs. */
  const complete = (source: Uint8Array, from: number, to: number, out: Uint8Array, at: number): [number, number] => {
    let i = from;
    for (; i < to && missing > 0; i++) {
      const byte = source[i] as number;
      if ((byte & 0xc0) !== 0x80) return [i, release(out, at)];
      codePoint = (codePoint << 6) | (byte & 0x3f);
      if (--missing > 0) held[holds++] = byte;
    }
    if (missing > 0) return [i, at];
    holds = 0;
    return [i, put(codePoint, out, at)];
  };

  /** The bytes are in their place as they came; every character becomes one byte there, and what follows moves up. */
  const compact = (out: Uint8Array, begin: number, end: number): number => {
    const words = new Int32Array(out.buffer, out.byteOffset, out.length >> 2);
    let at = begin;
    let i = begin;
    while (i < end) {
      const run = i;
      i = skipAscii(out, words, i, end);
      if (at === run) at = i;
      else if (i - run < LONG_RUN_BYTES) for (let from = run; from < i; from++) out[at++] = out[from] as number;
      else {
        out.copyWithin(at, run, i);
        at += i - run;
      }
      if (i === end) break;
      const lead = out[i++] as number;
      const more = lead < 0xc2 || lead > 0xf4 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
      let taken = 0;
      let character = lead & (0x3f >> more);
      for (; taken < more && i + taken < end; taken++) {
        const byte = out[i + taken] as number;
        if ((byte & 0xc0) !== 0x80) break;
        character = (character << 6) | (byte & 0x3f);
      }
      if (more > 0 && taken === more) {
        at = put(character, out, at);
        i += more;
      } else if (more > 0 && i + taken === end) {
        holds = taken + 1;
        held.set(out.subarray(i - 1, end));
        missing = more - taken;
        codePoint = character;
        break;
      } else at = putSingle(lead, out, at);
    }
    return at;
  };

  return {
    write(source, from, to, out, begin) {
      let [start, at] = [from, begin];
      if (missing > 0) [start, at] = complete(source, from, to, out, begin);
      const rest = source.subarray(start, to);
      out.set(rest, at);
      return isAscii(rest) ? at + rest.length : compact(out, at, at + rest.length);
    },
    flush: release,
  };
}

/** The next byte that is no ASCII, four at a time. */
function skipAscii(bytes: Uint8Array, words: Int32Array, from: number, to: number): number {
  let i = from;
  while (i < to && (i & 3) !== 0) if ((bytes[i++] as number) >= 0x80) return i - 1;
  let word = i >> 2;
  const last = to >> 2;
  while (word < last && ((words[word] as number) & NOT_ASCII) === 0) word++;
  i = Math.max(i, word << 2);
  while (i < to && (bytes[i] as number) < 0x80) i++;
  return i;
}

function createPairDecoder(bigEndian: 0 | 1): Decoder {
  let held = -1;
  let surrogate = 0;

  const unitOf = (first: number, second: number) => (bigEndian ? (first << 8) | second : (second << 8) | first);

  const put = (unit: number, out: Uint8Array, at: number): number => {
    if (unit < 0x80) {
      out[at] = unit;
      return at + 1;
    }
    if (unit >= 0xd800 && unit < 0xdc00) {
      surrogate = unit;
      return at;
    }
    const isPair = unit >= 0xdc00 && unit < 0xe000 && surrogate !== 0;
    const letter = toAlphabet(isPair ? 0x10000 + ((surrogate - 0xd800) << 10) + (unit - 0xdc00) : unit);
    surrogate = 0;
    if (letter === LEFT_OUT) return at;
    out[at] = letter;
    return at + 1;
  };

  return {
    write(source, from, to, out, begin) {
      let at = begin;
      let i = from;
      if (held >= 0 && i < to) {
        at = put(unitOf(held, source[i++] as number), out, at);
        held = -1;
      }
      for (; i + 1 < to; i += 2) at = put(unitOf(source[i] as number, source[i + 1] as number), out, at);
      if (i < to) held = source[i] as number;
      return at;
    },
    flush(_, at) {
      held = -1;
      surrogate = 0;
      return at;
    },
  };
}
