import { ibanCheck, luhnDigit } from "./checksums.ts";
import type { Maker } from "./national-values.ts";
import type { Random } from "./random.ts";

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const HEX = "0123456789abcdef";
const DIGITS_AND_CAPITALS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

const ISSUERS: readonly (readonly [prefix: string, length: number])[] = [
  ["4", 16],
  ["51", 16],
  ["55", 16],
  ["2221", 16],
  ["2720", 16],
  ["34", 15],
  ["37", 15],
  ["6011", 16],
  ["65", 16],
  ["36", 14],
  ["3528", 16],
  ["62", 16],
  ["6759", 16],
];

function card(random: Random): string {
  const [prefix, length] = random.pick(ISSUERS);
  const body = prefix + random.digits(length - prefix.length - 1);
  const number = body + luhnDigit(body);
  const mark = random.pick(["", "", " ", "-"]);
  if (mark === "") return number;
  const groups = length === 15 ? [4, 6, 5] : length === 14 ? [4, 6, 4] : [4, 4, 4, 4];
  const starts = groups.map((_, index) => groups.slice(0, index).reduce((sum, size) => sum + size, 0));
  return starts.map((start, index) => number.slice(start, start + (groups[index] ?? 0))).join(mark);
}

/** Countries with the form of their basic account number: `n` a digit, `a` a capital, `c` either (IBAN registry). */
const ACCOUNTS: readonly (readonly [country: string, form: string])[] = [
  ["AT", "n16"],
  ["BE", "n12"],
  ["DE", "n18"],
  ["ES", "n20"],
  ["FR", "n10c11n2"],
  ["GB", "a4n14"],
  ["IE", "a4n14"],
  ["IT", "a1n10c12"],
  ["MT", "a4n5c18"],
  ["NL", "a4n10"],
  ["NO", "n11"],
  ["PL", "n24"],
  ["PT", "n21"],
  ["SE", "n20"],
];

function iban(random: Random): string {
  const [country, form] = random.pick(ACCOUNTS);
  const account = form.replace(/([nac])(\d+)/g, (_, kind, count) =>
    random.letters(
      Number(count),
      kind === "n" ? "0123456789" : kind === "a" ? "ABCDEFGHIJKLMNOPQRSTUVWXYZ" : DIGITS_AND_CAPITALS,
    ),
  );
  const number = `${country}${ibanCheck(country, account)}${account}`;
  return random.oneIn(2) ? number : (number.match(/.{1,4}/g) ?? []).join(" ");
}

const NAMES = "anna bob carla dmitri elena farid grace hugo ines jonas kemal lucia marek nadia oscar".split(" ");
const DOMAINS = [
  "example.com",
  "example.org",
  "mail.example.co.uk",
  "example-shop.de",
  "uni.example.edu",
  "sub.example.io",
];

function email(random: Random): string {
  const name = random.pick(NAMES);
  const local = random.pick([
    name,
    `${name}.${random.pick(NAMES)}`,
    `${name}_${random.digits(2)}`,
    `${name}+tag`,
    name.toUpperCase(),
  ]);
  return `${local}@${random.pick(DOMAINS)}`;
}

/** Mobile and big-city numbers that exist as a kind; `#` any digit. */
const INTERNATIONAL = [
  "+49 151 2######0",
  "+49 (0)30 2######",
  "+49-89-2######",
  "+33 6 12 ## ## ##",
  "+33612######",
  "+44 20 7946 0###",
  "+44 7400 ######",
  "+1 415 555 2###",
  "+1 (212) 555-2###",
  "+55 11 9####-####",
  "+34 612 ### ###",
  "+39 347 ### ####",
  "+31 6 1#######",
  "+48 512 ### ###",
];
const NATIONAL = ["030 2######", "0151 2#######", "(089) 2######", "06 12 ## ## ##", "020 7946 0###", "0612######"];
const AMERICAN = ["(415) 555-2###", "415-555-2###", "(212) 736-5###"];

const filled = (random: Random, form: string): string => form.replaceAll("#", () => random.digits(1));

