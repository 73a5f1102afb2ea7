import { readFileSync, writeFileSync } from "node:fs";

type Json = Readonly<Record<string, unknown>>;

/** Where an excerpt comes from: said at its top, with the licence. */
export interface Source {
  readonly source: string;
  readonly version: string;
  readonly license: readonly string[];
}

/** Which part of a schema. */
export interface Part {
  readonly definitions: readonly string[];
  /** Members that are left out, wherever they are. */
  readonly without?: readonly string[];
}

/** Writes an excerpt beside this file. */
export function writeExcerpt(name: string, source: Source, definitions: object): void {
  writeFileSync(new URL(name, import.meta.url), `${JSON.stringify({ ...source, definitions }, null, 2)}\n`);
}

/** The paragraphs of licences, each once. */
export function readLicenses(...paths: readonly string[]): readonly string[] {
  const paragraphs = paths.flatMap((path) => readFileSync(path, "utf8").split(/\n\s*\n/));
  return [...new Set(paragraphs.map((each) => each.replace(/\s+/g, " ").trim()).filter((each) => each !== ""))];
}

/**
 * The part of a JSON Schema that requests are held to: the named definitions, without descriptions. Members and choices that need another definition are left out: to send
 * such a thing is a mistake until its definition is named here. Pure.
 */
export function excerptOf(definitions: Json, { definitions: names, without = [] }: Part): Json {
  const lost = names.filter((name) => definitions[name] === undefined);
  if (lost.length > 0) throw new Error(`The schema has no ${lost.join(", ")}`);
  return Object.fromEntries(names.map((name) => [name, plain(definitions[name])]));

  function plain(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([name, at]) => {
        if (name === "description" && typeof at === "string") return [];
        if (name === "properties") return [[name, membersOf(plain(at) as Json)]];
        return name === "anyOf" ? [choiceOf((at as unknown[]).map(plain))] : [[name, plain(at)]];
      }),
    );
  }
  function membersOf(members: Json): Json {
    return Object.fromEntries(Object.entries(members).filter(([name, at]) => !without.includes(name) && isWhole(at)));
  }
  function choiceOf(all: readonly unknown[]): [string, unknown] {
    const choices = new Map(
      all.filter((each) => isWhole(each) && canBe(each)).map((each) => [JSON.stringify(each), each]),
    );
    return choices.size === 0 ? ["not", {}] : ["anyOf", [...choices.values()]];
  }
  function isWhole(at: unknown): boolean {
    return refsIn(at).every((name) => names.includes(name));
  }
}

/** Whether nothing that it asks for was left out. */
function canBe(choice: unknown): boolean {
  const { required = [], properties } = choice as { readonly required?: readonly string[]; readonly properties?: Json };
  return properties === undefined || required.every((name) => name in properties);
}

function refsIn(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, at]) =>
    name === "$ref" ? [String(at).slice("#/definitions/".length)] : refsIn(at),
  );
}
