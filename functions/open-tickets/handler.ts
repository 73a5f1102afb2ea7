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
 * Table stream -> tickets. What fails comes again, and with it, as streams do it, all that was behind the first failure.
 *
 * @throws CordonError `misconfigured`, `malformed`
 */
export async function handler(event: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> {
  const adapters = adaptersFrom(process.env.CORDON_TICKETS);
  const { CORDON_TABLE } = requiredSettings(process.env, TABLE_SETTING);
  const acknowledge = ticketAcknowledgement(clients.dynamoDb(), CORDON_TABLE);
  const emissions = emissionsFor("tickets", event);
  const left = await deliverTickets(emissions, adapters, acknowledge, systemClock.nowMs, logger);
  return { batchItemFailures: left.map((itemIdentifier) => ({ itemIdentifier })) };
}
