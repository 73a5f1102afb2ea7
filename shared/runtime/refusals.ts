import type { SQSRecord } from "aws-lambda";
import { CordonError } from "../errors.ts";

/** Where messages go that can't be understood: nothing is lost, and the reason stays with them. */
export interface Refusals {
  /** @throws CordonError `malformed` when there is no refused queue: the message then stays in its own and ends in the DLQ */
  send(record: SQSRecord, reason: string): Promise<void>;
}

/** An attribute holds 256 KB with the body; a reason needs a fraction. */
const MAX_REASON = 1_000;

/** The client is made when the first message is refused: that is not the common event. */
export function refusalsTo(queueName: string | undefined): Refusals {
  let url: string | undefined;
  return {
    async send(record, reason) {
      if (queueName === undefined)
        throw new CordonError("malformed", `refused, and CORDON_REFUSED_QUEUE is not set: ${reason}`);
      const { GetQueueUrlCommand, SendMessageCommand, SQSClient } = await import("@aws-sdk/client-sqs");
      const sqs = new SQSClient();
      // The name is known when the stack is written, the URL only once it is deployed.
      url ??= (await sqs.send(new GetQueueUrlCommand({ QueueName: queueName }))).QueueUrl;
      await sqs.send(
        new SendMessageCommand({
          QueueUrl: url,
          // An SQS body is never empty.
          MessageBody: record.body === "" ? " " : record.body,
          MessageAttributes: {
            reason: { DataType: "String", StringValue: reason.slice(0, MAX_REASON) },
            messageId: { DataType: "String", StringValue: record.messageId || "unknown" },
          },
        }),
      );
    },
  };
}
