/** A built-in detector, as documents and a policy's schema need it. This file imports nothing. */
export interface DetectorInfo {
  readonly id: string;
  readonly title: string;
  /** A checksum proves most of what it finds. */
  readonly isChecksummed: boolean;
}

/** Every built-in detector. The ids are written into policies: they never change. */
const all = [
  { id: "payment-card", title: "Payment card number", isChecksummed: true },
  { id: "iban", title: "Bank account number (IBAN)", isChecksummed: true },
  { id: "email", title: "E-mail address", isChecksummed: false },
  { id: "phone", title: "Phone number", isChecksummed: false },
  { id: "us-ssn", title: "Social security number, United States", isChecksummed: false },
  { id: "br-cpf", title: "Taxpayer number of a person (CPF), Brazil", isChecksummed: true },
  { id: "br-cnpj", title: "Company number (CNPJ), Brazil", isChecksummed: true },
  { id: "at-svnr", title: "Social insurance number, Austria", isChecksummed: true },
  { id: "be-nn", title: "National register number, Belgium", isChecksummed: true },
  { id: "bg-egn", title: "Civil number (EGN), Bulgaria", isChecksummed: true },
  { id: "cz-sk-rc", title: "Birth number, Czechia and Slovakia", isChecksummed: true },
  { id: "de-tax-id", title: "Tax identification number of a person, Germany", isChecksummed: true },
  { id: "dk-cpr", title: "Person number (CPR), Denmark", isChecksummed: false },
  { id: "ee-ik", title: "Personal code (isikukood), Estonia", isChecksummed: true },
  { id: "es-dni", title: "Identity number (DNI), Spain", isChecksummed: true },
  { id: "es-nie", title: "Foreigner's identity number (NIE), Spain", isChecksummed: true },
  { id: "fi-hetu", title: "Personal identity code, Finland", isChecksummed: true },
  { id: "fr-nir", title: "Social security number (NIR), France", isChecksummed: true },
  { id: "gr-amka", title: "Social security number (AMKA), Greece", isChecksummed: true },
  { id: "hr-oib", title: "Personal identification number (OIB), Croatia", isChecksummed: true },
  { id: "ie-pps", title: "Personal public service number, Ireland", isChecksummed: true },
  { id: "it-codice-fiscale", title: "Tax code of a person, Italy", isChecksummed: true },
  { id: "lt-asmens", title: "Personal code, Lithuania", isChecksummed: true },
  { id: "lv-pk", title: "Personal code, Latvia", isChecksummed: true },
  { id: "nl-bsn", title: "Citizen service number (BSN), Netherlands", isChecksummed: true },
  { id: "pl-pesel", title: "PESEL number, Poland", isChecksummed: true },
  { id: "pt-nif", title: "Tax number (NIF), Portugal", isChecksummed: true },
  { id: "ro-cnp", title: "Personal numeric code (CNP), Romania", isChecksummed: true },
  { id: "se-personnummer", title: "Personal identity number, Sweden", isChecksummed: true },
  { id: "si-emso", title: "Personal number (EMSO), Slovenia", isChecksummed: true },
  { id: "aws-access-key", title: "AWS access key id", isChecksummed: false },
  { id: "aws-secret-key", title: "AWS secret access key", isChecksummed: false },
  { id: "private-key", title: "Private key", isChecksummed: false },
  { id: "health-term", title: "Term of a health record", isChecksummed: false },
  { id: "column-name", title: "Name of a column or field that holds personal data", isChecksummed: false },
] as const satisfies readonly DetectorInfo[];

export type BuiltInDetector = (typeof all)[number]["id"];

export const builtInDetectors: readonly (DetectorInfo & { readonly id: BuiltInDetector })[] = all;
