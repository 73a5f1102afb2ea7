import type { ReplicationConfiguration, ReplicationRule } from "@aws-sdk/client-s3";
import type { ResourceRef, Tag } from "../types.ts";
import type { ResourcePort } from "./port.ts";

export type { ReplicationConfiguration, ReplicationRule };

/** Where a bucket lies, or why that can't be told; `isTransient` when asking again may tell. */
export type BucketRegion = { readonly region: string } | { readonly unknown: string; readonly isTransient?: boolean };

/** What Cordon asks of S3 buckets. */
export interface S3Buckets {
  /** The replication configuration as AWS gives it, V1 or V2, every field; `null` when there is none. */
  readonly replication: ResourcePort<ReplicationConfiguration | null>;
  /** The bucket's own tags; an empty list when it has none. */
  readTags(bucket: ResourceRef): Promise<readonly Tag[] | { readonly unreadable: string }>;
  /**
   * The Region of any bucket, also of another account, by HeadBucket: the answer carries it even when access is denied.
   * Cached for `REGION_CACHE_MS`.
   *
   * @param name the bucket asked about
   * @param seenFrom the bucket whose account and Region the question is asked from
   */
  regionOf(name: string, seenFrom: ResourceRef): Promise<BucketRegion>;
}

/**
 * How long a bucket's Region is believed. A bucket never moves; its name can only be deleted and created again elsewhere, and S3 holds a
 * deleted name back for longer than this before another Region gets it. A cached Region is therefore at most one re-creation behind for
 * five minutes, while the destination is empty and has to be given versioning before anything replicates to it. What can't be told is not cached.
 */
export const REGION_CACHE_MS = 5 * 60_000;
