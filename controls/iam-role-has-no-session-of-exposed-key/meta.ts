import type { ControlMeta } from "../../shared/control.ts";

export const meta = {
  id: "iam-role-has-no-session-of-exposed-key",
  title: "No session of a role works that an exposed key may have begun",
  severity: "critical",
  subject: "identity",
  why: "A role that was assumed with an exposed key goes on for whoever assumed it, for up to twelve hours, whatever becomes of the key and its user.",
  frameworks: [
    { framework: "GDPR", reference: "Art. 32 (security of processing)" },
    { framework: "NIST 800-53", reference: "AC-2 (account management)" },
    { framework: "NIST 800-53", reference: "AC-12 (session termination)" },
  ],
  resourceType: "AWS::IAM::Role",
  cloudTrail: {
    // A denial that is taken away or written over. Nothing else happens to a role when a key of somebody's is exposed: its function looks where CloudTrail's history says that the key was used to assume it.
    "iam.amazonaws.com": ["PutRolePolicy", "DeleteRolePolicy"],
  },
  configTypes: [],
  stateCalls: ["PutRolePolicy", "DeleteRolePolicy"],
  iam: {
    // LookupEvents tells which roles a key assumed.
    read: ["iam:GetRole", "iam:GetRolePolicy", "cloudtrail:LookupEvents"],
    write: ["iam:PutRolePolicy", "iam:DeleteRolePolicy"],
    passRoleTo: [],
  },
  reversible:
    "Cordon's policy is taken off again, and sessions that have not ended by then work as before. Until then everybody who uses the role is affected: all of its sessions that were issued before the change are denied everything, and have to be begun anew.",
  mayBreakApplications: true,
  onlyByPerson: true,
  runBy: "revoke-stale-keys",
  defaultMode: "approve",
} as const satisfies ControlMeta;
