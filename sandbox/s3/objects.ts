import { createHash } from "node:crypto";
import type { Bucket } from "./state.ts";

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
  body: Buffer;
  /** Hex MD5 of the body. */
  etag: string;
  /** Epoch ms. */
  at: number;
  /** Position among all writes to the bucket. */
  order: number;
  retention: Retention | undefined;
  contentType: string;
  metadata: Record<string, string>;
  tags: Record<string, string>;
  /** Checksum headers as they were sent, without their prefix: `crc32`, `sha256` ... */
  checksums: Record<string, string>;
  /** ARN of the key it is encrypted with; undefined for S3's own. */
  kmsKeyArn: string | undefined;
}

/** What a writer decides about a version; the rest is the bucket's. */
export type NewObject = Pick<
  ObjectVersion,
  "body" | "retention" | "contentType" | "metadata" | "tags" | "checksums" | "kmsKeyArn"
>;

/** A bucket's objects: versions by key, oldest first. */
export interface ObjectStore {
  versions: Map<string, ObjectVersion[]>;
  writes: number;
}

/** No objects. */
export function createObjectStore(): ObjectStore {
  return { versions: new Map(), writes: 0 };
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
    etag: createHash("md5")
      .update(content?.body ?? "")
      .digest("hex"),
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

const NOTHING: NewObject = {
  body: Buffer.alloc(0),
  retention: undefined,
  contentType: "",
  metadata: {},
  tags: {},
  checksums: {},
  kmsKeyArn: undefined,
};

/** A version as tests look at it. */
export interface ObjectView {
  key: string;
  versionId: string;
  /** As UTF-8 text. */
  body: string;
  isDeleteMarker: boolean;
  /** `until` in epoch ms. */
  retention: Retention | undefined;
  metadata: Record<string, string>;
  /** ARN of the key it is encrypted with; undefined for S3's own. */
  kmsKeyArn: string | undefined;
}

/** A copy of a version, for tests. */
export function viewVersion(version: ObjectVersion): ObjectView {
  const { key, versionId, body, isDeleteMarker, retention, metadata, kmsKeyArn } = version;
  return structuredClone({
    key,
    versionId,
    body: body.toString("utf8"),
    isDeleteMarker,
    retention,
    metadata,
    kmsKeyArn,
  });
}
