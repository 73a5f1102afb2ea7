import type { ControlMeta } from "../shared/control.ts";
import { type Json, policy, sub } from "./json.ts";
import {
  BY_S3,
  KEY_ARNS,
  ONLY_OWN_POLICIES,
  OWN_POLICIES,
  ofAccount,
  ofKind,
  RESOURCE_ARNS,
  sparedRoles,
} from "./roles.ts";
import type { Template } from "./template-yaml.ts";

const HEAD = `The role that a cell of Cordon assumes in a member account, to read its resources and to change what offends: no more than the controls need
(controls/<id>/meta.ts), and to report findings to the account's own Security Hub where
ReportToSecurityHub says so. Nobody but the cell's functions can assume it, and only with the external id.

IAM is global: deploy it once in each member account, in one Region, as a StackSet with CAPABILITY_NAMED_IAM. docs/deploy.md says how.`;

/**
 * What is read of an account to see that it is heard (docs/deploy.md, coverage), and of what. A trail may be the organisation's, in another account;
 * rules and the role they send in are the forwarder's.
 */
const COVERAGE_ARNS: Readonly<Record<string, string>> = {
  account: "arn:${AWS::Partition}:account::${AWS::AccountId}:account",
  cloudtrail: "arn:${AWS::Partition}:cloudtrail:*:*:trail/*",
  config: "arn:${AWS::Partition}:config:*:${AWS::AccountId}:configuration-recorder/*",
  events: "arn:${AWS::Partition}:events:*:${AWS::AccountId}:rule/${CellRolePrefix}*",
  iam: "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${CellRolePrefix}forwarder-*",
};

/** Actions that AWS allows on every resource or on none. Cloud Control calls the resource's own service in the caller's name, by permissions of its own. */
export const WITHOUT_RESOURCE: readonly string[] = ["cloudformation:GetResource", "cloudtrail:DescribeTrails"];

/**
 * `deploy/member-role.yml`: what a cell may do in an account that is not its own.
 *
 * @param controls all; the one about the cell's own stack has nothing to do in a member
 * @throws Error when it isn't known of what ARNs a control's actions are allowed
 */
export function memberRole(controls: readonly ControlMeta[]): Template {
  const ofCustomers = controls.filter(({ subject }) => subject !== "cordon");
  const ofAccounts = controls.filter(
    ({ resourceType, subject }) => resourceType === "AWS::::Account" && subject === "cordon",
  );
  return {
    head: HEAD,
    comments: {
      "Parameters.ExternalId":
        "No password: whoever may describe this stack can read it. It keeps the cell from being talked into acting in an account that never asked for it.",
      "Resources.MemberRole.Properties.AssumeRolePolicyDocument":
        "The cell's account as a whole is named, because a role that is not there yet can't be; the conditions narrow it to its functions' roles.",
      "Resources.MemberRole.Properties.Policies":
        "Resources of this account only, whatever other accounts' policies would allow. Cover...: reads by which the cell sees that it hears of the account.",
      "Resources.SecurityHubPolicy":
        "For a route of the policy's tickets to security-hub (docs/tickets/security-hub.md).",
    },
    body: {
      AWSTemplateFormatVersion: "2010-09-09",
      Description: "Cordon: the role a cell assumes in this member account",
      Parameters: {
        CellAccountId: {
          Type: "String",
          AllowedPattern: "\\d{12}",
          ConstraintDescription: "an account id of 12 digits",
          Description: "The account in which the cell's main stack is deployed",
        },
        ExternalId: {
          Type: "String",
          MinLength: 2,
          MaxLength: 1224,
          AllowedPattern: "[\\w+=,.@:/-]*",
          ConstraintDescription: "2 to 1224 letters, digits or any of _+=,.@:/-",
          Description: "The cell's CORDON_EXTERNAL_ID: the same in every member, another one for every cell",
        },
        RoleName: {
          Type: "String",
          Default: "cordon-member",
          AllowedPattern: "[\\w+=,.@-]{1,64}",
          ConstraintDescription: "a role's name, without path",
          Description: "The cell's CORDON_MEMBER_ROLE; an account with members of two cells needs two names",
        },
        CellRolePrefix: {
          Type: "String",
          Default: "cordon-",
          AllowedPattern: "[\\w+=,.@-]{1,63}",
          ConstraintDescription: "the beginning of a role's name",
          Description:
            "How the names of the cell's roles and of its forwarders' rules begin: its stack's name and a dash",
        },
        ReportToSecurityHub: {
          Type: "String",
          Default: "no",
          AllowedValues: ["yes", "no"],
          Description: "Whether the cell writes its findings about this account to the account's Security Hub",
        },
      },
      Conditions: { ReportsToSecurityHub: { "Fn::Equals": [{ Ref: "ReportToSecurityHub" }, "yes"] } },
      Resources: {
        MemberRole: {
          Type: "AWS::IAM::Role",
          Properties: {
            RoleName: { Ref: "RoleName" },
            Description: "Assumed by Cordon's cell to contain what leaves the jurisdiction",
            MaxSessionDuration: 3_600,
            AssumeRolePolicyDocument: policy([trust()]),
            Policies: [
              { PolicyName: "controls", PolicyDocument: policy([...statements(ofCustomers), ...coverage(ofAccounts)]) },
            ],
          },
        },
        SecurityHubPolicy: {
          Type: "AWS::IAM::RolePolicy",
          Condition: "ReportsToSecurityHub",
          Properties: {
            RoleName: { Ref: "MemberRole" },
            PolicyName: "security-hub",
            PolicyDocument: policy(reporting()),
          },
        },
      },
      Outputs: { RoleArn: { Description: "What the cell assumes", Value: { "Fn::GetAtt": ["MemberRole", "Arn"] } } },
    },
  };
}

