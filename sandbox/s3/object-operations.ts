import * as sdk from "@aws-sdk/client-s3";
import { ServiceError } from "../errors.ts";
import type { CallContext, Permission } from "../operation.ts";
import { readUpload } from "./body.ts";
import type { BucketOperation, S3Answer, S3Call } from "./bucket-operations.ts";
import { resourceArn } from "./condition-keys.ts";
import { checkKey, keyArnFor, keyPermission } from "./encryption.ts";
import { locked, lockOf, retentionOf } from "./object-lock.ts";
import { currentVersion, findVersion, type ObjectVersion, removeVersion, writeVersion } from "./objects.ts";
import type { Bucket } from "./state.ts";

const CHECKSUMS = {
  ChecksumCRC32: "crc32",
  ChecksumCRC32C: "crc32c",
  ChecksumCRC64NVME: "crc64nvme",
  ChecksumSHA1: "sha1",
  ChecksumSHA256: "sha256",
  ChecksumSHA512: "sha512",
  ChecksumMD5: "md5",
  ChecksumXXHASH64: "xxhash64",
  ChecksumXXHASH3: "xxhash3",
  ChecksumXXHASH128: "xxhash128",
} as const;
const READ_MEMBERS = ["Bucket", "Key", "VersionId", "ChecksumMode", "ExpectedBucketOwner"];

/** Objects: put, get, head, delete. Multipart uploads, copies, ranges and conditional reads are not there. */
export const objectOperations: BucketOperation[] = [
  {
    schema: sdk.PutObject$,
    actions: ({ Tagging, ObjectLockMode, ObjectLockRetainUntilDate }) => [
      "s3:PutObject",
      ...(Tagging === undefined ? [] : ["s3:PutObjectTagging"]),
      ...(ObjectLockMode === undefined && ObjectLockRetainUntilDate === undefined ? [] : ["s3:PutObjectRetention"]),
    ],
    also({ state, input }, bucket) {
      const keyArn = keyArnFor(state, bucket, input);
      return keyArn === undefined ? [] : [keyPermission("kms:GenerateDataKey", keyArn)];
    },
    mutating: true,
    members: [
      ...["Bucket", "Key", "Body", "ContentType", "ContentLength", "ContentEncoding", "ContentMD5", "Metadata"],
      ...["ChecksumAlgorithm", ...Object.keys(CHECKSUMS), "IfNoneMatch", "ExpectedBucketOwner", "Tagging"],
      ...["ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled", "ObjectLockMode", "ObjectLockRetainUntilDate"],
    ],
    run: putObject,
  },
  {
    schema: sdk.GetObject$,
    actions: readActions,
    also: ({ input }, bucket) => decryption(findRead(bucket, input)),
    members: READ_MEMBERS,
    run(call, bucket) {
      const version = readVersion(call, bucket);
      if (version.kmsKeyArn !== undefined) checkKey(call.state, version.kmsKeyArn);
      return { output: { ...describeVersion(call, bucket, version), Body: version.body } };
    },
  },
  {
    schema: sdk.HeadObject$,
    actions: readActions,
    // Checksums are encrypted with the object.
    also: ({ input }, bucket) => (input.ChecksumMode === "ENABLED" ? decryption(findRead(bucket, input)) : []),
    members: READ_MEMBERS,
    run: (call, bucket) => ({ output: describeVersion(call, bucket, readVersion(call, bucket)) }),
  },
  {
    schema: sdk.DeleteObject$,
    actions: ({ VersionId }) => [VersionId === undefined ? "s3:DeleteObject" : "s3:DeleteObjectVersion"],
    mutating: true,
    members: ["Bucket", "Key", "VersionId", "BypassGovernanceRetention", "ExpectedBucketOwner"],
    run: deleteObject,
  },
];

function readActions({ VersionId }: Record<string, unknown>): string[] {
  return [VersionId === undefined ? "s3:GetObject" : "s3:GetObjectVersion"];
}

function decryption(version: ObjectVersion | undefined): Permission[] {
  return version?.kmsKeyArn === undefined ? [] : [keyPermission("kms:Decrypt", version.kmsKeyArn)];
}

function putObject({ state, input, request, context, createId }: S3Call, bucket: Bucket): S3Answer {
  const key = String(input.Key);
  const { body, checksums } = readUpload(request);
  const asked = { mode: input.ObjectLockMode, until: input.ObjectLockRetainUntilDate };
  const retention = retentionOf(bucket, asked, context.at);
  if (retention && input.ContentMD5 === undefined && Object.keys(checksums).length === 0) {
    throw new ServiceError(
      "InvalidRequest",
      "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters",
      400,
    );
  }
  checkAbsent(input.IfNoneMatch, currentVersion(bucket, key));
  const kmsKeyArn = keyArnFor(state, bucket, input);
  if (kmsKeyArn !== undefined) checkKey(state, kmsKeyArn);
  const content = {
    body,
    retention,
    contentType: String(input.ContentType ?? "binary/octet-stream"),
    metadata: (input.Metadata as Record<string, string> | undefined) ?? {},
    tags: Object.fromEntries(new URLSearchParams(String(input.Tagging ?? ""))),
    checksums,
    kmsKeyArn,
  };
  const version = writeVersion(bucket, key, content, context.at, createId);
  return { output: { ETag: `"${version.etag}"`, ...versionIdOf(bucket, version), ...describeStorage(version) } };
}

