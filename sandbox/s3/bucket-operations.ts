import type { CreateBucketConfiguration, VersioningConfiguration } from "@aws-sdk/client-s3";
import * as sdk from "@aws-sdk/client-s3";
import { ServiceError } from "../errors.ts";
import type { CallContext, Permission, WireRequest } from "../operation.ts";
import { forgetBucket, writeSetting } from "./configured.ts";
import type { Notice } from "./notifications.ts";
import type { ObjectVersion } from "./objects.ts";
import { type Bucket, changeBucket, createBucket, readBucket, type S3State } from "./state.ts";
import { checkTags } from "./tags.ts";
import { malformedXml, type OperationSchema } from "./wire.ts";

export interface S3Answer {
  output?: Record<string, unknown>;
  headers?: Record<string, string>;
  /** A whole document, where the SDK's schema is not what S3 sends. */
  document?: string;
  /** HTTP status where it is not the operation's. */
  status?: number;
}

/** What one call is about. */
export interface S3Call {
  state: S3State;
  input: Record<string, unknown>;
  request: WireRequest;
  context: CallContext;
  createId(): string;
  /** Tell EventBridge what became of an object, if the bucket's events go there. */
  announce(notice: Notice, bucket: Bucket, version: ObjectVersion): void;
}

export interface BucketOperation {
  schema: OperationSchema;
  /** What is checked on the bucket, or on the object when the operation is about one. */
  actions: string[] | ((input: Record<string, unknown>) => string[]);
  /** What is checked on something else: a role that is passed on, a key that is used. */
  also?(call: S3Call, bucket: Bucket): Permission[];
  mutating?: true;
  /** CloudTrail's name where it is not the operation's. */
  eventName?: string;
  /** HTTP status where it is not the schema's. */
  status?: number;
  /** The members of the input the sandbox acts on, where it does not know them all; others are refused. */
  members?: readonly string[];
  run(call: S3Call, bucket: Bucket): S3Answer;
}

export interface AccountOperation extends Omit<BucketOperation, "run" | "also"> {
  run(call: S3Call): S3Answer;
}

/** Operations that need no bucket to be there. */
export const accountOperations: AccountOperation[] = [
  {
    schema: sdk.CreateBucket$,
    actions: ({ ObjectLockEnabledForBucket: locks }) => [
      "s3:CreateBucket",
      ...(locks ? ["s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning"] : []),
    ],
    mutating: true,
    run: runCreate,
  },
  {
    schema: sdk.ListBuckets$,
    actions: ["s3:ListAllMyBuckets"],
    run({ state, input, context }) {
      const own = [...state.buckets.values()].filter(
        (bucket) =>
          bucket.account === context.principal.account &&
          bucket.name.startsWith(String(input.Prefix ?? "")) &&
          (input.BucketRegion === undefined || input.BucketRegion === bucket.region),
      );
      own.sort((a, b) => (a.name < b.name ? -1 : 1));
      const Buckets = own.map((bucket) => ({
        Name: bucket.name,
        CreationDate: new Date(bucket.createdAt),
        BucketRegion: bucket.region,
      }));
      return { output: { Buckets, Owner: { ID: context.principal.account } } };
    },
  },
];

/** Operations on a bucket as such, and on its versioning. */
export const bucketOperations: BucketOperation[] = [
  {
    schema: sdk.DeleteBucket$,
    actions: ["s3:DeleteBucket"],
    mutating: true,
    run({ state }, bucket) {
      if (bucket.objects.versions.size > 0) {
        throw new ServiceError("BucketNotEmpty", "The bucket you tried to delete is not empty", 409, {
          members: { BucketName: bucket.name },
        });
      }
      state.buckets.delete(bucket.name);
      forgetBucket(state, bucket);
      return {};
    },
  },
  {
    schema: sdk.HeadBucket$,
    actions: ["s3:ListBucket"],
    run: (_call, bucket) => ({
      headers: { "x-amz-bucket-region": bucket.region, "x-amz-access-point-alias": "false" },
    }),
  },
  {
    schema: sdk.GetBucketLocation$,
    actions: ["s3:GetBucketLocation"],
    run: (_call, bucket) => ({
      // S3 sends the Region as the root's own text, empty for us-east-1: no schema says so.
      document: `<?xml version="1.0" encoding="UTF-8"?>\n<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${bucket.region === "us-east-1" ? "" : bucket.region}</LocationConstraint>`,
    }),
  },
  {
    schema: sdk.GetBucketVersioning$,
    actions: ["s3:GetBucketVersioning"],
    run({ state }, bucket) {
      const status = readBucket(state, bucket, "versioning", "GetBucketVersioning");
      return { output: status === undefined ? {} : { Status: status } };
    },
  },
  { schema: sdk.PutBucketVersioning$, actions: ["s3:PutBucketVersioning"], mutating: true, run: runPutVersioning },
];

function runPutVersioning({ state, input }: S3Call, bucket: Bucket): S3Answer {
  const status = (input.VersioningConfiguration as VersioningConfiguration | undefined)?.Status;
  if (status !== "Enabled" && status !== "Suspended") throw malformedXml();
  if (status === "Suspended" && bucket.objectLock) {
    throw new ServiceError(
      "InvalidBucketState",
      "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
      409,
    );
  }
  if (status === "Suspended" && bucket.replication) {
    throw new ServiceError(
      "InvalidBucketState",
      "A replication configuration is present on this bucket, so you cannot change the versioning state. To change the versioning state, first delete the replication configuration.",
      409,
    );
  }
  changeBucket(bucket, "versioning", status);
  writeSetting(state, bucket, "VersioningConfiguration", { Status: status });
  return {};
}

function runCreate({ state, input, context }: S3Call): S3Answer {
  const name = String(input.Bucket);
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) {
    throw new ServiceError("InvalidBucketName", "The specified bucket is not valid.", 400, {
      members: { BucketName: name },
    });
  }
  const configuration = input.CreateBucketConfiguration as CreateBucketConfiguration | undefined;
  const region = readLocation(configuration?.LocationConstraint, context.region);
  const existing = state.buckets.get(name);
  if (existing && existing.account !== context.principal.account) {
    throw new ServiceError(
      "BucketAlreadyExists",
      "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.",
      409,
    );
  }
  if (existing && region !== "us-east-1") {
    throw new ServiceError(
      "BucketAlreadyOwnedByYou",
      "Your previous request to create the named bucket succeeded and you already own it.",
      409,
    );
  }
  if (!existing) {
    const bucket = createBucket(name, region, context.principal.account, context.at);
    bucket.tags = checkTags(configuration?.Tags ?? []);
    if (input.ObjectLockEnabledForBucket === true) {
      bucket.versioning = "Enabled";
      bucket.objectLock = { ObjectLockEnabled: "Enabled" };
    }
    state.buckets.set(name, bucket);
  }
  return { headers: { location: `/${name}`, "x-amz-bucket-arn": `arn:aws:s3:::${name}` } };
}

/** us-east-1 takes any constraint and none; other Regions' endpoints only their own. */
function readLocation(constraint: string | undefined, region: string): string {
  const asked = constraint === "EU" ? "eu-west-1" : constraint || undefined;
  if (region === "us-east-1") return asked ?? region;
  if (asked === region) return region;
  throw new ServiceError(
    "IllegalLocationConstraintException",
    `The ${asked ?? "unspecified"} location constraint is incompatible for the region specific endpoint this request was sent to.`,
    400,
  );
}
