import { type DynamoDBClient, QueryCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { findingKey, OUTBOX_INDEX } from "../journal/keys.ts";
import { asked, isDone } from "../journal/table-calls.ts";
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
      const { Items = [], LastEvaluatedKey } = await asked("Query", table, () => client.send(query));
      const waiting = Items.map((item) => unmarshall(item) as Waiting);
      const isMore = waiting.length > limit || (waiting.length < limit && LastEvaluatedKey !== undefined);
      return { waiting: waiting.slice(0, limit), isMore };
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
