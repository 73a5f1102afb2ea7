import { type Content, contentOf, generated } from "./content.ts";
import { etagOf } from "./etag.ts";
import { type ObjectVersion, writeVersion } from "./objects.ts";
import type { Bucket } from "./state.ts";

/** An object set without a call: no record, no event unless `reason` is given, no precondition checked. */
export interface ObjectSeed {
  bucket: string;
  key: string;
  /** Empty by default. */
  body?: string | Uint8Array;
  /** In place of a body: that many bytes, made by `fill` whenever they are read. What nobody reads costs nothing. */
  sizeBytes?: number;
  /** Bytes `from` up to and without `to`, the same ones each time; zeros by default. */
  fill?: (from: number, to: number) => Uint8Array;
  /** `binary/octet-stream` by default. */
  contentType?: string;
  contentEncoding?: string;
  metadata?: Record<string, string>;
  tags?: Record<string, string>;
  /** `STANDARD` by default. */
  storageClass?: string;
  /** Until when an archived object can be read, in epoch ms; it can't be by default. */
  restoredUntil?: number;
  /** ARN of the KMS key it is encrypted with; S3's own by default, whatever the bucket's is. */
  kmsKeyArn?: string;
  /** It is encrypted with a key that somebody brought (SSE-C) and nobody has. */
  hasCustomerKey?: boolean;
  /** Tell of it as after this call, where the bucket's events go to EventBridge; nothing is told by default. */
  reason?: "PutObject" | "CopyObject" | "CompleteMultipartUpload";
}

/** Put what the seed describes into its bucket, as a new version where versioning is on. */
export function seedObject(bucket: Bucket, seed: ObjectSeed, at: number, createId: () => string): ObjectVersion {
  const content = seedContent(seed);
  const { metadata = {}, tags = {}, contentType = "binary/octet-stream", contentEncoding } = seed;
  // No key has this as its MD5.
  const customerKeyMd5 = seed.hasCustomerKey ? "lost" : undefined;
  const about = {
    content,
    etag: etagOf(content, customerKeyMd5 ?? seed.kmsKeyArn),
    retention: undefined,
    headers: { ContentType: contentType, ...(contentEncoding !== undefined && { ContentEncoding: contentEncoding }) },
    metadata: { ...metadata },
    tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    checksums: {},
    kmsKeyArn: seed.kmsKeyArn,
    customerKeyMd5,
    storageClass: seed.storageClass ?? "STANDARD",
    restoredUntil: seed.restoredUntil,
  };
  return writeVersion(bucket, seed.key, about, at, createId);
}

function seedContent({ body = "", sizeBytes, fill }: ObjectSeed): Content {
  if (sizeBytes === undefined) return contentOf(Buffer.from(body));
  return generated(sizeBytes, fill ?? ((from, to) => new Uint8Array(to - from)));
}
