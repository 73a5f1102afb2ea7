import { type Decision, decide } from "./iam/decide.ts";
import { resourcePolicyOf } from "./iam/resource-policies.ts";
import type { Permission } from "./operation.ts";
import { isNamed, type Principal } from "./principals.ts";
import type { Registry } from "./stack/registry.ts";

/** Refuse one IAM action. Without `principal` to everybody, without `resource` everywhere. */
export interface DenyRule {
  /** ARN, or name, of a user, role or function. */
  principal?: string;
  /** IAM action such as `iam:PassRole`; IAM does not mind upper and lower case, nor does this. `*` at the end matches the rest. */
  action: string;
  /** Bucket, table or queue name. */
  resource?: string;
}

/** Accounts under one management account: what `aws:PrincipalOrgID` and `aws:ResourceOrgID` tell. */
export interface Organization {
  /** For example `o-exampleorgid`. */
  id: string;
  accounts: readonly string[];
}

/** Who may do what: rules that tests set, policies of the caller, policies of the resource. */
export interface Permissions {
  /** Add a rule; returns the call that takes it away again. */
  deny(rule: DenyRule): () => void;
  /** Why a permission is refused; undefined when it is there. `resource` is the bucket's, table's or queue's bare name. */
  refusal(
    principal: Principal,
    permission: Permission,
    resource: string,
    request: { region: string; at: number },
  ): Exclude<Decision, "allowed"> | undefined;
}

/** No rules yet; policies are read from `registry` at each call. */
export function createPermissions(registry: Registry, organization?: Organization): Permissions {
  const rules = new Set<DenyRule>();
  const organizationOf = (account: string) => (organization?.accounts.includes(account) ? organization.id : undefined);
  return {
    deny(rule) {
      const own = { ...rule };
      rules.add(own);
      return () => rules.delete(own);
    },
    refusal(principal, permission, resource, request) {
      if ([...rules].some((rule) => isMatch(rule, principal, permission.action, resource))) return "denied-by-identity";
      const decision = decide({
        action: permission.action,
        resource: permission.resource,
        isOwnAccount: principal.account === permission.account,
        caller: { account: principal.account, arn: principal.arn, principalArn: principalArn(principal) },
        identity: principal.policies?.(),
        resourcePolicy: resourcePolicyOf(registry, permission),
        keys: {
          ...globalKeys(principal, permission, request, organizationOf),
          ...permission.keys,
        },
      });
      return decision === "allowed" ? undefined : decision;
    },
  };
}

function globalKeys(
  principal: Principal,
  { account }: Permission,
  { region, at }: { region: string; at: number },
  organizationOf: (account: string) => string | undefined,
): Record<string, string | undefined> {
  return {
    "aws:CurrentTime": new Date(at).toISOString(),
    "aws:EpochTime": String(Math.floor(at / 1000)),
    "aws:PrincipalAccount": principal.account,
    "aws:PrincipalArn": principalArn(principal),
    "aws:PrincipalOrgID": organizationOf(principal.account),
    "aws:PrincipalType": principal.type === "AssumedRole" ? "AssumedRole" : "User",
    "aws:RequestedRegion": region,
    "aws:ResourceAccount": account,
    "aws:ResourceOrgID": organizationOf(account),
    "aws:SecureTransport": "true",
    "aws:SourceIdentity": principal.sourceIdentity,
    // Of temporary credentials only, in whole seconds.
    "aws:TokenIssueTime":
      principal.since === undefined ? undefined : `${new Date(principal.since).toISOString().slice(0, 19)}Z`,
    "aws:userid": principal.principalId,
    "aws:username": principal.type === "IAMUser" ? principal.name : undefined,
    "lambda:SourceFunctionArn": principal.functionArn,
  };
}

/** A session counts as its role. */
function principalArn({ type, arn, account, name }: Principal): string {
  return type === "AssumedRole" ? `arn:aws:iam::${account}:role/${name}` : arn;
}

function isMatch(rule: DenyRule, principal: Principal, action: string, resource: string): boolean {
  if (rule.principal !== undefined && !isNamed(principal, rule.principal)) return false;
  if (rule.resource !== undefined && rule.resource !== resource) return false;
  const wanted = rule.action.toLowerCase();
  const asked = action.toLowerCase();
  return wanted.endsWith("*") ? asked.startsWith(wanted.slice(0, -1)) : asked === wanted;
}
