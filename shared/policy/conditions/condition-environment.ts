import { Environment } from "@marcbachmann/cel-js";
import type { ConditionContext } from "../policy.ts";
import { type ConditionType, conditionLimits, conditionVariables } from "./condition-language.ts";

/** The functions that CEL does not bring. */
export interface ConditionHandlers {
  /** @throws Error when the jurisdiction or the place is not known. */
  readonly within: (place: string, jurisdiction: string) => boolean;
  readonly matchesRe2: (text: string, pattern: string) => boolean;
}

/**
 * Stands in for a function where no condition is evaluated that uses it.
 *
 * @throws Error always.
 */
export function notLoaded(): never {
  throw new Error("the conditions were made ready without this function");
}

/** CEL with the facts, the functions and the limits of conditions. Costs milliseconds: once per policy, not per evaluation. */
export function conditionEnvironment({ within, matchesRe2 }: ConditionHandlers): Environment {
  const environment = new Environment({
    limits: {
      maxAstNodes: conditionLimits.parts,
      maxDepth: conditionLimits.levels,
      maxListElements: conditionLimits.listElements,
    },
  });
  for (const [name, { Facts, fields }] of records) environment.registerType(name, { ctor: Facts, fields });
  for (const [name, type] of Object.entries(roots.fields)) environment.registerVariable(name, type);
  // cel-js takes a function for asynchronous unless told, and waits for it at every step.
  return environment
    .registerFunction("string.within(string): bool", within, { async: false })
    .registerFunction("string.matchesRe2(string): bool", matchesRe2, { async: false });
}

/** Facts as CEL reads them: each when it is asked for, so that one that is unknown or too long fails only conditions that need it. */
export function factsOf(context: ConditionContext): object {
  return new roots.Facts(context);
}

type FactsClass = new (facts: object) => object;

interface RecordType {
  readonly Facts: FactsClass;
  /** CEL types of the fields. */
  readonly fields: Record<string, string>;
}

const records = new Map<string, RecordType>();
for (const { name, type } of conditionVariables) {
  const [record, field] = name.split(".");
  if (record === undefined || field === undefined) continue;
  const known = records.get(record) ?? { Facts: factsClass(), fields: {} };
  records.set(record, known);
  known.fields[field] = type;
  readBy(known.Facts, field, (value) => readFact(name, type, value));
}

const roots: RecordType = { Facts: factsClass(), fields: {} };
for (const [name, { Facts }] of records) {
  roots.fields[name] = name;
  readBy(roots.Facts, name, (value) => new Facts(assertKnown(name, value) as object));
}
for (const { name, type } of conditionVariables) {
  if (name.includes(".")) continue;
  roots.fields[name] = type;
  readBy(roots.Facts, name, (value) => readFact(name, type, value));
}

/** A class of its own for each record, for CEL tells types apart by their constructors. */
function factsClass(): FactsClass {
  return class {
    readonly facts: object;
    readonly known = {};
    constructor(facts: object) {
      this.facts = facts;
    }
  };
}

/** Each fact is read once per evaluation, for a loop may ask for it a hundred times. */
function readBy(Facts: FactsClass, field: string, read: (value: unknown) => unknown): void {
  Object.defineProperty(Facts.prototype, field, {
    get(this: { readonly facts: Readonly<Record<string, unknown>>; readonly known: Record<string, unknown> }) {
      this.known[field] ??= read(this.facts[field]);
      return this.known[field];
    },
  });
}

function assertKnown(name: string, value: unknown): unknown {
  if (value === undefined) throw new Error(`${name} is not known`);
  return value;
}

/** A value of another type than the table says is left as it is: CEL refuses it. */
function readFact(name: string, type: ConditionType, value: unknown): unknown {
  assertKnown(name, value);
  if (type === "int") return BigInt(value as number);
  if (type !== "string") return boundedEntries(name, value as readonly string[] | Readonly<Record<string, string>>);
  assertShort(name, value as string, conditionLimits.textCharacters);
  return value;
}

function boundedEntries(name: string, all: readonly string[] | Readonly<Record<string, string>>): unknown {
  const entries = Object.entries(all);
  if (entries.length > conditionLimits.entries)
    throw new Error(`${name} has ${entries.length} entries, expected at most ${conditionLimits.entries}`);
  for (const [key, text] of entries) {
    assertShort(name, key, conditionLimits.entryCharacters);
    assertShort(name, text, conditionLimits.entryCharacters);
  }
  // A tag may be named so, and cel-js would take its value for the map's type.
  return Object.hasOwn(all, "constructor") ? new Map(entries) : all;
}

function assertShort(name: string, text: string, most: number): void {
  if (text.length > most) throw new Error(`${name} has a text of ${text.length} characters, expected at most ${most}`);
}
