import {
  balticDigit,
  cnpjDigits,
  codiceFiscaleLetter,
  cpfDigits,
  dniLetter,
  hetuLetter,
  luhnDigit,
  mod11And10Digit,
  ppsLetter,
  weighted,
} from "./checksums.ts";
import type { Random } from "./random.ts";

/** How a kind of value is made: `alone`, as it can be told anywhere; `beside`, bare, as it can be told beside one of `labels`. */
export interface Maker {
  readonly alone?: (random: Random) => string;
  readonly beside?: (random: Random) => string;
  readonly labels?: readonly string[];
  /** False when there is nothing to check in it. */
  readonly hasCheck?: boolean;
  /** Other detectors that find a part of it. */
  readonly alsoFinds?: readonly string[];
}

const two = (number: number): string => String(number).padStart(2, "0");

interface Birth {
  readonly dd: string;
  readonly mm: string;
  readonly yy: string;
}

/** Of the last century, so that no check asks what day it is. */
const birth = (random: Random): Birth => ({
  dd: two(1 + random.below(28)),
  mm: two(1 + random.below(12)),
  yy: two(30 + random.below(69)),
});

/** Tries until the check can be written: where a remainder has no digit, the number is not given out. */
function until(make: () => string | undefined): string {
  for (;;) {
    const made = make();
    if (made !== undefined) return made;
  }
}

