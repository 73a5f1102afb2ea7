import type { QueueStore } from "../queues.ts";
import type { FunctionSpec } from "../types.ts";
import type { StackServices } from "./resources.ts";

/**
 * A function that no template describes, with its queue, rules and event source mappings under names that begin with `cordon-`,
 * in the home account and Region. Its role is in no registry: it may do everything. Again, it replaces what was there; its
 * triggers keep their places.
 */
export function deployHandMade(
  spec: FunctionSpec,
  { registry, account, region, defineFunction, functionUrl }: StackServices,
  queues: QueueStore,
  streamArnOf: (table: string) => string,
): void {
  const { name, timeoutMs, patterns = [], stream } = spec;
  const put = (type: string, identifier: string, arn: string, properties: Record<string, unknown>): void =>
    registry.put({ type, identifier, arn, account, region, properties });
  const arn = `arn:aws:lambda:${region}:${account}:function:${name}`;
  put("AWS::Lambda::Function", name, arn, {
    FunctionName: name,
    Role: `arn:aws:iam::${account}:role/cordon-${name}`,
    Timeout: timeoutMs / 1000,
    MemorySize: spec.memoryMb ?? 256,
    Environment: { Variables: spec.environment },
  });
  defineFunction(arn, {
    bundle: spec.bundle,
    label: name,
    ...(spec.maxConcurrency !== undefined && { maxContainers: spec.maxConcurrency }),
  });

  if (spec.hasUrl === true) {
    const FunctionUrl = functionUrl(name, { account, region });
    put("AWS::Lambda::Url", arn, arn, { AuthType: "AWS_IAM", TargetFunctionArn: arn, FunctionUrl });
  }
  const dead = queues.open(`cordon-${name}-dead`);
  const queue = queues.open(`cordon-${name}`);
  Object.assign(queue.properties, {
    VisibilityTimeout: (spec.visibilityTimeoutMs ?? 6 * timeoutMs) / 1000,
    RedrivePolicy: { deadLetterTargetArn: dead.arn, maxReceiveCount: spec.maxReceiveCount ?? 3 },
  });
  const allow = { Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Action: "sqs:SendMessage" };
  const policy = { Queues: [queue.url], PolicyDocument: { Statement: [{ ...allow, Resource: queue.arn }] } };
  put("AWS::SQS::QueuePolicy", `cordon-${name}-policy`, `cordon-${name}-policy`, policy);

  for (const rule of registry.list("AWS::Events::Rule", { account, region })) {
    if (rule.identifier.includes(`:rule/cordon-${name}-rule-`)) registry.remove(rule);
  }
  for (const [index, EventPattern] of patterns.entries()) {
    const ruleArn = `arn:aws:events:${region}:${account}:rule/cordon-${name}-rule-${index + 1}`;
    put("AWS::Events::Rule", ruleArn, ruleArn, { EventPattern, Targets: [{ Id: "queue", Arn: queue.arn }] });
  }
  const map = (id: string, properties: Record<string, unknown>): void => {
    const shared = { FunctionName: arn, FunctionResponseTypes: ["ReportBatchItemFailures"] };
    put("AWS::Lambda::EventSourceMapping", id, id, { ...shared, ...properties });
  };
  map(`cordon-${name}-queue`, { EventSourceArn: queue.arn, BatchSize: spec.batchSize ?? 1 });
  if (!stream) return;
  map(`cordon-${name}-stream`, {
    EventSourceArn: streamArnOf(stream.table),
    StartingPosition: "TRIM_HORIZON",
    MaximumRetryAttempts: stream.maxRetryAttempts ?? -1,
  });
}
