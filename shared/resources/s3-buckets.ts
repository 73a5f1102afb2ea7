import type { ReplicationConfiguration, ReplicationRule } from "@aws-sdk/client-s3";
import type { ExposureWindow, ResourceRef, Tag } from "../types.ts";
import type { ResourcePort } from "./port.ts";

export type { ReplicationConfiguration, ReplicationRule };

/** Where a bucket lies, or why that can't be told; `isTransient` when asking again may tell. */
export type BucketRegion = { readonly region: string } | { readonly unknown: string; readonly isTransient?: boolean };

/** How many objects, and of how many bytes together. No keys: they may be personal data. */
export interface ObjectCount {
  readonly objects: number;
  readonly bytes: number;
  /** When the first of them was last modified, and the last, in whole seconds; left out when there are none. */
  readonly firstMs?: number;
  readonly lastMs?: number;
  /** How many were looked at, those of other times too. */
  readonly looked: number;
  /** False when a limit ended it: there are more that nobody looked at. */
  readonly isAll: boolean;
}

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
  /**
   * Counts the current objects of a bucket that were last modified within a time, by ListObjectsV2. S3 gives that time in whole seconds, cut off: all of
   * the second that the time begins in counts. S3 lists by key and not by time, so each object has to be looked at: at most `MAX_LISTED_PAGES` pages of
   * 1,000, and no page but the first is asked for after `deadlineMs` or `LISTING_MS`, whichever comes first.
   *
   * @param prefix of the keys; "" for all
   * @throws CordonError `unavailable` when any page gets no answer: a part of a count would pass for the whole
   */
  countObjects(
    bucket: ResourceRef,
    prefix: string,
    window: ExposureWindow,
  ): Promise<ObjectCount | { readonly unreadable: string }>;
}

/** So many pages a count asks for at most: 100,000 objects. */
export const MAX_LISTED_PAGES = 100;

/** How long a count goes on asking, a third of what a containing function has. The page asked for last takes its own time (aws/call-limits.ts). */
export const LISTING_MS = 10_000;

/**
 * How long a bucket's Region is believed. A bucket never moves; its name can only be deleted and created again elsewhere, and S3 holds a
 * deleted name back for longer than this before another Region gets it. A cached Region is therefore at most one re-creation behind for
 * five minutes, while the destination is empty and has to be given versioning before anything replicates to it. What can't be told is not cached.
 */
export const REGION_CACHE_MS = 5 * 60_000;
