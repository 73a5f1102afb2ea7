import type { ControlMeta } from "../../shared/control.ts";

export const meta = {
  id: "s3-replication-stays-in-jurisdiction",
  title: "S3 replication stays in the jurisdiction",
  severity: "high",
  why: "A replication rule copies every new object to its destination bucket. When that lies outside the Regions where the data may live, personal data is transferred without a legal basis from the first object on.",
  frameworks: [
    { framework: "GDPR", reference: "Art. 44 (general principle for transfers)" },
    { framework: "NIST 800-53", reference: "AC-4 (information flow enforcement)" },
    { framework: "NIST 800-53", reference: "SA-9(5) (processing, storage and service location)" },
  ],
  resourceType: "AWS::S3::Bucket",
  cloudTrail: {
    "s3.amazonaws.com": [
      "PutBucketReplication",
      // A configuration that somebody takes away ends its findings; one that comes back by Cordon's write has to be told of.
      "DeleteBucketReplication",
      // A class given later makes an old rule a violation; a class lowered must not free it.
      "PutBucketTagging",
      "DeleteBucketTagging",
      // Newer tools tag through these, and buckets with ABAC on accept no others.
      "TagResource",
      "UntagResource",
      "PutBucketAbac",
    ],
  },
  configTypes: ["AWS::S3::Bucket"],
  stateCalls: ["PutBucketReplication", "DeleteBucketReplication"],
  iam: {
    read: ["s3:GetReplicationConfiguration", "s3:GetBucketTagging", "s3:ListBucket"],
    write: ["s3:PutReplicationConfiguration"],
    // PutBucketReplication passes the configuration's own role to S3 once more.
    passRoleTo: ["s3.amazonaws.com"],
  },
  reversible:
    "Disabling a rule is undone by enabling it again; objects written in between are not replicated then. Deleting a configuration is undone by putting it back, which needs iam:PassRole on its role.",
  runBy: "quarantine-replication",
  defaultMode: "observe",
  parameters: {
    destinationAccounts: {
      type: "accounts",
      description:
        "Accounts that data may be replicated to. A rule to another one, or one that does not name its destination's account, waits for a person, wherever the destination lies. Left out, the account does not matter.",
    },
  },
} as const satisfies ControlMeta;
