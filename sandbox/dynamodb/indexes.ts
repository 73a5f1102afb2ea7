import db from "dynalite/db/index.js";
import { type AttributeMap, type GlobalSecondaryIndex, keyOf, type TableSchema } from "./store.ts";
import type { Table } from "./table.ts";

/** An index with text keys, as tests ask for one. */
export interface IndexSpec {
  name: string;
  hash: string;
  range?: string;
  /** What an entry holds besides the keys of table and index: everything by default. */
  projection?: "ALL" | "KEYS_ONLY" | readonly string[];
}

/** `schema` with `specs` added in CreateTable's words. */
export function addIndexes(
  schema: Omit<TableSchema, "TableName">,
  specs: readonly IndexSpec[],
): Omit<TableSchema, "TableName"> {
  if (specs.length === 0) return schema;
  const keys = new Set(specs.flatMap(({ hash, range }) => (range === undefined ? [hash] : [hash, range])));
  const defined = schema.AttributeDefinitions.map(({ AttributeName }) => AttributeName);
  const added = [...keys].filter((key) => !defined.includes(key));
  return {
    ...schema,
    AttributeDefinitions: [
      ...schema.AttributeDefinitions,
      ...added.map((AttributeName) => ({ AttributeName, AttributeType: "S" as const })),
    ],
    GlobalSecondaryIndexes: specs.map(({ name, hash, range, projection = "ALL" }) => ({
      IndexName: name,
      KeySchema: [
        { AttributeName: hash, KeyType: "HASH" },
        ...(range === undefined ? [] : [{ AttributeName: range, KeyType: "RANGE" as const }]),
      ],
      Projection:
        typeof projection === "string"
          ? { ProjectionType: projection }
          : { ProjectionType: "INCLUDE", NonKeyAttributes: projection },
    })),
  };
}

/** What a query or scan reads: the table itself, or one of its indexes. */
export interface Source {
  keySchema: TableSchema["KeySchema"];
  /** The attributes that say where an entry is: those of LastEvaluatedKey. */
  keyNames: readonly string[];
  /** Entries by a text that sorts them. */
  entries: readonly (readonly [string, AttributeMap])[];
  /** Whether an entry has this attribute at all. */
  isProjected(attribute: string): boolean;
  /** Where in `entries` an item, or just its keys, would be. */
  position(keys: AttributeMap): string;
}

/** The table's own items. */
export function tableSource({ schema, items }: Table): Source {
  return {
    keySchema: schema.KeySchema,
    keyNames: schema.KeySchema.map(({ AttributeName }) => AttributeName),
    entries: [...items],
    isProjected: () => true,
    position: (keys) => keyOf(keys, schema),
  };
}

/** An index over `items`: only what has all of its keys is in it, and only as much of that as it projects. */
export function indexSource({ schema }: Table, index: GlobalSecondaryIndex, items: Iterable<AttributeMap>): Source {
  const { KeySchema: keySchema, Projection } = index;
  const keyNames = [...new Set([...keySchema, ...schema.KeySchema].map(({ AttributeName }) => AttributeName))];
  const projected = new Set([...keyNames, ...(Projection.NonKeyAttributes ?? [])]);
  const isProjected = (name: string): boolean => Projection.ProjectionType === "ALL" || projected.has(name);
  const position = (keys: AttributeMap): string => db.createKey(keys, schema, keySchema) + keyOf(keys, schema);
  const entries: (readonly [string, AttributeMap])[] = [];
  for (const item of items) {
    if (keySchema.some(({ AttributeName }) => item[AttributeName] === undefined)) continue;
    const entry = Object.fromEntries(Object.entries(item).filter(([name]) => isProjected(name)));
    entries.push([position(item), entry]);
  }
  return { keySchema, keyNames, entries, isProjected, position };
}
