import * as austria from "stdnum/lib/cjs/at/vnr.js";
import * as belgiumBis from "stdnum/lib/cjs/be/bis.js";
import * as belgium from "stdnum/lib/cjs/be/nn.js";
import * as bulgaria from "stdnum/lib/cjs/bg/egn.js";
import * as brazilCompany from "stdnum/lib/cjs/br/cnpj.js";
import * as brazil from "stdnum/lib/cjs/br/cpf.js";
import * as czechia from "stdnum/lib/cjs/cz/rc.js";
import * as germany from "stdnum/lib/cjs/de/idnr.js";
import * as denmark from "stdnum/lib/cjs/dk/cpr.js";
import * as estonia from "stdnum/lib/cjs/ee/ik.js";
import * as spain from "stdnum/lib/cjs/es/dni.js";
import * as spainForeign from "stdnum/lib/cjs/es/nie.js";
import * as finland from "stdnum/lib/cjs/fi/hetu.js";
import * as france from "stdnum/lib/cjs/fr/nir.js";
import * as greece from "stdnum/lib/cjs/gr/amka.js";
import * as croatia from "stdnum/lib/cjs/hr/oib.js";
import * as ireland from "stdnum/lib/cjs/ie/pps.js";
import * as italy from "stdnum/lib/cjs/it/codicefiscale.js";
import * as lithuania from "stdnum/lib/cjs/lt/asmens.js";
import * as latvia from "stdnum/lib/cjs/lv/pvn.js";
import * as netherlands from "stdnum/lib/cjs/nl/bsn.js";
import * as poland from "stdnum/lib/cjs/pl/pesel.js";
import * as portugal from "stdnum/lib/cjs/pt/nif.js";
import * as romania from "stdnum/lib/cjs/ro/cnp.js";
import * as sweden from "stdnum/lib/cjs/se/personnummer.js";
import * as slovenia from "stdnum/lib/cjs/si/emso.js";
import * as unitedStates from "stdnum/lib/cjs/us/ssn.js";
import type { BuiltInDetector } from "./detectors.ts";
import { type Rule, ruleOf } from "./rules.ts";

/** A package's check of one kind of number. */
interface Checks {
  validate(value: string): { readonly isValid: boolean };
}

interface NationalId {
  readonly detector: BuiltInDetector;
  /** Forms that speak for themselves: punctuation that only this number has, or a check that few numbers pass. */
  readonly alone: readonly string[];
  /** Forms that any number could have; one in ten passes a check digit, so one of `words` has to stand near, or name the column. */
  readonly beside: readonly string[];
  readonly words: readonly string[];
  readonly checks: Checks;
  /** What the package leaves out. */
  readonly also?: (code: string) => boolean;
}

/**
 * Numbers that states give to people and companies, one entry each, in the forms they are printed in. The packages of `stdnum` know the checks; each country
 * is imported by itself, since all of them together take a tenth of a second to load.
 */