const keyId = (random: Random): string =>
  random.pick(["AKIA", "ASIA"]) + random.letters(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");

const secretKey = (random: Random): string => `aB3${random.letters(37, BASE64)}`;

function privateKey(random: Random): string {
  const kind = random.pick(["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "]);
  return `-----BEGIN ${kind}PRIVATE KEY-----\n${random.letters(64, BASE64)}\n-----END ${kind}PRIVATE KEY-----`;
}

const TERMS = [
  "Diabetes mellitus",
  "chemotherapy",
  "multiple sclerosis",
  "Bluthochdruck",
  "Patientenakte",
  "chimiothérapie",
  "dossier médical",
  "historia clínica",
  "hipertensão arterial",
  "cartella clinica",
];

/** The other values, by detector. */
export const otherMakers: Readonly<Record<string, Maker>> = {
  "payment-card": { alone: card },
  iban: { alone: iban },
  email: { hasCheck: false, alone: email },
  phone: {
    hasCheck: false,
    alone: (random) => filled(random, random.pick([...INTERNATIONAL, ...AMERICAN])),
    beside: (random) => filled(random, random.pick(NATIONAL)),
    labels: ["Tel", "phone", "Telefon", "mobile", "phone_number"],
  },
  "aws-access-key": { hasCheck: false, alone: keyId },
  "aws-secret-key": {
    hasCheck: false,
    // As AWS hands it out; and after its name, in a file of settings.
    alone: (random) =>
      random.oneIn(2) ? `${keyId(random)},${secretKey(random)}` : `aws_secret_access_key = ${secretKey(random)}`,
    alsoFinds: ["aws-access-key"],
  },
  "private-key": { hasCheck: false, alone: privateKey },
  "health-term": { hasCheck: false, alone: (random) => random.pick(TERMS) },
};

/** Names of columns that hold personal data, as they are written. */
export const personalColumns: readonly string[] = [
  "ssn",
  "date_of_birth",
  "dateOfBirth",
  "First Name",
  "lastName",
  "customer_email",
  "cardNumber",
  "IBAN",
  "passport-number",
  "geburtsdatum",
  "homePhoneNumber",
  "codice_fiscale",
];

const uuid = (random: Random): string => [8, 4, 4, 4, 12].map((length) => random.letters(length, HEX)).join("-");

/** A number with an issuer's beginning that fails Luhn's check. */
function wrongCard(random: Random): string {
  const body = random
    .pick(["4", "51", "6011", "2221"])
    .padEnd(15, "x")
    .replaceAll("x", () => random.digits(1));
  return body + String((Number(luhnDigit(body)) + 1 + random.below(9)) % 10);
}

/** A number that passes Luhn's check and that no issuer's range has. */
function unissued(random: Random): string {
  const body = random
    .pick(["1", "7", "8", "9", "0", "56"])
    .padEnd(15, "x")
    .replaceAll("x", () => random.digits(1));
  return body + luhnDigit(body);
}

function wrongIban(random: Random): string {
  const right = iban(random);
  const wrong = String((Number(right.slice(2, 4)) + 1 + random.below(90)) % 100).padStart(2, "0");
  return right.slice(0, 2) + wrong + right.slice(4);
}

/** What looks like a value and is none, by kind. */
export const nearMisses: Readonly<Record<string, (random: Random) => string>> = {
  "16 random digits": (random) => random.digits(16),
  "card number, check wrong": wrongCard,
  "check right, no issuer": unissued,
  "order number": (random) => `2026${random.digits(12)}`,
  "timestamp, ms": (random) => `17${random.digits(11)}`,
  "timestamp, ns": (random) => `17${random.digits(17)}`,
  "timestamp, ISO 8601": (random) =>
    `2026-0${1 + random.below(9)}-1${random.below(10)}T1${random.below(10)}:2${random.below(10)}:3${random.below(10)}.${random.digits(3)}Z`,
  "timestamp, 14 digits": (random) => `2026011${random.below(10)}${random.digits(6)}`,
  uuid,
  version: (random) => `${random.below(30)}.${random.below(99)}.${random.digits(3)}-${random.digits(2)}`,
  "IP address": (random) => `${10 + random.below(200)}.${random.below(255)}.${random.below(255)}.${random.below(255)}`,
  "MAC address": (random) => Array.from({ length: 6 }, () => random.letters(2, HEX)).join(":"),
  md5: (random) => random.letters(32, HEX),
  "sha1, upper case": (random) => random.letters(40, HEX).toUpperCase(),
  sha256: (random) => random.letters(64, HEX),
  base64: (random) => `${random.letters(60 + random.below(60), BASE64)}==`,
  "phone-like id": (random) => `${random.pick(["ORD-", "INV/", "TCK_"])}415-555-${random.digits(4)}`,
  "grouped id": (random) => `${random.digits(2)}-${random.digits(4)}-${random.digits(3)}`,
  "11 random digits": (random) => random.digits(11),
  "9 random digits": (random) => random.digits(9),
  "article number": (random) => `40${random.digits(11)}`,
  "tracking number": (random) => `1Z${random.letters(16, DIGITS_AND_CAPITALS)}`,
  "IBAN, check wrong": wrongIban,
  amount: (random) => `${random.below(99)} ${random.digits(3)} ${random.digits(3)},${random.digits(2)}`,
  coordinates: (random) => `${random.below(90)}.${random.digits(6)}, ${random.below(180)}.${random.digits(6)}`,
  "SSN of no area": (random) =>
    `${random.pick(["000", "666", `9${random.digits(2)}`])}-${random.digits(2)}-${random.digits(4)}`,
  "CPF form, random digits": (random) =>
    `${random.digits(3)}.${random.digits(3)}.${random.digits(3)}-${random.digits(2)}`,
  "name of a column as a value": (random) => random.pick(["ssn", "email", "date of birth", "card number"]),
  "file at 2x": (random) => `logo${random.digits(1)}@2x.png`,
  "package and version": (random) => `left-pad@${random.below(9)}.${random.below(9)}.${random.below(9)}`,
  "git remote": (random) => `git@git.example.com:team/project-${random.digits(2)}`,
  "URL with a user": (random) => `https://${random.pick(NAMES)}:${random.digits(6)}@host.example.com/path`,
  certificate: (random) => `-----BEGIN CERTIFICATE-----\n${random.letters(64, BASE64)}\n-----END CERTIFICATE-----`,
  "public key": (random) => `-----BEGIN PUBLIC KEY-----\n${random.letters(64, BASE64)}`,
  "key id, too long": (random) => `AKIA${random.letters(17, DIGITS_AND_CAPITALS)}`,
  "hash without a name": (random) => random.letters(40, BASE64),
  "part number": (random) => `${random.digits(8)}${random.letters(1, "ABCDEFGH")}`,
  "wall of digits": (random) => random.digits(200),
};