const svnr = (random: Random): string =>
  until(() => {
    const { dd, mm, yy } = birth(random);
    const serial = String(100 + random.below(900));
    const rest = weighted(`${serial}0${dd}${mm}${yy}`, [3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11;
    return rest === 10 ? undefined : `${serial}${rest}${dd}${mm}${yy}`;
  });

function belgian(random: Random): string {
  const { dd, mm, yy } = birth(random);
  const nine = `${yy}${mm}${dd}${String(1 + random.below(997)).padStart(3, "0")}`;
  return nine + two(97 - (Number(nine) % 97));
}

function bulgarian(random: Random): string {
  const { dd, mm, yy } = birth(random);
  const nine = `${yy}${mm}${dd}${random.digits(3)}`;
  return nine + String((weighted(nine, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11) % 10);
}

const czech = (random: Random): string =>
  until(() => {
    const { dd, mm } = birth(random);
    const month = random.oneIn(2) ? two(Number(mm) + 50) : mm;
    const nine = `${54 + random.below(45)}${month}${dd}${random.digits(3)}`;
    const rest = Number(nine) % 11;
    return rest === 10 ? undefined : nine + String(rest);
  });

/** One digit twice among ten, or three times and then not all together. */
const german = (random: Random): string =>
  until(() => {
    const all = [..."0123456789"];
    const first: string[] = [];
    while (all.length > 1) first.push(...all.splice(random.below(all.length), 1));
    first.splice(random.below(10), 0, random.pick(first));
    const ten = first.join("");
    return ten.startsWith("0") ? undefined : ten + mod11And10Digit(ten);
  });

function baltic(random: Random): string {
  const { dd, mm, yy } = birth(random);
  const ten = `${random.pick(["3", "4"])}${yy}${mm}${dd}${random.digits(3)}`;
  return ten + balticDigit(ten);
}

function french(random: Random): string {
  const { mm, yy } = birth(random);
  const department = two(1 + random.below(95)).replace("20", "21");
  const thirteen = `${1 + random.below(2)}${yy}${mm}${department}${String(1 + random.below(899)).padStart(3, "0")}${String(1 + random.below(899)).padStart(3, "0")}`;
  return thirteen + two(97 - Number(BigInt(thirteen) % 97n));
}

const latvian = (random: Random): string =>
  until(() => {
    const { dd, mm, yy } = birth(random);
    const ten = `${dd}${mm}${yy}1${random.digits(3)}`;
    const check = (1101 - weighted(ten, [1, 6, 3, 7, 9, 10, 5, 8, 4, 2])) % 11;
    return check === 10 ? undefined : ten + String(check);
  });

const dutch = (random: Random): string =>
  until(() => {
    const eight = `${1 + random.below(9)}${random.digits(7)}`;
    const rest = weighted(eight, [9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    return rest === 10 ? undefined : eight + String(rest);
  });

function polish(random: Random): string {
  const { dd, mm, yy } = birth(random);
  const ten = `${yy}${mm}${dd}${random.digits(4)}`;
  return ten + String((10 - (weighted(ten, [1, 3, 7, 9]) % 10)) % 10);
}

function portuguese(random: Random): string {
  const eight = `${1 + random.below(3)}${random.digits(7)}`;
  const check = 11 - (weighted(eight, [9, 8, 7, 6, 5, 4, 3, 2]) % 11);
  return eight + String(check > 9 ? 0 : check);
}

function romanian(random: Random): string {
  const { dd, mm, yy } = birth(random);
  const twelve = `${1 + random.below(2)}${yy}${mm}${dd}${two(1 + random.below(46))}${String(1 + random.below(999)).padStart(3, "0")}`;
  const rest = weighted(twelve, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
  return twelve + String(rest === 10 ? 1 : rest);
}

function swedish(random: Random): string {
  const { dd, mm, yy } = birth(random);
  const nine = `${yy}${mm}${dd}${random.digits(3)}`;
  return nine + luhnDigit(nine);
}

const slovene = (random: Random): string =>
  until(() => {
    const { dd, mm, yy } = birth(random);
    const twelve = `${dd}${mm}9${yy}50${random.digits(3)}`;
    const check = 11 - (weighted(twelve, [7, 6, 5, 4, 3, 2]) % 11);
    return check === 10 ? undefined : twelve + String(check % 11);
  });

function italian(random: Random): string {
  const consonants = (count: number) => random.letters(count, "BCDFGLMNPRSTVZ");
  const day = two(1 + random.below(28) + (random.oneIn(2) ? 40 : 0));
  const fifteen = `${consonants(6)}${two(random.below(100))}${random.letters(1, "ABCDEHLMPRST")}${day}${random.letters(1, "ABCDEFGHIL")}${random.digits(3)}`;
  return fifteen + codiceFiscaleLetter(fifteen);
}

function finnish(random: Random): string {
  const { dd, mm, yy } = birth(random);
  const serial = String(2 + random.below(898)).padStart(3, "0");
  return `${dd}${mm}${yy}-${serial}${hetuLetter(`${dd}${mm}${yy}${serial}`)}`;
}

function greek(random: Random): string {
  const { dd, mm, yy } = birth(random);
  const ten = `${dd}${mm}${yy}${random.digits(4)}`;
  return ten + luhnDigit(ten);
}

function croatian(random: Random): string {
  const ten = random.digits(10);
  return ten + mod11And10Digit(ten);
}

function irish(random: Random): string {
  const seven = random.digits(7);
  const second = random.oneIn(2) ? "A" : "";
  return seven + ppsLetter(seven, second) + second;
}

function social(random: Random): string {
  const area = until(() => {
    const made = String(1 + random.below(899)).padStart(3, "0");
    return made === "666" ? undefined : made;
  });
  return `${area}${two(1 + random.below(99))}${String(1 + random.below(9999)).padStart(4, "0")}`;
}

function cpf(random: Random): string {
  const nine = random.digits(9);
  return nine + cpfDigits(nine);
}

function cnpj(random: Random): string {
  const twelve = `${random.digits(8)}000${1 + random.below(9)}`;
  return twelve + cnpjDigits(twelve);
}

function dni(random: Random): string {
  const number = random.digits(8);
  return number + dniLetter(Number(number));
}

function nie(random: Random): string {
  const first = random.below(3);
  const seven = random.digits(7);
  return `${"XYZ".charAt(first)}${seven}${dniLetter(Number(`${first}${seven}`))}`;
}

/** Writes a code in groups: `#` stands for its next letter. */
function written(code: string, form: string): string {
  let at = 0;
  return form.replaceAll("#", () => code.charAt(at++));
}

const inForm =
  (make: (random: Random) => string, form: string) =>
  (random: Random): string =>
    written(make(random), form);

/** Numbers that states give out, by detector. */
export const nationalMakers: Readonly<Record<string, Maker>> = {
  "us-ssn": {
    hasCheck: false,
    alone: inForm(social, "###-##-####"),
    beside: social,
    labels: ["SSN", "ssn", "Social Security Number"],
  },
  "br-cpf": { alone: inForm(cpf, "###.###.###-##"), beside: cpf, labels: ["CPF", "cpf", "numero_cpf"] },
  "br-cnpj": { alone: inForm(cnpj, "##.###.###/####-##"), beside: cnpj, labels: ["CNPJ", "cnpj"] },
  "at-svnr": { beside: svnr, labels: ["SVNR", "Sozialversicherungsnummer"] },
  "be-nn": { alone: inForm(belgian, "##.##.##-###.##"), beside: belgian, labels: ["rijksregisternummer", "NISS"] },
  "bg-egn": { beside: bulgarian, labels: ["EGN", "egn"] },
  "cz-sk-rc": { alone: inForm(czech, "######/####"), beside: czech, labels: ["rodne_cislo", "Rodné číslo"] },
  "de-tax-id": { alone: inForm(german, "## ### ### ###"), beside: german, labels: ["Steuer-ID", "steuer_id", "IdNr"] },
  "dk-cpr": {
    hasCheck: false,
    beside: inForm(
      (random) => `${Object.values(birth(random)).join("")}${random.below(4)}${random.digits(3)}`,
      "######-####",
    ),
    labels: ["CPR", "cpr-nummer"],
  },
  "ee-ik": { beside: baltic, labels: ["isikukood"] },
  "es-dni": { alone: inForm(dni, "########-#"), beside: dni, labels: ["DNI", "dni"] },
  "es-nie": { alone: inForm(nie, "#-#######-#"), beside: nie, labels: ["NIE", "nie"] },
  "fi-hetu": { alone: finnish },
  "fr-nir": {
    alone: inForm(french, "# ## ## ## ### ### ##"),
    beside: french,
    labels: ["NIR", "numéro de sécurité sociale"],
  },
  "gr-amka": { beside: greek, labels: ["AMKA", "amka"] },
  "hr-oib": { beside: croatian, labels: ["OIB", "oib"] },
  "ie-pps": { beside: irish, labels: ["PPS", "ppsn"] },
  "it-codice-fiscale": { alone: italian },
  "lt-asmens": { beside: baltic, labels: ["asmens kodas", "asmens_kodas"] },
  "lv-pk": { alone: inForm(latvian, "######-#####"), beside: latvian, labels: ["personas kods", "personas_kods"] },
  "nl-bsn": { beside: dutch, labels: ["BSN", "burgerservicenummer"] },
  "pl-pesel": { beside: polish, labels: ["PESEL", "pesel"] },
  "pt-nif": { beside: portuguese, labels: ["NIF", "contribuinte"] },
  "ro-cnp": { beside: romanian, labels: ["CNP", "cod_numeric_personal"] },
  "se-personnummer": {
    alone: inForm(swedish, "######-####"),
    beside: swedish,
    labels: ["personnummer", "Personnummer"],
  },
  "si-emso": { beside: slovene, labels: ["EMŠO", "emso"] },
};
