import type { ControlMeta } from "../../shared/control.ts";

export const meta = {
  id: "account-region-stays-covered",
  title: "Every account and Region stays covered",
  severity: "critical",
  subject: "cordon",
  why: "Cordon hears of an account and Region by its trail, the forwarding stack's rules and AWS Config, and acts there in the member role. Where one of them is missing, data can leave without anybody being told.",
  frameworks: [
    { framework: "GDPR", reference: "Art. 32(1)(d) (regular testing of the effectiveness of measures)" },
    { framework: "NIST 800-53", reference: "AU-12 (audit record generation)" },
    { framework: "NIST 800-53", reference: "CA-7 (continuous monitoring)" },
    { framework: "AWS Security Hub", reference: "CloudTrail.1" },
    { framework: "AWS Security Hub", reference: "Config.1" },
  ],
  resourceType: "AWS::::Account",
  cloudTrail: {
    "cloudtrail.amazonaws.com": [
      "StopLogging",
      "StartLogging",
      "CreateTrail",
      "UpdateTrail",
      "DeleteTrail",
      "PutEventSelectors",
    ],
    "config.amazonaws.com": [
      "StopConfigurationRecorder",
      "StartConfigurationRecorder",
      "PutConfigurationRecorder",
      "DeleteConfigurationRecorder",
    ],
    "account.amazonaws.com": ["EnableRegion"],
    "events.amazonaws.com": ["PutRule", "EnableRule", "DisableRule", "DeleteRule", "PutTargets", "RemoveTargets"],
    "iam.amazonaws.com": [
      "PutRolePolicy",
      "DeleteRolePolicy",
      "AttachRolePolicy",
      "DetachRolePolicy",
      "UpdateAssumeRolePolicy",
      "PutRolePermissionsBoundary",
      "DeleteRolePermissionsBoundary",
      "CreateRole",
      "DeleteRole",
    ],
  },
  configTypes: [],
  /** Calls on the forwarding stack's rules and on the member role are heard by cordon-cell-stays-deployed's patterns already, by the same names. */
  narrow() {
    const {
      "cloudtrail.amazonaws.com": trails,
      "config.amazonaws.com": recorders,
      "account.amazonaws.com": regions,
    } = this.cloudTrail;
    return Object.entries({ cloudtrail: trails, config: recorders, account: regions }).map(([service, eventName]) => ({
      source: [`aws.${service}`],
      "detail-type": ["AWS API Call via CloudTrail"],
      detail: { eventSource: [`${service}.amazonaws.com`], eventName, errorCode: [{ exists: false }] },
    }));
  },
  stateCalls: [],
  iam: {
    // GetResource of Cloud Control asks the caller for EventBridge's and IAM's, by the schemas of rule and role.
    read: [
      "account:ListRegions",
      "cloudformation:GetResource",
      "cloudtrail:DescribeTrails",
      "cloudtrail:GetEventSelectors",
      "cloudtrail:GetTrailStatus",
      "config:DescribeConfigurationRecorderStatus",
      "events:DescribeRule",
      "events:ListTagsForResource",
      "events:ListTargetsByRule",
      "iam:GetRole",
      "iam:GetRolePolicy",
      "iam:ListAttachedRolePolicies",
      "iam:ListRolePolicies",
    ],
    write: [],
    passRoleTo: [],
  },
  reversible: "Nothing is changed: a person closes the gap.",
  defaultMode: "approve",
} as const satisfies ControlMeta;
