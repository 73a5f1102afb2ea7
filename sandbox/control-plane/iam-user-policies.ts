import { isAwsManaged, managedPolicy } from "../iam/managed-policies.ts";
import { parseIdentityPolicy, policyLength } from "../iam/policy-document.ts";
import type { Registry } from "../stack/registry.ts";
import type { ControlHandler } from "./control-service.ts";
import {
  encodeDocument,
  type IamContext,
  limitExceeded,
  noSuchEntity,
  readUser,
  requireIamText,
  requirePolicyName,
  requireUser,
  takeIamPage,
} from "./iam-input.ts";
import { type Input, readText } from "./input.ts";

const MAX_INLINE_LENGTH = 2048;
export const MAX_ATTACHED = 10;

/** What users may do: policies of their own, and attached ones. No groups, no boundaries. */
export function userPolicyHandlers(context: IamContext): Record<string, ControlHandler> {
  const { users, registry } = context;
  return {
    ListUserPolicies: {
      run(input, caller) {
        const { state } = readUser(context, input, caller, "ListUserPolicies");
        const { items, rest } = takeIamPage([...state.inline.keys()], input);
        return { PolicyNames: items, ...rest };
      },
    },
    GetUserPolicy: {
      run(input, caller) {
        const { user, state } = readUser(context, input, caller, "GetUserPolicy");
        const name = requireIamText(input, "PolicyName");
        const text = state.inline.get(name);
        if (text === undefined) throw unknownPolicy(name);
        return { UserName: user.name, PolicyName: name, PolicyDocument: encodeDocument(text) };
      },
    },
    PutUserPolicy: {
      mutating: true,
      run(input, caller) {
        const name = requirePolicyName(input);
        const text = requireIamText(input, "PolicyDocument");
        const user = requireUser(users, input, caller);
        parseIdentityPolicy(text);
        const inline = new Map(user.state.inline).set(name, text);
        checkInlineLength([...inline.values()], MAX_INLINE_LENGTH, `user ${user.name}`);
        users.change(user, { inline }, caller.at);
        return {};
      },
    },
    DeleteUserPolicy: {
      mutating: true,
      run(input, caller) {
        const name = requireIamText(input, "PolicyName");
        const user = requireUser(users, input, caller);
        const inline = new Map(user.state.inline);
        if (!inline.delete(name)) throw unknownPolicy(name);
        users.change(user, { inline }, caller.at);
        return {};
      },
    },
    ListAttachedUserPolicies: {
      run(input, caller) {
        const { state } = readUser(context, input, caller, "ListAttachedUserPolicies");
        const { items, rest } = takeIamPage(state.attached, input);
        return { AttachedPolicies: items.map(describeAttached), ...rest };
      },
    },
    AttachUserPolicy: {
      mutating: true,
      permissions: (input, caller) => [attachPermission("iam:AttachUserPolicy", context, input, caller)],
      run(input, caller) {
        const user = requireUser(users, input, caller);
        const arn = requireIamText(input, "PolicyArn");
        requireAttachable(registry, arn);
        const { attached } = user.state;
        if (attached.includes(arn)) return {};
        if (attached.length >= MAX_ATTACHED)
          throw limitExceeded(`Cannot exceed quota for PoliciesPerUser: ${MAX_ATTACHED}`);
        users.change(user, { attached: [...attached, arn] }, caller.at);
        return {};
      },
    },
    DetachUserPolicy: {
      mutating: true,
      permissions: (input, caller) => [attachPermission("iam:DetachUserPolicy", context, input, caller)],
      run(input, caller) {
        const user = requireUser(users, input, caller);
        const arn = requireIamText(input, "PolicyArn");
        if (!user.state.attached.includes(arn)) throw noSuchEntity(`Policy ${arn} was not found.`);
        users.change(user, { attached: user.state.attached.filter((each) => each !== arn) }, caller.at);
        return {};
      },
    },
  };
}

/** All inline policies of one user or role together. Throws LimitExceeded. */
export function checkInlineLength(texts: readonly string[], maximum: number, whose: string): void {
  const length = texts.reduce((sum, text) => sum + policyLength(text), 0);
  if (length > maximum) throw limitExceeded(`Maximum policy size of ${maximum} bytes exceeded for ${whose}`);
}

/** A policy that can be attached: one of AWS's own, by whatever name, or one that is there. Throws NoSuchEntity. */
export function requireAttachable(registry: Registry, arn: string): void {
  if (isAwsManaged(arn) || managedPolicy(registry, arn)) return;
  throw noSuchEntity(`Policy ${arn} does not exist or is not attachable.`);
}

export function describeAttached(PolicyArn: string): Record<string, unknown> {
  return { PolicyName: PolicyArn.split("/").at(-1), PolicyArn };
}

function attachPermission(
  action: string,
  { users }: IamContext,
  input: Input,
  caller: { account: string; user?: string | undefined },
) {
  const { account, user } = caller;
  const name = readText(input, "UserName") ?? user ?? "";
  const resource = users.find(account, name)?.arn ?? `arn:aws:iam::${account}:user/${name}`;
  return { action, resource, account, keys: { "iam:PolicyARN": readText(input, "PolicyArn") ?? "" } };
}

function unknownPolicy(name: string) {
  return noSuchEntity(`The user policy with name ${name} cannot be found.`);
}
