import type { SandboxClock } from "./clock.ts";
import { createQueryService } from "./control-plane/query-protocol.ts";
import { ServiceError } from "./errors.ts";
import { queuePolicies } from "./events/policies.ts";
import { allowsService } from "./events/resource-policy.ts";
import type { Service } from "./operation.ts";
import type { QueueStore } from "./queues.ts";
import type { Registry } from "./stack/registry.ts";

/** A message that came to a topic. */
export interface Published {
  /** Epoch ms. */
  at: number;
  topicArn: string;
  subject: string | undefined;
  message: string;
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

/** Publish, and subscriptions of queues and functions. Other protocols are taken as delivered; filters are not known. */
export function createTopics({ registry, clock, queues, createId, invoke }: TopicsContext): Topics {
  const published: Published[] = [];
  const publish = (topicArn: string, message: string, subject?: string): string => {
    const MessageId = createId();
    published.push({ at: clock.now(), topicArn, subject, message });
    const notification = {
      Type: "Notification",
      MessageId,
      TopicArn: topicArn,
      ...(subject !== undefined && { Subject: subject }),
      Message: message,
      Timestamp: new Date(clock.now()).toISOString(),
      SignatureVersion: "1",
      Signature: "sandbox",
    };
    for (const { identifier, properties } of registry.list("AWS::SNS::Subscription")) {
      if (properties.TopicArn !== topicArn) continue;
      const endpoint = String(properties.Endpoint);
      const queue = properties.Protocol === "sqs" ? queues.byArn(endpoint) : undefined;
      const request = { caller: { service: SNS }, action: "sqs:SendMessage", resource: endpoint };
      if (queue && allowsService(queuePolicies(registry, queue), { ...request, keys: { "aws:SourceArn": topicArn } })) {
        const body = properties.RawMessageDelivery ? message : JSON.stringify(notification);
        queues.send(queue, { messageId: createId(), body, at: clock.now() });
      }
      const Sns = { ...notification, MessageAttributes: {} };
      const record = { EventSource: "aws:sns", EventVersion: "1.0", EventSubscriptionArn: identifier, Sns };
      if (properties.Protocol === "lambda") invoke(endpoint, { Records: [record] });
    }
    return MessageId;
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
          run({ TopicArn, Message, Subject }, { account, region }) {
            const arn = String(TopicArn);
            if (!registry.find("AWS::SNS::Topic", arn, account, region))
              throw new ServiceError("NotFound", "Topic does not exist", 404);
            return { MessageId: publish(arn, String(Message), Subject === undefined ? undefined : String(Subject)) };
          },
        },
      },
    },
    "http://sns.amazonaws.com/doc/2010-03-31/",
  );
  return { published, publish, service };
}
