import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from "aws-lambda";
import { AwsClients } from "../../shared/aws/clients.ts";
import { deliverTickets } from "../../shared/outbox/deliver-tickets.ts";
import { emissionsFor } from "../../shared/outbox/emissions-aws.ts";
import { ticketAcknowledgement } from "../../shared/outbox/outbox-aws.ts";
import { requiredSettings, TABLE_SETTING } from "../../shared/outbox/required-settings.ts";
import { systemClock } from "../../shared/runtime/clock.ts";
import { makeLogger } from "../../shared/runtime/telemetry.ts";
import { adaptersFrom } from "../../shared/ticketing/adapters.ts";

const logger = makeLogger("open-tickets");
const clients = new AwsClients();

/**
 * Table stream -> tickets. The first failure is where the stream goes on next time.
 *
 * @throws CordonError `misconfigured`, `malformed`
 */
export async function handler(event: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> {
  const adapters = adaptersFrom(process.env.CORDON_TICKETS);
  const { CORDON_TABLE } = requiredSettings(process.env, TABLE_SETTING);
  const acknowledge = ticketAcknowledgement(clients.dynamoDb(), CORDON_TABLE);
  const emissions = emissionsFor("tickets", event);
  const failed = await deliverTickets(emissions, adapters, acknowledge, systemClock.nowMs, logger);
  return { batchItemFailures: failed === undefined ? [] : [{ itemIdentifier: failed }] };
}
