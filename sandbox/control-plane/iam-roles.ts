import { ServiceError } from "../errors.ts";
import { parseIdentityPolicy } from "../iam/policy-document.ts";
import type { Registry, StackResource } from "../stack/registry.ts";
import type { Caller, ControlHandler } from "./control-service.ts";
import {
  encodeDocument,
  type IamContext,
  limitExceeded,
  noSuchEntity,
  requireIamText,
  requirePolicyName,
  takeIamPage,
} from "./iam-input.ts";
import { checkInlineLength, describeAttached, MAX_ATTACHED, requireAttachable } from "./iam-user-policies.ts";
import { type Input, isRecord, parseObject, readList, readText } from "./input.ts";

const ROLE = "AWS::IAM::Role";
const MAX_INLINE_LENGTH = 10_240;

interface InlinePolicy {
  PolicyName: string;
  PolicyDocument: unknown;
}

/** What the ARN of a role is by its name, whether it is there or not. */
export function roleArn(registry: Registry, name: string, account: string): string {
  return registry.find(ROLE, name, account, "")?.arn ?? `arn:aws:iam::${account}:role/${name}`;
}

/** Roles and their policies: the role's own properties, and policies that are resources of their own only as far as they are read. */
export function roleHandlers({ registry, stale }: IamContext): Record<string, ControlHandler> {
  const before = new WeakMap<StackResource, { properties: Record<string, unknown>; writtenAt: number }>();
  const find = (input: Input, { account }: Caller): StackResource => {
    const name = requireIamText(input, "RoleName");
    const role = registry.find(ROLE, name, account, "");
    if (role) return role;
    throw noSuchEntity(`The role with name ${name} cannot be found.`);
  };
  const read = (operation: string, describe: (role: StackResource, input: Input) => Record<string, unknown>) => ({
    run(input: Input, caller: Caller) {
      const role = find(input, caller);
      const { account, identifier: name } = role;
      const last = before.get(role);
      const isStale = last && stale.take({ kind: "role", account, name, operation, writtenAt: last.writtenAt });
      return describe(isStale ? { ...role, properties: last.properties } : role, input);
    },
  });
  const change = (apply: (role: StackResource, input: Input) => void): ControlHandler => ({
    mutating: true,
    run(input, caller) {
      const role = find(input, caller);
      // Writes put new lists in the old ones' places.
      const properties = { ...role.properties };
      apply(role, input);
      before.set(role, { properties, writtenAt: caller.at });
      registry.changed(role);
      return {};
    },
  });
  const withPolicyArn = (action: string, handler: ControlHandler): ControlHandler => ({
    ...handler,
    permissions(input, { account }) {
      const resource = roleArn(registry, readText(input, "RoleName") ?? "", account);
      return [{ action, resource, account, keys: { "iam:PolicyARN": readText(input, "PolicyArn") ?? "" } }];
    },
  });
  return {
    GetRole: read("GetRole", (role) => ({ Role: describeRole(role) })),
    ListRolePolicies: read("ListRolePolicies", (role, input) => {
      const { items, rest } = takeIamPage(inlineOf(role), input);
      return { PolicyNames: items.map(({ PolicyName }) => PolicyName), ...rest };
    }),
    GetRolePolicy: read("GetRolePolicy", (role, input) => {
      const { PolicyName, PolicyDocument } = requirePolicy(role, input);
      return { RoleName: role.identifier, PolicyName, PolicyDocument: encode(PolicyDocument) };
    }),
    ListAttachedRolePolicies: read("ListAttachedRolePolicies", (role, input) => {
      const { items, rest } = takeIamPage(attachedOf(role), input);
      return { AttachedPolicies: items.map(describeAttached), ...rest };
    }),
    PutRolePolicy: change((role, input) => {
      const PolicyName = requirePolicyName(input);
      const PolicyDocument = parseIdentityPolicy(requireIamText(input, "PolicyDocument"));
      const others = inlineOf(role).filter((policy) => policy.PolicyName !== PolicyName);
      const policies = [...others, { PolicyName, PolicyDocument }];
      const texts = policies.map((policy) => JSON.stringify(policy.PolicyDocument));
      checkInlineLength(texts, MAX_INLINE_LENGTH, `role ${role.identifier}`);
      role.properties.Policies = policies;
    }),
    DeleteRolePolicy: change((role, input) => {
      const { PolicyName } = requirePolicy(role, input);
      role.properties.Policies = inlineOf(role).filter((policy) => policy.PolicyName !== PolicyName);
    }),
    AttachRolePolicy: withPolicyArn(
      "iam:AttachRolePolicy",
      change((role, input) => {
        const arn = requireIamText(input, "PolicyArn");
        requireAttachable(registry, arn);
        const attached = [...new Set([...attachedOf(role), arn])];
        if (attached.length > MAX_ATTACHED) {
          throw limitExceeded(`Cannot exceed quota for PoliciesPerRole: ${MAX_ATTACHED}`);
        }
        role.properties.ManagedPolicyArns = attached;
      }),
    ),
    DetachRolePolicy: withPolicyArn(
      "iam:DetachRolePolicy",
      change((role, input) => {
        const arn = requireIamText(input, "PolicyArn");
        if (!attachedOf(role).includes(arn)) throw noSuchEntity(`Policy ${arn} was not found.`);
        role.properties.ManagedPolicyArns = attachedOf(role).filter((attached) => attached !== arn);
      }),
    ),
    UpdateAssumeRolePolicy: change((role, input) => {
      const document = parseObject(requireIamText(input, "PolicyDocument"), "MalformedPolicyDocument");
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
  };
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
  const name = requireIamText(input, "PolicyName");
  const policy = inlineOf(role).find(({ PolicyName }) => PolicyName === name);
  if (policy) return policy;
  throw noSuchEntity(`The role policy with name ${name} cannot be found.`);
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

function encode(document: unknown): string {
  return encodeDocument(JSON.stringify(document));
}

function deleteConflict(reason: string): ServiceError {
  return new ServiceError("DeleteConflict", `Cannot delete entity, ${reason}`, 409);
}
