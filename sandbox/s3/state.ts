import type {
  NotificationConfiguration,
  ObjectLockConfiguration,
  ReplicationConfiguration,
  Tag,
} from "@aws-sdk/client-s3";
import { ServiceError } from "../errors.ts";
import type { CallContext } from "../operation.ts";
import type { Registry } from "../stack/registry.ts";
import { createObjectStore, type ObjectStore } from "./objects.ts";

/** The parts of a bucket's configuration the sandbox keeps. */
export interface BucketConfiguration {
  versioning: "Enabled" | "Suspended" | undefined;
  tags: Tag[];
  replication: ReplicationConfiguration | undefined;
  abac: "Enabled" | "Disabled";
  /** Undefined when the bucket has no Object Lock. */
  objectLock: ObjectLockConfiguration | undefined;
  notification: NotificationConfiguration;
}

/** One change of a bucket's replication; no configuration means it was deleted. */
export interface ReplicationChange {
  /** Epoch ms. */
  at: number;
  /** ARN; empty for seeded state. */
  principal: string;
  requestId: string;
  configuration: ReplicationConfiguration | undefined;
}

export interface Bucket extends BucketConfiguration {
  name: string;
  region: string;
  account: string;
  /** Epoch ms. */
  createdAt: number;
  /** Id, ARN or alias of the key new objects are encrypted with; undefined for S3's own. */
  kmsKey: string | undefined;
  /** Whether writes to its objects leave CloudTrail events though no trail in the registry asks for them. */
  dataEvents: boolean;
  /** Other settings by CloudFormation's names; unused where the registry has the bucket. */
  settings: Record<string, unknown>;
  objects: ObjectStore;
  replicationHistory: ReplicationChange[];
  /** Each part as it was before its last write: what a stale read returns. */
  previous: Partial<BucketConfiguration>;
}

/** The next `times` reads by `operation` return what the bucket had before its last write of that part. */
export interface StaleRead {
  bucket: string;
  operation: string;
  times: number;
}

/** All buckets of all accounts: S3's names are one namespace. */
export interface S3State {
  buckets: Map<string, Bucket>;
  stale: StaleRead[];
  /** Where keys, and policies of buckets, are looked up. */
  registry: Registry;
}

/** A bucket with nothing configured. */
export function createBucket(name: string, region: string, account: string, at: number): Bucket {
  return {
    name,
    region,
    account,
    createdAt: at,
    kmsKey: undefined,
    dataEvents: false,
    settings: {},
    objects: createObjectStore(),
    versioning: undefined,
    tags: [],
    replication: undefined,
    abac: "Disabled",
    objectLock: undefined,
    notification: {},
    replicationHistory: [],
    previous: {},
  };
}

/** Write one part of a bucket's configuration, remembering what it was. */
export function changeBucket<Part extends keyof BucketConfiguration>(
  bucket: Bucket,
  part: Part,
  value: BucketConfiguration[Part],
): void {
  const before: Pick<BucketConfiguration, Part> = bucket;
  Object.assign(bucket.previous, { [part]: before[part] });
  Object.assign(bucket, { [part]: value });
}

/** Read one part of a bucket's configuration, stale if that was asked for. */
export function readBucket<Part extends keyof BucketConfiguration>(
  state: S3State,
  bucket: Bucket,
  part: Part,
  operation: string,
): BucketConfiguration[Part] {
  const stale = state.stale.find((entry) => entry.bucket === bucket.name && entry.operation === operation);
  if (!stale) return bucket[part];
  stale.times -= 1;
  if (stale.times <= 0) state.stale.splice(state.stale.indexOf(stale), 1);
  const previous: Partial<BucketConfiguration> = part in bucket.previous ? bucket.previous : bucket;
  return (previous as BucketConfiguration)[part];
}

/**
 * The bucket a call names, as far as it may see it.
 * Throws, in AWS's order: 404 NoSuchBucket, 301 PermanentRedirect from another Region than the bucket's, 403 AccessDenied when
 * the expected owner is another. Callers of other accounts are refused by the permission check. 301 carries `x-amz-bucket-region`, and so does
 * HeadBucket's 403.
 */
export function findBucket(
  state: S3State,
  name: string,
  expectedOwner: unknown,
  context: CallContext,
  head: boolean,
): Bucket {
  const bucket = state.buckets.get(name);
  if (!bucket) {
    throw new ServiceError("NoSuchBucket", "The specified bucket does not exist", 404, {
      members: { BucketName: name },
    });
  }
  const regionHeader = { "x-amz-bucket-region": bucket.region };
  if (bucket.region !== context.region) {
    throw new ServiceError(
      "PermanentRedirect",
      "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.",
      301,
      { headers: regionHeader, members: { Endpoint: `s3.${bucket.region}.amazonaws.com`, Bucket: name } },
    );
  }
  if (expectedOwner !== undefined && expectedOwner !== bucket.account) {
    throw new ServiceError("AccessDenied", "Access Denied", 403, { headers: head ? regionHeader : {} });
  }
  return bucket;
}
