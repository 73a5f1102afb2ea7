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
 * @throws CordonError `unavailable` when one of them may not be in it: all of them have to be sent again
 */
export async function sendToQueue(queueName: string, bodies: readonly string[]): Promise<void> {
  const sqs = new SQSClient(CALL_LIMITS);
  try {
    const { QueueUrl = "" } = await asked("GetQueueUrl", sqs.send(new GetQueueUrlCommand({ QueueName: queueName })));
    for (const batch of batchesOf(bodies)) {
      const Entries = batch.map((MessageBody, index) => ({ Id: String(index), MessageBody }));
      const { Failed = [] } = await asked(
        "SendMessageBatch",
        sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries })),
      );
      if (Failed.length > 0) throw new CordonError("unavailable", `SQS did not take ${Failed.length} messages`);
    }
  } finally {
    sqs.destroy();
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
