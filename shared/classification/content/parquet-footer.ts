import { SCHEMA_ELEMENT, type SchemaElement, toKind, type ValueKind } from "./parquet-kinds.ts";
import { readThrift } from "./thrift.ts";

/** FileMetaData and what is in it, as far as it is of interest (apache/parquet-format, parquet.thrift). */
const COLUMN_METADATA = {
  codec: [4, "int"],
  compressedBytes: [7, "int"],
  dataPageOffset: [9, "int"],
  dictionaryPageOffset: [11, "int"],
} as const;
const COLUMN_CHUNK = {
  filePath: [1, "bytes"],
  metadata: [3, { fields: COLUMN_METADATA }],
  encryption: [8, { fields: {} }],
} as const;
const ROW_GROUP = { columns: [1, { list: { fields: COLUMN_CHUNK } }] } as const;
const FILE_METADATA = {
  schema: [2, { list: { fields: SCHEMA_ELEMENT } }],
  rowGroups: [4, { list: { fields: ROW_GROUP } }],
} as const;

/** A thousand columns in a hundred row groups, with statistics of each, are some two million. */
const MAX_VALUES = 4_000_000;
/** Nobody nests data so deep. */
const MAX_LEVELS = 64;
/** A name is repeated with each column below it. */
const MAX_NAME_BYTES = 128;

export interface ParquetColumn {
  /** Names from the root, dotted, without the levels that only make lists and maps. */
  readonly name: string;
  readonly kind: ValueKind;
  readonly hasDefinitionLevels: boolean;
  readonly hasRepetitionLevels: boolean;
}

/** A column's values in one row group: where they lie, as the footer claims. */
export interface ColumnChunk {
  readonly column: ParquetColumn;
  readonly codec: number;
  readonly from: number;
  readonly to: number;
}

export interface Footer {
  readonly columns: readonly ParquetColumn[];
  /** By row group. Those that are encrypted or lie in another file are left out, and counted. */
  readonly chunks: readonly (readonly ColumnChunk[])[];
  readonly unreadable: number;
}

/** Reads a footer; `undefined` when it is broken or claims what can't be. Pure. */
export function parseFooter(bytes: Uint8Array): Footer | undefined {
  const { value } = readThrift(bytes, 0, FILE_METADATA, MAX_VALUES) ?? {};
  const columns = value?.schema === undefined ? undefined : toColumns(value.schema);
  if (columns === undefined || value?.rowGroups === undefined) return undefined;
  let unreadable = 0;
  const chunks = value.rowGroups.map(({ columns: listed = [] }) =>
    // Column chunks lie in the order of the schema's leaves (parquet.thrift, RowGroup.columns).
    listed.flatMap(({ filePath, metadata, encryption }, i) => {
      const column = columns[i];
      const { codec, compressedBytes = 0, dataPageOffset = 0, dictionaryPageOffset = 0 } = metadata ?? {};
      if (column === undefined || codec === undefined || filePath !== undefined || encryption !== undefined) {
        unreadable += 1;
        return [];
      }
      // Writers that have no dictionary write 0 or nothing.
      const hasDictionary = dictionaryPageOffset > 0 && dictionaryPageOffset < dataPageOffset;
      const from = hasDictionary ? dictionaryPageOffset : dataPageOffset;
      return [{ column, codec, from, to: from + compressedBytes }];
    }),
  );
  return { columns, chunks, unreadable };
}

const REQUIRED = 0;
const REPEATED = 2;
/** Names of levels that only make lists and maps (apache/parquet-format, LogicalTypes.md). */
const LIST_LEVELS = new Set(["list", "element", "item", "array", "array_element", "bag", "key_value", "map"]);

interface Level {
  readonly names: readonly string[];
  readonly isDefined: boolean;
  readonly isRepeated: boolean;
  childrenLeft: number;
}

/** The leaves of a schema, which lies flat, each group before its children. */
function toColumns(schema: readonly SchemaElement[]): readonly ParquetColumn[] | undefined {
  const columns: ParquetColumn[] = [];
  const levels: Level[] = [];
  for (const [i, element] of schema.entries()) {
    while (levels.length > 0 && levels.at(-1)?.childrenLeft === 0) levels.pop();
    const parent = levels.at(-1);
    if ((i > 0 && parent === undefined) || levels.length > MAX_LEVELS) return undefined;
    if (parent !== undefined) parent.childrenLeft -= 1;
    const name = Buffer.from(element.name?.subarray(0, MAX_NAME_BYTES) ?? []).toString("utf8");
    // The root's name is nothing that the data's owner chose, nor is it optional.
    const level = {
      names: parent === undefined ? [] : [...parent.names, name],
      isDefined: parent !== undefined && (parent.isDefined || (element.repetition ?? REQUIRED) !== REQUIRED),
      isRepeated: parent !== undefined && (parent.isRepeated || element.repetition === REPEATED),
      childrenLeft: element.children ?? 0,
    };
    if (parent === undefined || level.childrenLeft > 0) levels.push(level);
    else columns.push(toColumn(level, element));
  }
  return columns;
}

function toColumn({ names, isDefined, isRepeated }: Level, element: SchemaElement): ParquetColumn {
  const telling = names.filter((name, i) => i === 0 || !LIST_LEVELS.has(name));
  return {
    name: telling.join("."),
    kind: toKind(element),
    hasDefinitionLevels: isDefined,
    hasRepetitionLevels: isRepeated,
  };
}
