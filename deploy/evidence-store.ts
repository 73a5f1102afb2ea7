import { evidenceBucketName } from "../shared/deployment/evidence-bucket.ts";
import { arnOf, type Json, policy, sub } from "./json.ts";
import type { Stack } from "./stack.ts";

/** The function that alone writes evidence. */
export const ARCHIVIST = "archive-evidence";

/** Where evidence is kept so that nobody can alter it: a bucket with Object Lock, encrypted with a key of its own. */
export function evidenceStore(stack: Stack): Record<string, Json> {
  const { name, evidence } = stack;
  return {
    EvidenceKey: {
      Type: "AWS::KMS::Key",
      DeletionPolicy: "Retain",
      UpdateReplacePolicy: "Retain",
      Properties: {
        Description: `Encrypts the evidence of ${name}`,
        EnableKeyRotation: true,
        PendingWindowInDays: 30,
        KeyPolicy: policy([
          {
            // Without it nobody could ever administer the key; who may use it is then said by IAM alone.
            Sid: "IamDecides",
            Effect: "Allow",
            Principal: { AWS: sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root") },
            Action: "kms:*",
            Resource: "*",
          },
          {
            // Without the key there is no evidence: whoever means it has to change this policy first, which is heard, and the key still works meanwhile.
            Sid: "NobodyTakesItAway",
            Effect: "Deny",
            Principal: "*",
            Action: ["kms:ScheduleKeyDeletion", "kms:DisableKey"],
            Resource: "*",
          },
        ]),
      },
    },
    EvidenceKeyAlias: {
      Type: "AWS::KMS::Alias",
      Properties: { AliasName: `alias/${name}-evidence`, TargetKeyId: { Ref: "EvidenceKey" } },
    },
    EvidenceBucket: {
      Type: "AWS::S3::Bucket",
      DeletionPolicy: "Retain",
      UpdateReplacePolicy: "Retain",
      Properties: {
        BucketName: sub(evidenceBucketName(name, "${AWS::AccountId}", "${AWS::Region}")),
        ObjectLockEnabled: true,
        ObjectLockConfiguration: {
          ObjectLockEnabled: "Enabled",
          Rule: { DefaultRetention: { Mode: evidence.mode, Days: evidence.days } },
        },
        VersioningConfiguration: { Status: "Enabled" },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            {
              BucketKeyEnabled: true,
              ServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms", KMSMasterKeyID: arnOf("EvidenceKey") },
            },
          ],
        },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
      },
    },
    EvidenceBucketPolicy: {
      Type: "AWS::S3::BucketPolicy",
      // Objects stay for years: their protection has to outlive the stack as they do.
      DeletionPolicy: "Retain",
      UpdateReplacePolicy: "Retain",
      Properties: { Bucket: { Ref: "EvidenceBucket" }, PolicyDocument: bucketPolicy(name) },
    },
  };
}

/** Object Lock keeps what is there; this keeps others from adding to it, from loosening the lock, and from reading in the clear. */
function bucketPolicy(name: string): Json {
  const objects = { "Fn::Sub": "${EvidenceBucket.Arn}/*" };
  const both = [arnOf("EvidenceBucket"), objects];
  const deny = (Sid: string, Action: string | readonly string[], Resource: unknown, Condition?: Json): Json => ({
    Sid,
    Effect: "Deny",
    Principal: "*",
    Action,
    Resource,
    ...(Condition && { Condition }),
  });
  const archivist = sub(`arn:\${AWS::Partition}:iam::\${AWS::AccountId}:role/${name}-${ARCHIVIST}-\${AWS::Region}`);
  return policy([
    deny("TlsOnly", "s3:*", both, { Bool: { "aws:SecureTransport": "false" } }),
    deny("OnlyTheArchivistWrites", "s3:PutObject", objects, { ArnNotEquals: { "aws:PrincipalArn": archivist } }),
    // What replication writes is written without s3:PutObject.
    deny(
      "NobodyReplicatesHere",
      ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags", "s3:ObjectOwnerOverrideToBucketOwner"],
      objects,
    ),
    // Nothing goes by tags here, and the function that tags objects has no business with what it makes itself.
    deny(
      "NobodyTags",
      ["s3:PutObjectTagging", "s3:PutObjectVersionTagging", "s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"],
      objects,
    ),
    deny(
      "NobodyRemovesOrLoosens",
      [
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:BypassGovernanceRetention",
        "s3:PutObjectRetention",
        // Under another's key, evidence ends with the key.
        "s3:UpdateObjectEncryption",
      ],
      objects,
    ),
  ]);
}
