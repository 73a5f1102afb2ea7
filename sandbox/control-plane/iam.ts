import type { Service } from "../operation.ts";
import type { ControlService } from "./control-service.ts";
import { accessKeyHandlers } from "./iam-access-keys.ts";
import type { IamContext } from "./iam-input.ts";
import { managedPolicyHandlers } from "./iam-managed-policies.ts";
import { reportHandlers } from "./iam-reports.ts";
import { roleArn, roleHandlers } from "./iam-roles.ts";
import { userPolicyHandlers } from "./iam-user-policies.ts";
import { userHandlers } from "./iam-users.ts";
import { readText } from "./input.ts";
import { createQueryService } from "./query-protocol.ts";

/** Errors of IAM's model, which CloudTrail calls by their shapes' names (recorded events: LimitExceededException, NoSuchEntityException). */
const MODELLED: ReadonlySet<string> = new Set([
  ...["DeleteConflict", "EntityAlreadyExists", "LimitExceeded", "MalformedPolicyDocument", "NoSuchEntity"],
]);

/** IAM: roles, users, their keys and policies, the credential report. One place for the whole partition, and its events appear there. */
export function createIam(context: IamContext): Service {
  const { registry, users } = context;
  const service: ControlService = {
    name: "iam",
    trailRegion: "us-east-1",
    trailCode: (code) => (MODELLED.has(code) ? `${code}Exception` : code),
    nameOf: (input) =>
      readText(input, "UserName") ??
      readText(input, "RoleName") ??
      readText(input, "AccessKeyId") ??
      readText(input, "PolicyArn") ??
      readText(input, "PolicyName") ??
      "",
    arnOf(input, { account, user }) {
      const role = readText(input, "RoleName");
      if (role !== undefined) return roleArn(registry, role, account);
      const name = readText(input, "UserName") ?? user;
      if (name === undefined) return "*";
      return users.find(account, name)?.arn ?? `arn:aws:iam::${account}:user/${name}`;
    },
    handlers: {
      ...roleHandlers(context),
      ...userHandlers(context),
      ...accessKeyHandlers(context),
      ...userPolicyHandlers(context),
      ...managedPolicyHandlers(context),
      ...reportHandlers(context),
    },
  };
  return createQueryService(service, "https://iam.amazonaws.com/doc/2010-05-08/");
}