const nationalIds: readonly NationalId[] = [
  {
    detector: "us-ssn",
    alone: ["ddd-dd-dddd"],
    beside: ["ddddddddd", "ddd dd dddd"],
    words: ["ssn", "social security", "social security number", "social security no", "socsec"],
    checks: unitedStates,
    // SSA: no serial number 0000.
    also: (code) => !code.endsWith("0000"),
  },
  {
    detector: "br-cpf",
    alone: ["ddd.ddd.ddd-dd"],
    beside: ["ddddddddddd", "ddddddddd-dd"],
    words: ["cpf", "cadastro de pessoa fisica", "cadastro de pessoas fisicas"],
    checks: brazil,
  },
  {
    detector: "br-cnpj",
    alone: ["dd.ddd.ddd/dddd-dd", "XX.XXX.XXX/XXXX-dd"],
    beside: ["dddddddddddddd", "XXXXXXXXXXXXdd"],
    words: ["cnpj", "cadastro nacional da pessoa juridica"],
    checks: brazilCompany,
  },
  {
    detector: "at-svnr",
    alone: [],
    beside: ["dddddddddd", "dddd dddddd", "dddd-dddddd"],
    words: ["svnr", "svn", "vsnr", "sozialversicherungsnummer", "versicherungsnummer", "sozialversicherung"],
    checks: austria,
  },
  {
    detector: "be-nn",
    alone: ["dd.dd.dd-ddd.dd"],
    beside: ["ddddddddddd", "dddddd-ddd-dd", "dddddd ddd dd"],
    words: [
      "rijksregisternummer",
      "rijksregister",
      "insz",
      "niss",
      "numero national",
      "numero de registre national",
      "nrn",
    ],
    checks: { validate: (value) => (belgium.validate(value).isValid ? { isValid: true } : belgiumBis.validate(value)) },
  },
  {
    detector: "bg-egn",
    alone: [],
    beside: ["dddddddddd"],
    words: ["egn", "edinen grazhdanski nomer"],
    checks: bulgaria,
    also: (code) => isMonth(Number(code.slice(2, 4)) % 20),
  },
  {
    detector: "cz-sk-rc",
    alone: ["dddddd/dddd"],
    beside: ["dddddddddd", "dddddd/ddd"],
    words: ["rodne cislo", "birth number", "personal id number"],
    checks: czechia,
  },
  {
    detector: "de-tax-id",
    alone: ["dd ddd ddd ddd"],
    beside: ["ddddddddddd"],
    words: [
      "steuer id",
      "steuerid",
      "steuer identifikationsnummer",
      "steueridentifikationsnummer",
      "steuerliche identifikationsnummer",
      "identifikationsnummer",
      "idnr",
      "steueridnr",
      "steuer idnr",
      "german tax id",
    ],
    checks: germany,
    also: hasOneRepeatedDigit,
  },
  {
    detector: "ee-ik",
    alone: [],
    beside: ["ddddddddddd"],
    words: ["isikukood", "isikukoodi", "personal code"],
    checks: estonia,
  },
  {
    detector: "es-dni",
    alone: ["dddddddd-A"],
    beside: ["ddddddddA", "dddddddd A"],
    words: ["dni", "nif", "documento nacional de identidad", "documento de identidad"],
    checks: spain,
  },
  {
    detector: "es-nie",
    alone: ["A-ddddddd-A"],
    beside: ["AdddddddA"],
    words: ["nie", "nif", "dni", "numero de identidad de extranjero"],
    checks: spainForeign,
  },
  {
    detector: "fi-hetu",
    // The sign in the middle is the century of birth: + 1800, - and Y to U 1900, A to F 2000.
    alone: ["dddddd-dddX", "dddddd+dddX", "ddddddAdddX"],
    beside: [],
    words: [],
    checks: finland,
  },
  {
    detector: "fr-nir",
    alone: ["d dd dd dd ddd ddd dd", "d dd dd dX ddd ddd dd"],
    beside: ["ddddddddddddddd", "dddddXXdddddddd", "ddddddddddddd dd"],
    words: [
      "nir",
      "insee",
      "securite sociale",
      "numero de securite sociale",
      "num secu",
      "numero secu",
      "secu",
      "carte vitale",
      "immatriculation",
    ],
    checks: france,
    also: (code) => /^[1-478]/.test(code),
  },
  {
    detector: "gr-amka",
    alone: [],
    beside: ["ddddddddddd"],
    words: ["amka"],
    checks: greece,
  },
  {
    detector: "hr-oib",
    alone: [],
    beside: ["ddddddddddd"],
    words: ["oib", "osobni identifikacijski broj"],
    checks: croatia,
  },
  {
    detector: "ie-pps",
    alone: [],
    beside: ["dddddddA", "dddddddAA"],
    words: ["pps", "ppsn", "pps number", "pps no", "personal public service"],
    checks: ireland,
  },
  {
    detector: "it-codice-fiscale",
    // Digits are replaced by letters where two people would have the same code.
    alone: ["AAAAAAXXAXXAXXXA"],
    beside: [],
    words: [],
    checks: italy,
  },
  {
    detector: "lt-asmens",
    alone: [],
    beside: ["ddddddddddd"],
    words: ["asmens kodas", "asmens koda", "asmens kodo", "asmenskodas"],
    checks: lithuania,
  },
  {
    detector: "lv-pk",
    alone: ["dddddd-ddddd"],
    beside: ["ddddddddddd"],
    words: ["personas kods", "personas koda", "personas kodu"],
    checks: latvia,
    // The same check covers companies.
    also: (code) => /^[0-3]/.test(code),
  },
  {
    detector: "nl-bsn",
    alone: [],
    beside: ["ddddddddd", "dddddddd", "dddd.dd.ddd", "dddd dd ddd"],
    words: ["bsn", "burgerservicenummer", "burger service nummer", "sofinummer", "sofi nummer", "bsn nummer"],
    checks: netherlands,
  },
  {
    detector: "pl-pesel",
    alone: [],
    beside: ["ddddddddddd"],
    words: ["pesel"],
    checks: poland,
  },
  {
    detector: "pt-nif",
    alone: [],
    beside: ["ddddddddd", "ddd ddd ddd"],
    words: ["nif", "contribuinte", "numero de contribuinte", "numero de identificacao fiscal"],
    checks: portugal,
  },
  {
    detector: "ro-cnp",
    alone: [],
    beside: ["ddddddddddddd"],
    words: ["cnp", "cod numeric personal"],
    checks: romania,
  },
  {
    detector: "se-personnummer",
    alone: ["dddddd-dddd", "dddddddd-dddd"],
    beside: ["dddddddddd", "dddddddddddd"],
    words: ["personnummer", "person nr", "personnr", "pnr", "samordningsnummer"],
    checks: {
      validate: (value) => sweden.validate(value.includes("-") ? value : `${value.slice(0, -4)}-${value.slice(-4)}`),
    },
  },
  {
    // A date is all there is to check; numbers given out since 2007 need not have a check digit.
    detector: "dk-cpr",
    alone: [],
    beside: ["dddddd-dddd", "dddddddddd"],
    words: ["cpr", "cpr nummer", "cpr nr", "cprnr"],
    checks: denmark,
  },
  {
    detector: "si-emso",
    alone: [],
    beside: ["ddddddddddddd"],
    words: ["emso", "enotna maticna stevilka obcana"],
    checks: slovenia,
  },
];

