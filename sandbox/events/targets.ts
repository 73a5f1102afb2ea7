import type { SandboxClock } from "../clock.ts";
import type { EventBridgeEvent } from "../cloudtrail.ts";
import type { PolicyDocument } from "../iam/policy.ts";
import type { QueueStore } from "../queues.ts";
import type { Registry, StackResource } from "../stack/registry.ts";
import { busPolicies, functionPolicies, queuePolicies, roleAllows, topicPolicies } from "./policies.ts";
import { allowsService } from "./resource-policy.ts";

/** An event that a rule's target did not take. */
export interface Undelivered {
  /** Epoch ms. */
  at: number;
  /** ARNs. */
  rule: string;
  target: string;
  event: EventBridgeEvent;
  reason: string;
}

export interface TargetContext {
  registry: Registry;
  clock: SandboxClock;
  queues: QueueStore;
  createId(): string;
  /** The organisation an account is in, for `aws:PrincipalOrgID`. */
  organizationOf(account: string): string | undefined;
  /** Times at which an event is to be receivable, one a copy, in ms from now; once and at once by default. */
  spread?(): readonly number[];
  undelivered: Undelivered[];
  /** Put the event on another bus. */
  forward(event: EventBridgeEvent, bus: StackResource): void;
  /** Invoke asynchronously; the function is in the registry. */
  invoke(functionArn: string, event: unknown): void;
  /** Publish to a topic; it is in the registry. */
  publish(topicArn: string, message: string): void;
}

interface Target {
  Arn: string;
  RoleArn?: string;
  Input?: string;
  InputPath?: string;
  DeadLetterConfig?: { Arn?: string };
}

const EVENTS = "events.amazonaws.com";

/** What a rule does with an event that matches. */
export function createTargets(context: TargetContext): {
  deliver(rule: StackResource, event: EventBridgeEvent, hops: number): void;
} {
  const { registry, queues } = context;

  /** Why EventBridge may not, or undefined. */
  const refusal = (rule: StackResource, action: string, resource: string, documents: readonly PolicyDocument[]) => {
    const keys = { "aws:SourceArn": rule.arn, "aws:SourceAccount": rule.account };
    return allowsService(documents, { caller: { service: EVENTS }, action, resource, keys })
      ? undefined
      : `no resource policy lets ${rule.arn} do ${action} on ${resource}`;
  };

  const toQueue = (
    rule: StackResource,
    arn: string,
    body: string,
    attributes: Record<string, string> = {},
  ): string | undefined => {
    const queue = queues.byArn(arn);
    if (!queue) return `there is no queue ${arn}`;
    const refused = refusal(rule, "sqs:SendMessage", arn, queuePolicies(registry, queue));
    if (refused !== undefined) return refused;
    for (const delayMs of context.spread?.() ?? [0]) {
      const messageId = context.createId();
      queues.send(queue, { messageId, body, attributes, at: context.clock.now(), ...(delayMs > 0 && { delayMs }) });
    }
    return undefined;
  };
  const toBus = (rule: StackResource, { Arn, RoleArn }: Target, event: EventBridgeEvent): string | undefined => {
    const [, , , region = "", account = "", name = ""] = Arn.split(":");
    const busName = name.replace("event-bus/", "");
    const bus =
      registry.find("AWS::Events::EventBus", busName, account, region) ??
      (busName === "default"
        ? {
            type: "AWS::Events::EventBus",
            identifier: "default",
            arn: Arn,
            account,
            region,
            properties: { Name: "default" },
          }
        : undefined);
    if (!bus) return `there is no event bus ${Arn}`;
    const isAway = account !== rule.account || region !== rule.region;
    if (RoleArn === undefined && isAway) return `the target ${Arn} in another account or Region has no RoleArn`;
    if (RoleArn !== undefined && !roleAllows(registry, rule, RoleArn, "events:PutEvents", Arn))
      return `the role ${RoleArn} does not allow events:PutEvents on ${Arn}`;
    const caller = { account: rule.account, roleArn: RoleArn };
    const keys = {
      "aws:SourceArn": rule.arn,
      "aws:SourceAccount": rule.account,
      "aws:PrincipalAccount": rule.account,
      "aws:PrincipalArn": RoleArn,
      "aws:PrincipalOrgID": context.organizationOf(rule.account),
    };
    const request = { caller, action: "events:PutEvents", resource: Arn, keys };
    if (account !== rule.account && !allowsService(busPolicies(registry, bus), request))
      return `the policy of ${Arn} does not let account ${rule.account} do events:PutEvents`;
    context.forward(event, bus);
    return undefined;
  };
  const toFunction = (rule: StackResource, arn: string, body: string): string | undefined => {
    const [, , , region = "", account = "", , name = ""] = arn.split(":");
    if (!registry.find("AWS::Lambda::Function", name, account, region)) return `there is no function ${arn}`;
    const refused = refusal(rule, "lambda:InvokeFunction", arn, functionPolicies(registry, arn));
    if (refused === undefined) context.invoke(arn, JSON.parse(body));
    return refused;
  };
  const toTopic = (rule: StackResource, arn: string, body: string): string | undefined => {
    const [, , , region = "", account = ""] = arn.split(":");
    if (!registry.find("AWS::SNS::Topic", arn, account, region)) return `there is no topic ${arn}`;
    const refused = refusal(rule, "sns:Publish", arn, topicPolicies(registry, arn));
    if (refused === undefined) context.publish(arn, body);
    return refused;
  };

  return {
    deliver(rule, event, hops) {
      for (const target of (rule.properties.Targets as Target[] | undefined) ?? []) {
        const service = target.Arn.split(":")[2];
        // AWS drops what has come from another bus already.
        if (service === "events" && hops > 0) continue;
        const body = target.Input ?? JSON.stringify(readPath(event, target.InputPath));
        const reason =
          service === "sqs"
            ? toQueue(rule, target.Arn, body)
            : service === "events"
              ? toBus(rule, target, event)
              : service === "lambda"
                ? toFunction(rule, target.Arn, body)
                : service === "sns"
                  ? toTopic(rule, target.Arn, body)
                  : `the sandbox has no targets like ${target.Arn}`;
        if (reason === undefined) continue;
        context.undelivered.push({ at: context.clock.now(), rule: rule.arn, target: target.Arn, event, reason });
        const attributes = {
          RULE_ARN: rule.arn,
          TARGET_ARN: target.Arn,
          ERROR_CODE: "NO_PERMISSIONS",
          ERROR_MESSAGE: reason,
        };
        if (target.DeadLetterConfig?.Arn !== undefined)
          toQueue(rule, target.DeadLetterConfig.Arn, JSON.stringify(event), attributes);
      }
    },
  };
}

function readPath(event: EventBridgeEvent, path: string | undefined): unknown {
  if (path === undefined || path === "$") return event;
  return path
    .replace(/^\$\./, "")
    .split(".")
    .reduce<unknown>((value, name) => (Object(value) as Record<string, unknown>)[name], event);
}
