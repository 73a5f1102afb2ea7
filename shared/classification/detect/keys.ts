import { DIGIT, kindOf, WORD } from "./alphabet.ts";
import type { Rule } from "./rules.ts";
import type { Text } from "./text.ts";

const KEY_ID = "AKIA";
const KEY_ID_BYTES = 20;

/** AWS access key ids: AKIA (of a user) or ASIA (temporary), then 16 letters of base32 (IAM user guide, unique ID prefixes). */
export const accessKeyRule: Rule = {
  detector: "aws-access-key",
  normal: "exact",
  // One in thirty has no digit.
  starts: [{ kind: "mixed", length: KEY_ID_BYTES, mayLackDigits: true }],
  match({ bytes }, start, end) {
    for (let i = 0; i < KEY_ID.length; i++) {
      const byte = bytes[start + i] as number;
      if (byte !== KEY_ID.charCodeAt(i) && !(i === 1 && byte === 0x53)) return -1;
    }
    for (let i = start + KEY_ID.length; i < end; i++) {
      const byte = bytes[i] as number;
      if ((kindOf[byte] === DIGIT && (byte < 0x32 || byte > 0x37)) || byte > 0x5a) return -1;
    }
    return end;
  },
};

const SECRET_BYTES = 40;
const MAX_GAP_BYTES = 16;

const BASE64 = new Uint8Array(256);
for (const letter of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
  BASE64[letter.charCodeAt(0)] = 1;

const BETWEEN = new Uint8Array(256);
for (const mark of " \t\"'`:=>,([") BETWEEN[mark.charCodeAt(0)] = 1;

/**
 * The AWS secret access key after a name that ends at `from`: 40 letters of base64 with capitals, small letters and digits among them. Nothing tells such a key
 * from a hash but the name before it.
 *
 * @returns where it begins, or -1
 */
export function secretKeyAfter({ bytes }: Text, from: number): number {
  let start = from;
  while (BETWEEN[bytes[start] as number] === 1) if (++start - from > MAX_GAP_BYTES) return -1;
  if (start === from) return -1;
  let kinds = 0;
  for (let i = 0; i < SECRET_BYTES; i++) {
    const byte = bytes[start + i] as number;
    if (BASE64[byte] !== 1) return -1;
    kinds |= kindOf[byte] as number;
  }
  return kinds === WORD && BASE64[bytes[start + SECRET_BYTES] as number] !== 1 ? start : -1;
}

export const SECRET_KEY_BYTES = SECRET_BYTES;

export const secretKeyWords: readonly string[] = [
  "aws secret access key",
  "secret access key",
  "aws secret key",
  "secret key",
  "aws secret",
];

const DASHES = "-----";
const TITLES = [
  "PRIVATE KEY",
  "RSA PRIVATE KEY",
  "EC PRIVATE KEY",
  "DSA PRIVATE KEY",
  "OPENSSH PRIVATE KEY",
  "ENCRYPTED PRIVATE KEY",
  "PGP PRIVATE KEY BLOCK",
].map((title) => ` ${title}${DASHES}`);

/** So much of what follows the title tells one key from another. */
const TOLD_BY_BYTES = 96;

/**
 * The private key whose BEGIN is at `start` (RFC 7468, RFC 4716, RFC 4880): its title and the first of its letters, so that two keys are two.
 *
 * @returns where that ends, or -1
 */
export function privateKeyAt({ bytes }: Text, start: number): number {
  if (!isAt(bytes, start - DASHES.length, DASHES)) return -1;
  const after = start + "BEGIN".length;
  const title = TITLES.find((each) => isAt(bytes, after, each));
  if (title === undefined) return -1;
  let end = after + title.length;
  const last = end + TOLD_BY_BYTES;
  while (end < last && isOfKey(bytes[end] as number)) end++;
  return end;
}

/** Letters of base64 and the line breaks between them, also as JSON writes those. */
const isOfKey = (byte: number): boolean => BASE64[byte] === 1 || byte === 0x0a || byte === 0x0d || byte === 0x5c;

function isAt(bytes: Uint8Array, at: number, text: string): boolean {
  if (at < 0) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}
