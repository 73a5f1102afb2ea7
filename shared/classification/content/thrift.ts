/** What of a structure is of interest: its fields by name, with the id and the shape of each. All others are walked over and not kept. */
export type Shape = "int" | "bool" | "bytes" | { readonly list: Shape } | { readonly fields: Fields };
export type Fields = Readonly<Record<string, readonly [id: number, shape: Shape]>>;

/** A structure as it was read; every field may be missing. */
export type ReadAs<S> = S extends "int"
  ? number
  : S extends "bool"
    ? boolean
    : S extends "bytes"
      ? Uint8Array
      : S extends { readonly list: infer E }
        ? readonly ReadAs<E>[]
        : S extends { readonly fields: infer F extends Fields }
          ? { readonly [K in keyof F]?: ReadAs<F[K][1]> }
          : never;

/** Structures of Parquet nest five deep. */
const MAX_DEPTH = 16;
/** 64 bits, seven a byte. */
const MAX_VARINT_BYTES = 10;

// Types of the compact protocol (Apache Thrift, doc/specs/thrift-compact-protocol.md).
const STOP = 0;
const TRUE = 1;
const FALSE = 2;
const BYTE = 3;
const I16 = 4;
const I32 = 5;
const I64 = 6;
const DOUBLE = 7;
const BINARY = 8;
const LIST = 9;
const SET = 10;
const STRUCT = 12;

class BrokenThrift extends Error {}

/**
 * Reads a Thrift structure of the compact protocol: what of it is of interest, and where it ends. No length in it is believed: a list of more elements than there
 * are bytes left is broken. Pure; takes time by the bytes, and memory by what is of interest.
 *
 * @param maxValues fields and elements, in all: more are broken, too
 * @returns `undefined` when it is broken, too deep, or ends beyond the bytes
 */
export function readThrift<const F extends Fields>(
  bytes: Uint8Array,
  from: number,
  fields: F,
  maxValues: number,
): { readonly value: ReadAs<{ readonly fields: F }>; readonly end: number } | undefined {
  const reader = createReader(bytes, from, maxValues);
  try {
    const value = reader.struct({ fields }, 0) as ReadAs<{ readonly fields: F }>;
    return { value, end: reader.end() };
  } catch (error) {
    if (error instanceof BrokenThrift) return undefined;
    throw error;
  }
}

function createReader(bytes: Uint8Array, from: number, maxValues: number) {
  let at = from;
  let values = 0;

  function byte(): number {
    const value = bytes[at++];
    if (value === undefined) throw new BrokenThrift();
    return value;
  }
  function varint(): number {
    let value = 0;
    for (let i = 0; i < MAX_VARINT_BYTES; i++) {
      const next = byte();
      value += (next & 0x7f) * 2 ** (7 * i);
      if (next < 0x80) return value;
    }
    throw new BrokenThrift();
  }
  /** Zigzag; beyond 2^53 it is no longer exact, and no size or place that a file can have. */
  function int(): number {
    const value = varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
  function take(count: number): Uint8Array {
    if (count > bytes.length - at) throw new BrokenThrift();
    at += count;
    return bytes.subarray(at - count, at);
  }
  function struct(shape: Shape | undefined, depth: number): unknown {
    if (depth > MAX_DEPTH) throw new BrokenThrift();
    const wanted = typeof shape === "object" && "fields" in shape ? Object.entries(shape.fields) : [];
    const found: Record<string, unknown> = {};
    let id = 0;
    for (;;) {
      const header = byte();
      const type = header & 0x0f;
      if (type === STOP) return found;
      id = header >> 4 === 0 ? int() : id + (header >> 4);
      const field = wanted.find(([, [each]]) => each === id);
      const value = element(type, field?.[1][1], depth, false);
      if (field !== undefined) found[field[0]] = value;
    }
  }
  function list(shape: Shape | undefined, depth: number): unknown {
    const header = byte();
    const count = header >> 4 === 15 ? varint() : header >> 4;
    if (depth > MAX_DEPTH || count > bytes.length - at) throw new BrokenThrift();
    const elementShape = typeof shape === "object" && "list" in shape ? shape.list : undefined;
    const found: unknown[] = [];
    for (let i = 0; i < count; i++) {
      const value = element(header & 0x0f, elementShape, depth, true);
      if (elementShape !== undefined) found.push(value);
    }
    return found;
  }
  function element(type: number, shape: Shape | undefined, depth: number, isInList: boolean): unknown {
    if (++values > maxValues || (shape !== undefined && kindOf(type) !== shapeKind(shape))) throw new BrokenThrift();
    switch (type) {
      case TRUE:
      case FALSE:
        // A field of this type is told by its type alone; an element has a byte.
        return isInList ? byte() === TRUE : type === TRUE;
      case BYTE:
        return byte();
      case I16:
      case I32:
      case I64:
        return int();
      case DOUBLE:
        return take(8);
      case BINARY:
        return take(varint());
      case LIST:
      case SET:
        return list(shape, depth + 1);
      case STRUCT:
        return struct(shape, depth + 1);
      default:
        // Parquet has no maps in its structures.
        throw new BrokenThrift();
    }
  }
  return { struct, end: () => at };
}

function kindOf(type: number): string {
  if (type === TRUE || type === FALSE) return "bool";
  if (type >= BYTE && type <= I64) return "int";
  if (type === LIST || type === SET) return "list";
  return type === STRUCT ? "fields" : type === BINARY ? "bytes" : "other";
}

function shapeKind(shape: Shape): string {
  return typeof shape === "string" ? shape : "list" in shape ? "list" : "fields";
}
