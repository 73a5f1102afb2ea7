import type { AbacStatus, ReplicationConfiguration, Tagging } from "@aws-sdk/client-s3";
import * as sdk from "@aws-sdk/client-s3";
import { ServiceError } from "../errors.ts";
import type { Permission } from "../operation.ts";
import type { BucketOperation, S3Call } from "./bucket-operations.ts";
import { writeSetting } from "./configured.ts";
import { checkReplication } from "./replication-rules.ts";
import { type Bucket, changeBucket, readBucket } from "./state.ts";
import { checkTags } from "./tags.ts";
import { malformedXml } from "./wire.ts";

/** Replication: what Cordon contains. */
export const replicationOperations: BucketOperation[] = [
  {
    schema: sdk.GetBucketReplication$,
    actions: ["s3:GetReplicationConfiguration"],
    run({ state }, bucket) {
      const configuration = readBucket(state, bucket, "replication", "GetBucketReplication");
      if (!configuration) {
        throw new ServiceError(
          "ReplicationConfigurationNotFoundError",
          "The replication configuration was not found",
          404,
          {
            members: { BucketName: bucket.name },
          },
        );
      }
      return { output: { ReplicationConfiguration: configuration } };
    },
  },
  {
    schema: sdk.PutBucketReplication$,
    actions: ["s3:PutReplicationConfiguration"],
    also: ({ input }) => [passRole((input.ReplicationConfiguration as ReplicationConfiguration | undefined)?.Role)],
    mutating: true,
    run(call, bucket) {
      const asked = call.input.ReplicationConfiguration as ReplicationConfiguration | undefined;
      writeReplication(call, bucket, checkReplication(call.state, bucket, asked, call.createId));
      return {};
    },
  },
  {
    schema: sdk.DeleteBucketReplication$,
    actions: ["s3:PutReplicationConfiguration"],
    mutating: true,
    run(call, bucket) {
      writeReplication(call, bucket, undefined);
      return {};
    },
  },
];

/** S3 acts as the replication role: whoever configures it hands that role on. */
function passRole(role = ""): Permission {
  const account = /^arn:aws[a-z-]*:iam::(\d{12}):role\//.exec(role)?.[1] ?? "";
  return { action: "iam:PassRole", resource: role, account, keys: { "iam:PassedToService": "s3.amazonaws.com" } };
}

function writeReplication(
  { state, context }: S3Call,
  bucket: Bucket,
  configuration: ReplicationConfiguration | undefined,
): void {
  changeBucket(bucket, "replication", configuration);
  const Rules = configuration?.Rules?.map(({ ID, ...rule }) => ({ ...rule, Id: ID }));
  writeSetting(state, bucket, "ReplicationConfiguration", configuration && { ...configuration, Rules });
  bucket.replicationHistory.push({
    at: context.at,
    principal: context.principal.arn,
    requestId: context.requestId,
    configuration,
  });
}

/** Tags by S3's own operations, and the switch that ends them. S3 Control's way is in control.ts. */
export const taggingOperations: BucketOperation[] = [
  {
    schema: sdk.GetBucketTagging$,
    actions: ["s3:GetBucketTagging"],
    run({ state }, bucket) {
      const tags = readBucket(state, bucket, "tags", "GetBucketTagging");
      if (tags.length === 0) {
        throw new ServiceError("NoSuchTagSet", "The TagSet does not exist", 404, {
          members: { BucketName: bucket.name },
        });
      }
      return { output: { TagSet: tags } };
    },
  },
  {
    schema: sdk.PutBucketTagging$,
    actions: ["s3:PutBucketTagging"],
    mutating: true,
    status: 204,
    run({ input }, bucket) {
      refuseUnderAbac(bucket);
      const asked = input.Tagging as Tagging | undefined;
      if (!asked?.TagSet) throw malformedXml();
      changeBucket(bucket, "tags", checkTags(asked.TagSet));
      return {};
    },
  },
  {
    schema: sdk.DeleteBucketTagging$,
    actions: ["s3:PutBucketTagging"],
    mutating: true,
    run(_call, bucket) {
      refuseUnderAbac(bucket);
      changeBucket(bucket, "tags", []);
      return {};
    },
  },
  {
    schema: sdk.GetBucketAbac$,
    actions: ["s3:GetBucketABAC"],
    run: ({ state }, bucket) => ({
      output: { AbacStatus: { Status: readBucket(state, bucket, "abac", "GetBucketAbac") } },
    }),
  },
  {
    schema: sdk.PutBucketAbac$,
    actions: ["s3:PutBucketABAC"],
    mutating: true,
    run({ input }, bucket) {
      const status = (input.AbacStatus as AbacStatus | undefined)?.Status;
      if (status !== "Enabled" && status !== "Disabled") throw malformedXml();
      changeBucket(bucket, "abac", status);
      return {};
    },
  },
];

/** AWS documents that these calls no longer work under ABAC, not with which error; the code here is the sandbox's guess. */
function refuseUnderAbac(bucket: Bucket): void {
  if (bucket.abac !== "Enabled") return;
  throw new ServiceError(
    "MethodNotAllowed",
    "The specified method is not allowed against this resource. ABAC is enabled for the bucket: use TagResource and UntagResource.",
    405,
  );
}
