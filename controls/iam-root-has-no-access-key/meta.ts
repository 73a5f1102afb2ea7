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
  /** Heard by iam-access-key-is-rotated already, whoever's keys they are about. */
  narrow: () => [],
  stateCalls: [],
  iam: { read: ["iam:GetAccountSummary", "iam:GetCredentialReport"], write: [], passRoleTo: [] },
  reversible: "Nothing is changed: only root can delete root's keys.",
  runBy: "revoke-stale-keys",
  defaultMode: "approve",
} as const satisfies ControlMeta;
