import type {
  LifecycleRule,
  PublicAccessBlockConfiguration,
  ServerSideEncryptionConfiguration,
} from "@aws-sdk/client-s3";
import * as sdk from "@aws-sdk/client-s3";
import { ServiceError } from "../errors.ts";
import type { PolicyDocument } from "../iam/policy.ts";
import type { BucketOperation, S3Call } from "./bucket-operations.ts";
import { readPolicy, readSettings, writePolicy, writeSetting } from "./configured.ts";
import type { Bucket } from "./state.ts";
import { malformedXml } from "./wire.ts";

/** What protects a bucket and its objects: policy, public access block, encryption, and lifecycle, which may delete. */
export const protectionOperations: BucketOperation[] = [
  {
    schema: sdk.GetBucketPolicy$,
    actions: ["s3:GetBucketPolicy"],
    run({ state }, bucket) {
      const policy = readPolicy(state, bucket);
      if (!policy) throw missing("NoSuchBucketPolicy", "The bucket policy does not exist", bucket);
      return { document: JSON.stringify(policy), headers: { "content-type": "application/json" } };
    },
  },
  {
    schema: sdk.PutBucketPolicy$,
    actions: ["s3:PutBucketPolicy"],
    mutating: true,
    run({ state, input }, bucket) {
      writePolicy(state, bucket, parsePolicy(String(input.Policy ?? "")));
      return {};
    },
  },
  {
    schema: sdk.DeleteBucketPolicy$,
    actions: ["s3:DeleteBucketPolicy"],
    mutating: true,
    run({ state }, bucket) {
      writePolicy(state, bucket, undefined);
      return {};
    },
  },
  {
    schema: sdk.GetPublicAccessBlock$,
    actions: ["s3:GetBucketPublicAccessBlock"],
    run({ state }, bucket) {
      const { PublicAccessBlockConfiguration: block } = readSettings(state, bucket);
      if (!block) {
        const message = "The public access block configuration was not found";
        throw missing("NoSuchPublicAccessBlockConfiguration", message, bucket);
      }
      return { output: { PublicAccessBlockConfiguration: block } };
    },
  },
  {
    schema: sdk.PutPublicAccessBlock$,
    actions: ["s3:PutBucketPublicAccessBlock"],
    eventName: "PutBucketPublicAccessBlock",
    mutating: true,
    run({ state, input }, bucket) {
      const asked = input.PublicAccessBlockConfiguration as PublicAccessBlockConfiguration | undefined;
      if (!asked) throw malformedXml();
      const parts = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"] as const;
      const block = Object.fromEntries(parts.map((part) => [part, asked[part] ?? false]));
      writeSetting(state, bucket, "PublicAccessBlockConfiguration", block);
      return {};
    },
  },
  {
    schema: sdk.DeletePublicAccessBlock$,
    actions: ["s3:PutBucketPublicAccessBlock"],
    eventName: "DeleteBucketPublicAccessBlock",
    mutating: true,
    run({ state }, bucket) {
      writeSetting(state, bucket, "PublicAccessBlockConfiguration", undefined);
      return {};
    },
  },
  {
    schema: sdk.GetBucketEncryption$,
    actions: ["s3:GetEncryptionConfiguration"],
    run: (_call, { kmsKey }) => ({
      output: {
        ServerSideEncryptionConfiguration: {
          Rules: [
            {
              ApplyServerSideEncryptionByDefault:
                kmsKey === undefined ? { SSEAlgorithm: "AES256" } : { SSEAlgorithm: "aws:kms", KMSMasterKeyID: kmsKey },
            },
          ],
        },
      },
    }),
  },
  {
    schema: sdk.PutBucketEncryption$,
    actions: ["s3:PutEncryptionConfiguration"],
    mutating: true,
    run({ state, input }, bucket) {
      const asked = input.ServerSideEncryptionConfiguration as ServerSideEncryptionConfiguration | undefined;
      const [rule] = asked?.Rules ?? [];
      const { ApplyServerSideEncryptionByDefault: byDefault, ...rest } = rule ?? {};
      if (!byDefault) throw malformedXml();
      bucket.kmsKey = byDefault.KMSMasterKeyID;
      const rules = [{ ...rest, ServerSideEncryptionByDefault: byDefault }];
      writeSetting(state, bucket, "BucketEncryption", { ServerSideEncryptionConfiguration: rules });
      return {};
    },
  },
  {
    schema: sdk.DeleteBucketEncryption$,
    actions: ["s3:PutEncryptionConfiguration"],
    mutating: true,
    run({ state }, bucket) {
      bucket.kmsKey = undefined;
      writeSetting(state, bucket, "BucketEncryption", undefined);
      return {};
    },
  },
  {
    schema: sdk.PutBucketLifecycleConfiguration$,
    actions: ["s3:PutLifecycleConfiguration"],
    eventName: "PutBucketLifecycle",
    mutating: true,
    run(call, bucket) {
      writeSetting(call.state, bucket, "LifecycleConfiguration", { Rules: readLifecycle(call).map(toProperties) });
      return {};
    },
  },
  {
    schema: sdk.DeleteBucketLifecycle$,
    actions: ["s3:PutLifecycleConfiguration"],
    mutating: true,
    run({ state }, bucket) {
      writeSetting(state, bucket, "LifecycleConfiguration", undefined);
      return {};
    },
  },
];

function parsePolicy(text: string): PolicyDocument {
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document === "object" && document !== null && "Statement" in document) return document as PolicyDocument;
  } catch {
    // Answered below.
  }
  throw new ServiceError("MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'", 400);
}

function readLifecycle({ input }: S3Call): readonly LifecycleRule[] {
  const { Rules } = (input.LifecycleConfiguration ?? {}) as { Rules?: LifecycleRule[] };
  if (!Rules?.length) throw malformedXml();
  return Rules;
}

/** A rule as CloudFormation writes it. Rules are kept for others to look at: nothing expires by them. */
function toProperties({ ID, Status, Filter, Expiration, NoncurrentVersionExpiration, ...rest }: LifecycleRule) {
  const [unknown] = Object.keys(rest);
  if (unknown) throw new ServiceError("NotImplemented", `The sandbox does not implement ${unknown} of a rule`, 501);
  return {
    ...(ID === undefined ? {} : { Id: ID }),
    Status,
    ...(Filter?.Prefix === undefined ? {} : { Prefix: Filter.Prefix }),
    ...(Expiration?.Days === undefined ? {} : { ExpirationInDays: Expiration.Days }),
    ...(NoncurrentVersionExpiration === undefined ? {} : { NoncurrentVersionExpiration }),
  };
}

function missing(code: string, message: string, { name }: Bucket): ServiceError {
  return new ServiceError(code, message, 404, { members: { BucketName: name } });
}
