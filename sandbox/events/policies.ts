import type { PolicyDocument, Statement } from "../iam/policy.ts";
import { rolePolicies } from "../iam/role-policies.ts";
import type { Queue } from "../queues.ts";
import type { Registry, StackResource } from "../stack/registry.ts";
import { allowsRole, allowsService } from "./resource-policy.ts";

const EVENTS = "events.amazonaws.com";

/** The policies that name a queue. */
export function queuePolicies(registry: Registry, { url, account, region }: Queue): PolicyDocument[] {
  return registry
    .list("AWS::SQS::QueuePolicy", { account, region })
    .filter(({ properties }) => (properties.Queues as unknown[] | undefined)?.includes(url))
    .map(({ properties }) => properties.PolicyDocument as PolicyDocument);
}

/** A bus's policies: AWS::Events::EventBusPolicy in both its forms, and the bus's own property. */
export function busPolicies(
  registry: Registry,
  { identifier, arn, account, region, properties }: StackResource,
): PolicyDocument[] {
  const named = registry
    .list("AWS::Events::EventBusPolicy", { account, region })
    .filter((policy) => String(policy.properties.EventBusName ?? "default") === identifier)
    .map(({ properties: { Statement, Action, Principal, Condition } }) => ({
      Statement: Statement ?? {
        Effect: "Allow",
        Action,
        Principal: Principal === "*" ? "*" : { AWS: Principal },
        Resource: arn,
        // The old form has one condition, as Type, Key and Value.
        ...oldCondition(Condition),
      },
    }));
  return properties.Policy ? [...named, properties.Policy as PolicyDocument] : named;
}

function oldCondition(condition: unknown): Record<string, unknown> {
  const { Type, Key, Value } = Object(condition) as Record<string, string>;
  return Type && Key ? { Condition: { [Type]: { [Key]: Value } } } : {};
}

/** A function's policy: its AWS::Lambda::Permission resources. */
export function functionPolicies(registry: Registry, arn: string): PolicyDocument[] {
  const [, , , region = "", account = "", , name = ""] = arn.split(":");
  const Statement = registry
    .list("AWS::Lambda::Permission", { account, region })
    .filter(({ properties }) => [name, arn].includes(String(properties.FunctionName)))
    .map(({ properties }) => toStatement(properties, arn));
  return [{ Statement }];
}

/** The policies that name a topic. */
export function topicPolicies(registry: Registry, arn: string): PolicyDocument[] {
  return registry
    .list("AWS::SNS::TopicPolicy")
    .filter(({ properties }) => (properties.Topics as unknown[] | undefined)?.includes(arn))
    .map(({ properties }) => properties.PolicyDocument as PolicyDocument);
}

/** AWS::Lambda::Permission as the statement it adds to the function's policy. */
function toStatement(properties: Record<string, unknown>, arn: string): Statement {
  const { Principal, Action, SourceArn, SourceAccount } = properties as Record<string, string>;
  const Condition = {
    ...(SourceArn !== undefined && { ArnLike: { "aws:SourceArn": SourceArn } }),
    ...(SourceAccount !== undefined && { StringEquals: { "aws:SourceAccount": SourceAccount } }),
  };
  return { Effect: "Allow", Principal: { Service: Principal ?? "" }, Action: Action ?? "", Resource: arn, Condition };
}

/** Whether a role that EventBridge assumes for a rule is in the rule's account, trusts it, and may. */
export function roleAllows(
  registry: Registry,
  { arn: ruleArn, account }: StackResource,
  roleArn: string,
  action: string,
  resource: string,
): boolean {
  const name = roleArn.split("/").at(-1) ?? "";
  const role = registry.find("AWS::IAM::Role", name, account, "");
  if (role?.arn !== roleArn) return false;
  const trust = role.properties.AssumeRolePolicyDocument as PolicyDocument;
  const assume = { caller: { service: EVENTS }, action: "sts:AssumeRole", resource: roleArn };
  return (
    allowsService([trust], { ...assume, keys: { "aws:SourceArn": ruleArn, "aws:SourceAccount": account } }) &&
    allowsRole(rolePolicies(registry, account, name) ?? [], action, resource, { "aws:PrincipalAccount": account })
  );
}
