/** A message in a queue. */
export interface QueueMessage {
  messageId: string;
  body: string;
  /** Message attributes by name, their string values. */
  attributes: Record<string, string>;
  /** Epoch ms. */
  sentAt: number;
  /** Epoch ms from which on it can be received (again). */
  visibleAt: number;
  receiveCount: number;
  /** Epoch ms; undefined until it is received. */
  firstReceivedAt: number | undefined;
  /** Of the last receive. */
  receiptHandle: string | undefined;
}

/** A standard queue. What is being worked on stays in `messages`, invisible, until it is deleted. */
export interface Queue {
  name: string;
  url: string;
  arn: string;
  messages: QueueMessage[];
  visibilityTimeoutMs: number;
  /** After this many receives the next one moves the message to `bury`; undefined for no dead-letter queue. */
  maxReceiveCount: number | undefined;
  bury(message: QueueMessage): void;
  /** Told of each message sent. */
  arrived(): void;
}

/** Put a message into a queue, receivable after `delayMs`. */
export function sendMessage(
  queue: Queue,
  message: { messageId: string; body: string; attributes?: Record<string, string>; at: number; delayMs?: number },
): void {
  queue.messages.push({
    messageId: message.messageId,
    body: message.body,
    attributes: message.attributes ?? {},
    sentAt: message.at,
    visibleAt: message.at + (message.delayMs ?? 0),
    receiveCount: 0,
    firstReceivedAt: undefined,
    receiptHandle: undefined,
  });
  queue.arrived();
}

/** Take up to `max` visible messages and hide them for the visibility timeout; worn-out ones go to the dead letters. */
export function receiveMessages(queue: Queue, max: number, at: number, createId: () => string): QueueMessage[] {
  const taken: QueueMessage[] = [];
  for (const message of queue.messages.filter(({ visibleAt }) => visibleAt <= at)) {
    if (queue.maxReceiveCount !== undefined && message.receiveCount >= queue.maxReceiveCount) {
      deleteMessage(queue, message);
      queue.bury(message);
      continue;
    }
    if (taken.length === max) break;
    message.receiveCount += 1;
    message.firstReceivedAt ??= at;
    message.receiptHandle = createId();
    message.visibleAt = at + queue.visibilityTimeoutMs;
    taken.push(message);
  }
  return taken;
}

/** Take a message out for good. */
export function deleteMessage(queue: Queue, message: QueueMessage): void {
  const index = queue.messages.indexOf(message);
  if (index >= 0) queue.messages.splice(index, 1);
}
