import type { SandboxClock } from "../clock.ts";
import type { Invoker } from "../control-plane/lambda-invoke.ts";
import type { Table } from "../dynamodb/table.ts";
import { mayPoll } from "../iam/polling.ts";
import type { QueueMessage, QueueStore } from "../queues.ts";
import type { Registry, StackResource } from "../stack/registry.ts";
import type { DeadLetter, Lost, Sandbox } from "../types.ts";
import { type AsyncTrigger, createAsyncTrigger } from "./async-trigger.ts";
import type { Deliveries } from "./deliveries.ts";
import { createFunctions, type Functions, type FunctionsContext } from "./functions.ts";
import { createQueueTrigger, type QueueTrigger } from "./queue-trigger.ts";
import { createScheduler } from "./scheduler.ts";
import { createStreamTrigger, SHARDS } from "./stream-trigger.ts";
import type { Trigger, TriggerContext } from "./trigger.ts";

export interface LambdaContext extends Omit<FunctionsContext, "print"> {
  registry: Registry;
  clock: SandboxClock;
  deliveries: Deliveries;
  queues: QueueStore;
  log(line: string): void;
  /** By the ARN of its stream. */
  tableOfStream(streamArn: string): Table | undefined;
  /** Send to an on-failure destination, a queue or a topic. */
  discard(destinationArn: string, message: string): void;
  /** Move the clock without firing schedules. */
  moveTo(epochMs: number): void;
}

/** The functions of the account and what triggers them: event source mappings of the registry, and asynchronous events. */
export interface Lambda
  extends Pick<Sandbox, "invoke" | "settle" | "drain" | "close" | "deadLetters" | "lost" | "logs"> {
  functions: Functions;
  kill(container: string): void;
  tableChanged(): void;
  invokeLater(functionArn: string, event: unknown): void;
  /** Keep `settle` waiting while `work` is under way. */
  during(work: () => Promise<void>): Promise<void>;
  /** What Invoke of Lambda's API comes to. */
  invoker: Invoker;
  /** A message of that queue went to its dead-letter queue. */
  buried(queueArn: string, message: QueueMessage): void;
  lose(lost: Omit<Lost, "function">): void;
  pump(): void;
}

const MAPPING = "AWS::Lambda::EventSourceMapping";
const MAX_LOG_LINES = 5000;

/** No functions yet. */
export function createLambda(context: LambdaContext): Lambda {
  const { registry, clock, deliveries, queues, ids } = context;
  const deadLetters: DeadLetter[] = [];
  const lost: Lost[] = [];
  const logs: string[] = [];
  const mapped = new Map<string, Trigger[]>();
  const later = new Map<string, AsyncTrigger>();
  const print = (line: string): void => {
    logs.push(line);
    if (logs.length > MAX_LOG_LINES) logs.shift();
    context.log(line);
  };
  const functions = createFunctions({ ...context, print });
  const triggers = (): Trigger[] => [...[...mapped.values()].flat(), ...later.values()];
  const scheduler = createScheduler({ clock, deliveries, triggers, moveTo: context.moveTo });

  const contextFor = (functionArn: string, settings: TriggerContext["settings"]): TriggerContext => ({
    clock,
    deliveries,
    settings,
    functionArn,
    mayPoll: (queueArn) => mayPoll(registry, functionArn, queueArn),
    // A function without concurrency is polled for all the same: that is how messages meet it.
    limit: () => Math.max(1, functions.limit(functionArn)),
    invoke: (event) => functions.invoke(functionArn, event),
    createId: ids.uuid,
    bury: (letter) => void deadLetters.push({ function: functions.labelOf(functionArn), ...letter }),
    lose: (gone) => void lost.push({ function: functions.labelOf(functionArn), ...gone }),
  });
  const createTriggers = ({ identifier, account, region, properties }: StackResource): Trigger[] => {
    const settings = () => registry.find(MAPPING, identifier, account, region)?.properties;
    const source = String(properties.EventSourceArn);
    const shared = contextFor(functionArnOf(properties.FunctionName, account, region), settings);
    if (source.split(":")[2] === "sqs") return [createQueueTrigger(queues, source, shared)];
    const table = () => context.tableOfStream(source);
    return Array.from({ length: SHARDS }, (_, shard) =>
      createStreamTrigger({ ...shared, table, shard, discard: context.discard }),
    );
  };
  const invokeLater = (functionArn: string, event: unknown): void => {
    const trigger = later.get(functionArn) ?? createAsyncTrigger(contextFor(functionArn, () => ({})));
    later.set(functionArn, trigger);
    trigger.add(event);
    scheduler.pump();
  };
  registry.onChange(() => {
    const resources = registry.list(MAPPING);
    const keys = new Set(resources.map(keyOf));
    for (const key of mapped.keys()) if (!keys.has(key)) mapped.delete(key);
    for (const resource of resources) {
      if (!mapped.has(keyOf(resource))) mapped.set(keyOf(resource), createTriggers(resource));
    }
    scheduler.pump();
  });

  return {
    functions,
    deadLetters,
    lost,
    logs,
    kill: functions.kill,
    pump: scheduler.pump,
    tableChanged: () => void setImmediate(scheduler.pump),
    invoke: (name, event) => scheduler.during(async () => functions.invoke(functions.arnOf(name), event)),
    invokeLater,
    during: scheduler.during,
    invoker: {
      invoke: (functionArn, event) => scheduler.during(() => functions.invoke(functionArn, event)),
      invokeLater,
    },
    buried(queueArn, { messageId, body, receiveCount }) {
      const mapping = registry.list(MAPPING).find(({ properties }) => properties.EventSourceArn === queueArn);
      if (!mapping) return;
      const [trigger] = (mapped.get(keyOf(mapping)) ?? []) as QueueTrigger[];
      const { account, region, properties } = mapping;
      deadLetters.push({
        function: functions.labelOf(functionArnOf(properties.FunctionName, account, region)),
        at: clock.now(),
        body,
        receiveCount,
        reason: trigger?.reasonOf(messageId) ?? "received too often",
      });
    },
    lose: (gone) => void lost.push({ function: "", ...gone }),
    settle: scheduler.settle,
    drain: scheduler.drain,
    async close() {
      scheduler.close();
      await functions.close();
    },
  };
}

function keyOf({ identifier, account, region }: StackResource): string {
  return `${account}/${region}/${identifier}`;
}

/** A mapping names its function by name or ARN. */
function functionArnOf(name: unknown, account: string, region: string): string {
  const text = String(name);
  return text.startsWith("arn:") ? text : `arn:aws:lambda:${region}:${account}:function:${text}`;
}
