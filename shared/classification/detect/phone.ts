import metadata from "libphonenumber-js/metadata.min";
import { DIGIT, kindOf } from "./alphabet.ts";
import { type Rule, startOf } from "./rules.ts";
import { isOpenAfter, type Text } from "./text.ts";

/** ITU-T E.164: fifteen digits at most. Fewer than eight after a plus are rarely a whole number. */
const MAX_DIGITS = 15;
const MIN_INTERNATIONAL_DIGITS = 8;
const MIN_NATIONAL_DIGITS = 7;
const MAX_WRITTEN_BYTES = 28;
const MAX_CUTS = 6;

/** Whose national numbers are known without a country: the EU's and EEA's, and those of America and the neighbours that EU companies deal with most. */
const HOME_COUNTRIES =
  "AT BE BG BR CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK US".split(" ");

/** In the library's table of a country, the pattern of its national numbers (metadata version 4; a test knows numbers that it has to take). */
const NATIONAL_PATTERN = 2;

const plans = { ...metadata.countries, ...metadata.nonGeographic } as Readonly<Record<string, readonly unknown[]>>;
const countriesOf = metadata.country_calling_codes as Readonly<Record<string, readonly string[]>>;

/** One pattern for the numbers of some plans. */
const patternOf = (names: readonly string[]): RegExp =>
  new RegExp(`^(?:${names.map((name) => plans[name]?.[NATIONAL_PATTERN] ?? "(?!)").join("|")})$`);

const byCallingCode = new Map<string, RegExp>();

/** The pattern of a calling code, made when first met. The library's own parser takes a hundred times as long as it does. */
function patternOfCode(callingCode: string): RegExp {
  const known = byCallingCode.get(callingCode);
  if (known !== undefined) return known;
  const pattern = patternOf(countriesOf[callingCode] ?? (callingCode in plans ? [callingCode] : []));
  byCallingCode.set(callingCode, pattern);
  return pattern;
}

/** Whether digits after a plus are a number of some country. */
function isInternational(digits: string): boolean {
  if (digits.length < MIN_INTERNATIONAL_DIGITS || digits.length > MAX_DIGITS || digits[0] === "0") return false;
  for (let length = 1; length <= 3; length++) {
    const national = digits.slice(length);
    if (patternOfCode(digits.slice(0, length)).test(national)) return !isOneDigit(national);
  }
  return false;
}

let home: RegExp | undefined;

/** Whether digits are a number of one of the home countries, with or without the 0 before it. */
function isNational(digits: string): boolean {
  if (digits.startsWith("00")) return isInternational(digits.slice(2));
  if (digits.length < MIN_NATIONAL_DIGITS || digits.length > MAX_DIGITS || isOneDigit(digits)) return false;
  home ??= patternOf(HOME_COUNTRIES);
  const short = digits.startsWith("0") ? digits.slice(1) : digits;
  return home.test(short) || home.test(digits);
}

const isOneDigit = (digits: string): boolean => /^(\d)\1+$/.test(digits);

let unitedStates: RegExp | undefined;

/** Whether ten digits are a number of the North American plan. */
function isNorthAmerican(digits: string): boolean {
  unitedStates ??= patternOf(["US"]);
  return digits.length === 10 && unitedStates.test(digits);
}

const SEPARATORS = new Set([" ", "-", ".", "/", "(", ")"].map((mark) => mark.charCodeAt(0)));
const OPENING = 0x28;
const ZERO = 0x30;
const CLOSING = 0x29;
const SPACE = 0x20;

/** Walks over digits as people write them in groups, and tries the longest first: a date may follow a number. */
function matchWritten(text: Text, start: number, isValid: (digits: string) => boolean): number {
  const { bytes } = text;
  let digits = "";
  const cuts: [end: number, digits: string][] = [];
  let i = start;
  const last = start + MAX_WRITTEN_BYTES;
  while (i < last) {
    const byte = bytes[i] as number;
    if (kindOf[byte] === DIGIT) {
      digits += String.fromCharCode(byte);
      i++;
      if (digits.length > MAX_DIGITS) break;
      continue;
    }
    if (!SEPARATORS.has(byte)) break;
    cuts.push([i, digits]);
    // Two marks together are " (" or ") " and nothing else.
    if (byte === CLOSING ? bytes[i + 1] === SPACE : bytes[i + 1] === OPENING) i++;
    // The 0 in (0) is dialled at home only.
    if (bytes[i] === OPENING && bytes[i + 1] === ZERO && bytes[i + 2] === CLOSING && digits !== "") i += 2;
    i++;
    if (SEPARATORS.has(bytes[i] as number) && bytes[i - 1] === CLOSING) i++;
  }
  if (digits.length <= MAX_DIGITS && kindOf[bytes[i - 1] as number] === DIGIT) cuts.push([i, digits]);
  for (const [end, before] of cuts.reverse().slice(0, MAX_CUTS))
    if (kindOf[bytes[end - 1] as number] === DIGIT && isOpenAfter(text, end) && isValid(before)) return end;
  return -1;
}

/** The number whose first digit, after a plus, is at `start`; -1 when it is none. */
export const matchInternational = (text: Text, start: number): number => matchWritten(text, start, isInternational);

const digitsOf = ({ bytes }: Text, start: number, end: number): string => {
  let digits = "";
  for (let i = start; i < end; i++)
    if (kindOf[bytes[i] as number] === DIGIT) digits += String.fromCharCode(bytes[i] as number);
  return digits;
};

const AMERICAN_BYTES = "ddd-ddd-dddd".length;
const HYPHEN = 0x2d;

/** `415-555-2671` and `(415) 555-2671`. */
function matchAmerican(text: Text, start: number): number {
  const { bytes } = text;
  const inBrackets = bytes[start + 3] === CLOSING;
  if (inBrackets !== (bytes[start - 1] === OPENING)) return -1;
  const shift = inBrackets && bytes[start + 4] === SPACE ? 1 : 0;
  const end = start + AMERICAN_BYTES + shift;
  if (bytes[end - 5] !== HYPHEN || (!inBrackets && bytes[start + 3] !== HYPHEN)) return -1;
  const digits = digitsOf(text, start, end);
  return isNorthAmerican(digits) && kindOf[bytes[end - 1] as number] === DIGIT ? end : -1;
}

/**
 * Phone numbers without a plus: near a word that says so any that a home country has, otherwise only what is written as in North America. Those with a plus are
 * tried where the plus is met (`matchInternational`).
 */
export const phoneRules: readonly Rule[] = [
  {
    detector: "phone",
    normal: "code",
    evidence: "phone",
    starts: Array.from({ length: MAX_DIGITS }, (_, index) => ({ kind: "digits" as const, length: index + 1 })),
    match: (text, start) => matchWritten(text, start, isNational),
  },
  { detector: "phone", normal: "code", starts: [startOf("ddd-ddd-dddd")], second: 3, match: matchAmerican },
  { detector: "phone", normal: "code", starts: [startOf("ddd) ddd-dddd")], match: matchAmerican },
];

export const phoneWords: readonly string[] = [
  "phone",
  "phone number",
  "phone no",
  "telephone",
  "tel",
  "telefon",
  "telefonnummer",
  "telefono",
  "telefone",
  "telefoon",
  "telefoonnummer",
  "telephone number",
  "numero de telephone",
  "mobile",
  "mobile number",
  "mobil",
  "mobilnummer",
  "handy",
  "handynummer",
  "cell phone",
  "cellphone",
  "celular",
  "cellulare",
  "movil",
  "telemovel",
  "portable",
  "fax",
  "whatsapp",
  "telefonszam",
  "puhelin",
  "telefonas",
];
