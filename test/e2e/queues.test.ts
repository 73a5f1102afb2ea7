import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { functionDefinitions } from "../../deploy/functions.ts";
import { clientConfig, failureOf } from "../sandbox/clients.ts";
import { type Cell, CONTAINS, openCell } from "./cell.ts";

let cell: Cell;
let administrator: SQSClient;
beforeAll(async () => {
  cell = await openCell({}, [CONTAINS]);
  administrator = new SQSClient(clientConfig(cell.sandbox));
}, 60_000);
afterAll(async () => {
  administrator.destroy();
  await cell.close();
});
const urlOf = (queue: string) => `${cell.sandbox.endpoint}/${cell.sandbox.account}/cordon-${queue}`;
const polled = functionDefinitions.filter(({ trigger }) => trigger === "queue").map(({ name }) => name);

describe("a function's queue", () => {
  it.each(polled)("%s: no administrator takes events out of it", async (fn) => {
    const QueueUrl = urlOf(fn);

    for (const call of [
      () => administrator.send(new PurgeQueueCommand({ QueueUrl })),
      () => administrator.send(new ReceiveMessageCommand({ QueueUrl })),
      () => administrator.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: "any" })),
      () =>
        administrator.send(
          new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: "any", VisibilityTimeout: 43_200 }),
        ),
    ]) {
      expect(await failureOf(call())).toMatchObject({
        message: expect.stringContaining("with an explicit deny in a resource-based policy"),
      });
    }
  });

  it.each(["refused", ...polled.map((fn) => `${fn}-dead`)])("%s: people take out what was given up", async (queue) => {
    const QueueUrl = urlOf(queue);
    await administrator.send(new SendMessageCommand({ QueueUrl, MessageBody: "given up" }));

    const { Messages = [] } = await administrator.send(new ReceiveMessageCommand({ QueueUrl }));
    expect(Messages.map(({ Body }) => Body)).toEqual(["given up"]);
    await administrator.send(new PurgeQueueCommand({ QueueUrl }));
  });

  it("is emptied by its function, unless its policy keeps Lambda out too", async () => {
    const { sandbox } = cell;
    const QueueUrl = urlOf(CONTAINS);
    const waiting = () => sandbox.queues[`cordon-${CONTAINS}`]?.length;
    const send = () => administrator.send(new SendMessageCommand({ QueueUrl, MessageBody: "not JSON" }));
    await send();
    await sandbox.settle();
    expect(waiting()).toBe(0);

    const Statement = { Effect: "Deny", Principal: "*", Action: "sqs:ReceiveMessage", Resource: "*" };
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
    await administrator.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
    await send();
    await sandbox.settle();
    expect(waiting()).toBe(1);
  });
});
