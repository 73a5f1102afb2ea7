import { allowsService } from "../events/resource-policy.ts";
import type { Permission } from "../operation.ts";
import type { Permissions } from "../permissions.ts";
import type { Principal, PrincipalRegistry } from "../principals.ts";
import type { Registry } from "../stack/registry.ts";
import type { PolicyDocument } from "./policy.ts";
import { rolePolicies } from "./role-policies.ts";

/** A service at work in a role that somebody gave it. */
export interface ServiceAtWork {
  roleArn: string;
  /** For example `states.amazonaws.com`. */
  service: string;
  /** What it works for: `aws:SourceArn`, and its account, `aws:SourceAccount`. */
  sourceArn: string;
  sourceAccount: string;
  region: string;
  sessionName: string;
}

/** Whether the role trusts the service, and may. */
export type MayService = (work: ServiceAtWork, permission: Permission) => boolean;

/** Roles are read from the registry at each question; in an account without any role in it every one exists and may do everything. */
export function createServiceRoles({
  registry,
  permissions,
  principals,
  now,
}: {
  registry: Registry;
  permissions: Permissions;
  principals: PrincipalRegistry;
  now(): number;
}): MayService {
  const sessions = new Map<string, Principal>();
  const sessionOf = ({ roleArn, sessionName }: ServiceAtWork): Principal => {
    const { name, account } = readRole(roleArn);
    const key = `${roleArn} ${sessionName}`;
    const policies = () => rolePolicies(registry, account, name);
    const session =
      sessions.get(key) ?? principals.create({ type: "AssumedRole", name, account, sessionName, policies });
    sessions.set(key, session);
    return session;
  };
  return (work, permission) => {
    const name = permission.resource
      .replace(/^arn:aws[a-z-]*:(?:s3:::|(?:lambda|states):[^:]*:[^:]*:[^:]*:)/, "")
      .split(/[/:]/)[0];
    const request = { region: work.region, at: now() };
    return (
      isTrusted(registry, work) && permissions.refusal(sessionOf(work), permission, name ?? "", request) === undefined
    );
  };
}

function isTrusted(registry: Registry, { roleArn, service, sourceArn, sourceAccount }: ServiceAtWork): boolean {
  const { name, account } = readRole(roleArn);
  if (registry.list("AWS::IAM::Role", { account }).length === 0) return true;
  const role = registry.find("AWS::IAM::Role", name, account, "");
  if (role?.arn !== roleArn) return false;
  const trust = role.properties.AssumeRolePolicyDocument as PolicyDocument;
  const keys = { "aws:SourceAccount": sourceAccount, "aws:SourceArn": sourceArn };
  return allowsService([trust], { caller: { service }, action: "sts:AssumeRole", resource: roleArn, keys });
}

function readRole(arn: string): { name: string; account: string } {
  return { name: arn.split("/").at(-1) ?? "", account: arn.split(":")[4] ?? "" };
}
