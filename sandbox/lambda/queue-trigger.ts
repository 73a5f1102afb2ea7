import { deleteMessage, type Queue, type QueueMessage, receiveMessages } from "../queues.ts";
import { md5, systemAttributes } from "../sqs.ts";
import { readBatchResponse } from "./batch.ts";
import type { Trigger, TriggerContext } from "./trigger.ts";

/** Poll `queue` for a function. What fails comes again after the visibility timeout, on the sandbox's clock. */
export function createQueueTrigger(queue: Queue, context: TriggerContext): Trigger {
  const { spec, clock } = context;
  const reasons = new Map<string, string>();
  let active = 0;
  let isStopped = false;
  queue.visibilityTimeoutMs = spec.visibilityTimeoutMs ?? 6 * spec.timeoutMs;
  queue.maxReceiveCount = spec.maxReceiveCount ?? 3;
  queue.bury = (message) => {
    const reason = reasons.get(message.messageId) ?? "received too often";
    reasons.delete(message.messageId);
    context.bury({ at: clock.now(), body: message.body, receiveCount: message.receiveCount, reason });
  };

  const deliver = async (batch: QueueMessage[]): Promise<void> => {
    const records = batch.map((message) => describeMessage(message, queue, context.region));
    const result = await context.invoke({ Records: records });
    const outcome = readBatchResponse(
      result,
      batch.map(({ messageId }) => messageId),
    );
    for (const message of batch) {
      const hasFailed =
        outcome.kind === "failed" && (outcome.identifiers === "all" || outcome.identifiers.has(message.messageId));
      if (hasFailed) reasons.set(message.messageId, outcome.reason);
      else deleteMessage(queue, message);
    }
  };
  const pump = (): void => {
    while (!isStopped && active < (spec.maxConcurrency ?? 4)) {
      const batch = receiveMessages(queue, spec.batchSize ?? 1, clock.now(), context.createId);
      if (batch.length === 0) return;
      active += 1;
      void deliver(batch).finally(() => {
        active -= 1;
        pump();
        context.delivered();
      });
    }
  };
  return {
    pump,
    get active() {
      return active;
    },
    stop() {
      isStopped = true;
    },
    nextAt: () =>
      queue.messages.length > 0 ? Math.min(...queue.messages.map(({ visibleAt }) => visibleAt)) : undefined,
  };
}

function describeMessage(message: QueueMessage, queue: Queue, region: string): Record<string, unknown> {
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
    awsRegion: region,
  };
}
