import type { ObjectBytes } from "../classification/content/read-content.ts";
import type { ObjectHeaders, Unreadable } from "../classification/known-object.ts";
import type { ResourceRef, Tag } from "../types.ts";
import type { ResourcePort } from "./port.ts";

/** All tags of one version of an object, as AWS gives them. */
export interface ObjectTags {
  readonly TagSet: readonly { readonly Key: string; readonly Value: string }[];
}

/** One version of an object as it was at one time: everything read of it is of the same bytes. */
export interface OpenedObject {
  readonly headers: ObjectHeaders;
  readonly contentEncoding?: string;
  readonly etag: string;
  readonly bytes: ObjectBytes;
  /** Lets go of what was opened and not read: it would hold its connection, of which there are fifty. */
  close(): void;
}

/** AWS won't show it, for a reason that asking again does not change. */
export type Closed = Unreadable;

/** What Cordon asks of S3 objects. Tags of objects are strongly consistent: what S3 has taken is what it shows. */
export interface S3Objects {
  /** Absent: the object, or that version of it, is gone, or is a delete marker. */
  readonly tagging: ResourcePort<ObjectTags>;
  /** Tags of a bucket, as believed for `BUCKET_TAGS_CACHE_MS`: thousands of objects are written to one bucket. */
  bucketTags(bucket: ResourceRef): Promise<readonly Tag[] | { readonly unreadable: string }>;
  /**
   * Headers alone, by HeadObject.
   *
   * @throws CordonError `unavailable`
   */
  readHeaders(object: ResourceRef): Promise<ObjectHeaders | Closed>;
  /**
   * The head of an object with its headers, by one ranged GetObject; more of it by one more each. What has been written over meanwhile is told: nothing is concluded
   * from two halves.
   *
   * @param firstBytes how much the first call asks for; what is not read of it is not sent
   * @throws CordonError `unavailable`, also when it is written over while it is read
   */
  open(object: ResourceRef, firstBytes: number): Promise<OpenedObject | Closed>;
}

/** A bucket that gets a class is seen to have it within this time; objects written before then are tagged by what it was. */
export const BUCKET_TAGS_CACHE_MS = 60_000;
