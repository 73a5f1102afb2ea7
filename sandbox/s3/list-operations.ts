import * as sdk from "@aws-sdk/client-s3";
import { ServiceError } from "../errors.ts";
import type { BucketOperation } from "./bucket-operations.ts";
import { currentVersion, type ObjectVersion } from "./objects.ts";
import type { Bucket } from "./state.ts";

const MAX_KEYS = 1000;

/** Listings, in the order of UTF-8 bytes. No delimiters; keys URL-encoded where that is asked for. */
export const listOperations: BucketOperation[] = [
  {
    schema: sdk.ListObjectsV2$,
    actions: ["s3:ListBucket"],
    members: ["Bucket", "Prefix", "MaxKeys", "ContinuationToken", "StartAfter", "ExpectedBucketOwner", "EncodingType"],
    run({ input }, bucket) {
      const isEncoded = input.EncodingType === "url";
      const written = (text: string) => (isEncoded ? encodeURIComponent(text).replaceAll("%2F", "/") : text);
      const { Prefix = "", ContinuationToken: token } = input as Record<string, string | undefined>;
      const after = token === undefined ? String(input.StartAfter ?? "") : readToken(token);
      const limit = readLimit(input.MaxKeys);
      const found = keysOf(bucket, Prefix)
        .filter((key) => compare(key, after) > 0)
        .flatMap((key) => currentVersion(bucket, key) ?? [])
        .filter(({ isDeleteMarker }) => !isDeleteMarker);
      const page = found.slice(0, limit);
      const last = page.at(-1);
      const isTruncated = last !== undefined && page.length < found.length;
      return {
        output: {
          Name: bucket.name,
          Prefix: written(Prefix),
          ...(isEncoded && { EncodingType: "url" }),
          MaxKeys: limit,
          KeyCount: page.length,
          IsTruncated: isTruncated,
          ContinuationToken: token,
          NextContinuationToken: isTruncated ? Buffer.from(last.key).toString("base64") : undefined,
          Contents: page.map((version) => ({ ...describeObject(version), Key: written(version.key) })),
        },
      };
    },
  },
  {
    schema: sdk.ListObjectVersions$,
    actions: ["s3:ListBucketVersions"],
    members: ["Bucket", "Prefix", "MaxKeys", "KeyMarker", "VersionIdMarker", "ExpectedBucketOwner"],
    run({ input }, bucket) {
      const { Prefix = "", KeyMarker, VersionIdMarker } = input as Record<string, string | undefined>;
      const limit = readLimit(input.MaxKeys);
      // Newest first within a key.
      const all = keysOf(bucket, Prefix).flatMap((key) => [...(bucket.objects.versions.get(key) ?? [])].reverse());
      const start = all.findIndex(({ key, versionId }) =>
        VersionIdMarker === undefined
          ? compare(key, KeyMarker ?? "") > 0
          : key === KeyMarker && versionId === VersionIdMarker,
      );
      const rest = start < 0 ? [] : all.slice(VersionIdMarker === undefined ? start : start + 1);
      const page = rest.slice(0, limit);
      const last = page.at(-1);
      const describe = (version: ObjectVersion) => ({
        ...describeObject(version),
        VersionId: version.versionId,
        IsLatest: currentVersion(bucket, version.key) === version,
      });
      return {
        output: {
          Name: bucket.name,
          Prefix,
          MaxKeys: limit,
          KeyMarker: KeyMarker ?? "",
          VersionIdMarker: VersionIdMarker ?? "",
          IsTruncated: page.length < rest.length,
          ...(last && page.length < rest.length
            ? { NextKeyMarker: last.key, NextVersionIdMarker: last.versionId }
            : {}),
          Versions: page.filter(({ isDeleteMarker }) => !isDeleteMarker).map(describe),
          DeleteMarkers: page
            .filter(({ isDeleteMarker }) => isDeleteMarker)
            .map((version) => {
              const { Key, LastModified, VersionId, IsLatest } = describe(version);
              return { Key, LastModified, VersionId, IsLatest };
            }),
        },
      };
    },
  },
];

function keysOf({ objects }: Bucket, prefix: string): string[] {
  return [...objects.versions.keys()].filter((key) => key.startsWith(prefix)).sort(compare);
}

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** S3 gives times in whole seconds, and writes them with three zeros behind. */
function describeObject({ key, at, etag, content, storageClass }: ObjectVersion) {
  const LastModified = new Date(Math.floor(at / 1000) * 1000);
  return { Key: key, LastModified, ETag: `"${etag}"`, Size: content.sizeBytes, StorageClass: storageClass };
}

function readLimit(asked: unknown): number {
  const limit = asked === undefined ? MAX_KEYS : Number(asked);
  if (!Number.isInteger(limit) || limit < 0) {
    throw new ServiceError("InvalidArgument", "Argument maxKeys must be an integer between 0 and 2147483647", 400);
  }
  return Math.min(limit, MAX_KEYS);
}

function readToken(token: string): string {
  const key = Buffer.from(token, "base64").toString("utf8");
  if (Buffer.from(key).toString("base64") === token) return key;
  throw new ServiceError("InvalidArgument", "The continuation token provided is incorrect", 400);
}
