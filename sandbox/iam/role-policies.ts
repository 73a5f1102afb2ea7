import type { Registry } from "../stack/registry.ts";
import { managedPolicy } from "./managed-policies.ts";
import { listOf, type OneOrMore, type PolicyDocument } from "./policy.ts";

/**
 * Every policy of a role, as configured at this moment: inline, attached by ARN, or a resource of its own. A role that is
 * not there may do nothing; but in an account nobody has given a role, nothing is known about any: undefined.
 */
export function rolePolicies(
  registry: Registry,
  account: string,
  roleName: string,
): readonly PolicyDocument[] | undefined {
  if (registry.list("AWS::IAM::Role", { account }).length === 0) return undefined;
  const role = registry.find("AWS::IAM::Role", roleName, account, "");
  if (!role) return [];
  const inline = listOf(role.properties.Policies as { PolicyDocument: PolicyDocument }[] | undefined);
  const attached = listOf(role.properties.ManagedPolicyArns as OneOrMore | undefined);
  const separate = ["AWS::IAM::RolePolicy", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"]
    .flatMap((type) => registry.list(type, { account }))
    .filter(
      ({ arn, properties }) =>
        properties.RoleName === roleName ||
        (listOf(properties.Roles as OneOrMore | undefined).includes(roleName) && !attached.includes(arn)),
    );
  const managed = attached.flatMap((arn) => {
    const PolicyDocument = managedPolicy(registry, arn);
    return PolicyDocument ? [{ PolicyDocument }] : [];
  });
  return [
    ...inline,
    ...managed,
    ...separate.map(({ properties }) => properties as { PolicyDocument: PolicyDocument }),
  ].map(({ PolicyDocument }) => PolicyDocument);
}
