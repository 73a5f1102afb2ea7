import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from "aws-lambda";
import { catalogue } from "../../controls/catalogue.ts";
import { AwsClients } from "../../shared/aws/clients.ts";
import { deliverTickets } from "../../shared/outbox/deliver-tickets.ts";
import { dispatchTickets, type SendToQueue } from "../../shared/outbox/dispatch-tickets.ts";
import { emissionsFor } from "../../shared/outbox/emissions-aws.ts";
import { ticketAcknowledgement } from "../../shared/outbox/outbox-aws.ts";
import { requiredSettings, TABLE_SETTING } from "../../shared/outbox/required-settings.ts";
import { loadPolicy } from "../../shared/policy/load-policy.ts";
import type { PolicyInForce } from "../../shared/policy/policy.ts";
import { systemClock } from "../../shared/runtime/clock.ts";
import { makeLogger } from "../../shared/runtime/telemetry.ts";
import { adaptersFrom } from "../../shared/ticketing/adapters.ts";

const logger = makeLogger("open-tickets");
const clients = new AwsClients();
const SETTINGS = { ...TABLE_SETTING, CORDON_STACK: "the name of the cell's stack" } as const;
let policy: PolicyInForce | undefined;
let send: SendToQueue | undefined;

/**
 * Table stream -> the inboxes of the trackers that policy names, and what `CORDON_TICKETS` names on this machine. What fails comes again, and with it, as streams do it, all
 * that was behind the first failure.
 *
 * @throws CordonError `misconfigured`, `malformed`
 */
export async function handler(event: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> {
  const { CORDON_TABLE, CORDON_STACK } = requiredSettings(process.env, SETTINGS);
  const acknowledge = ticketAcknowledgement(clients.dynamoDb(), CORDON_TABLE);
  const emissions = emissionsFor("tickets", event);
  policy ??= await loadPolicy(process.env.CORDON_POLICY?.trim() || undefined, catalogue);
  const { tickets } = policy;
  const adapters = adaptersFrom(process.env.CORDON_TICKETS, tickets?.routes.length);
  const inForce = policy;
  const dispatch = async (waiting: typeof emissions) => {
    // The client is loaded where there is somebody to tell.
    const { queueSender } = await import("../../shared/outbox/own-queue-aws.ts");
    send ??= queueSender();
    return dispatchTickets(waiting, CORDON_STACK, inForce, send);
  };
  const left = await deliverTickets(
    emissions,
    adapters,
    acknowledge,
    systemClock.nowMs,
    logger,
    policy,
    tickets?.routes.length ? dispatch : undefined,
  );
  return { batchItemFailures: left.map((itemIdentifier) => ({ itemIdentifier })) };
}
