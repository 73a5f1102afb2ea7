import { ServiceError } from "../errors.ts";
import type { QueueMessage } from "../queues.ts";
import type { Registry, StackResource } from "../stack/registry.ts";
import type { Caller, ControlHandler, ControlService } from "./control-service.ts";
import { type Input, parseObject, readList, readText, requireText } from "./input.ts";

const QUEUE = "AWS::SQS::Queue";
const POLICY = "AWS::SQS::QueuePolicy";
const NUMBERS: ReadonlySet<string> = new Set([
  "DelaySeconds",
  "KmsDataKeyReusePeriodSeconds",
  "MaximumMessageSize",
  "MessageRetentionPeriod",
  "ReceiveMessageWaitTimeSeconds",
  "VisibilityTimeout",
]);
const OBJECTS: ReadonlySet<string> = new Set(["RedriveAllowPolicy", "RedrivePolicy"]);
const TEXTS: ReadonlySet<string> = new Set(["KmsMasterKeyId"]);
const FLAGS: ReadonlySet<string> = new Set(["SqsManagedSseEnabled"]);
const DEFAULTS = {
  DelaySeconds: 0,
  MaximumMessageSize: 1_048_576,
  MessageRetentionPeriod: 345_600,
  ReceiveMessageWaitTimeSeconds: 0,
  VisibilityTimeout: 30,
} as const;

/** A queue's settings, its end, and its messages' end. `messagesOf` gives the live messages of a queue by its ARN. */
export function createSqsControl(
  registry: Registry,
  messagesOf: (queueArn: string) => QueueMessage[] | undefined,
): ControlService {
  const find = (input: Input, caller: Caller): StackResource => {
    const arn = queueArn(requireText(input, "QueueUrl"), caller);
    const queue = registry.list(QUEUE, caller).find((candidate) => candidate.arn === arn);
    if (queue) return queue;
    throw new ServiceError("QueueDoesNotExist", "The specified queue does not exist.", 400, {
      headers: { "x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender" },
    });
  };
  const policiesOf = (url: string): StackResource[] =>
    registry.list(POLICY).filter(({ properties }) => readList(properties.Queues).includes(url));
  const leavePolicies = (url: string): void => {
    for (const policy of policiesOf(url)) {
      const others = readList(policy.properties.Queues).filter((queue) => queue !== url);
      policy.properties.Queues = others;
      if (others.length === 0) registry.remove(policy);
      else registry.changed(policy);
    }
  };
  /** A queue has one policy, though CloudFormation lets several queues share its text. */
  const setPolicy = ({ identifier: url, arn, account, region }: StackResource, text: string): void => {
    const document = text === "" ? undefined : parseObject(text, "InvalidAttributeValue");
    leavePolicies(url);
    if (!document) return;
    const identifier = `${arn.split(":").at(-1)}-policy`;
    const properties = { Queues: [url], PolicyDocument: document };
    registry.put({ type: POLICY, identifier, arn: identifier, account, region, properties });
  };
  const handlers: Record<string, ControlHandler> = {
    GetQueueAttributes: {
      run(input, caller) {
        const queue = find(input, caller);
        const asked = readList(input.AttributeNames).map(String);
        const [policy] = policiesOf(queue.identifier);
        const all = {
          ...describeQueue(queue),
          ...describeMessages(messagesOf(queue.arn) ?? [], caller.at),
          ...(policy && { Policy: JSON.stringify(policy.properties.PolicyDocument) }),
        };
        const Attributes = Object.fromEntries(
          Object.entries(all).filter(([name]) => asked.includes("All") || asked.includes(name)),
        );
        return { Attributes };
      },
    },
    SetQueueAttributes: {
      mutating: true,
      run(input, caller) {
        const queue = find(input, caller);
        const { Policy, ...settings } = Object(input.Attributes) as Record<string, string>;
        const changes = Object.entries(settings).map(([name, value]) => [name, readSetting(name, value)] as const);
        if (Policy !== undefined) setPolicy(queue, Policy);
        for (const [name, value] of changes) {
          if (value === undefined) delete queue.properties[name];
          else queue.properties[name] = value;
        }
        registry.changed(queue);
        return {};
      },
    },
    PurgeQueue: {
      mutating: true,
      run(input, caller) {
        messagesOf(find(input, caller).arn)?.splice(0);
        return {};
      },
    },
    DeleteQueue: {
      mutating: true,
      run(input, caller) {
        const queue = find(input, caller);
        leavePolicies(queue.identifier);
        registry.remove(queue);
        return {};
      },
    },
  };
  return {
    name: "sqs",
    handlers,
    nameOf: (input) => queueName(readText(input, "QueueUrl") ?? ""),
    arnOf: (input, caller) => queueArn(readText(input, "QueueUrl") ?? "", caller),
  };
}

function queueName(url: string): string {
  return url.split("/").at(-1) ?? "";
}

function queueArn(url: string, { account, region }: Caller): string {
  return `arn:aws:sqs:${region}:${account}:${queueName(url)}`;
}

/** Attributes are texts, CloudFormation's properties are not. An empty text unsets. */
function readSetting(name: string, value: string): unknown {
  if (NUMBERS.has(name)) return Number(value);
  if (FLAGS.has(name)) return value === "true";
  if (value === "") return undefined;
  if (OBJECTS.has(name)) return parseObject(value, "InvalidAttributeValue");
  if (TEXTS.has(name)) return value;
  throw new ServiceError("InvalidAttributeName", `Unknown Attribute ${name}.`, 400);
}

function describeQueue({ arn, properties }: StackResource): Record<string, string> {
  const known = [...NUMBERS, ...OBJECTS, ...TEXTS, ...FLAGS];
  const settings = Object.entries({ ...DEFAULTS, ...properties })
    .filter(([name, value]) => known.includes(name) && value !== undefined)
    .map(([name, value]) => [name, typeof value === "object" ? JSON.stringify(value) : String(value)]);
  return { QueueArn: arn, ...Object.fromEntries(settings) };
}

function describeMessages(messages: readonly QueueMessage[], at: number): Record<string, string> {
  const hidden = messages.filter(({ visibleAt }) => visibleAt > at);
  const delayed = hidden.filter(({ receiveCount }) => receiveCount === 0);
  return {
    ApproximateNumberOfMessages: String(messages.length - hidden.length),
    ApproximateNumberOfMessagesNotVisible: String(hidden.length - delayed.length),
    ApproximateNumberOfMessagesDelayed: String(delayed.length),
  };
}
