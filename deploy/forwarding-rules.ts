import { catalogue } from "../controls/catalogue.ts";
import type { AccountRegion, ExpectedForwarder, ExpectedRule } from "../shared/resources/account-coverage.ts";
import { forwarder } from "./forwarder.ts";
import type { Json } from "./json.ts";

/** How the names of the roles begin that forwarding stacks of a cell send in; the Region follows. */
export function sendRolePrefix(name: string): string {
  return `${name}-forwarder-`;
}

/** The rules a forwarding stack consists of, by the names they have for a cell of this name. Pure. */
export function forwardingRules(name: string): readonly ExpectedRule[] {
  const nowhere = { account: "", region: "", partition: "", busArn: "" };
  return forwardingStack(name, nowhere).rules.map(({ name, properties: { Targets: _, ...properties } }) => ({
    name,
    properties,
  }));
}

/** A forwarding stack as it has to be in an account and Region: the guard's expectation, from the template's own source. Pure. */
export function forwardingStack(
  name: string,
  at: AccountRegion & { readonly partition: string; readonly busArn: string },
): ExpectedForwarder {
  const { Resources } = forwarder(catalogue).body as {
    readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties: Json }>>;
  };
  const { account, region, partition, busArn } = at;
  const values: Readonly<Record<string, string>> = {
    Name: name,
    CellBusArn: busArn,
    "AWS::AccountId": account,
    "AWS::Region": region,
    "AWS::Partition": partition,
    "SendRole.Arn": `arn:${partition}:iam::${account}:role/${sendRolePrefix(name)}${region}`,
    "UndeliveredQueue.Arn": `arn:${partition}:sqs:${region}:${account}:${name}-undelivered`,
  };
  const rules = Object.values(Resources)
    .filter(({ Type }) => Type === "AWS::Events::Rule")
    .map(({ Properties }) => {
      const { Name, State, EventPattern, ScheduleExpression, Targets } = resolved(Properties, values) as Json;
      return { name: String(Name), properties: { State, EventPattern, ScheduleExpression, Targets } };
    });
  const { RoleName, AssumeRolePolicyDocument, Policies } = resolved(Resources.SendRole?.Properties, values) as Json;
  // What the template leaves out has to be absent.
  const properties = {
    AssumeRolePolicyDocument,
    Policies,
    ManagedPolicyArns: undefined,
    PermissionsBoundary: undefined,
  };
  return { rules, role: { name: String(RoleName), properties } };
}

/** The template's intrinsics, all of which are about its parameters, its place, and two of its resources. */
function resolved(value: unknown, values: Readonly<Record<string, string>>): unknown {
  const lookUp = (name: string): string => {
    const found = values[name];
    if (found === undefined) throw new Error(`\${${name}} of the forwarding stack can't be resolved`);
    return found;
  };
  if (Array.isArray(value)) return value.map((each) => resolved(each, values));
  if (typeof value !== "object" || value === null) return value;
  const { "Fn::Sub": text, "Fn::GetAtt": attribute, Ref } = value as Json;
  if (typeof text === "string") return text.replace(/\$\{([^}]+)\}/g, (_, name: string) => lookUp(name));
  if (Array.isArray(attribute)) return lookUp(attribute.join("."));
  if (typeof Ref === "string") return lookUp(Ref);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, resolved(each, values)]));
}
