import { DIGIT, kindOf } from "./alphabet.ts";
import { type Rule, ruleOf, type Start } from "./rules.ts";

/** Digits that cards of a network begin with (`from` and `to` have as many), and how many there are in all. */
interface Issuer {
  readonly from: number;
  readonly to: number;
  readonly lengths: readonly number[];
  /** Lengths at which a bare number needs a word beside it: too many order numbers and article numbers look alike. */
  readonly weak?: readonly number[];
}

/** Issuer ranges in use (ISO/IEC 7812; the networks' published ranges). */
const issuers: readonly Issuer[] = [
  { from: 4, to: 4, lengths: [13, 16, 19], weak: [13, 19] },
  { from: 51, to: 55, lengths: [16] },
  { from: 2221, to: 2720, lengths: [16] },
  { from: 34, to: 34, lengths: [15] },
  { from: 37, to: 37, lengths: [15] },
  { from: 6011, to: 6011, lengths: [16, 17, 18, 19], weak: [17, 18, 19] },
  { from: 644, to: 649, lengths: [16, 17, 18, 19], weak: [17, 18, 19] },
  { from: 65, to: 65, lengths: [16, 17, 18, 19], weak: [17, 18, 19] },
  { from: 300, to: 305, lengths: [14, 16], weak: [16] },
  { from: 3095, to: 3095, lengths: [14, 16], weak: [16] },
  { from: 36, to: 36, lengths: [14, 16], weak: [16] },
  { from: 38, to: 39, lengths: [14, 16], weak: [16] },
  { from: 3528, to: 3589, lengths: [16, 17, 18, 19], weak: [17, 18, 19] },
  { from: 62, to: 62, lengths: [16, 17, 18, 19], weak: [17, 18] },
  ...[5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763].map((prefix) => ({
    from: prefix,
    to: prefix,
    lengths: [12, 13, 14, 15, 16, 17, 18, 19],
    weak: [12, 13, 14, 15, 17, 18, 19],
  })),
];

/** By the first four digits: a bit for each length, and another table for those that need no word. */
const lengthsOf = new Uint32Array(10_000);
const strongLengthsOf = new Uint32Array(10_000);
for (const { from, to, lengths, weak = [] } of issuers) {
  const scale = 10 ** (4 - String(from).length);
  for (let prefix = from * scale; prefix < (to + 1) * scale; prefix++) {
    for (const length of lengths) {
      lengthsOf[prefix] = (lengthsOf[prefix] as number) | (1 << length);
      if (!weak.includes(length)) strongLengthsOf[prefix] = (strongLengthsOf[prefix] as number) | (1 << length);
    }
  }
}

/** Luhn's check (ISO/IEC 7812-1, annex B), over the digits among the bytes; not true of a single digit repeated. */
function passesLuhn(bytes: Uint8Array, start: number, end: number): boolean {
  let sum = 0;
  let isDoubled = false;
  let varies = false;
  const last = bytes[end - 1];
  for (let i = end - 1; i >= start; i--) {
    const byte = bytes[i] as number;
    if (kindOf[byte] !== DIGIT) continue;
    if (byte !== last) varies = true;
    const digit = byte - 0x30;
    sum += isDoubled ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit;
    isDoubled = !isDoubled;
  }
  return varies && sum % 10 === 0;
}

const prefixOf = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] as number) - 0x30) * 1000 +
  ((bytes[at + 1] as number) - 0x30) * 100 +
  ((bytes[at + 2] as number) - 0x30) * 10 +
  ((bytes[at + 3] as number) - 0x30);

function isCard(bytes: Uint8Array, start: number, end: number, table: Uint32Array, digits: number): boolean {
  return (((table[prefixOf(bytes, start)] as number) >> digits) & 1) === 1 && passesLuhn(bytes, start, end);
}

const bareRule = (table: Uint32Array, lengths: readonly number[], evidence?: string): Rule => ({
  detector: "payment-card",
  normal: "code",
  ...(evidence !== undefined && { evidence }),
  starts: lengths.map((length): Start => ({ kind: "digits", length })),
  match: ({ bytes }, start, end) => (isCard(bytes, start, end, table, end - start) ? end : -1),
});

/** As cards are printed: in fours, American Express 4-6-5, Diners Club 4-6-4. */
const GROUPS = [
  "dddd dddd dddd dddd",
  "dddd dddd dddd dddd ddd",
  "dddd dddddd ddddd",
  "dddd dddddd dddd",
  "dddddd ddddddddddddd",
];

const grouped = [...GROUPS, ...GROUPS.map((form) => form.replaceAll(" ", "-"))].map((form) => {
  const digits = form.replace(/[^d]/g, "").length;
  const { match, ...rule } = ruleOf("payment-card", form, () => true);
  return {
    ...rule,
    match(text, start, end) {
      const to = match(text, start, end);
      return to > 0 && isCard(text.bytes, start, to, lengthsOf, digits) ? to : -1;
    },
  } satisfies Rule;
});

/** Numbers of payment cards: an issuer's range and length, and Luhn's check; bare, or in the groups that are printed. */
export const paymentCardRules: readonly Rule[] = [
  bareRule(lengthsOf, [12, 13, 14, 15, 16, 17, 18, 19], "payment-card"),
  bareRule(strongLengthsOf, [14, 15, 16, 19]),
  ...grouped,
];

export const paymentCardWords: readonly string[] = [
  "card number",
  "card no",
  "cardnumber",
  "credit card",
  "credit card number",
  "creditcard",
  "debit card",
  "payment card",
  "ccn",
  "pan",
  "kreditkarte",
  "kreditkartennummer",
  "kartennummer",
  "carte bancaire",
  "numero de carte",
  "tarjeta",
  "numero de tarjeta",
  "cartao",
  "numero do cartao",
  "carta di credito",
  "maestro",
  "visa",
  "mastercard",
];
