import { placeOf, places } from "../../jurisdictions/places.ts";
import { codesIn, presets } from "../../jurisdictions/presets.ts";
import { didYouMean, type Problem, unknownName } from "./problems.ts";
import type { PolicyDocument } from "./schema.ts";

const presetNames = [...presets.keys()];

function placesIn(preset: string): readonly string[] {
  return codesIn(presets.get(preset)?.countries ?? []);
}

/** What the names of a document stand for. */
export interface Names {
  /** Regions and Local Zones of a jurisdiction, a preset or a Region's own name; undefined when there is no such name. */
  placesOf(name: string): readonly string[] | undefined;
  /** Counts a name as asked for at run time, a Region's own too. */
  use(name: string): void;
  readonly jurisdictions: readonly string[];
  readonly classifications: readonly string[];
  readonly units: readonly string[];
  readonly controls: readonly string[];
  /** What each condition can take, once it has been checked (compile-scopes.ts). */
  readonly costsMs: Map<string, number>;
  /** The jurisdictions asked for so far with their places, and all that the document defines. */
  used(): Readonly<Record<string, readonly string[]>>;
}

/** Reads the names that a document defines. Pure but for remembering what was asked for. */
export function namesOf(document: PolicyDocument, controlIds: readonly string[]): Names {
  const isOwn = ([name]: readonly [string, unknown]) => !presets.has(name) && placeOf(name) === undefined;
  const own = Object.entries(document.jurisdictions ?? {})
    .filter(isOwn)
    .map(([name, { include = [], regions = [] }]) => {
      const all = [...include.flatMap(placesIn), ...regions.flatMap((region) => placeOf(region)?.code ?? [])];
      return [name, [...new Set(all)].sort()] as const;
    });
  const used = new Map<string, readonly string[]>(own);
  return {
    use(name) {
      const all = this.placesOf(name);
      if (all !== undefined) used.set(name, all);
    },
    placesOf(name) {
      const known = used.get(name);
      if (known !== undefined) return known;
      if (!presets.has(name)) return placeOf(name) === undefined ? undefined : [name];
      const all = placesIn(name);
      used.set(name, all);
      return all;
    },
    jurisdictions: [...own.map(([name]) => name), ...presetNames],
    classifications: document.classifications.map(({ name }) => name),
    units: Object.keys(document.organizationalUnits ?? {}),
    controls: controlIds,
    costsMs: new Map(),
    used: () => Object.fromEntries([...used].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** A jurisdiction means one thing, includes what there is, and names each place once. */
export function checkJurisdictions({ jurisdictions = {} }: PolicyDocument): Problem[] {
  return Object.entries(jurisdictions).flatMap(([name, { include = [], regions = [] }]) => {
    const path = ["jurisdictions", name] as const;
    return [
      ...(presets.has(name) || placeOf(name) !== undefined
        ? [
            {
              path,
              message: `"${name}" is a preset or a Region already; expected another name, such as "${name}-only"`,
            },
          ]
        : []),
      ...include.flatMap((preset, index) =>
        presets.has(preset)
          ? []
          : [{ path: [...path, "include", index], message: unknownName("preset", preset, presetNames) }],
      ),
      ...regions.flatMap((region, index) =>
        checkPlace(region, [...path, "regions", index], regions.indexOf(region) < index),
      ),
    ];
  });
}

function checkPlace(region: string, path: Problem["path"], isRepeated: boolean): Problem[] {
  if (isRepeated) return [{ path, message: `${region} is listed twice` }];
  return placeOf(region) === undefined
    ? [{ path, message: `there is no Region or Local Zone "${region}"${didYouMean(region, places.keys())}` }]
    : [];
}

/** Places of several names, or which of the names stand for nothing. */
export function resolvePlaces(
  listed: readonly string[],
  path: Problem["path"],
  names: Names,
): { readonly places: readonly string[]; readonly problems: readonly Problem[] } {
  const found = listed.map((name) => names.placesOf(name));
  const problems = listed.flatMap((name, index) =>
    found[index] === undefined
      ? [
          {
            path: [...path, index],
            message: unknownPlaces(name, names),
            restsOn: ["jurisdictions"],
          },
        ]
      : [],
  );
  return { places: [...new Set(found.flatMap((each) => each ?? []))].sort(), problems };
}

function unknownPlaces(name: string, { jurisdictions }: Names): string {
  const isLikePlace = name.split("-").length > 2;
  if (!isLikePlace) return unknownName("jurisdiction", name, jurisdictions);
  return `there is no Region, Local Zone or jurisdiction "${name}"${didYouMean(name, [...places.keys(), ...jurisdictions])}`;
}

/** That a name is one of those defined. */
export function checkName(
  what: string,
  name: string,
  known: readonly string[],
  path: Problem["path"],
  restsOn: readonly string[],
): Problem[] {
  return known.includes(name) ? [] : [{ path, message: unknownName(what, name, known), restsOn }];
}

/** `checkName` for a list. */
export function checkNames(
  what: string,
  listed: readonly string[] | undefined,
  known: readonly string[],
  path: Problem["path"],
  restsOn: readonly string[],
): Problem[] {
  return (listed ?? []).flatMap((name, index) => checkName(what, name, known, [...path, index], restsOn));
}

/** That every id is there once. */
export function checkUnique(entries: readonly { readonly id: string }[], path: Problem["path"]): Problem[] {
  return entries.flatMap(({ id }, index) =>
    entries.findIndex((other) => other.id === id) < index
      ? [{ path: [...path, index, "id"], message: `the id "${id}" is taken already; expected one of its own` }]
      : [],
  );
}
