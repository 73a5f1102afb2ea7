import type { Inventory } from "../backfill/inventory.ts";

/** Where a bucket lies, and whether it belongs to the account that was expected. */
export type BucketPlace =
  | { readonly kind: "found"; readonly region: string }
  /** It belongs to another account, or may not be asked about. The Region is told all the same. */
  | { readonly kind: "refused"; readonly region: string | undefined }
  | { readonly kind: "absent" };

/** How many objects a bucket has. */
export interface Listed {
  readonly objects: number;
  /** Whether the listing came to its end. */
  readonly isAll: boolean;
}

/** An inventory's manifest as it lies in its bucket. */
export type FoundInventory =
  | { readonly kind: "found"; readonly inventory: Inventory; readonly etag: string }
  | { readonly kind: "wrong"; readonly problem: string };

/**
 * What is looked at before a backfill, in one Region. Every method throws CordonError: `unavailable` when AWS gives no usable answer.
 */
export interface S3Listing {
  /** HeadBucket, as the bucket of `owner`. */
  placeOf(bucket: string, owner: string): Promise<BucketPlace>;
  /**
   * ListObjectsV2, page after page.
   *
   * @param maxPages of a thousand objects each
   * @param shown gets the count after each page
   * @returns undefined when the bucket may not be listed
   */
  count(
    bucket: string,
    prefix: string | undefined,
    maxPages: number,
    shown: (objects: number) => void,
  ): Promise<Listed | undefined>;
  /** GetObject of the manifest.json. */
  readInventory(bucket: string, key: string): Promise<FoundInventory>;
  /** GetObject of the beginning of an inventory's file: how many lines are in how many of its bytes. Undefined when it may not be read. */
  sample(bucket: string, key: string): Promise<{ readonly lines: number; readonly bytes: number } | undefined>;
}
