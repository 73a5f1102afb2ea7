import deleteItem from "dynalite/actions/deleteItem.js";
import getItem from "dynalite/actions/getItem.js";
import putItem from "dynalite/actions/putItem.js";
import updateItem from "dynalite/actions/updateItem.js";
import db from "dynalite/db/index.js";
import deleteItemValidation from "dynalite/validations/deleteItem.js";
import getItemValidation from "dynalite/validations/getItem.js";
import putItemValidation from "dynalite/validations/putItem.js";
import updateItemValidation from "dynalite/validations/updateItem.js";
import { copyOf } from "../copy.ts";
import { ServiceError } from "../errors.ts";
import {
  type Action,
  type ActionResult,
  type AttributeMap,
  type ItemChange,
  keyOf,
  parseInput,
  runAction,
  toServiceError,
  type Validation,
} from "./store.ts";
import type { Table } from "./table.ts";

/** What a single-item operation answers, and the change it makes once committed. */
export interface ItemOutcome {
  result: ActionResult;
  change: ItemChange | undefined;
}
export type ItemKind = "Get" | "Put" | "Update" | "Delete" | "ConditionCheck";

/** Compares a condition and changes nothing; only a transaction has it. */
const checkCondition: Action = (store, data, done) => {
  const { Key: key, TableName: name } = data as { Key: AttributeMap; TableName: string };
  store.getTable(name, (_missing, table) => {
    const invalid = table && db.validateKey(key, table);
    if (!table || invalid) return done(invalid ?? null);
    store
      .getItemDb(name)
      .get(db.createKey(key, table), (_error, item) => done(db.checkConditional(data, item) ?? null, {}));
  });
};

const kinds: Record<ItemKind, { action: Action; validation: Validation }> = {
  Get: { action: getItem, validation: getItemValidation },
  Put: { action: putItem, validation: putItemValidation },
  Update: { action: updateItem, validation: updateItemValidation },
  Delete: { action: deleteItem, validation: deleteItemValidation },
  ConditionCheck: { action: checkCondition, validation: deleteItemValidation },
};

/** An operation on one item, understood and ready to run. */
export interface ItemOperation {
  kind: ItemKind;
  data: Record<string, unknown>;
  /** Which item, for comparing with others of the same table. */
  key(table: Table): string;
  /** Work out answer and change on the table as it is; throws ServiceError, ConditionalCheckFailedException with the item if asked. */
  run(table: Table): ItemOutcome;
}

/** Check one operation's input. Throws ValidationException. */
export function parseItemOperation(kind: ItemKind, input: Record<string, unknown>): ItemOperation {
  const { action, validation } = kinds[kind];
  const data = parseInput(input, validation);
  if (data._updates) removeLast(data._updates as Updates);
  const returnsOld = input.ReturnValuesOnConditionCheckFailure === "ALL_OLD";
  const keyed = (data.Key ?? data.Item) as AttributeMap;
  if (kind === "ConditionCheck" && data.ConditionExpression === undefined) {
    throw new ServiceError("ValidationException", "The expression can not be empty;", 400);
  }
  return {
    kind,
    data,
    key(table) {
      const invalid = data.Key ? db.validateKey(keyed, table.schema) : undefined;
      if (invalid) throw toServiceError(invalid);
      return keyOf(keyed, table.schema);
    },
    run(table) {
      try {
        return runAction(action, table.schema, table.items, copyOf(data));
      } catch (error) {
        if (!(error instanceof ServiceError) || error.code !== "ConditionalCheckFailedException" || !returnsOld)
          throw error;
        const item = table.items.get(keyOf(keyed, table.schema));
        throw new ServiceError(error.code, error.message, error.status, { members: item ? { Item: item } : {} });
      }
    },
  };
}

interface Updates {
  sections: { type: string; path: (string | number)[] }[];
}

/**
 * DynamoDB means every path of an update by the item as it was; dynalite goes through them one by one, and a removed list
 * element moves its successors. Removals last, and the last elements first, come to what DynamoDB does.
 */
function removeLast(updates: Updates): void {
  const rank = ({ type, path }: Updates["sections"][number]): number => {
    const last = path.at(-1);
    return type !== "remove" ? 2 ** 32 : typeof last === "number" ? last : 2 ** 31;
  };
  updates.sections.sort((a, b) => rank(b) - rank(a));
}
