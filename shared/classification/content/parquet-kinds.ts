import type { ReadAs } from "./thrift.ts";

/** SchemaElement, as far as it is of interest (apache/parquet-format, parquet.thrift). */
const NOTHING = { fields: {} } as const;
const LOGICAL_TYPE = {
  string: [1, NOTHING],
  enum: [4, NOTHING],
  decimal: [5, { fields: { scale: [1, "int"] } }],
  date: [6, NOTHING],
  time: [7, NOTHING],
  timestamp: [8, NOTHING],
  json: [12, NOTHING],
  uuid: [14, NOTHING],
  float16: [15, NOTHING],
} as const;
export const SCHEMA_ELEMENT = {
  type: [1, "int"],
  typeLength: [2, "int"],
  repetition: [3, "int"],
  name: [4, "bytes"],
  children: [5, "int"],
  converted: [6, "int"],
  scale: [7, "int"],
  logical: [10, { fields: LOGICAL_TYPE }],
} as const;

export type SchemaElement = ReadAs<{ readonly fields: typeof SCHEMA_ELEMENT }>;

/** How a column's values are read as text. */
export type ValueKind =
  | { readonly as: "text" }
  /** Bytes that nothing says to be text: read when they look like it. */
  | { readonly as: "bytes"; readonly typeLength?: number }
  | { readonly as: "integer"; readonly bits: 32 | 64; readonly isUnsigned: boolean; readonly scale: number }
  /** Two's complement, highest byte first. */
  | { readonly as: "decimal"; readonly scale: number; readonly typeLength?: number }
  /** Only whole numbers: some writers keep numbers with gaps so. */
  | { readonly as: "float"; readonly bits: 32 | 64 }
  /** Times, switches and the like. */
  | { readonly as: "nothing" };

/** DECIMAL has no more digits behind its point. */
const MAX_SCALE = 38;

// ConvertedType in parquet.thrift: 0 UTF8, 4 ENUM, 5 DECIMAL, 6 to 10 dates and times, 11 to 14 unsigned, 19 JSON, 20 BSON, 21 INTERVAL.
const TEXTS = new Set([0, 4, 19]);
const DECIMAL = 5;
const TIMES = new Set([6, 7, 8, 9, 10]);
const UNSIGNED = new Set([11, 12, 13, 14]);
const CLOSED = new Set([20, 21]);

/** How the values of a leaf of the schema are read. Pure. */
export function toKind({ type, typeLength, converted = -1, scale, logical = {} }: SchemaElement): ValueKind {
  const isDecimal = converted === DECIMAL || logical.decimal !== undefined;
  const decimalScale = isDecimal ? (logical.decimal?.scale ?? scale ?? 0) : 0;
  const isTime =
    TIMES.has(converted) || [logical.date, logical.time, logical.timestamp].some((each) => each !== undefined);
  if (isTime || CLOSED.has(converted) || decimalScale < 0 || decimalScale > MAX_SCALE) return { as: "nothing" };
  const fixed = type === 7 && typeLength !== undefined && typeLength > 0 ? { typeLength } : {};
  switch (type) {
    case 1:
    case 2:
      return { as: "integer", bits: type === 1 ? 32 : 64, isUnsigned: UNSIGNED.has(converted), scale: decimalScale };
    case 4:
    case 5:
      return { as: "float", bits: type === 4 ? 32 : 64 };
    case 6:
    case 7:
      if (type === 7 && fixed.typeLength === undefined) return { as: "nothing" };
      if (isDecimal) return { as: "decimal", scale: decimalScale, ...fixed };
      if (logical.uuid !== undefined || logical.float16 !== undefined) return { as: "nothing" };
      if (TEXTS.has(converted) || [logical.string, logical.enum, logical.json].some((each) => each !== undefined))
        return type === 6 ? { as: "text" } : { as: "bytes", ...fixed };
      return { as: "bytes", ...fixed };
    default:
      return { as: "nothing" };
  }
}
