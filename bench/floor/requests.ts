import type { BatchGetItemInput, TransactWriteItemsInput, UpdateItemInput } from "@aws-sdk/client-dynamodb";

/** What a containment sends to the table, in the order of its calls. */
export interface TableRequests {
  readonly open: BatchGetItemInput;
  readonly count: UpdateItemInput;
  readonly claim: TransactWriteItemsInput;
  readonly finish: TransactWriteItemsInput;
}

/** Stand in the text for what differs from one containment to the next. */
export const PLACEHOLDER = { bucket: "{bucket}", finding: "{finding}" } as const;

/**
 * `TableRequests` as JSON text with placeholders, as Cordon sent them in a containment recorded a moment ago. bench/bundles.ts puts the text in the
 * place of this module, as the build does with the policy.
 */
export const recordedRequests: string = "";
