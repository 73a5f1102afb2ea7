import { DIGIT, kindOf, UPPER, WORD } from "./alphabet.ts";
import type { Rule, Start } from "./rules.ts";
import type { Text } from "./text.ts";

/** Lengths by country, of the IBAN registry (ISO 13616, SWIFT, release 100). */
const REGISTRY = `AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22
GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30
NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30`;

const lengthOf = new Uint8Array(26 * 26);
for (const entry of REGISTRY.split(/\s+/)) {
  const [first = 0, second = 0] = [entry.charCodeAt(0), entry.charCodeAt(1)];
  lengthOf[(first - 65) * 26 + (second - 65)] = Number(entry.slice(2));
}

const GROUP = 4;
const SPACE = 0x20;

/** The length that an IBAN has whose first bytes these are; 0 when none begins so. */
function lengthAt(bytes: Uint8Array, at: number): number {
  const first = (bytes[at] as number) - 65;
  const second = (bytes[at + 1] as number) - 65;
  if (first < 0 || first > 25 || second < 0 || second > 25) return 0;
  if (kindOf[bytes[at + 2] as number] !== DIGIT || kindOf[bytes[at + 3] as number] !== DIGIT) return 0;
  return lengthOf[first * 26 + second] as number;
}

/** ISO 7064, MOD 97-10: the first four go to the end, letters count as 10 to 35. Spaces are passed over. */
function passesMod97(bytes: Uint8Array, start: number, end: number): boolean {
  let rest = 0;
  const take = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      const byte = bytes[i] as number;
      if (byte === SPACE) continue;
      rest = byte < 0x3a ? (rest * 10 + byte - 0x30) % 97 : (rest * 100 + byte - 55) % 97;
    }
  };
  take(start + GROUP, end);
  take(start, start + GROUP);
  return rest === 1;
}

function matchBare({ bytes }: Text, start: number, end: number): number {
  return lengthAt(bytes, start) === end - start && passesMod97(bytes, start, end) ? end : -1;
}

const isCapitalOrDigit = (byte: number): boolean => byte < 0x80 && ((kindOf[byte] as number) & (UPPER | DIGIT)) !== 0;

/** In fours, a single space between them; the last may be shorter. */
function matchSpaced({ bytes }: Text, start: number): number {
  const length = lengthAt(bytes, start);
  if (length === 0) return -1;
  let i = start;
  for (let taken = 0; taken < length; taken++) {
    if (taken > 0 && taken % GROUP === 0) {
      if (bytes[i] !== SPACE) return -1;
      i++;
    }
    if (!isCapitalOrDigit(bytes[i] as number)) return -1;
    i++;
  }
  return ((kindOf[bytes[i] as number] as number) & WORD) === 0 && passesMod97(bytes, start, i) ? i : -1;
}

const lengths = [...new Set(lengthOf)].filter((length) => length > 0);

/** International bank account numbers: a country of the registry, its length, and the check of two digits; capitals, bare or in fours. */
export const ibanRules: readonly Rule[] = [
  {
    detector: "iban",
    normal: "code",
    starts: lengths.map((length): Start => ({ kind: "mixed", length })),
    match: matchBare,
  },
  { detector: "iban", normal: "code", starts: [{ kind: "mixed", length: GROUP, separator: " " }], match: matchSpaced },
];
