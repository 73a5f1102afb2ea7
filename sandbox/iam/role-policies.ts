import type { Registry } from "../stack/registry.ts";
import { listOf, type OneOrMore, type PolicyDocument } from "./policy.ts";

/**
 * Every policy of a role, as configured at this moment: inline, attached by name, or a resource of its own. Undefined
 * when the registry has no such role: then nothing is known about what it may do.
 */
export function rolePolicies(
  registry: Registry,
  account: string,
  roleName: string,
): readonly PolicyDocument[] | undefined {
  const role = registry.find("AWS::IAM::Role", roleName, account, "");
  if (!role) return undefined;
  const inline = listOf(role.properties.Policies as { PolicyDocument: PolicyDocument }[] | undefined);
  const attached = listOf(role.properties.ManagedPolicyArns as OneOrMore | undefined);
  const separate = ["AWS::IAM::RolePolicy", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"]
    .flatMap((type) => registry.list(type, { account }))
    .filter(
      ({ arn, properties }) =>
        properties.RoleName === roleName ||
        listOf(properties.Roles as OneOrMore | undefined).includes(roleName) ||
        attached.includes(arn),
    );
  return [...inline, ...separate.map(({ properties }) => properties as { PolicyDocument: PolicyDocument })].map(
    ({ PolicyDocument }) => PolicyDocument,
  );
}