/** The rules of the national numbers. */
export const nationalIdRules: readonly Rule[] = nationalIds.flatMap(({ detector, alone, beside, checks, also }) => {
  const isValid = (value: string): boolean => {
    const code = value.replace(/[^0-9A-Z]/g, "");
    return !/^(.)\1+$/.test(code) && passes(checks, value) && (also?.(code) ?? true);
  };
  return [
    ...beside.map((form) => ruleOf(detector, form, isValid, detector)),
    ...alone.map((form) => ruleOf(detector, form, isValid)),
  ];
});

/** Words that say what a number near them, or in their column, is; by detector. */
export const nationalIdWords: readonly (readonly [word: string, evidence: string])[] = nationalIds.flatMap(
  ({ detector, words }) => words.map((word) => [word, detector] as const),
);

/**
 * Some of the packages' checks throw on what they don't expect, and all answer with an error: without its stack, which nobody reads, a refusal takes a tenth of the
 * time.
 */
function passes(checks: Checks, value: string): boolean {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return checks.validate(value).isValid;
  } catch {
    return false;
  } finally {
    Error.stackTraceLimit = limit;
  }
}

const isMonth = (number: number): boolean => number >= 1 && number <= 12;

/** Of the first ten digits exactly one stands there twice or three times, the others once (German Federal Central Tax Office). */
function hasOneRepeatedDigit(code: string): boolean {
  const counts = new Map<string, number>();
  for (const digit of code.slice(0, 10)) counts.set(digit, (counts.get(digit) ?? 0) + 1);
  const repeated = [...counts.values()].filter((count) => count > 1);
  return repeated.length === 1 && (repeated[0] ?? 0) <= 3;
}
