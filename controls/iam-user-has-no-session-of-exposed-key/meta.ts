import type { ControlMeta } from "../../shared/control.ts";

export const meta = {
  id: "iam-user-has-no-session-of-exposed-key",
  title: "No session of a user works that an exposed key may have begun",
  severity: "critical",
  subject: "identity",
  why: "Deactivating a key does not end what was begun with it: temporary credentials go on for up to 36 hours. Whoever had the key may have some.",
  frameworks: [
    { framework: "GDPR", reference: "Art. 32 (security of processing)" },
    { framework: "NIST 800-53", reference: "AC-2 (account management)" },
    { framework: "NIST 800-53", reference: "AC-12 (session termination)" },
  ],
  resourceType: "AWS::IAM::User",
  cloudTrail: {
    "iam.amazonaws.com": [
      // A denial that is taken away or written over; and AWS's quarantine policy, which says that a key of the user's is known to others.
      ...["PutUserPolicy", "DeleteUserPolicy", "DetachUserPolicy", "AttachUserPolicy"],
      // The end of an exposed key: what was begun with it after the denial has to be denied as well.
      ...["UpdateAccessKey", "DeleteAccessKey"],
    ],
  },
  notices: [
    {
      source: "aws.health",
      types: ["AWS Health Event", "AWS Health Abuse Event"],
      // As iam-access-key-is-not-exposed hears them.
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
      detail: { type: [{ wildcard: "*:IAMUser/*" }, { wildcard: "*:S3/*" }, { prefix: "AttackSequence:" }] },
    },
  ],
  configTypes: [],
  stateCalls: ["PutUserPolicy", "DeleteUserPolicy", "AttachUserPolicy", "DetachUserPolicy"],
  iam: {
    read: [
      ...["iam:GetUserPolicy", "iam:ListAttachedUserPolicies", "iam:GetPolicy", "iam:GetPolicyVersion"],
      ...["iam:ListAccessKeys", "iam:GetUser", "iam:ListUserTags"],
    ],
    write: [
      ...["iam:PutUserPolicy", "iam:DeleteUserPolicy"],
      // Where there is no room for another inline policy.
      ...["iam:CreatePolicy", "iam:DeletePolicy", "iam:AttachUserPolicy", "iam:DetachUserPolicy"],
    ],
    passRoleTo: [],
  },
  reversible: "Cordon's policy is taken off again, and sessions that have not ended by then work as before.",
  mayBreakApplications: true,
  runBy: "revoke-stale-keys",
  defaultMode: "observe",
} as const satisfies ControlMeta;
