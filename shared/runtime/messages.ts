import type { SQSClient } from "@aws-sdk/client-sqs";
import type { SQSRecord } from "aws-lambda";
import { cut } from "../cut.ts";
import { CordonError } from "../errors.ts";
import type { Clock } from "../types.ts";

/** What a function does with a message besides treating it. */
export interface Messages {
  /**
   * Puts a message that can't be understood into the refused queue, with the reason: nothing is lost.
   *
   * @throws CordonError `malformed` when there is no refused queue: the message then stays in its own and ends in the DLQ
   */
  refuse(record: SQSRecord, reason: string): Promise<void>;
  /** Deletes a message that has been treated, before the whole batch is. */
  acknowledge(record: SQSRecord): Promise<void>;
  /** Has the queue deliver a message again at a time that is known, not only when its visibility timeout ends. */
  postpone(record: SQSRecord, untilMs: number): Promise<void>;
}

/** An attribute holds 256 KB with the body; a reason needs a fraction. */
const MAX_REASON = 1_000;
/** SQS hides a message for twelve hours at most, from when it was received: some minutes ago. */
const MAX_HIDDEN_SECONDS = 43_200 - 900;

/** The SQS client is made when first needed: neither is the common event. */
export function messagesVia(refusedQueue: string | undefined, clock: Clock): Messages {
  const urls = new Map<string, string>();
  let client: SQSClient | undefined;
  const open = async (queue: string) => {
    const sdk = await import("@aws-sdk/client-sqs");
    client ??= new sdk.SQSClient({ requestHandler: { connectionTimeout: 1_500, requestTimeout: 4_000 } });
    const sqs = client;
    // A queue's name is known when the stack is written, its URL only once it is deployed.
    const url = urls.get(queue) ?? (await sqs.send(new sdk.GetQueueUrlCommand({ QueueName: queue }))).QueueUrl ?? "";
    urls.set(queue, url);
    return { sdk, sqs, QueueUrl: url };
  };
  return {
    async refuse(record, reason) {
      if (refusedQueue === undefined) {
        throw new CordonError("malformed", `refused, and CORDON_REFUSED_QUEUE is not set: ${reason}`);
      }
      const { sdk, sqs, QueueUrl } = await open(refusedQueue);
      await sqs.send(
        new sdk.SendMessageCommand({
          QueueUrl,
          // An SQS body is never empty.
          MessageBody: record.body || " ",
          MessageAttributes: {
            reason: { DataType: "String", StringValue: cut(reason, MAX_REASON) },
            messageId: { DataType: "String", StringValue: record.messageId || "unknown" },
          },
        }),
      );
    },
    async acknowledge(record) {
      const { sdk, sqs, QueueUrl } = await open(queueOf(record));
      await sqs.send(new sdk.DeleteMessageCommand({ QueueUrl, ReceiptHandle: record.receiptHandle }));
    },
    async postpone(record, untilMs) {
      const { sdk, sqs, QueueUrl } = await open(queueOf(record));
      const seconds = Math.ceil((untilMs - clock.nowMs()) / 1000) + 1;
      const VisibilityTimeout = Math.min(Math.max(seconds, 1), MAX_HIDDEN_SECONDS);
      await sqs.send(
        new sdk.ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: record.receiptHandle, VisibilityTimeout }),
      );
    },
  };
}

function queueOf({ eventSourceARN }: SQSRecord): string {
  return eventSourceARN.split(":").at(-1) ?? "";
}
