import { bucketArn, DATA_OWNER, OTHER_CLASSES, OTHER_REGIONS } from "./cast.ts";

/** There are only so many: comparing every unit with every other for ties takes long. */
const UNITS = 60;

type Numbered = (nth: number) => object;

/** The `nth` of a list, beginning anew after the last. */
const nthOf = (list: readonly string[], nth: number): string => list[nth % list.length] ?? "";
const account = (nth: number): string => String(300000000000 + nth);
const unit = (nth: number): string => `u${nth % UNITS}`;
const team = (nth: number): string => `team-${String(nth).padStart(6, "0")}`;
// The key of the findings' own rule by tag: a resource carries a key once, so that the two can't tie.
const tag = (nth: number) => ({ key: "env", value: `e${nth}` });
/** Each class with the first Region, then each with the second. */
const classThenRegion = (nth: number) => Math.floor(nth / OTHER_CLASSES.length);

const transfer: Numbered = (nth) => ({
  classifications: [nthOf(OTHER_CLASSES, nth)],
  to: [nthOf(OTHER_REGIONS, classThenRegion(nth))],
  basis: { kind: "scc", document: `SCC ${nth}` },
});
const byAccount: Numbered = (nth) => ({ accounts: [account(nth)] });
const byArn: Numbered = (nth) => ({ resources: [bucketArn(`data-${nth}`)] });
const byPattern: Numbered = (nth) => ({ resources: [bucketArn(`${team(nth)}-*`)] });
const byTag: Numbered = (nth) => ({ tags: [tag(nth)] });
const byTagAndClass: Numbered = (nth) => ({ ...byTag(nth), classifications: [nthOf(OTHER_CLASSES, nth)] });
// Once each unit or Region is named, the scopes that follow name an account as well, or would tie.
const byUnit: Numbered = (nth) => ({ units: [unit(nth)], ...(nth >= UNITS && byAccount(nth)) });
const byRegion: Numbered = (nth) => ({
  regions: [nthOf(OTHER_REGIONS, nth)],
  ...(nth >= OTHER_REGIONS.length && byAccount(nth)),
});
const byClass: Numbered = (nth) => ({
  classifications: [nthOf(OTHER_CLASSES, nth)],
  [classThenRegion(nth) < OTHER_REGIONS.length ? "regions" : "to"]: [nthOf(OTHER_REGIONS, classThenRegion(nth))],
});

/** Of every twenty rules that many are of each kind. */
const MIX: readonly Numbered[] = [
  ...[transfer, byAccount, byArn, byPattern, byTagAndClass],
  ...[transfer, byAccount, byArn, byRegion, byTag],
  ...[transfer, byAccount, byArn, byPattern, byClass],
  ...[transfer, byAccount, byArn, byUnit, byTagAndClass],
];

/** Tags that anybody may set let nothing go further: scopes that ask for them do not lower the mode. */
const TIGHTENING: ReadonlySet<Numbered> = new Set([byTag, byTagAndClass]);

/** Rules that no finding meets, of every kind there is. */
export interface OtherRules {
  readonly transfers: readonly object[];
  readonly scopes: readonly object[];
  /** Organisational units that scopes name. */
  readonly units: Readonly<Record<string, object>>;
}

/** So many rules, of which no two can be the most specific for the same resource. Pure. */
export function otherRules(count: number): OtherRules {
  const modes = ["approve", "enforce", "observe"] as const;
  const made = new Map<Numbered, number>();
  const transfers: object[] = [];
  const scopes: object[] = [];
  for (let number = 0; number < count; number++) {
    const make = MIX[number % MIX.length] ?? transfer;
    const nth = made.get(make) ?? 0;
    made.set(make, nth + 1);
    if (make === transfer) transfers.push({ id: `t${number}`, ...make(nth) });
    else
      scopes.push({
        id: `s${number}`,
        ...make(nth),
        mode: TIGHTENING.has(make) ? "enforce" : modes[nth % modes.length],
      });
  }
  return { transfers, scopes, units: unitsOf(made.get(byUnit) ?? 0) };
}

/** The units of the first so many accounts. */
function unitsOf(count: number): OtherRules["units"] {
  const units = new Map<string, { readonly accounts: string[] }>();
  for (let nth = 0; nth < count; nth++) {
    const { accounts } = units.get(unit(nth)) ?? { accounts: [] };
    units.set(unit(nth), { accounts: [...accounts, account(nth)] });
  }
  return Object.fromEntries(units);
}

/** Scopes of so many exceptions, none of which any finding meets. Pure. */
export function otherExceptions(count: number): readonly object[] {
  const byTrustedTag: Numbered = (nth) => ({ ...byTag(nth), tagsSetBy: DATA_OWNER });
  const mix: readonly Numbered[] = [byArn, byAccount, byTrustedTag, byArn];
  return Array.from({ length: count }, (_, nth) => ({ id: `e${nth}`, ...mix[nth % mix.length]?.(nth) }));
}

/** Scopes of which every one can match a resource whose tags can't be read. Pure. */
export function scopesByTag(count: number): readonly object[] {
  return Array.from({ length: count }, (_, nth) => ({ id: `s${nth}`, ...byTag(nth), mode: "enforce" }));
}
