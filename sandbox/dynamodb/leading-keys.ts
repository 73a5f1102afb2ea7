import queryValidation from "dynalite/validations/query.js";
import { type AttributeMap, parseInput, type TableSchema } from "./store.ts";
import type { Table } from "./table.ts";

/** An item's partition key as `dynamodb:LeadingKeys` tells it to policies; "" for an item without one, which is refused afterwards. */
export function leadingKey({ schema }: Table, item: AttributeMap): string {
  return textOf(item[partitionKey(schema)]);
}

/** The same of what a Query asks for; the partition key of the index if it asks one, which is a guess. Throws ValidationException. */
export function queriedKey({ schema }: Table, input: Record<string, unknown>): string {
  const { KeyConditions } = parseInput(input, queryValidation) as {
    KeyConditions?: Record<string, { AttributeValueList: AttributeMap[string][] }>;
  };
  const index = schema.GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === input.IndexName);
  return textOf(KeyConditions?.[partitionKey(index ?? schema)]?.AttributeValueList[0]);
}

function partitionKey({ KeySchema }: Pick<TableSchema, "KeySchema">): string {
  return KeySchema.find(({ KeyType }) => KeyType === "HASH")?.AttributeName ?? "";
}

function textOf(value: AttributeMap[string] | undefined): string {
  return String(Object.values(value ?? {})[0] ?? "");
}
