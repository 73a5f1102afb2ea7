import { constants, gunzipSync } from "node:zlib";
import { parseS3BucketArn } from "../signals/s3-bucket-ref.ts";

/** What an S3 Inventory report says of itself. */
export interface Inventory {
  readonly sourceBucket: string;
  /** It lists old versions and delete markers as well. */
  readonly hasVersions: boolean;
  /** When it was begun; later objects are not in it. */
  readonly createdAtMs: number;
  /** Where its files lie. */
  readonly bucket: string;
  readonly files: readonly { readonly key: string; readonly bytes: number }[];
}

export type InventoryResult =
  | { readonly ok: true; readonly inventory: Inventory }
  | { readonly ok: false; readonly problem: string };

/** The columns that S3 Batch Operations can't do without. */
const NEEDED = ["Bucket", "Key"];

/**
 * Reads the manifest.json of an S3 Inventory report.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html
 *
 * @param text the file's content
 */
export function parseInventory(text: string): InventoryResult {
  const refuse = (problem: string): InventoryResult => ({ ok: false, problem });
  const document = parsed(text);
  if (document === undefined) return refuse("it is no JSON; expected the manifest.json of an S3 Inventory report");
  const { sourceBucket, destinationBucket, fileFormat, fileSchema, files, creationTimestamp } = document;
  const bucket = parseS3BucketArn(String(destinationBucket));
  if (typeof sourceBucket !== "string" || bucket === undefined || !Array.isArray(files))
    return refuse(
      "it names no sourceBucket, destinationBucket or files; expected the manifest.json of an S3 Inventory report",
    );
  if (fileFormat !== "CSV")
    return refuse(
      `its fileFormat is "${String(fileFormat).slice(0, 20)}"; S3 Batch Operations takes inventories in CSV only`,
    );
  const columns = String(fileSchema)
    .split(",")
    .map((column) => column.trim());
  const missing = NEEDED.filter((column) => !columns.includes(column));
  if (missing.length > 0) return refuse(`its fileSchema has no column ${missing.join(", ")}`);
  const listed = files.map((file) => ({ key: String(file?.key), bytes: Number(file?.size) }));
  if (listed.some(({ bytes }) => !(bytes >= 0))) return refuse("a file of it has no size");
  const hasVersions = columns.includes("VersionId");
  const createdAtMs = Number(creationTimestamp);
  return { ok: true, inventory: { sourceBucket, bucket, createdAtMs, files: listed, hasVersions } };
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** About how many objects an inventory has, by how many are in the beginning of one of its files. Pure. */
export function objectsIn({ files }: Inventory, sample: { readonly lines: number; readonly bytes: number }): number {
  const all = files.reduce((total, { bytes }) => total + bytes, 0);
  return sample.bytes === 0 ? 0 : Math.round((all / sample.bytes) * sample.lines);
}

/** A line for each object; gzip makes a thousandth of the most monotonous. */
const MAX_INFLATED_BYTES = 64 * 1024 * 1024;

/** How many lines the beginning of a gzipped file has; undefined when it is none. Pure. */
export function linesIn(gzipped: Uint8Array): { readonly lines: number; readonly bytes: number } | undefined {
  try {
    // The end is missing.
    const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_INFLATED_BYTES };
    const text = gunzipSync(gzipped, options);
    let lines = 0;
    for (let at = text.indexOf(10); at >= 0; at = text.indexOf(10, at + 1)) lines++;
    return { lines, bytes: gzipped.length };
  } catch {
    return undefined;
  }
}
