import { ServiceError } from "../errors.ts";
import type { Service } from "../operation.ts";
import type { Registry, StackResource } from "../stack/registry.ts";
import type { Caller, ControlHandler, ControlService } from "./control-service.ts";
import { type Input, isRecord, parseObject, readList, readText, requireText } from "./input.ts";
import { createQueryService } from "./query-protocol.ts";

const ROLE = "AWS::IAM::Role";

interface InlinePolicy {
  PolicyName: string;
  PolicyDocument: unknown;
}

/** Roles and their policies: the role's own properties, and policies that are resources of their own only as far as they are read. */
export function createIam(registry: Registry): Service {
  const find = (input: Input, { account }: Caller): StackResource => {
    const name = requireText(input, "RoleName");
    const role = registry.find(ROLE, name, account, "");
    if (role) return role;
    throw new ServiceError("NoSuchEntity", `The role with name ${name} cannot be found.`, 404);
  };
  const change = (apply: (role: StackResource, input: Input) => void): ControlHandler => ({
    mutating: true,
    run(input, caller) {
      const role = find(input, caller);
      apply(role, input);
      registry.changed(role);
      return {};
    },
  });
  const service: ControlService = {
    name: "iam",
    // IAM has one place for the whole partition, and its events appear there.
    trailRegion: "us-east-1",
    nameOf: (input) => readText(input, "RoleName") ?? "",
    arnOf: (input, { account }) => {
      const name = readText(input, "RoleName") ?? "";
      return registry.find(ROLE, name, account, "")?.arn ?? `arn:aws:iam::${account}:role/${name}`;
    },
    handlers: {
      GetRole: { run: (input, caller) => ({ Role: describeRole(find(input, caller)) }) },
      ListRolePolicies: {
        run: (input, caller) => ({
          PolicyNames: inlineOf(find(input, caller)).map(({ PolicyName }) => PolicyName),
          IsTruncated: false,
        }),
      },
      GetRolePolicy: {
        run(input, caller) {
          const role = find(input, caller);
          const { PolicyName, PolicyDocument } = requirePolicy(role, input);
          return { RoleName: role.identifier, PolicyName, PolicyDocument: encode(PolicyDocument) };
        },
      },
      ListAttachedRolePolicies: {
        run: (input, caller) => ({
          AttachedPolicies: attachedOf(find(input, caller)).map((PolicyArn) => ({
            PolicyName: PolicyArn.split("/").at(-1),
            PolicyArn,
          })),
          IsTruncated: false,
        }),
      },
      PutRolePolicy: change((role, input) => {
        const PolicyName = requireText(input, "PolicyName");
        const PolicyDocument = parseObject(requireText(input, "PolicyDocument"), "MalformedPolicyDocument");
        const others = inlineOf(role).filter((policy) => policy.PolicyName !== PolicyName);
        role.properties.Policies = [...others, { PolicyName, PolicyDocument }];
      }),
      DeleteRolePolicy: change((role, input) => {
        const { PolicyName } = requirePolicy(role, input);
        role.properties.Policies = inlineOf(role).filter((policy) => policy.PolicyName !== PolicyName);
      }),
      AttachRolePolicy: change((role, input) => {
        role.properties.ManagedPolicyArns = [...new Set([...attachedOf(role), requireText(input, "PolicyArn")])];
      }),
      DetachRolePolicy: change((role, input) => {
        const arn = requireText(input, "PolicyArn");
        if (!attachedOf(role).includes(arn))
          throw new ServiceError("NoSuchEntity", `Policy ${arn} was not found.`, 404);
        role.properties.ManagedPolicyArns = attachedOf(role).filter((attached) => attached !== arn);
      }),
      UpdateAssumeRolePolicy: change((role, input) => {
        const document = parseObject(requireText(input, "PolicyDocument"), "MalformedPolicyDocument");
        role.properties.AssumeRolePolicyDocument = document;
      }),
      DeleteRole: {
        mutating: true,
        run(input, caller) {
          const role = find(input, caller);
          if (inlineOf(role).length > 0) throw deleteConflict("must delete policies first.");
          if (attachedOf(role).length > 0) throw deleteConflict("must detach all policies first.");
          registry.remove(role);
          return {};
        },
      },
    },
  };
  return createQueryService(service, "https://iam.amazonaws.com/doc/2010-05-08/");
}

function inlineOf({ properties }: StackResource): InlinePolicy[] {
  return readList(properties.Policies)
    .filter(isRecord)
    .map(({ PolicyName, PolicyDocument }) => ({ PolicyName: String(PolicyName), PolicyDocument }));
}

function attachedOf({ properties }: StackResource): string[] {
  return readList(properties.ManagedPolicyArns).map(String);
}

function requirePolicy(role: StackResource, input: Input): InlinePolicy {
  const name = requireText(input, "PolicyName");
  const policy = inlineOf(role).find(({ PolicyName }) => PolicyName === name);
  if (policy) return policy;
  throw new ServiceError("NoSuchEntity", `The role policy with name ${name} cannot be found.`, 404);
}

function describeRole({ identifier, arn, properties }: StackResource): Record<string, unknown> {
  return {
    Path: properties.Path ?? "/",
    RoleName: identifier,
    RoleId: `AROA${identifier.toUpperCase().replace(/[^A-Z0-9]/g, "")}`.padEnd(21, "X").slice(0, 21),
    Arn: arn,
    CreateDate: "2026-01-01T00:00:00Z",
    AssumeRolePolicyDocument: encode(properties.AssumeRolePolicyDocument ?? {}),
    MaxSessionDuration: properties.MaxSessionDuration ?? 3600,
  };
}

/** IAM gives policy documents percent-encoded. */
function encode(document: unknown): string {
  return encodeURIComponent(JSON.stringify(document));
}

function deleteConflict(reason: string): ServiceError {
  return new ServiceError("DeleteConflict", `Cannot delete entity, ${reason}`, 409);
}
