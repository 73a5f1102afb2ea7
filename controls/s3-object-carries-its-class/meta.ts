import type { ControlMeta } from "../../shared/control.ts";

export const meta = {
  id: "s3-object-carries-its-class",
  title: "An S3 object carries the tag of its class",
  severity: "low",
  subject: "object",
  isRoutine: true,
  why: "Replication filters, IAM conditions and bucket policies can only hold an object where it has to stay when it says itself of which class it is. An object that says nothing, or too little, goes wherever its bucket's rules send it.",
  frameworks: [
    { framework: "GDPR", reference: "Art. 32 (security of processing)" },
    { framework: "NIST 800-53", reference: "AC-16 (security and privacy attributes)" },
    { framework: "NIST 800-53", reference: "RA-2 (security categorization)" },
  ],
  resourceType: "AWS::S3::Object",
  cloudTrail: {
    // A trail tells these only of buckets whose data events it logs; S3's own events, below, are heard without one.
    "s3.amazonaws.com": [
      "PutObject",
      "CopyObject",
      "CompleteMultipartUpload",
      // Somebody lowers a class by hand.
      "PutObjectTagging",
      "DeleteObjectTagging",
    ],
  },
  notices: [
    { source: "aws.s3", types: ["Object Created", "Object Tags Added", "Object Tags Deleted"] },
    { source: "aws.macie", types: ["Macie Finding"] },
  ],
  configTypes: [],
  stateCalls: [
    ...["PutObject", "CopyObject", "CompleteMultipartUpload", "Object Created"],
    ...["PutObjectTagging", "DeleteObjectTagging", "Object Tags Added", "Object Tags Deleted"],
  ],
  iam: {
    read: [
      ...["s3:GetObjectTagging", "s3:GetObjectVersionTagging", "s3:GetObject", "s3:GetObjectVersion"],
      "s3:GetBucketTagging",
      // Who may not list is told "denied" of what is not there.
      "s3:ListBucket",
      // Objects with a customer's key are read by it.
      "kms:Decrypt",
    ],
    write: ["s3:PutObjectTagging", "s3:PutObjectVersionTagging"],
    passRoleTo: [],
  },
  reversible:
    "The tags are put back as they were. What a replication filter or a policy has done by the tag meanwhile is not.",
  runBy: "tag-objects",
  defaultMode: "observe",
} as const satisfies ControlMeta;
