import { trailDate } from "../cloudtrail.ts";
import { ServiceError } from "../errors.ts";
import { MANAGED_POLICY } from "../iam/managed-policies.ts";
import { parseIdentityPolicy, policyLength } from "../iam/policy-document.ts";
import type { StackResource } from "../stack/registry.ts";
import type { Caller, ControlHandler } from "./control-service.ts";
import {
  encodeDocument,
  type IamContext,
  isoSeconds,
  limitExceeded,
  noSuchEntity,
  requireIamText,
  requirePolicyName,
} from "./iam-input.ts";
import { type Input, isRecord, readList, readText } from "./input.ts";

const MAX_LENGTH = 6144;

/** Policies of an account's own, each with its first version only; AWS's own are not described. */
export function managedPolicyHandlers({ registry, users, ids }: IamContext): Record<string, ControlHandler> {
  const find = (input: Input, { account }: Caller): StackResource => {
    const arn = requireIamText(input, "PolicyArn");
    const policy = registry.list(MANAGED_POLICY, { account }).find((each) => each.arn === arn);
    if (policy) return policy;
    throw noSuchEntity(`Policy ${arn} was not found.`);
  };
  const attachmentsOf = ({ account, arn }: StackResource): number => {
    const roles = registry.list("AWS::IAM::Role", { account });
    return (
      users.list(account).filter(({ state }) => state.attached.includes(arn)).length +
      roles.filter(({ properties }) => readList(properties.ManagedPolicyArns).includes(arn)).length
    );
  };
  const arn = (input: Input): string => readText(input, "PolicyArn") ?? "*";
  return {
    CreatePolicy: {
      mutating: true,
      arn: (input, { account }) => arnOf(input, account),
      trailAnswer: ({ Policy }) => ({ policy: isRecord(Policy) ? describeForTrail(Policy) : null }),
      run(input, { account, at }) {
        const name = requirePolicyName(input);
        const text = requireIamText(input, "PolicyDocument");
        const PolicyDocument = parseIdentityPolicy(text);
        if (policyLength(text) > MAX_LENGTH) throw limitExceeded(`Cannot exceed quota for PolicySize: ${MAX_LENGTH}`);
        const isTaken = registry.list(MANAGED_POLICY, { account }).some((each) => each.arn.split("/").at(-1) === name);
        if (isTaken) {
          const message = `A policy called ${name} already exists. Duplicate names are not allowed.`;
          throw new ServiceError("EntityAlreadyExists", message, 409);
        }
        const policyArn = arnOf(input, account);
        const policy: StackResource = {
          type: MANAGED_POLICY,
          identifier: policyArn,
          arn: policyArn,
          account,
          region: "us-east-1",
          createdAt: at,
          properties: {
            ManagedPolicyName: name,
            PolicyId: ids.key("ANPA", 21),
            Path: readText(input, "Path") ?? "/",
            Description: readText(input, "Description"),
            Tags: readList(input.Tags),
            PolicyDocument,
          },
        };
        registry.put(policy);
        return { Policy: describePolicy(policy, 0) };
      },
    },
    GetPolicy: {
      arn,
      run(input, caller) {
        const policy = find(input, caller);
        return { Policy: describePolicy(policy, attachmentsOf(policy)) };
      },
    },
    GetPolicyVersion: {
      arn,
      run(input, caller) {
        const { properties, createdAt = 0 } = find(input, caller);
        const version = requireIamText(input, "VersionId");
        if (version !== "v1")
          throw noSuchEntity(`Policy ${arn(input)} version ${version} does not exist or is not attachable.`);
        const Document = encodeDocument(JSON.stringify(properties.PolicyDocument));
        return {
          PolicyVersion: { Document, VersionId: "v1", IsDefaultVersion: true, CreateDate: isoSeconds(createdAt) },
        };
      },
    },
    DeletePolicy: {
      mutating: true,
      arn,
      run(input, caller) {
        const policy = find(input, caller);
        if (attachmentsOf(policy) > 0) {
          throw new ServiceError("DeleteConflict", "Cannot delete a policy attached to entities.", 409);
        }
        registry.remove(policy);
        return {};
      },
    },
  };
}

function arnOf(input: Input, account: string): string {
  return `arn:aws:iam::${account}:policy${readText(input, "Path") ?? "/"}${readText(input, "PolicyName") ?? ""}`;
}

function describePolicy({ arn, properties, createdAt = 0 }: StackResource, AttachmentCount: number) {
  const { Path = "/", Description, PolicyId, Tags } = properties;
  return {
    PolicyName: arn.split("/").at(-1),
    PolicyId,
    Arn: arn,
    Path,
    DefaultVersionId: "v1",
    AttachmentCount,
    PermissionsBoundaryUsageCount: 0,
    IsAttachable: true,
    Description,
    CreateDate: isoSeconds(createdAt),
    UpdateDate: isoSeconds(createdAt),
    ...(readList(Tags).length > 0 && { Tags }),
  };
}

function describeForTrail({ PolicyName, PolicyId, Arn, Path, CreateDate }: Record<string, unknown>) {
  const date = trailDate(Date.parse(String(CreateDate)));
  return {
    policyName: PolicyName,
    policyId: PolicyId,
    arn: Arn,
    path: Path,
    defaultVersionId: "v1",
    attachmentCount: 0,
    permissionsBoundaryUsageCount: 0,
    isAttachable: true,
    createDate: date,
    updateDate: date,
  };
}
