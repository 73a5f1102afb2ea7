import type { Registry } from "../stack/registry.ts";
import { decide } from "./decide.ts";
import { resourcePolicyOf } from "./resource-policies.ts";
import { rolePolicies } from "./role-policies.ts";

/** Whether Lambda may take messages out of a queue in a function's role, as role and queue are configured at this moment. */
export function mayPoll(registry: Registry, functionArn: string, queueArn: string): boolean {
  const fn = registry.list("AWS::Lambda::Function").find(({ arn }) => arn === functionArn);
  if (fn === undefined) return true;
  const { account } = fn;
  const principalArn = String(fn.properties.Role ?? "");
  const name = principalArn.split("/").at(-1) ?? "";
  const identity = rolePolicies(registry, account, name);
  return ["sqs:ReceiveMessage", "sqs:DeleteMessage"].every((action) => {
    const permission = { action, resource: queueArn, account: queueArn.split(":")[4] ?? "" };
    const decision = decide({
      ...permission,
      isOwnAccount: permission.account === account,
      caller: { account, arn: `arn:aws:sts::${account}:assumed-role/${name}/lambda`, principalArn },
      identity,
      resourcePolicy: resourcePolicyOf(registry, permission),
      keys: { "aws:PrincipalArn": principalArn, "aws:PrincipalAccount": account, "aws:SecureTransport": "true" },
    });
    return decision === "allowed";
  });
}
