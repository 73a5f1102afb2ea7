import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";
import { CordonError, describeError } from "../../shared/errors.ts";
import type { FindingRecord } from "../../shared/journal/journal.ts";
import { makeLogger } from "../../shared/runtime/telemetry.ts";
import { adaptersFrom } from "../../shared/ticketing/adapters.ts";
import { type Ticket, ticketOf } from "../../shared/ticketing/ticket.ts";

const logger = makeLogger("open-tickets");

/**
 * Table stream -> tickets. One after the other, because a finding's states are in order; the first failure is where the stream goes on next time.
 *
 * @throws CordonError `misconfigured`
 */
export async function handler(event: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> {
  const adapters = adaptersFrom(process.env.CORDON_TICKETS);
  if (!Array.isArray(event?.Records)) {
    throw new CordonError(
      "malformed",
      "This function reads a DynamoDB stream: expected an event with a list of Records.",
    );
  }
  for (const record of event.Records) {
    const sequence = record.dynamodb?.SequenceNumber ?? "";
    const ticket = ticketIn(record, sequence);
    if (ticket === undefined) continue;
    try {
      for (const adapter of adapters) await adapter.put(ticket);
      logger.info("ticket", { key: ticket.key, state: ticket.state, occurrences: ticket.occurrences });
    } catch (error) {
      logger.error("ticket not delivered; the stream delivers it again", { sequence, reason: describeError(error) });
      return { batchItemFailures: [{ itemIdentifier: sequence }] };
    }
  }
  return { batchItemFailures: [] };
}

/** The ticket of the finding a record carries; a record that can't be told is passed over, for it would hold up all behind it and never be right. */
function ticketIn(record: DynamoDBRecord, sequence: string): Ticket | undefined {
  try {
    const finding = findingIn(record);
    return finding === undefined ? undefined : ticketOf(finding);
  } catch (error) {
    logger.error("a finding that no ticket can be made of", { sequence, reason: describeError(error) });
    return undefined;
  }
}

/** The finding a stream record carries; other items of the table are nobody's ticket. */
function findingIn(record: DynamoDBRecord): FindingRecord | undefined {
  const image = record.dynamodb?.NewImage;
  if (record.eventName === "REMOVE" || image?.entity?.S !== "finding") return undefined;
  return unmarshall(image as Record<string, AttributeValue>).record as FindingRecord;
}
