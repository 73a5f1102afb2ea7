import { isDeepStrictEqual } from "node:util";
import { copyOf } from "../copy.ts";
import { ServiceError } from "../errors.ts";
import { type ItemKind, type ItemOperation, parseItemOperation } from "./items.ts";
import type { AttributeMap, ItemChange } from "./store.ts";
import type { Table } from "./table.ts";

const MAX_OPERATIONS = 100;
const MAX_BYTES = 4 * 1024 * 1024;
const TOKEN_LIFETIME_MS = 10 * 60_000;

export type FindTable = (name: string) => Table;

/** Requests by their client token, so that a repetition is answered and not done again. */
export type TokenMemory = Map<string, { at: number; input: unknown }>;

interface Reason {
  Code: string;
  Message?: string;
  Item?: AttributeMap;
}

/** Check a TransactWriteItems or TransactGetItems request's list. Throws ValidationException. */
export function parseTransaction(input: Record<string, unknown>, allowed: readonly ItemKind[]): ItemOperation[] {
  const list = Array.isArray(input.TransactItems)
    ? (input.TransactItems as Record<string, Record<string, unknown>>[])
    : [];
  if (list.length < 1 || list.length > MAX_OPERATIONS) {
    const bound = list.length < 1 ? "greater than or equal to 1" : `less than or equal to ${MAX_OPERATIONS}`;
    throw invalid(
      `1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length ${bound}`,
    );
  }
  return list.map((entry) => {
    const kind = allowed.find((name) => entry[name]);
    const operation = kind && entry[kind];
    if (!kind || !operation || Object.keys(entry).length !== 1) {
      throw invalid("TransactItems can only contain one of Check, Put, Update or Delete");
    }
    return parseItemOperation(kind, operation);
  });
}

/**
 * Work out all changes of a transaction, or throw TransactionCanceledException with a reason for each operation.
 * Nothing is written: the caller commits what comes back.
 */
export function runTransaction(
  operations: readonly ItemOperation[],
  find: FindTable,
): { table: Table; change: ItemChange }[] {
  const targets = operations.map((operation) => ({ operation, table: find(String(operation.data.TableName)) }));
  const keys = targets.map(({ operation, table }) => `${table.arn} ${operation.key(table)}`);
  if (new Set(keys).size < keys.length) {
    throw invalid("Transaction request cannot include multiple operations on one item");
  }
  const changes: { table: Table; change: ItemChange }[] = [];
  const reasons = targets.map(({ operation, table }): Reason => {
    try {
      const { change } = operation.run(table);
      if (change) changes.push({ table, change });
      return { Code: "None" };
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      const Code = error.code === "ConditionalCheckFailedException" ? "ConditionalCheckFailed" : "ValidationError";
      return { Code, Message: error.message, ...error.members };
    }
  });
  // Counted as JSON, a little more than AWS counts.
  const bytes = changes.reduce((sum, { change }) => sum + Buffer.byteLength(JSON.stringify(change.after ?? {})), 0);
  if (bytes > MAX_BYTES) throw invalid("Collection size of items in the transaction cannot exceed 4 MB");
  if (reasons.every(({ Code }) => Code === "None")) return changes;
  throw new ServiceError(
    "TransactionCanceledException",
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${reasons.map(({ Code }) => Code).join(", ")}]`,
    400,
    { members: { CancellationReasons: reasons } },
  );
}

/** Whether this very request was done in the last ten minutes. Throws IdempotentParameterMismatchException for another under its token. */
export function isRepetition(memory: TokenMemory, input: Record<string, unknown>, at: number): boolean {
  const { ClientRequestToken: token, ...rest } = input;
  if (typeof token !== "string") return false;
  const earlier = memory.get(token);
  if (!earlier || at - earlier.at > TOKEN_LIFETIME_MS) return false;
  if (isDeepStrictEqual(earlier.input, rest)) return true;
  throw new ServiceError(
    "IdempotentParameterMismatchException",
    "Request parameters do not match those of an earlier request with the same client token",
    400,
  );
}

/** Keep a request that was done, for `isRepetition`. */
export function rememberRequest(memory: TokenMemory, input: Record<string, unknown>, at: number): void {
  const { ClientRequestToken: token, ...rest } = input;
  if (typeof token === "string") memory.set(token, { at, input: copyOf(rest) });
}

function invalid(message: string): ServiceError {
  return new ServiceError("ValidationException", message, 400);
}
