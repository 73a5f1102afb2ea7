import { describe, expect, it } from "vitest";
import { builtInDetectors } from "../../shared/classification/detect/scan.ts";
import { scanned } from "./scanned.ts";

/** What is found in a text: how often, by detector. Names of columns and fields have their own cases. */
const cases: readonly (readonly [text: string, found: Readonly<Record<string, number>>])[] = [
  // Payment cards
  ["card 4111 1111 1111 1111 ok", { "payment-card": 1 }],
  ["4111111111111111", { "payment-card": 1 }],
  ["4111-1111-1111-1111", { "payment-card": 1 }],
  ["3782 822463 10005 and 378282246310005", { "payment-card": 2 }],
  ["4111\u00a01111\u00a01111\u00a01111", { "payment-card": 1 }],
  ["4111 1111 1111 1112", {}],
  ["x4111111111111111", {}],
  ["4111111111111111x", {}],
  ["é4111111111111111", {}],
  ["4111111111111111.5", {}],
  ["4111 1111 1111 1111 1111", {}],
  ["DE12 4111 1111 1111 1111 00", {}],
  ["card 4111 1111 1111 1111 12/27", { "payment-card": 1 }],
  ["4444444444444444", {}],
  ["1751234567894", {}],
  ["0123456789ab-4111111111111111", {}],
  // IBAN
  ["DE89 3704 0044 0532 0130 00", { iban: 1 }],
  ["GB29NWBK60161331926819", { iban: 1 }],
  ["DE89 3704 0044 0532 0130 01", {}],
  ["DE8937040044053201300", {}],
  // E-mail
  ["mail bob.smith+tag@mail.example.com.", { email: 1 }],
  ["'bob@example.com'", { email: 1 }],
  ["git@github.com:owner/name", {}],
  ["https://bob:secret@host.example.com/", {}],
  ["logo@2x.png", {}],
  ["left-pad@1.3.0", {}],
  ["a..b@example.com", {}],
  ["bob@localhost", {}],
  // Phone
  ["+49 (0)30 123456 12.05.2024", { phone: 1 }],
  ["+4930123456", { phone: 1 }],
  ["tel: 030 1234567", { phone: 1 }],
  ["(415) 555-2671, 415-555-2671", { phone: 2 }],
  ["ORD-415-555-2671", {}],
  ["030 1234567", {}],
  ["+999 123 456 789", {}],
  // National numbers
  ["536-90-4399", { "us-ssn": 1 }],
  ["666-90-4399 900-90-4399 536-00-4399 536-90-0000", {}],
  ["SSN of the applicant: 536904399", { "us-ssn": 1 }],
  ["536904399", {}],
  ["529.982.247-25 and 11.222.333/0001-81", { "br-cpf": 1, "br-cnpj": 1 }],
  ["529.982.247-24", {}],
  ["Steuer-ID: 86095742719", { "de-tax-id": 1 }],
  ["86095742719", {}],
  ["PESEL 44051401359", { "pl-pesel": 1 }],
  ["bsn 111222333", { "nl-bsn": 1 }],
  ["131052-308T", { "fi-hetu": 1 }],
  ["RCCMNL83S18D969H", { "it-codice-fiscale": 1 }],
  ["1 85 05 78 006 084 91", { "fr-nir": 1 }],
  ["710319/2745", { "cz-sk-rc": 1 }],
  ["640823-3234", { "se-personnummer": 1 }],
  ["CPR 010190-1234", { "dk-cpr": 1 }],
  ["DNI: 12345678Z", { "es-dni": 1 }],
  // Secrets
  ["AKIAIOSFODNN7EXAMPLE", { "aws-access-key": 1 }],
  ["AKIAIOSFODNN7EXAMPLEX akiaiosfodnn7example", {}],
  ["aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", { "aws-secret-key": 1 }],
  ["wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", {}],
  ["AKIAIOSFODNN7EXAMPLE,wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", { "aws-access-key": 1, "aws-secret-key": 1 }],
  ["-----BEGIN RSA PRIVATE KEY-----\nMIIEow", { "private-key": 1 }],
  ["-----BEGIN PUBLIC KEY-----\nMIIEow", {}],
  // Health
  ["Patientin mit Diabetes mellitus und Bluthochdruck", { "health-term": 2 }],
  ["Diagnóstico principal: E11.9", { "health-term": 2 }],
  ["E11.9 onDiabetesClick", {}],
  // Evidence goes no further than its field
  ['{"bsn":null,"order":111222333}', { "column-name": 1 }],
  ["see the bsn:\n111222333", {}],
  ["bsn 123456 111222333", {}],
];

describe("detectors", () => {
  it.each(cases)("in %j find %j", (text, found) => {
    expect(scanned(text).counts).toEqual(found);
  });

  it.each<readonly [string, Readonly<Record<string, number>>]>([
    ["id,ssn,note\n1,536904399,536904398\n2,536904397,\n", { "column-name": 1, "us-ssn": 2 }],
    ['"id";"note";"BSN"\r\n"1";"a;111222333";"111222333"\r\n', { "column-name": 1, "nl-bsn": 1 }],
    ["ssn\n536904399\n536904398\n", { "column-name": 1, "us-ssn": 2 }],
    ['{"customerSsn":"536904399","date_of_birth":1}', { "column-name": 2, "us-ssn": 1 }],
    ["<ns:email>x</ns:email><lastName/>", { "column-name": 2 }],
    ["first_name;geburtsdatum;n\na;b;c\n", { "column-name": 2 }],
    ["ssn_hash,email_sent_at\n1,2\n", {}],
    ['{"field":"ssn","note":"the email"}', {}],
    ['{"a":1,"phone":"x"}\n{"a":1,"b":"030123456"}\n', { "column-name": 1 }],
  ])("know the column in %j: %j", (text, found) => {
    expect(scanned(text).counts).toEqual(found);
  });

  it("have ids and titles of their own", () => {
    expect(new Set(builtInDetectors.map(({ id }) => id)).size).toBe(builtInDetectors.length);
    expect(new Set(builtInDetectors.map(({ title }) => title)).size).toBe(builtInDetectors.length);
  });

  it("look for nothing that was not asked for", () => {
    expect(scanned("bob@example.com 4111111111111111", { detectors: new Set(["email"]) }).counts).toEqual({ email: 1 });
    expect(scanned("bob@example.com", { detectors: new Set() }).counts).toEqual({});
  });
});