function trust(): Json {
  const cell = "arn:${AWS::Partition}:iam::${CellAccountId}";
  return {
    Sid: "FunctionsOfTheCell",
    Effect: "Allow",
    Principal: { AWS: sub(`${cell}:root`) },
    Action: "sts:AssumeRole",
    Condition: {
      StringEquals: { "sts:ExternalId": { Ref: "ExternalId" } },
      ArnLike: { "aws:PrincipalArn": sub(`${cell}:role/\${CellRolePrefix}*`) },
    },
  };
}

/** Reads and writes by resource type, and the roles that writes hand on. */
function statements(controls: readonly ControlMeta[]): readonly Json[] {
  const own = { StringEquals: { "aws:ResourceAccount": { Ref: "AWS::AccountId" } } };
  const types = [...new Set(controls.map(({ resourceType }) => resourceType))];
  const perType = types.flatMap((type) => {
    const ofType = controls.filter(({ resourceType }) => resourceType === type);
    const name = type.split("::").slice(1).filter(Boolean).join("");
    const [reads, writes] = [union(ofType, ({ iam }) => iam.read), union(ofType, ({ iam }) => iam.write)];
    const accountWide = ofAccount(reads);
    const ofAll = accountWide.length > 0 ? [allow(`Read${name}OfAccount`, accountWide, "*")] : [];
    const arn = RESOURCE_ARNS[type];
    if (arn === undefined && accountWide.length === reads.length + writes.length) return ofAll;
    if (arn === undefined) throw new Error(`deploy/roles.ts says of no ARN what a ${type} has; expected a pattern`);
    return [
      ...ofAll,
      allow(`Read${name}`, ofKind(reads, "resources"), sub(arn), own),
      allow(`Use${name}Keys`, ofKind(reads, "keys"), sub(KEY_ARNS), { ...own, ...BY_S3 }),
      allow(`Read${name}Policies`, ofKind(reads, "policies"), sub(OWN_POLICIES), own),
      allow(`Change${name}`, ofKind(writes, "resources"), sub(arn), own),
      allow(`Change${name}Policies`, ofKind(writes, "policies"), sub(OWN_POLICIES), own),
      allow(`AttachTo${name}`, ofKind(writes, "attaching"), sub(arn), { ...own, ...ONLY_OWN_POLICIES }),
    ];
  });
  const services = union(controls, ({ iam }) => iam.passRoleTo);
  const passRole = allow("PassRoles", ["iam:PassRole"], sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*"), {
    StringEquals: { "iam:PassedToService": services },
  });
  const ofRole = (role: string) => sub(`arn:\${AWS::Partition}:iam::\${AWS::AccountId}:role/${role}`);
  const spared = sparedRoles(
    controls.flatMap(({ iam }) => iam.write),
    ["${RoleName}", "${CellRolePrefix}*"].map(ofRole),
  );
  return [...perType, ...spared, ...(services.length > 0 ? [passRole] : [])].filter(
    ({ Action }) => (Action as readonly string[]).length > 0,
  );
}

/** Findings of Cordon's own making, in each Region where Security Hub is on: as the product that every account has, and in its hub. */
function reporting(): readonly Json[] {
  const own = "arn:${AWS::Partition}:securityhub:*:${AWS::AccountId}";
  return [
    allow("ReportFindings", ["securityhub:BatchImportFindings"], sub(`${own}:product/\${AWS::AccountId}/default`)),
    allow("MarkFindings", ["securityhub:BatchUpdateFindings"], sub(`${own}:hub/default`)),
  ];
}

/** Reads by which the cell sees whether it hears of this account, and acts in it. */
function coverage(controls: readonly ControlMeta[]): readonly Json[] {
  const actions = union(controls, ({ iam }) => [...iam.read, ...iam.write]);
  const narrow = actions.filter((action) => !WITHOUT_RESOURCE.includes(action));
  const services = [...new Set(narrow.map(serviceOf))];
  const wide = actions.filter((action) => WITHOUT_RESOURCE.includes(action));
  return [
    ...services.map((service) => {
      const arn = COVERAGE_ARNS[service];
      if (arn === undefined) throw new Error(`deploy/member-role.ts knows no ARN for the actions of ${service}`);
      return allow(
        `Cover${service.charAt(0).toUpperCase()}${service.slice(1)}`,
        narrow.filter((action) => serviceOf(action) === service),
        sub(arn),
      );
    }),
    ...(wide.length > 0 ? [allow("CoverWithoutResource", wide, "*")] : []),
  ];
}

function serviceOf(action: string): string {
  return action.split(":")[0] ?? "";
}

function allow(Sid: string, Action: readonly string[], Resource: unknown, Condition?: Json) {
  return { Sid, Effect: "Allow", Action, Resource, ...(Condition !== undefined && { Condition }) };
}

function union(controls: readonly ControlMeta[], of: (control: ControlMeta) => readonly string[]): readonly string[] {
  return [...new Set(controls.flatMap(of))].sort();
}
