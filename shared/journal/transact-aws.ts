import {
  type DynamoDBClient,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";

/** Cancellations that pass by themselves; "None" stands for the items that were not at fault. */
const PASSING = new Set(["None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]);
const MAX_ATTEMPTS = 4;

/**
 * One transaction. The SDK doesn't retry a cancelled one, whatever cancelled it: what passes by itself is tried again here.
 *
 * @returns "refused" when a condition of it does not hold
 * @throws whatever else the SDK throws
 */
export async function transact(
  client: DynamoDBClient,
  items: TransactWriteItem[],
  sleep: (ms: number) => Promise<void>,
): Promise<"done" | "refused"> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.send(new TransactWriteItemsCommand({ TransactItems: items }));
      return "done";
    } catch (error) {
      const reasons = cancellationCodes(error);
      if (reasons.includes("ConditionalCheckFailed")) return "refused";
      const canPass = reasons.length > 0 && reasons.every((code) => PASSING.has(code));
      if (!canPass || attempt >= MAX_ATTEMPTS) throw error;
      await sleep(25 * 2 ** attempt);
    }
  }
}

/** Why a transaction was cancelled, per item; empty when it was not. */
function cancellationCodes(error: unknown): readonly string[] {
  return error instanceof TransactionCanceledException
    ? (error.CancellationReasons ?? []).map(({ Code }) => Code ?? "")
    : [];
}
