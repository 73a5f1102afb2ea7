import type { ControlMeta } from "../../shared/control.ts";

export const meta = {
  id: "iam-access-key-is-not-exposed",
  title: "No access key works that others are known to have",
  severity: "critical",
  subject: "identity",
  why: "AWS, GuardDuty or an operator says that somebody else has the key. Until it is ended he does whatever its user may do.",
  frameworks: [
    { framework: "GDPR", reference: "Art. 32 (security of processing)" },
    { framework: "NIST 800-53", reference: "IA-5 (authenticator management)" },
    { framework: "NIST 800-53", reference: "AC-2 (account management)" },
  ],
  resourceType: "AWS::IAM::User",
  cloudTrail: {
    // A reported key that is switched on again; and AWS's quarantine policy, which says that one of a user's is known to others.
    "iam.amazonaws.com": ["UpdateAccessKey", "AttachUserPolicy"],
  },
  notices: [
    {
      source: "aws.health",
      types: ["AWS Health Event", "AWS Health Abuse Event"],
      // EXPOSURES of shared/signals/health-events.ts; metadata imports nothing that runs.
      detail: {
        eventTypeCode: [
          "AWS_RISK_CREDENTIALS_EXPOSED",
          "AWS_RISK_CREDENTIALS_EXPOSURE_SUSPECTED",
          "AWS_RISK_CREDENTIALS_COMPROMISED",
          "AWS_RISK_CREDENTIALS_COMPROMISE_SUSPECTED",
          "AWS_RISK_IAM_QUARANTINE",
        ],
      },
    },
    {
      source: "aws.guardduty",
      types: ["GuardDuty Finding"],
      // Attack sequences name their credentials elsewhere; what is of no concern is ignored by the function.
      detail: { type: [{ wildcard: "*:IAMUser/*" }, { wildcard: "*:S3/*" }, { prefix: "AttackSequence:" }] },
    },
  ],
  hearsDenials: true,
  configTypes: [],
  stateCalls: ["UpdateAccessKey", "DeleteAccessKey"],
  iam: {
    read: ["iam:ListAccessKeys", "iam:GetAccessKeyLastUsed", "iam:GetUser", "iam:ListUserTags"],
    write: ["iam:UpdateAccessKey"],
    passRoleTo: [],
  },
  reversible: "The key is activated again, and works as before, for whoever has it.",
  mayBreakApplications: true,
  runBy: "revoke-stale-keys",
  defaultMode: "observe",
} as const satisfies ControlMeta;
