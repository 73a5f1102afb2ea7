import { type DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { GetQueueUrlCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { unavailable } from "../aws/aws-errors.ts";
import { CALL_LIMITS } from "../aws/call-limits.ts";
import type { ControlMeta } from "../control.ts";
import { lookEvent } from "../signals/look.ts";
import type { Due, Looks } from "./sweep-looks.ts";

/**
 * Looks by the table's items and the functions' queues.
 *
 * @param controls which function runs which control
 * @param settle what settles Cordon's own matters
 */
export function looksOnAws(
  client: DynamoDBClient,
  table: string,
  stack: string,
  controls: readonly Pick<ControlMeta, "id" | "runBy">[],
  settle: Looks["settle"],
): Looks {
  const urls = new Map<string, string>();
  let made: SQSClient | undefined;
  const ask = async <Answer>(operation: string, call: () => Promise<Answer>): Promise<Answer> => {
    try {
      return await call();
    } catch (error) {
      throw unavailable(operation, error);
    }
  };
  return {
    settle,
    async read({ pk, sk }) {
      const get = new GetItemCommand({ TableName: table, Key: marshall({ pk, sk }), ConsistentRead: true });
      const { Item } = await ask("GetItem", () => client.send(get));
      if (Item === undefined) return undefined;
      const { resource, leaseUntilMs = 0, byControl = {} } = unmarshall(Item) as Partial<Due>;
      return resource === undefined ? undefined : { resource, leaseUntilMs, byControl };
    },
    async send(controlId, resource, dueAt) {
      const runBy = controls.find(({ id }) => id === controlId)?.runBy;
      if (runBy === undefined) return false;
      made ??= new SQSClient(CALL_LIMITS);
      const sqs = made;
      const name = `${stack}-${runBy}`;
      const QueueUrl =
        urls.get(name) ??
        (await ask("GetQueueUrl", () => sqs.send(new GetQueueUrlCommand({ QueueName: name })))).QueueUrl ??
        "";
      urls.set(name, QueueUrl);
      const MessageBody = JSON.stringify(lookEvent(controlId, resource, dueAt));
      await ask("SendMessage", () => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody })));
      return true;
    },
  };
}
