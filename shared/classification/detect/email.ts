import { kindOf, WORD } from "./alphabet.ts";
import type { Text } from "./text.ts";

/** RFC 5321, 4.5.3.1: a local part has at most 64 bytes, a domain 255, a label 63 (RFC 1035). */
const MAX_LOCAL_BYTES = 64;
const MAX_DOMAIN_BYTES = 255;
const MAX_LABEL_BYTES = 63;
const MAX_TOP_LEVEL_BYTES = 24;

/** Of RFC 5322's atom what people have in addresses; `=`, `/`, `|` and the like stand before addresses more often than in them. */
const LOCAL = new Uint8Array(256);
const DOMAIN = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  const isWord = ((kindOf[byte] as number) & WORD) !== 0;
  LOCAL[byte] = isWord || "._%+'-".includes(String.fromCharCode(byte)) ? 1 : 0;
  DOMAIN[byte] = isWord || byte === 0x2d ? 1 : 0;
}

/** What files are called, hosts in one's own network, and what RFC 2606 and 6761 set apart except `example`, which stands for real ones. */
const NO_TOP_LEVEL = new Set(
  "png jpg jpeg gif svg webp ico bmp css scss js mjs cjs jsx ts tsx json xml html htm txt pdf log csv yaml yml md local localhost localdomain internal lan invalid test".split(
    " ",
  ),
);

const DOT = 0x2e;
const HYPHEN = 0x2d;
const COLON = 0x3a;
const SLASH = 0x2f;
const PERCENT = 0x25;
const APOSTROPHE = 0x27;
const UNDERSCORE = 0x5f;
const AT_SIGN = 0x40;

/** Where an address was found. */
export interface Address {
  start: number;
  end: number;
}

/**
 * The address around an at sign: a dot-atom and a domain with a plausible top level. What only looks like one is not: `git@host:path`, a user in a URL,
 * `logo@2x.png`, `package@1.2.3`.
 *
 * @returns false, or true with the place written to `found`
 */
export function findAddress(text: Text, at: number, found: Address): boolean {
  const start = localStart(text.bytes, at);
  if (start < 0) return false;
  const end = domainEnd(text.bytes, at + 1);
  if (end < 0 || isOfUrl(text.bytes, start) || isPath(text.bytes, end)) return false;
  found.start = start;
  found.end = end;
  return true;
}

function localStart(bytes: Uint8Array, at: number): number {
  const least = at - MAX_LOCAL_BYTES;
  let start = at;
  while (LOCAL[bytes[start - 1] as number] === 1) {
    start--;
    if (start < least) return -1;
    if (bytes[start] === DOT && bytes[start + 1] === DOT) return -1;
  }
  // Quotes, dots and dashes before an address belong to the sentence.
  while (start < at && !((kindOf[bytes[start] as number] as number) & WORD) && bytes[start] !== UNDERSCORE) start++;
  const last = bytes[at - 1];
  return start === at || last === DOT || last === PERCENT || last === APOSTROPHE ? -1 : start;
}

function domainEnd(bytes: Uint8Array, from: number): number {
  let label = from;
  let labels = 0;
  let end = from;
  for (;;) {
    while (DOMAIN[bytes[end] as number] === 1) {
      end++;
      if (end - label > MAX_LABEL_BYTES || end - from > MAX_DOMAIN_BYTES) return -1;
    }
    if (end === label || bytes[label] === HYPHEN) return -1;
    labels++;
    if (bytes[end] !== DOT || DOMAIN[bytes[end + 1] as number] !== 1 || bytes[end + 1] === HYPHEN) break;
    label = ++end;
  }
  while (bytes[end - 1] === HYPHEN) end--;
  if (labels < 2 || bytes[end] === AT_SIGN || bytes[end] === UNDERSCORE || !isTopLevel(bytes, label, end)) return -1;
  return end;
}

function isTopLevel(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 2 || end - start > MAX_TOP_LEVEL_BYTES) return false;
  let name = "";
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    name += String.fromCharCode(byte | 0x20);
    if (
      ((kindOf[byte] as number) & 3) === 0 &&
      !name.startsWith("xn--".slice(0, name.length)) &&
      !name.startsWith("xn--")
    )
      return false;
  }
  return !NO_TOP_LEVEL.has(name);
}

/** `https://name@host` and `https://name:secret@host`. */
function isOfUrl(bytes: Uint8Array, start: number): boolean {
  let i = start;
  if (bytes[i - 1] === COLON) {
    const least = i - MAX_LOCAL_BYTES;
    i--;
    while (i > least && LOCAL[bytes[i - 1] as number] === 1) i--;
  }
  return bytes[i - 1] === SLASH && bytes[i - 2] === SLASH;
}

/** `git@host:owner/name`: a word directly after the colon. */
function isPath(bytes: Uint8Array, end: number): boolean {
  return bytes[end] === COLON && ((kindOf[bytes[end + 1] as number] as number) & WORD) !== 0;
}
