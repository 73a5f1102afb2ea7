import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";
import { describeError } from "../../shared/errors.ts";
import type { FindingRecord } from "../../shared/journal/journal.ts";
import { makeLogger } from "../../shared/runtime/telemetry.ts";
import { adaptersFrom } from "../../shared/ticketing/adapters.ts";
import { ticketOf } from "../../shared/ticketing/ticket.ts";

const logger = makeLogger("open-tickets");

/**
 * Table stream -> tickets. One after the other, because a finding's states are in order; the first failure is where the stream goes on next time.
 *
 * @throws CordonError `misconfigured`
 */
export async function handler(event: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> {
  const adapters = adaptersFrom(process.env.CORDON_TICKETS);
  for (const record of event.Records) {
    try {
      const finding = findingIn(record);
      if (finding === undefined) continue;
      const ticket = ticketOf(finding);
      for (const adapter of adapters) await adapter.put(ticket);
      logger.info("ticket", { key: ticket.key, state: ticket.state, occurrences: ticket.occurrences });
    } catch (error) {
      const sequence = record.dynamodb?.SequenceNumber ?? "";
      logger.error("ticket not delivered; the stream delivers it again", { sequence, reason: describeError(error) });
      return { batchItemFailures: [{ itemIdentifier: sequence }] };
    }
  }
  return { batchItemFailures: [] };
}

/** The finding a stream record carries; other items of the table are nobody's ticket. */
function findingIn(record: DynamoDBRecord): FindingRecord | undefined {
  const image = record.dynamodb?.NewImage;
  if (record.eventName === "REMOVE" || image?.entity?.S !== "finding") return undefined;
  return unmarshall(image as Record<string, AttributeValue>).record as FindingRecord;
}
