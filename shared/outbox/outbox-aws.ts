import { type DynamoDBClient, QueryCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { sortAwsError, unavailable } from "../aws/aws-errors.ts";
import { CordonError } from "../errors.ts";
import { findingKey, OUTBOX_INDEX } from "../journal/keys.ts";
import type { AcknowledgeTicket } from "./deliver-tickets.ts";
import type { Outbox, Waiting } from "./sweep-outbox.ts";

/** Takes a finding out of the outbox of tickets, unless it has been written since. */
export function ticketAcknowledgement(client: DynamoDBClient, table: string): AcknowledgeTicket {
  return async (findingId, version, at) => {
    const update = new UpdateItemCommand({
      TableName: table,
      Key: marshall(findingKey(findingId)),
      UpdateExpression: "SET ticketedAt = :at REMOVE outbox, outboxAt, waitingSince",
      ConditionExpression: "#version = :version AND attribute_exists(outbox)",
      ExpressionAttributeNames: { "#version": "version" },
      ExpressionAttributeValues: marshall({ ":at": at, ":version": version }),
    });
    return isDone("UpdateItem", table, () => client.send(update));
  };
}

/** The outbox in the cell's table, by its index. */
export function outboxOnAws(client: DynamoDBClient, table: string): Outbox {
  return {
    async readWaiting(shard, before, limit) {
      const query = new QueryCommand({
        TableName: table,
        IndexName: OUTBOX_INDEX,
        KeyConditionExpression: "outbox = :shard AND outboxAt < :before",
        ExpressionAttributeValues: marshall({ ":shard": shard, ":before": before }),
        Limit: limit + 1,
      });
      try {
        const { Items = [], LastEvaluatedKey } = await client.send(query);
        const waiting = Items.map((item) => unmarshall(item) as Waiting);
        const isMore = waiting.length > limit || (waiting.length < limit && LastEvaluatedKey !== undefined);
        return { waiting: waiting.slice(0, limit), isMore };
      } catch (error) {
        throw failed("Query", table, error);
      }
    },

    async reEmit({ pk, sk, outboxAt }, at) {
      const update = new UpdateItemCommand({
        TableName: table,
        Key: marshall({ pk, sk }),
        UpdateExpression: "SET waitingSince = if_not_exists(waitingSince, outboxAt), outboxAt = :at ADD emissions :one",
        // Acknowledged, written anew or emitted by another sweep meanwhile: then it is no longer ours to emit.
        ConditionExpression: "outboxAt = :seen",
        ExpressionAttributeValues: marshall({ ":at": at, ":seen": outboxAt, ":one": 1 }),
        ReturnValues: "UPDATED_NEW",
      });
      let waitingSince = outboxAt;
      const isEmitted = await isDone("UpdateItem", table, async () => {
        const { Attributes = {} } = await client.send(update);
        waitingSince = String(unmarshall(Attributes).waitingSince ?? outboxAt);
      });
      return isEmitted ? waitingSince : undefined;
    },
  };
}

/** Whether an update went through; false when its condition does not hold, or somebody is writing the item at this moment. */
async function isDone(operation: string, table: string, call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call();
    return true;
  } catch (error) {
    const { code } = sortAwsError(error);
    if (code === "ConditionalCheckFailedException" || code === "TransactionConflictException") return false;
    throw failed(operation, table, error);
  }
}

function failed(operation: string, table: string, error: unknown): CordonError {
  const { kind, code, message } = sortAwsError(error);
  if (code === "ResourceNotFoundException") {
    return new CordonError(
      "misconfigured",
      `There is no table "${table}" with an index "${OUTBOX_INDEX}" in this account and Region: set CORDON_TABLE to Cordon's table.`,
      { cause: error },
    );
  }
  if (kind === "denied") return new CordonError("denied", `AWS refused ${operation}: ${message}`, { cause: error });
  return unavailable(operation, error);
}
