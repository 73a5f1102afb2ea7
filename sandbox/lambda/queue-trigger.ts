import { deleteMessage, type Queue, type QueueMessage, type QueueStore } from "../queues.ts";
import { md5, systemAttributes } from "../sqs.ts";
import { readBatchResponse } from "./batch.ts";
import { isEnabled, reportsFailures, type Trigger, type TriggerContext } from "./trigger.ts";

/** A queue's trigger also knows how deliveries failed: a redrive to a dead-letter queue adds no reason. */
export interface QueueTrigger extends Trigger {
  reasonOf(messageId: string): string | undefined;
}

/**
 * Poll a queue for a function. What fails, or meets a function without concurrency, comes again after the queue's visibility timeout.
 * MaximumBatchingWindowInSeconds is not waited for: a batch is what is there.
 */
export function createQueueTrigger(queues: QueueStore, queueArn: string, context: TriggerContext): QueueTrigger {
  const { clock, deliveries, settings } = context;
  const reasons = new Map<string, string>();
  let active = 0;

  const deliver = async (queue: Queue): Promise<void> => {
    const max = deliveries.batchSize(Number(settings()?.BatchSize ?? 10));
    const batch = queues.receive(queue, max, clock.now());
    if (batch.length === 0) return;
    const result = await context.invoke({ Records: batch.map((message) => describeMessage(message, queue)) });
    const identifiers = batch.map(({ messageId }) => messageId);
    const outcome = readBatchResponse(result, identifiers, reportsFailures(settings()));
    for (const message of batch) {
      const hasFailed =
        outcome.kind === "throttled" ||
        (outcome.kind === "failed" && (outcome.identifiers === "all" || outcome.identifiers.has(message.messageId)));
      if (hasFailed) reasons.set(message.messageId, outcome.reason);
      // Delivered more than once as it is, a message is not given for nothing again: that could wear it out.
      else if (message.receiveCount === 1 && deliveries.isRepeated()) message.visibleAt = clock.now();
      else deleteMessage(queue, message);
    }
  };
  return {
    get active() {
      return active;
    },
    isReady() {
      const max = Number(
        (settings()?.ScalingConfig as { MaximumConcurrency?: number })?.MaximumConcurrency ?? Infinity,
      );
      if (!isEnabled(settings()) || active >= Math.min(max, context.limit())) return false;
      const queue = queues.byArn(queueArn);
      const next = queue && queues.nextAt(queue);
      return next !== undefined && next <= clock.now() && context.mayPoll(queueArn);
    },
    async deliver() {
      const queue = queues.byArn(queueArn);
      if (!queue) return;
      active += 1;
      try {
        await deliver(queue);
      } finally {
        active -= 1;
      }
    },
    nextAt() {
      const queue = isEnabled(settings()) ? queues.byArn(queueArn) : undefined;
      const next = queue && queues.nextAt(queue);
      return next !== undefined && context.mayPoll(queueArn) ? next : undefined;
    },
    reasonOf: (messageId) => reasons.get(messageId),
  };
}

function describeMessage(message: QueueMessage, queue: Queue): Record<string, unknown> {
  const attributes = Object.entries(message.attributes).map(([name, stringValue]) => [
    name,
    { stringValue, stringListValues: [], binaryListValues: [], dataType: "String" },
  ]);
  return {
    messageId: message.messageId,
    receiptHandle: message.receiptHandle,
    body: message.body,
    attributes: systemAttributes(message),
    messageAttributes: Object.fromEntries(attributes),
    md5OfBody: md5(message.body),
    eventSource: "aws:sqs",
    eventSourceARN: queue.arn,
    awsRegion: queue.region,
  };
}
