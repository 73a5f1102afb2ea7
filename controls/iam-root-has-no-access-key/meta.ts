import type { ControlMeta } from "../../shared/control.ts";

export const meta = {
  id: "iam-root-has-no-access-key",
  title: "The root user of an account has no access keys",
  severity: "critical",
  subject: "identity",
  why: "Root's keys may do everything in the account, and no policy of the account's limits them. Nothing needs them.",
  frameworks: [
    { framework: "GDPR", reference: "Art. 32 (security of processing)" },
    { framework: "NIST 800-53", reference: "AC-6 (least privilege)" },
    { framework: "CIS AWS Foundations", reference: "1.4 (no root user access key exists)" },
    { framework: "AWS Security Hub", reference: "IAM.4" },
  ],
  resourceType: "AWS::::Account",
  cloudTrail: { "iam.amazonaws.com": ["CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey"] },
  configTypes: [],
  /** Root's own calls alone: users' are heard by iam-access-key-is-rotated. */
  narrow() {
    return [
      {
        source: ["aws.iam"],
        "detail-type": ["AWS API Call via CloudTrail"],
        detail: {
          eventSource: ["iam.amazonaws.com"],
          eventName: this.cloudTrail["iam.amazonaws.com"],
          errorCode: [{ exists: false }],
          userIdentity: { type: ["Root"] },
        },
      },
    ];
  },
  stateCalls: [],
  iam: { read: ["iam:GetAccountSummary", "iam:GetCredentialReport"], write: [], passRoleTo: [] },
  reversible: "Nothing is changed: only root can delete root's keys.",
  runBy: "revoke-stale-keys",
  defaultMode: "approve",
} as const satisfies ControlMeta;
