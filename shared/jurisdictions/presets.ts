import { places } from "./places.ts";

/** A jurisdiction that a policy can name instead of listing its Regions and Local Zones. */
export interface Preset {
  readonly title: string;
  /** ISO 3166-1 alpha-2. */
  readonly countries: readonly string[];
}

/** Article 52(1) of the Treaty on European Union, with Croatia (2013) and without the United Kingdom (left 2020-01-31). */
const EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split(" ");

/** Article 126(1) of the Agreement on the European Economic Area: the Union with Iceland, Liechtenstein and Norway; not Switzerland. */
const EEA = [...EU, "IS", "LI", "NO"];

/**
 * Presets by name: the Union, the Economic Area, and each country with a Region. Codes are countries', never continents' or states': `sa` is
 * Saudi Arabia, `ca` Canada, `il` Israel, `ch` Switzerland. Hong Kong and Taiwan have laws of their own on where data may go, so `cn`
 * doesn't contain them.
 *
 * A preset grows when AWS opens a Region or Local Zone there and Cordon's table is brought up to date (places.ts), and changes when a treaty
 * does. Either changes the digest of every policy that names it, as if its author had written the new place in: it is to be reviewed, and
 * who wants no such change lists places.
 */
export const presets: ReadonlyMap<string, Preset> = new Map([
  ["eu", { title: "European Union", countries: EU }],
  ["eea", { title: "European Economic Area", countries: EEA }],
  ["ae", { title: "United Arab Emirates", countries: ["AE"] }],
  ["au", { title: "Australia", countries: ["AU"] }],
  ["bh", { title: "Bahrain", countries: ["BH"] }],
  ["br", { title: "Brazil", countries: ["BR"] }],
  ["ca", { title: "Canada", countries: ["CA"] }],
  ["ch", { title: "Switzerland", countries: ["CH"] }],
  ["cl", { title: "Chile", countries: ["CL"] }],
  ["cn", { title: "Mainland China", countries: ["CN"] }],
  ["de", { title: "Germany", countries: ["DE"] }],
  ["es", { title: "Spain", countries: ["ES"] }],
  ["fr", { title: "France", countries: ["FR"] }],
  ["hk", { title: "Hong Kong", countries: ["HK"] }],
  ["id", { title: "Indonesia", countries: ["ID"] }],
  ["ie", { title: "Ireland", countries: ["IE"] }],
  ["il", { title: "Israel", countries: ["IL"] }],
  ["in", { title: "India", countries: ["IN"] }],
  ["it", { title: "Italy", countries: ["IT"] }],
  ["jp", { title: "Japan", countries: ["JP"] }],
  ["kr", { title: "South Korea", countries: ["KR"] }],
  ["mx", { title: "Mexico", countries: ["MX"] }],
  ["my", { title: "Malaysia", countries: ["MY"] }],
  ["nz", { title: "New Zealand", countries: ["NZ"] }],
  ["sa", { title: "Saudi Arabia", countries: ["SA"] }],
  ["se", { title: "Sweden", countries: ["SE"] }],
  ["sg", { title: "Singapore", countries: ["SG"] }],
  ["th", { title: "Thailand", countries: ["TH"] }],
  ["tw", { title: "Taiwan", countries: ["TW"] }],
  ["uk", { title: "United Kingdom", countries: ["GB"] }],
  ["us", { title: "United States of America", countries: ["US"] }],
  ["za", { title: "South Africa", countries: ["ZA"] }],
]);

/** Codes of all Regions and Local Zones in these countries, of every partition, sorted by code unit. Pure. */
export function codesIn(countries: readonly string[]): string[] {
  const wanted: ReadonlySet<string | undefined> = new Set(countries);
  return [...places.values()]
    .filter(({ country }) => wanted.has(country))
    .map(({ code }) => code)
    .sort();
}
