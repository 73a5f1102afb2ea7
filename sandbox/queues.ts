import type { Registry, StackResource } from "./stack/registry.ts";

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
  account: string;
  region: string;
  messages: QueueMessage[];
  /** CloudFormation's properties, live: VisibilityTimeout, RedrivePolicy, MessageRetentionPeriod, DelaySeconds. */
  readonly properties: Record<string, unknown>;
}

/** Every queue of every account. What a queue is like is in the registry; only its messages are kept here. */
export interface QueueStore {
  /** A queue that may exist already; `properties` count for a new one. The home account and Region by default. */
  open(name: string, where?: { account: string; region: string }, properties?: Record<string, unknown>): Queue;
  find(name: string, account: string, region: string): Queue | undefined;
  byArn(arn: string): Queue | undefined;
  /** Messages by name of the home account's queues, of others by ARN; live. */
  readonly view: Readonly<Record<string, readonly QueueMessage[]>>;
  send(
    queue: Queue,
    message: { messageId: string; body: string; attributes?: Record<string, string>; at: number; delayMs?: number },
  ): void;
  /** Take up to `max` visible messages and hide them for the visibility timeout; worn-out ones go to the dead-letter queue. */
  receive(queue: Queue, max: number, at: number): QueueMessage[];
  /** To be called when a message's visibility was changed. */
  touched(): void;
  /** Epoch ms when the next message can be received (again); undefined for an empty queue. */
  nextAt(queue: Queue): number | undefined;
}

export interface QueueStoreContext {
  registry: Registry;
  account: string;
  region: string;
  endpoint(): string;
  createId(): string;
  /** Told of each message that can be received, now or later. */
  arrived(): void;
  /** Told of each message that went to a dead-letter queue, and of each that was older than its queue keeps them. */
  buried(queue: Queue, message: QueueMessage): void;
  expired(queue: Queue, message: QueueMessage): void;
  /** The order in which visible messages are taken; as they came by default. */
  arrange?(messages: QueueMessage[]): QueueMessage[];
}

export const QUEUE = "AWS::SQS::Queue";
const DEFAULTS = { visibilitySeconds: 30, retentionSeconds: 345_600 } as const;

/** No queues yet. */
export function createQueues(context: QueueStoreContext): QueueStore {
  const { registry } = context;
  const messages = new Map<string, QueueMessage[]>();
  const view: Record<string, QueueMessage[]> = {};
  const nameInView = ({ account, region, arn }: StackResource): string =>
    account === context.account && region === context.region ? (arn.split(":").at(-1) ?? arn) : arn;
  const toQueue = (resource: StackResource): Queue => {
    const own = messages.get(resource.arn) ?? [];
    if (!messages.has(resource.arn)) {
      messages.set(resource.arn, own);
      view[nameInView(resource)] = own;
    }
    const { arn, identifier: url, account, region } = resource;
    // Not a copy: whoever changes the resource changes the queue.
    return {
      name: arn.split(":").at(-1) ?? arn,
      url,
      arn,
      account,
      region,
      messages: own,
      properties: resource.properties,
    };
  };
  const find = (name: string, account: string, region: string): Queue | undefined => {
    const resource = registry.find(QUEUE, urlOf(context.endpoint(), account, name), account, region);
    return resource && toQueue(resource);
  };
  const byArn = (arn: string): Queue | undefined => {
    const [, , , region = "", account = "", name = ""] = arn.split(":");
    return find(name, account, region);
  };
  registry.onChange(() => {
    const all = registry.list(QUEUE);
    for (const resource of all) toQueue(resource);
    const arns = new Set(all.map(({ arn }) => arn));
    for (const arn of messages.keys()) {
      if (arns.has(arn)) continue;
      const [, , , region = "", account = ""] = arn.split(":");
      messages.delete(arn);
      delete view[nameInView({ arn, account, region } as StackResource)];
    }
  });

  return {
    view,
    find,
    byArn,
    open(name, { account, region } = context, properties = {}) {
      const existing = find(name, account, region);
      if (existing) return existing;
      const resource: StackResource = {
        type: QUEUE,
        identifier: urlOf(context.endpoint(), account, name),
        arn: `arn:aws:sqs:${region}:${account}:${name}`,
        account,
        region,
        properties: { QueueName: name, ...properties },
      };
      registry.put(resource);
      return toQueue(resource);
    },
    send(queue, { messageId, body, attributes = {}, at, delayMs }) {
      queue.messages.push({
        messageId,
        body,
        attributes,
        sentAt: at,
        visibleAt: at + (delayMs ?? seconds(queue, "DelaySeconds", 0)),
        receiveCount: 0,
        firstReceivedAt: undefined,
        receiptHandle: undefined,
      });
      context.arrived();
    },
    receive(queue, max, at) {
      const keptFor = seconds(queue, "MessageRetentionPeriod", DEFAULTS.retentionSeconds);
      for (const message of queue.messages.filter(({ sentAt }) => sentAt + keptFor < at)) {
        deleteMessage(queue, message);
        context.expired(queue, message);
      }
      const redrive = readRedrive(queue);
      const visible = queue.messages.filter(({ visibleAt }) => visibleAt <= at);
      const taken: QueueMessage[] = [];
      for (const message of context.arrange?.(visible) ?? visible) {
        const dead =
          redrive && message.receiveCount >= redrive.maxReceiveCount ? byArn(redrive.deadLetterTargetArn) : undefined;
        if (dead) {
          deleteMessage(queue, message);
          dead.messages.push({ ...message, visibleAt: at, receiptHandle: undefined });
          context.buried(queue, message);
          continue;
        }
        if (taken.length === max) break;
        message.receiveCount += 1;
        message.firstReceivedAt ??= at;
        message.receiptHandle = context.createId();
        message.visibleAt = at + seconds(queue, "VisibilityTimeout", DEFAULTS.visibilitySeconds);
        taken.push(message);
      }
      return taken;
    },
    touched: context.arrived,
    nextAt: ({ messages: list }) => (list.length > 0 ? Math.min(...list.map(({ visibleAt }) => visibleAt)) : undefined),
  };
}

/** Take a message out for good. */
export function deleteMessage(queue: Queue, message: QueueMessage): void {
  const index = queue.messages.indexOf(message);
  if (index >= 0) queue.messages.splice(index, 1);
}

/** A queue's setting in milliseconds. */
function seconds({ properties }: Queue, name: string, fallback: number): number {
  return Number(properties[name] ?? fallback) * 1000;
}

function readRedrive({
  properties: { RedrivePolicy },
}: Queue): { deadLetterTargetArn: string; maxReceiveCount: number } | undefined {
  // CloudFormation has an object here, SetQueueAttributes a text.
  const policy = typeof RedrivePolicy === "string" && RedrivePolicy !== "" ? JSON.parse(RedrivePolicy) : RedrivePolicy;
  if (!policy) return undefined;
  const { deadLetterTargetArn, maxReceiveCount } = policy as Record<string, unknown>;
  return { deadLetterTargetArn: String(deadLetterTargetArn), maxReceiveCount: Number(maxReceiveCount) };
}

function urlOf(endpoint: string, account: string, name: string): string {
  return `${endpoint}/${account}/${name}`;
}
