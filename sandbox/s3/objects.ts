import type { Tag } from "@aws-sdk/client-s3";
import { type Content, contentOf } from "./content.ts";
import type { Bucket } from "./state.ts";
import type { Upload } from "./uploads.ts";

/** How long, and how firmly, a version is kept from deletion. */
export interface Retention {
  mode: "COMPLIANCE" | "GOVERNANCE";
  /** Epoch ms. */
  until: number;
}

/** One version of an object, or a delete marker. */
export interface ObjectVersion {
  key: string;
  /** `null` (the text) in a bucket without versioning. */
  versionId: string;
  isDeleteMarker: boolean;
  /** Empty for a delete marker. */
  content: Content;
  /** Without its quotes: hex MD5 of the content where S3 says so, see etag.ts. */
  etag: string;
  /** Epoch ms. */
  at: number;
  /** Position among all writes to the bucket. */
  order: number;
  retention: Retention | undefined;
  /** Content type, encoding and the like, by the SDK's names: `ContentType`. */
  headers: Readonly<Record<string, string>>;
  metadata: Record<string, string>;
  tags: readonly Tag[];
  /** Checksum headers as they were sent, without their prefix: `crc32`, `sha256` ... */
  checksums: Record<string, string>;
  /** ARN of the key it is encrypted with; undefined for S3's own, and for the customer's. */
  kmsKeyArn: string | undefined;
  /** Base64 MD5 of the key the customer brought (SSE-C); undefined without one. */
  customerKeyMd5: string | undefined;
  /** For example `STANDARD`. */
  storageClass: string;
  /** Until when an archived object is readable, in epoch ms; undefined when it was not restored. */
  restoredUntil: number | undefined;
}

/** What a writer decides about a version; the rest is the bucket's. */
export type NewObject = Omit<ObjectVersion, "key" | "versionId" | "isDeleteMarker" | "at" | "order">;

/** A bucket's objects: versions by key, oldest first, and uploads that are not complete, by id. */
export interface ObjectStore {
  versions: Map<string, ObjectVersion[]>;
  uploads: Map<string, Upload>;
  writes: number;
  /** How many events have told of writes and deletions. */
  sequence: number;
}

/** No objects. */
export function createObjectStore(): ObjectStore {
  return { versions: new Map(), uploads: new Map(), writes: 0, sequence: 0 };
}

/** Every version in the order it was written. */
export function listVersions({ objects }: Bucket): ObjectVersion[] {
  return [...objects.versions.values()].flat().sort((a, b) => a.order - b.order);
}

/** The version a read without version id means: the last one, which may be a delete marker. */
export function currentVersion({ objects }: Bucket, key: string): ObjectVersion | undefined {
  return objects.versions.get(key)?.at(-1);
}

/** The version of that id; undefined when there is none. */
export function findVersion({ objects }: Bucket, key: string, versionId: string): ObjectVersion | undefined {
  return objects.versions.get(key)?.find((version) => version.versionId === versionId);
}

/** Write an object, or a delete marker when `content` is undefined, as the bucket's versioning says. */
export function writeVersion(
  bucket: Bucket,
  key: string,
  content: NewObject | undefined,
  at: number,
  createId: () => string,
): ObjectVersion {
  const { objects } = bucket;
  objects.writes += 1;
  const version: ObjectVersion = {
    ...(content ?? NOTHING),
    key,
    versionId: bucket.versioning === "Enabled" ? createId() : "null",
    isDeleteMarker: content === undefined,
    at,
    order: objects.writes,
  };
  // Without versioning, or with versioning suspended, there is one version called null, and a write replaces it.
  const kept = (objects.versions.get(key) ?? []).filter(({ versionId }) => versionId !== version.versionId);
  objects.versions.set(key, [...kept, version]);
  return version;
}

/** Take one version away for good. */
export function removeVersion({ objects }: Bucket, version: ObjectVersion): void {
  const kept = (objects.versions.get(version.key) ?? []).filter((other) => other !== version);
  if (kept.length > 0) objects.versions.set(version.key, kept);
  else objects.versions.delete(version.key);
}

/** What a delete marker has. Its ETag is that of no bytes, as S3's events tell it. */
const NOTHING: NewObject = {
  content: contentOf(Buffer.alloc(0)),
  etag: "d41d8cd98f00b204e9800998ecf8427e",
  retention: undefined,
  headers: {},
  metadata: {},
  tags: [],
  checksums: {},
  kmsKeyArn: undefined,
  customerKeyMd5: undefined,
  storageClass: "STANDARD",
  restoredUntil: undefined,
};

/** A version as tests look at it. */
export interface ObjectView {
  key: string;
  versionId: string;
  /** As UTF-8 text; empty where bytes are made on demand. */
  body: string;
  sizeBytes: number;
  isDeleteMarker: boolean;
  /** `until` in epoch ms. */
  retention: Retention | undefined;
  metadata: Record<string, string>;
  /** By key. */
  tags: Record<string, string>;
  contentType: string;
  storageClass: string;
  /** ARN of the key it is encrypted with; undefined for S3's own. */
  kmsKeyArn: string | undefined;
}

/** A copy of a version, for tests. */
export function viewVersion(version: ObjectVersion): ObjectView {
  const { key, versionId, content, isDeleteMarker, retention, metadata, kmsKeyArn, storageClass } = version;
  const { sizeBytes, isGenerated } = content;
  return structuredClone({
    key,
    versionId,
    body: isGenerated ? "" : Buffer.from(content.read(0, sizeBytes)).toString("utf8"),
    sizeBytes,
    isDeleteMarker,
    retention,
    metadata,
    tags: Object.fromEntries(version.tags.map(({ Key = "", Value = "" }) => [Key, Value])),
    contentType: version.headers.ContentType ?? "",
    storageClass,
    kmsKeyArn,
  });
}