/** If-None-Match: `*` is the one value S3 takes on a write. A delete marker is no object. */
function checkAbsent(ifNoneMatch: unknown, current: ObjectVersion | undefined): void {
  if (ifNoneMatch === undefined) return;
  if (ifNoneMatch !== "*") {
    throw new ServiceError(
      "NotImplemented",
      "A header you provided implies functionality that is not implemented",
      501,
      { members: { Header: "If-None-Match" } },
    );
  }
  if (!current || current.isDeleteMarker) return;
  throw new ServiceError("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412, {
    members: { Condition: "If-None-Match" },
  });
}

function deleteObject({ input, context, createId }: S3Call, bucket: Bucket): S3Answer {
  const key = String(input.Key);
  if (input.VersionId === undefined && bucket.versioning !== undefined) {
    const marker = writeVersion(bucket, key, undefined, context.at, createId);
    return { output: { DeleteMarker: true, VersionId: marker.versionId } };
  }
  const version = findVersion(bucket, key, String(input.VersionId ?? "null"));
  // Deleting what is not there is a success.
  if (!version) return { output: input.VersionId === undefined ? {} : { VersionId: input.VersionId } };
  const lock = lockOf(version, context.at);
  if (lock !== undefined && !(lock === "GOVERNANCE" && mayBypass(context, bucket, key, input))) throw locked();
  removeVersion(bucket, version);
  return {
    output: { ...versionIdOf(bucket, version), ...(version.isDeleteMarker ? { DeleteMarker: true } : {}) },
  };
}

/** Whether the caller asks to bypass governance retention, and may. */
export function mayBypass(
  context: CallContext,
  bucket: Bucket,
  key: string,
  { BypassGovernanceRetention: asked }: Record<string, unknown>,
): boolean {
  return asked === true && context.allows(permissionOn(bucket, "s3:BypassGovernanceRetention", key));
}

function permissionOn(bucket: Bucket, action: string, key?: string): Permission {
  return { action, resource: resourceArn(bucket.name, key), account: bucket.account };
}

function findRead(bucket: Bucket, input: Record<string, unknown>): ObjectVersion | undefined {
  const key = String(input.Key);
  return input.VersionId === undefined
    ? currentVersion(bucket, key)
    : findVersion(bucket, key, String(input.VersionId));
}

/**
 * The version a read asks for. Throws 404 NoSuchKey or NoSuchVersion, 405 for a delete marker asked for by its id, and 403
 * instead of 404 to a caller that may not list the bucket.
 */
export function readVersion({ input, context }: S3Call, bucket: Bucket): ObjectVersion {
  const version = findRead(bucket, input);
  if (version && !version.isDeleteMarker) return version;
  const headers = version ? { "x-amz-delete-marker": "true", "x-amz-version-id": version.versionId } : {};
  if (version && input.VersionId !== undefined) {
    throw new ServiceError("MethodNotAllowed", "The specified method is not allowed against this resource.", 405, {
      headers,
    });
  }
  if (!context.allows(permissionOn(bucket, "s3:ListBucket"))) {
    throw new ServiceError("AccessDenied", "Access Denied", 403);
  }
  const members = { Key: String(input.Key) };
  if (input.VersionId === undefined) {
    throw new ServiceError("NoSuchKey", "The specified key does not exist.", 404, { headers, members });
  }
  throw new ServiceError("NoSuchVersion", "The specified version does not exist.", 404, {
    members: { ...members, VersionId: String(input.VersionId) },
  });
}

function describeVersion({ input, context }: S3Call, bucket: Bucket, version: ObjectVersion): Record<string, unknown> {
  const { retention } = version;
  const showsLock = retention && context.allows(permissionOn(bucket, "s3:GetObjectRetention", version.key));
  const checksums = Object.entries(CHECKSUMS).flatMap(([member, algorithm]) =>
    version.checksums[algorithm] === undefined ? [] : [[member, version.checksums[algorithm]] as const],
  );
  const tagCount = Object.keys(version.tags).length;
  return {
    ContentLength: version.body.length,
    ContentType: version.contentType,
    ETag: `"${version.etag}"`,
    LastModified: new Date(version.at),
    AcceptRanges: "bytes",
    Metadata: version.metadata,
    ...versionIdOf(bucket, version),
    ...describeStorage(version),
    ...(input.ChecksumMode === "ENABLED" && checksums.length > 0
      ? { ...Object.fromEntries(checksums), ChecksumType: "FULL_OBJECT" }
      : {}),
    ...(tagCount > 0 ? { TagCount: tagCount } : {}),
    ...(showsLock ? { ObjectLockMode: retention.mode, ObjectLockRetainUntilDate: new Date(retention.until) } : {}),
  };
}

function describeStorage({ kmsKeyArn }: ObjectVersion): Record<string, unknown> {
  return kmsKeyArn === undefined
    ? { ServerSideEncryption: "AES256" }
    : { ServerSideEncryption: "aws:kms", SSEKMSKeyId: kmsKeyArn };
}

/** Version ids are told where versioning has ever been on. */
function versionIdOf(bucket: Bucket, { versionId }: ObjectVersion): Record<string, unknown> {
  return bucket.versioning === undefined ? {} : { VersionId: versionId };
}
