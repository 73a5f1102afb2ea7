import { kindOf, WORD } from "./alphabet.ts";
import type { Text } from "./text.ts";

/**
 * Names of columns and fields that say that personal data is in them, in words: `date of birth` is `date_of_birth`, `dateOfBirth` and `Date of birth` as well. More
 * words may stand before (`customer_email`), none after (`email_sent_at`).
 */
export const columnNames: readonly string[] = [
  "ssn",
  "social security number",
  "social security no",
  "national id",
  "national id number",
  "national insurance number",
  "passport number",
  "passport no",
  "passport",
  "driver license",
  "drivers license",
  "driving licence",
  "license number",
  "tax id",
  "taxpayer id",
  "steuer id",
  "steuernummer",
  "steueridentifikationsnummer",
  "sozialversicherungsnummer",
  "personalausweisnummer",
  "reisepassnummer",
  "cpf",
  "cnpj",
  "pesel",
  "bsn",
  "burgerservicenummer",
  "codice fiscale",
  "personnummer",
  "rodne cislo",
  "dni",
  "nie",
  "nif",
  "nir",
  "oib",
  "egn",
  "cnp",
  "emso",
  "amka",
  "isikukood",
  "asmens kodas",
  "personas kods",
  "henkilotunnus",
  "hetu",
  "cpr number",
  "numero de securite sociale",
  "iban",
  "bank account",
  "bank account number",
  "account holder",
  "kontonummer",
  "kontoinhaber",
  "card number",
  "card no",
  "credit card",
  "credit card number",
  "cardholder",
  "cardholder name",
  "card holder",
  "kreditkarte",
  "kreditkartennummer",
  "numero de carte",
  "numero de tarjeta",
  "numero do cartao",
  "cvv",
  "cvc",
  "first name",
  "last name",
  "full name",
  "given name",
  "family name",
  "middle name",
  "maiden name",
  "surname",
  "forename",
  "vorname",
  "nachname",
  "familienname",
  "prenom",
  "nom de famille",
  "apellido",
  "apellidos",
  "sobrenome",
  "cognome",
  "date of birth",
  "birth date",
  "birthday",
  "dob",
  "geburtsdatum",
  "geburtstag",
  "date de naissance",
  "fecha de nacimiento",
  "data de nascimento",
  "data di nascita",
  "place of birth",
  "geburtsort",
  "email",
  "email address",
  "mail address",
  "correo electronico",
  "courriel",
  "phone",
  "phone number",
  "telephone",
  "telephone number",
  "telefon",
  "telefonnummer",
  "telefono",
  "telefone",
  "mobile number",
  "mobile phone",
  "handynummer",
  "home address",
  "street address",
  "postal address",
  "billing address",
  "shipping address",
  "mailing address",
  "anschrift",
  "gender",
  "geschlecht",
  "nationality",
  "ethnicity",
  "religion",
  "marital status",
  "blood type",
  "blood group",
  "diagnosis",
  "medical record number",
  "mrn",
  "patient id",
  "patient name",
  "health insurance number",
  "salary",
  "password",
  "passwd",
];

const MAX_NAME_BYTES = 64;
const MAX_SPACES = 4;
const QUOTE = 0x22;
const COLON = 0x3a;
const LESS = 0x3c;
const GREATER = 0x3e;
const SLASH = 0x2f;
const SPACE = 0x20;
const LINE_BREAK = 0x0a;
const CARRIAGE_RETURN = 0x0d;

const OF_NAME = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++)
  OF_NAME[byte] = ((kindOf[byte] as number) & WORD) !== 0 || "_-. ".includes(String.fromCharCode(byte)) ? 1 : 0;

/** Where the words from `start` to `end` stand. */
export type Place =
  /** They are the last of a key of JSON or of an element of XML. */
  | "key"
  /** They are the last of a cell of the header. */
  | "cell"
  /** They are somewhere in a cell of the header. */
  | "in-cell"
  | "text";

/** @param delimiter what stands between the cells of the header, if they stand in one; 0 when it has a single cell */
export function placeOf({ bytes }: Text, start: number, end: number, delimiter: number | undefined): Place {
  let before = start - 1;
  const least = start - MAX_NAME_BYTES;
  while (before > least && OF_NAME[bytes[before] as number] === 1) before--;
  const opening = bytes[before] as number;
  const after = bytes[end] as number;
  if (opening === QUOTE && after === QUOTE && isColonNext(bytes, end + 1)) return "key";
  if (opening === LESS || (opening === COLON && isTag(bytes, before)))
    return after === GREATER || after === SLASH || after === SPACE ? "key" : "text";
  if (delimiter === undefined) return "text";
  if (opening === QUOTE) before--;
  let behind = end;
  while (behind < end + MAX_NAME_BYTES && OF_NAME[bytes[behind] as number] === 1) behind++;
  const isLast = behind === end;
  if (opening === QUOTE && bytes[behind] === QUOTE) behind++;
  if (!beginsCell(bytes[before], delimiter) || !endsCell(bytes[behind], delimiter)) return "text";
  return isLast ? "cell" : delimiter === 0 ? "text" : "in-cell";
}

function isColonNext(bytes: Uint8Array, from: number): boolean {
  let i = from;
  while (bytes[i] === SPACE && i < from + MAX_SPACES) i++;
  return bytes[i] === COLON;
}

const beginsCell = (byte: number | undefined, delimiter: number): boolean =>
  byte === LINE_BREAK || (byte === delimiter && delimiter !== 0);

const endsCell = (byte: number | undefined, delimiter: number): boolean =>
  byte === delimiter || byte === LINE_BREAK || byte === CARRIAGE_RETURN;

/** A colon after the prefix of a namespace: `<ns:email>`. */
function isTag(bytes: Uint8Array, colon: number): boolean {
  let i = colon - 1;
  while (i > colon - MAX_NAME_BYTES && OF_NAME[bytes[i] as number] === 1) i--;
  return bytes[i] === LESS;
}
