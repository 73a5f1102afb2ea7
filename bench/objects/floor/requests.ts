import type { BatchGetItemInput, GetItemInput, TransactWriteItemsInput } from "@aws-sdk/client-dynamodb";

/** What tagging an object sends to the table, in the order of its calls. */
export interface TableRequests {
  /** What is journalled of the bucket's class. */
  readonly bucketClass: GetItemInput;
  readonly open: BatchGetItemInput;
  readonly claim: TransactWriteItemsInput;
  readonly finish: TransactWriteItemsInput;
}

/**
 * The requests for one object, as object literals, which is the cheapest way to have them. bench/bundles.ts puts in the place of this module what Cordon
 * was recorded to send a moment ago.
 */
export function requestsFor(key: string, finding: string): TableRequests {
  throw new Error(`only the bundled floor knows the requests for ${finding} of ${key}`);
}
