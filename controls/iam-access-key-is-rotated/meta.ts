import type { ControlMeta } from "../../shared/control.ts";

export const meta = {
  id: "iam-access-key-is-rotated",
  title: "An IAM user's access key is no older than policy lets it be",
  severity: "high",
  subject: "identity",
  why: "A long-lived key works for whoever has it, from anywhere, until somebody ends it. The longer it lives the more places it has been copied to, and the fewer people know of them; one that nobody uses is only of use to somebody else.",
  frameworks: [
    { framework: "GDPR", reference: "Art. 32 (security of processing)" },
    { framework: "NIST 800-53", reference: "IA-5 (authenticator management)" },
    { framework: "NIST 800-53", reference: "AC-2 (account management)" },
    { framework: "CIS AWS Foundations", reference: "1.14 (access keys are rotated every 90 days or less)" },
    { framework: "AWS Security Hub", reference: "IAM.3" },
  ],
  resourceType: "AWS::IAM::User",
  cloudTrail: {
    "iam.amazonaws.com": [
      ...["CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey"],
      // What exempts a user, or no longer does: his tags, his name and path.
      ...["TagUser", "UntagUser", "UpdateUser"],
    ],
  },
  notices: [
    {
      source: "aws.config",
      types: ["Config Rules Compliance Change"],
      detail: {
        resourceType: ["AWS::IAM::User"],
        configRuleName: [{ wildcard: "*access-keys-rotated*" }],
        newEvaluationResult: { complianceType: ["NON_COMPLIANT"] },
      },
    },
  ],
  configTypes: ["AWS::IAM::User"],
  stateCalls: ["CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey"],
  iam: {
    read: [
      ...["iam:ListAccessKeys", "iam:GetAccessKeyLastUsed", "iam:GetUser", "iam:ListUserTags"],
      // Whom to look at, in a few calls.
      ...["iam:GenerateCredentialReport", "iam:GetCredentialReport"],
      // Whom a report that can't be read in part leaves out.
      "iam:ListUsers",
    ],
    write: ["iam:UpdateAccessKey", "iam:DeleteAccessKey"],
    passRoleTo: [],
  },
  reversible:
    "A key that was deactivated is activated again, and works as before. One that was deleted can't come back.",
  mayBreakApplications: true,
  runBy: "revoke-stale-keys",
  defaultMode: "observe",
} as const satisfies ControlMeta;
