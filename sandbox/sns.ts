import type { SandboxClock } from "./clock.ts";
import { createQueryService } from "./control-plane/query-protocol.ts";
import { ServiceError } from "./errors.ts";
import { queuePolicies } from "./events/policies.ts";
import { allowsService } from "./events/resource-policy.ts";
import { failure, type Service } from "./operation.ts";
import type { QueueStore } from "./queues.ts";
import { type MessageAttribute, parseMessage, type TopicMessage } from "./sns-message.ts";
import type { Registry, StackResource } from "./stack/registry.ts";

/** A message that came to a topic. */
export interface Published extends TopicMessage {
  /** Epoch ms. */
  at: number;
  topicArn: string;
}

export interface Topics {
  readonly published: readonly Published[];
  /** Returns the message's id. The topic is in the registry. */
  publish(topicArn: string, message: string, subject?: string): string;
  service: Service;
}

export interface TopicsContext {
  registry: Registry;
  clock: SandboxClock;
  queues: QueueStore;
  createId(): string;
  invoke(functionArn: string, event: unknown): void;
}

const SNS = "sns.amazonaws.com";
/** So long a FIFO topic takes a message with the same id for the same. */
const DEDUPLICATED_MS = 5 * 60_000;

/** Publish, and subscriptions of queues and functions. Other protocols are taken as delivered; filters are not known. */
export function createTopics({ registry, clock, queues, createId, invoke }: TopicsContext): Topics {
  const published: Published[] = [];
  const remembered = new Map<string, { at: number; id: string }>();
  const publish = (topicArn: string, what: TopicMessage): string => {
    const MessageId = createId();
    published.push({ at: clock.now(), topicArn, ...what });
    const textFor = (protocol: string) => what.perProtocol?.[protocol] ?? what.perProtocol?.default ?? what.message;
    // Attributes are sent only when the message structure is String (developer guide).
    const attributes = what.perProtocol === undefined ? inEnvelope(what.attributes) : {};
    const notificationFor = (protocol: string) => ({
      Type: "Notification",
      MessageId,
      TopicArn: topicArn,
      ...(what.subject !== undefined && { Subject: what.subject }),
      Message: textFor(protocol),
      Timestamp: new Date(clock.now()).toISOString(),
      SignatureVersion: "1",
      Signature: "sandbox",
    });
    for (const { identifier, properties } of registry.list("AWS::SNS::Subscription")) {
      if (properties.TopicArn !== topicArn) continue;
      const endpoint = String(properties.Endpoint);
      const queue = properties.Protocol === "sqs" ? queues.byArn(endpoint) : undefined;
      const request = { caller: { service: SNS }, action: "sqs:SendMessage", resource: endpoint };
      if (queue && allowsService(queuePolicies(registry, queue), { ...request, keys: { "aws:SourceArn": topicArn } })) {
        const more = Object.keys(attributes).length > 0 ? { MessageAttributes: attributes } : {};
        const body = properties.RawMessageDelivery
          ? textFor("sqs")
          : JSON.stringify({ ...notificationFor("sqs"), ...more });
        queues.send(queue, { messageId: createId(), body, at: clock.now() });
      }
      const Sns = { ...notificationFor("lambda"), MessageAttributes: attributes };
      const record = { EventSource: "aws:sns", EventVersion: "1.0", EventSubscriptionArn: identifier, Sns };
      if (properties.Protocol === "lambda") invoke(endpoint, { Records: [record] });
    }
    return MessageId;
  };
  /** A FIFO topic takes a message that it has had in the last minutes, and delivers it no second time. */
  const publishOnce = (topic: StackResource, what: TopicMessage): string => {
    if (!isFifo(topic.arn)) return publish(topic.arn, what);
    const { deduplicationId = topic.properties.ContentBasedDeduplication ? what.message : undefined } = what;
    if (deduplicationId === undefined)
      throw new ServiceError(
        "InvalidParameter",
        "Invalid parameter: The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
        400,
      );
    const key = JSON.stringify([topic.arn, deduplicationId]);
    const known = remembered.get(key);
    if (known !== undefined && clock.now() - known.at < DEDUPLICATED_MS) return known.id;
    const id = publish(topic.arn, what);
    remembered.set(key, { at: clock.now(), id });
    return id;
  };
  const service = createQueryService(
    {
      name: "sns",
      nameOf: ({ TopicArn }) =>
        String(TopicArn ?? "")
          .split(":")
          .at(-1) ?? "",
      arnOf: ({ TopicArn }) => String(TopicArn ?? "*"),
      handlers: {
        Publish: {
          mutating: true,
          eventName: false,
          permissions: ({ TopicArn }, { account }) => [
            {
              action: "sns:Publish",
              resource: String(TopicArn ?? "*"),
              account: String(TopicArn ?? "").split(":")[4] || account,
            },
          ],
          run(input, { region }) {
            const arn = String(input.TopicArn);
            const [, , , topicRegion = "", account = ""] = arn.split(":");
            // A topic answers in its own Region only.
            if (topicRegion !== region) throw new ServiceError("InvalidParameter", "Invalid parameter: TopicArn", 400);
            const topic = registry.find("AWS::SNS::Topic", arn, account, region);
            if (topic === undefined) throw new ServiceError("NotFound", "Topic does not exist", 404);
            return { MessageId: publishOnce(topic, parseMessage(input, isFifo(arn))) };
          },
        },
      },
    },
    "http://sns.amazonaws.com/doc/2010-03-31/",
  );
  return {
    published,
    publish: (topicArn, message, subject) => publish(topicArn, { ...PLAIN, message, subject }),
    service: {
      ...service,
      throttled: failure("Throttled", "Rate exceeded", 429),
      broken: failure("InternalError", "Internal server error", 500),
      accessDenied: { code: "AuthorizationError", status: 403 },
    },
  };
}

const PLAIN = { perProtocol: undefined, attributes: {}, groupId: undefined, deduplicationId: undefined };

function isFifo(topicArn: string): boolean {
  return topicArn.endsWith(".fifo");
}

function inEnvelope(attributes: Readonly<Record<string, MessageAttribute>>): Record<string, object> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { type, value }]) => [name, { Type: type, Value: value }]),
  );
}
