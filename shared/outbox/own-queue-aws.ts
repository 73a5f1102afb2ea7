import { GetQueueUrlCommand, SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { unavailable } from "../aws/aws-errors.ts";
import { CALL_LIMITS } from "../aws/call-limits.ts";
import { CordonError } from "../errors.ts";

/** What SQS takes in one call: messages, and bytes of all of them together. */
const MAX_MESSAGES = 10;
const MAX_BYTES = 250_000;

/**
 * Puts messages into a queue of the cell's, by its name.
 *
 * @param group whose messages they are: SQS lets no group that is slow or many hold up the others of a queue.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html
 * @throws CordonError `unavailable` when one of them may not be in it: all of them have to be sent again
 */
export async function sendToQueue(queueName: string, bodies: readonly string[], group?: string): Promise<void> {
  const sqs = new SQSClient(CALL_LIMITS);
  try {
    await sendBy(sqs, await urlOf(sqs, queueName), bodies, group);
  } finally {
    sqs.destroy();
  }
}

/** The same for those who send over and over: client and addresses are kept for the container's life. */
export function queueSender(): typeof sendToQueue {
  const urls = new Map<string, string>();
  let sqs: SQSClient | undefined;
  return async (queueName, bodies, group) => {
    sqs ??= new SQSClient(CALL_LIMITS);
    const url = urls.get(queueName) ?? (await urlOf(sqs, queueName));
    urls.set(queueName, url);
    await sendBy(sqs, url, bodies, group);
  };
}

async function urlOf(sqs: SQSClient, queueName: string): Promise<string> {
  const { QueueUrl = "" } = await asked("GetQueueUrl", sqs.send(new GetQueueUrlCommand({ QueueName: queueName })));
  return QueueUrl;
}

async function sendBy(sqs: SQSClient, QueueUrl: string, bodies: readonly string[], group?: string): Promise<void> {
  for (const batch of batchesOf(bodies)) {
    const Entries = batch.map((MessageBody, index) => ({
      Id: String(index),
      MessageBody,
      ...(group !== undefined && { MessageGroupId: group }),
    }));
    const { Failed = [] } = await asked(
      "SendMessageBatch",
      sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries })),
    );
    if (Failed.length > 0) throw new CordonError("unavailable", `SQS did not take ${Failed.length} messages`);
  }
}

async function asked<Answer>(operation: string, answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    throw unavailable(operation, error);
  }
}

function batchesOf(bodies: readonly string[]): readonly (readonly string[])[] {
  const batches: string[][] = [];
  let bytes = 0;
  for (const body of bodies) {
    const more = Buffer.byteLength(body);
    const last = batches.at(-1);
    if (last === undefined || last.length >= MAX_MESSAGES || bytes + more > MAX_BYTES) {
      batches.push([body]);
      bytes = more;
    } else {
      last.push(body);
      bytes += more;
    }
  }
  return batches;
}
