import db from "dynalite/db/index.js";
import validations from "dynalite/validations/index.js";
import "./remembered-expressions.ts";
import { copyOf } from "../copy.ts";
import { ServiceError } from "../errors.ts";

/** Attributes in DynamoDB JSON: each value an object with one key, its type. */
export type AttributeMap = Record<string, Record<string, unknown>>;

/** What a table is keyed by, in DescribeTable's words. */
export interface TableSchema {
  TableName: string;
  KeySchema: { AttributeName: string; KeyType: "HASH" | "RANGE" }[];
  AttributeDefinitions: { AttributeName: string; AttributeType: "S" | "N" | "B" }[];
  GlobalSecondaryIndexes?: GlobalSecondaryIndex[];
}

export interface GlobalSecondaryIndex {
  IndexName: string;
  KeySchema: TableSchema["KeySchema"];
  Projection: { ProjectionType: "ALL" | "KEYS_ONLY" | "INCLUDE"; NonKeyAttributes?: readonly string[] };
}

/** The store dynalite's actions are written against. Answers at once, so an action runs in one go. */
export interface ActionStore {
  options: { maxItemSize: number };
  getTable(name: string, done: (error: Error | null, table?: TableSchema) => void): void;
  getItemDb(name: string): {
    lock(key: string, work: (release: (done: Done) => Done) => void): void;
    get(key: string, done: Done): void;
    put(key: string, item: AttributeMap, done: Done): void;
    del(key: string, done: Done): void;
  };
  /** Indexes are worked out from the items when they are read: what dynalite writes to them is dropped. */
  getIndexDb(): { put(key: string, item: AttributeMap, done: Done): void; del(key: string, done: Done): void };
}
type Done = (error: Error | null, item?: AttributeMap) => void;

export interface ActionResult {
  Attributes?: AttributeMap;
  Item?: AttributeMap;
  ConsumedCapacity?: unknown;
}
export type Action = (
  store: ActionStore,
  data: object,
  done: (error: Error | null, result?: ActionResult) => void,
) => void;
export interface Validation {
  types: Record<string, object>;
  custom: unknown;
}

/** An item before and after a write; undefined where there is none. */
export interface ItemChange {
  key: string;
  before: AttributeMap | undefined;
  after: AttributeMap | undefined;
}

const MAX_ITEM_BYTES = 409_600;

/** `input` checked and its expressions parsed as dynalite does it. Throws ValidationException. */
export function parseInput(input: object, { types, custom }: Validation): Record<string, unknown> {
  try {
    const data = validations.checkTypes(copyOf(input), types);
    validations.checkValidations(data, types, custom, { options: { maxItemSize: MAX_ITEM_BYTES } });
    return data;
  } catch (error) {
    throw toServiceError(error);
  }
}

/**
 * Run one single-item action on `items` without changing them.
 * Returns its answer and the change it would make. Throws what DynamoDB would answer.
 */
export function runAction(
  action: Action,
  table: TableSchema,
  items: ReadonlyMap<string, AttributeMap>,
  data: Record<string, unknown>,
): { result: ActionResult; change: ItemChange | undefined } {
  let change: ItemChange | undefined;
  const itemDb: ReturnType<ActionStore["getItemDb"]> = {
    lock: (_key, work) => work((done) => done),
    get(key, done) {
      const item = items.get(key);
      if (item) done(null, copyOf(item));
      else done(Object.assign(new Error("No such item"), { name: "NotFoundError" }));
    },
    put(key, item, done) {
      change = { key, before: items.get(key), after: copyOf({ ...item }) };
      done(null);
    },
    del(key, done) {
      change = { key, before: items.get(key), after: undefined };
      done(null);
    },
  };
  const store: ActionStore = {
    options: { maxItemSize: MAX_ITEM_BYTES },
    getTable: (_name, done) => done(null, table),
    getItemDb: () => itemDb,
    getIndexDb: () => ({ put: (_key, _item, done) => done(null), del: (_key, done) => done(null) }),
  };
  let outcome: { error: Error | null; result: ActionResult } | undefined;
  action(store, data, (error, result) => {
    outcome = { error, result: result ?? {} };
  });
  if (!outcome) throw new Error("A dynalite action did not answer at once: the sandbox's writes would not be atomic");
  if (outcome.error) throw toServiceError(outcome.error);
  const written: ItemChange | undefined = change;
  checkItemSize(written);
  return { result: outcome.result, change: written };
}

function checkItemSize(change: ItemChange | undefined): void {
  if (!change?.after || measureItem(change.after) <= MAX_ITEM_BYTES) return;
  const verb = change.before ? "Item size to update" : "Item size";
  throw new ServiceError("ValidationException", `${verb} has exceeded the maximum allowed size`, 400);
}

/** Bytes of an item as DynamoDB counts them: names and values in UTF-8. */
export function measureItem(item: AttributeMap): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + measureValue(value), 0);
}

function measureValue(value: Record<string, unknown>): number {
  const [[type, content] = ["NULL", true]] = Object.entries(value);
  const list = Array.isArray(content) ? content : [content];
  switch (type) {
    case "S":
    case "SS":
      return list.reduce((sum, text) => sum + Buffer.byteLength(String(text)), 0);
    case "N":
    case "NS":
      return list.reduce((sum, number) => sum + Math.ceil(String(number).replace(/\D/g, "").length / 2) + 1, 0);
    case "B":
    case "BS":
      return list.reduce((sum, base64) => sum + Buffer.byteLength(String(base64), "base64"), 0);
    case "L":
      return 3 + list.reduce((sum, member) => sum + 1 + measureValue(member), 0);
    case "M":
      return 3 + Object.keys(Object(content)).length + measureItem(content as AttributeMap);
    default:
      return 1;
  }
}

/** The key dynalite sorts an item by: items of one partition in the order of their sort keys. */
export function keyOf(item: AttributeMap, table: TableSchema): string {
  return db.createKey(item, table);
}

/** An error of dynalite's, which carries DynamoDB's answer as its `body`, as the sandbox's own. */
export function toServiceError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  const body = error instanceof Error && "body" in error ? (error.body as Record<string, unknown>) : undefined;
  if (!body) throw error;
  const code = String(body.__type).split("#").at(-1) ?? "InternalServerError";
  return new ServiceError(code, String(body.message ?? body.Message), 400);
}
