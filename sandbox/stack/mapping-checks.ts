import { allowsRole } from "../events/resource-policy.ts";
import { rolePolicies } from "../iam/role-policies.ts";
import type { Registry, StackResource } from "./registry.ts";

/** What a function's role needs for Lambda to poll in its name. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  sqs: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
  dynamodb: ["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"],
};

/**
 * Refuse an event source mapping as Lambda does: a role that may not poll the source or write to the on-failure destination, a queue
 * that shows messages again before the function's time is up. Throws Error. A role that is in no registry may do everything.
 */
export function checkMapping(registry: Registry, fn: StackResource, properties: Record<string, unknown>): void {
  const { account, region } = fn;
  const source = String(properties.EventSourceArn);
  const service = source.split(":")[2] ?? "";
  const needed = NEEDED[service];
  if (!needed) throw new Error(`The sandbox does not know event sources like ${source}`);
  const role =
    String(fn.properties.Role ?? "")
      .split("/")
      .at(-1) ?? "";
  const policies = rolePolicies(registry, account, role);
  const require = (action: string, resource: string): void => {
    if (policies && !allowsRole(policies, action, resource, { "aws:PrincipalAccount": account }))
      throw new Error(`The provided execution role ${role} does not have permissions to call ${action} on ${resource}`);
  };
  for (const action of needed) require(action, source);
  const { OnFailure } = (properties.DestinationConfig ?? {}) as { OnFailure?: { Destination?: string } };
  if (OnFailure?.Destination !== undefined) {
    const isTopic = OnFailure.Destination.split(":")[2] === "sns";
    require(isTopic ? "sns:Publish" : "sqs:SendMessage", OnFailure.Destination);
  }

  if (service !== "sqs") return;
  const queue = registry.list("AWS::SQS::Queue", { account, region }).find(({ arn }) => arn === source);
  if (!queue) throw new Error(`There is no queue ${source}`);
  const visible = Number(queue.properties.VisibilityTimeout ?? 30);
  const timeout = Number(fn.properties.Timeout ?? 3);
  if (visible < timeout)
    throw new Error(`Queue visibility timeout: ${visible} seconds is less than Function timeout: ${timeout} seconds`);
}
