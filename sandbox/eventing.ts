import type { SandboxClock } from "./clock.ts";
import type { Table } from "./dynamodb/table.ts";
import { createEventBridge, type EventBridge } from "./events/bridge.ts";
import { createDeliveries } from "./lambda/deliveries.ts";
import { createLambda, type Lambda, type LambdaContext } from "./lambda/lambda.ts";
import { createQueues, type QueueStore } from "./queues.ts";
import { createTopics, type Topics } from "./sns.ts";
import type { DeliverySchedule } from "./types.ts";

export interface EventingContext
  extends Pick<LambdaContext, "registry" | "clock" | "ids" | "principals" | "environment" | "log"> {
  clock: SandboxClock;
  account: string;
  region: string;
  seed: number;
  schedule: DeliverySchedule | undefined;
  endpoint(): string;
  /** The organisation an account is in. */
  organizationOf(account: string): string | undefined;
  tables(): Iterable<Table>;
}

/** What carries events to functions, and one function's work to the next: buses, queues, topics, triggers. */
export interface Eventing {
  queues: QueueStore;
  lambda: Lambda;
  topics: Topics;
  bridge: EventBridge;
}

/** Nothing on its way yet. The four need each other: what one makes, another takes. */
export function createEventing(context: EventingContext): Eventing {
  const { registry, clock, ids, account, region } = context;
  const deliveries = createDeliveries(context.seed, context.schedule);
  let isSkipping = false;
  const queues: QueueStore = createQueues({
    registry,
    account,
    region,
    endpoint: context.endpoint,
    createId: ids.uuid,
    arrange: deliveries.arrange,
    arrived: () => lambda.pump(),
    buried: ({ arn }, message) => lambda.buried(arn, message),
    expired: ({ arn }, { body }) => lambda.lose({ at: clock.now(), source: arn, body }),
  });
  const lambda: Lambda = createLambda({
    ...context,
    deliveries,
    queues,
    tableOfStream: (arn) => [...context.tables()].find(({ stream }) => stream?.arn === arn),
    discard(arn, message) {
      const queue = queues.byArn(arn);
      if (queue) queues.send(queue, { messageId: ids.uuid(), body: message, at: clock.now() });
      else if (registry.list("AWS::SNS::Topic").some((topic) => topic.arn === arn)) topics.publish(arn, message);
    },
    moveTo(epochMs) {
      isSkipping = true;
      clock.set(epochMs);
      isSkipping = false;
    },
  });
  const topics = createTopics({ registry, clock, queues, createId: ids.uuid, invoke: lambda.invokeLater });
  const bridge = createEventBridge({
    registry,
    clock,
    queues,
    createId: ids.uuid,
    organizationOf: context.organizationOf,
    spread: deliveries.spread,
    invoke: lambda.invokeLater,
    publish: topics.publish,
  });
  clock.onMove(() => bridge.tick(isSkipping));
  return { queues, lambda, topics, bridge };
}
