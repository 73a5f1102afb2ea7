import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";
import { CordonError } from "../errors.ts";
import type { Consumer } from "../journal/keys.ts";

/** An item as the table's stream shows it, because it was written or because the sweep has it told again. */
export interface Emission {
  /** The stream's number of it, by which a failure is reported. */
  readonly sequence: string;
  /** The item, or why it can't be read. */
  readonly item: Readonly<Record<string, unknown>> | undefined;
  /** The table's, as an ARN. */
  readonly source: string;
}

/**
 * A stream's batch -> what of it is in a consumer's outbox. Whatever else happens to the table's items, acknowledgements among it, is not for him; the
 * event source mapping has filtered it out already, where there is one.
 *
 * @throws CordonError `malformed` when it is no stream's batch
 */
export function emissionsFor(consumer: Consumer, event: DynamoDBStreamEvent): readonly Emission[] {
  if (!Array.isArray(event?.Records)) {
    throw new CordonError(
      "malformed",
      "This function reads a DynamoDB stream: expected an event with a list of Records.",
    );
  }
  return event.Records.filter((record) => isIn(consumer, record)).map((record) => ({
    sequence: record.dynamodb?.SequenceNumber ?? "",
    item: itemIn(record),
    source: record.eventSourceARN ?? "",
  }));
}

function isIn(consumer: Consumer, { eventName, dynamodb }: DynamoDBRecord): boolean {
  return eventName !== "REMOVE" && dynamodb?.NewImage?.outbox?.S?.startsWith(`${consumer}#`) === true;
}

function itemIn({ dynamodb }: DynamoDBRecord): Emission["item"] {
  try {
    return unmarshall(dynamodb?.NewImage as Record<string, AttributeValue>);
  } catch {
    return undefined;
  }
}
