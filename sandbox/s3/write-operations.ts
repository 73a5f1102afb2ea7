import * as sdk from "@aws-sdk/client-s3";
import { ServiceError } from "../errors.ts";
import type { Permission } from "../operation.ts";
import { readUpload } from "./body.ts";
import type { BucketOperation, S3Answer, S3Call } from "./bucket-operations.ts";
import { CHECKSUMS } from "./checksums.ts";
import { preconditionFailed } from "./conditions.ts";
import { contentOf } from "./content.ts";
import { CUSTOMER_KEY_MEMBERS, readCustomerKey } from "./customer-keys.ts";
import { checkKey, keyArnFor, keyPermission } from "./encryption.ts";
import { etagOf } from "./etag.ts";
import { mayBypass, versionIdOf } from "./find-version.ts";
import { locked, lockOf, retentionOf } from "./object-lock.ts";
import { readTaggingHeader } from "./object-tags.ts";
import {
  currentVersion,
  findVersion,
  type NewObject,
  type ObjectVersion,
  removeVersion,
  writeVersion,
} from "./objects.ts";
import { describeEncryption } from "./read-operations.ts";
import type { Bucket } from "./state.ts";
import { readStorageClass } from "./storage-classes.ts";

type Input = Readonly<Record<string, unknown>>;

const HEADER_MEMBERS = ["ContentType", "ContentEncoding", "ContentLanguage", "ContentDisposition", "CacheControl"];

/** What a writer may say about an object that is to be, whichever way it is written. */
export const NEW_OBJECT_MEMBERS = [
  ...["Bucket", "Key", "ExpectedBucketOwner", "Metadata", "Tagging", "StorageClass", "ChecksumAlgorithm"],
  ...["ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled", "ObjectLockMode", "ObjectLockRetainUntilDate"],
  ...HEADER_MEMBERS,
  ...CUSTOMER_KEY_MEMBERS,
];

/** Objects: put and delete. */
export const writeOperations: BucketOperation[] = [
  {
    schema: sdk.PutObject$,
    actions: writeActions,
    also: encryption,
    mutating: true,
    members: [
      ...NEW_OBJECT_MEMBERS,
      ...["Body", "ContentLength", "ContentMD5", "IfNoneMatch", ...Object.keys(CHECKSUMS)],
    ],
    run: putObject,
  },
  {
    schema: sdk.DeleteObject$,
    actions: ({ VersionId }) => [VersionId === undefined ? "s3:DeleteObject" : "s3:DeleteObjectVersion"],
    mutating: true,
    members: ["Bucket", "Key", "VersionId", "BypassGovernanceRetention", "ExpectedBucketOwner"],
    run: deleteObject,
  },
];

/** What writing an object takes, by what is said about it. */
export function writeActions({ Tagging, ObjectLockMode, ObjectLockRetainUntilDate }: Input): string[] {
  return [
    "s3:PutObject",
    ...(Tagging === undefined ? [] : ["s3:PutObjectTagging"]),
    ...(ObjectLockMode === undefined && ObjectLockRetainUntilDate === undefined ? [] : ["s3:PutObjectRetention"]),
  ];
}

/** What encrypting an object takes besides. */
export function encryption({ state, input }: S3Call, bucket: Bucket): Permission[] {
  const keyArn = keyArnFor(state, bucket, input);
  return keyArn === undefined ? [] : [keyPermission("kms:GenerateDataKey", keyArn)];
}

/** What a request says about the object it writes. Throws what S3 refuses of it. */
export function readNewObject(
  { state, input, context }: S3Call,
  bucket: Bucket,
): Omit<NewObject, "content" | "etag" | "checksums"> {
  const customerKeyMd5 = readCustomerKey(input);
  const kmsKeyArn = keyArnFor(state, bucket, input);
  if (kmsKeyArn !== undefined) checkKey(state, kmsKeyArn);
  return {
    retention: retentionOf(bucket, { mode: input.ObjectLockMode, until: input.ObjectLockRetainUntilDate }, context.at),
    headers: readHeaders(input),
    metadata: (input.Metadata as Record<string, string> | undefined) ?? {},
    tags: readTaggingHeader(input.Tagging),
    kmsKeyArn,
    customerKeyMd5,
    storageClass: readStorageClass(input.StorageClass),
    restoredUntil: undefined,
  };
}

function readHeaders(input: Input): Record<string, string> {
  const given = HEADER_MEMBERS.flatMap((member) => {
    const value = member === "ContentEncoding" ? withoutChunking(input[member]) : input[member];
    return value === undefined || value === "" ? [] : [[member, String(value)] as const];
  });
  return { ContentType: "binary/octet-stream", ...Object.fromEntries(given) };
}

/** The SDK adds the encoding it sends a body in; S3 takes it out again. */
function withoutChunking(encoding: unknown): string {
  const encodings = String(encoding ?? "").split(",");
  return encodings.filter((each) => each.trim() !== "aws-chunked").join(",");
}

/** What an ETag hides the content's MD5 behind. */
export function secretOf({ kmsKeyArn, customerKeyMd5 }: Pick<NewObject, "kmsKeyArn" | "customerKeyMd5">) {
  return customerKeyMd5 ?? kmsKeyArn;
}

function putObject(call: S3Call, bucket: Bucket): S3Answer {
  const { input, request, context, createId, announce } = call;
  const key = String(input.Key);
  const { body, checksums } = readUpload(request);
  const about = readNewObject(call, bucket);
  if (about.retention && input.ContentMD5 === undefined && Object.keys(checksums).length === 0) {
    throw new ServiceError(
      "InvalidRequest",
      "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters",
      400,
    );
  }
  checkAbsent(input.IfNoneMatch, currentVersion(bucket, key));
  const content = contentOf(body);
  const etag = etagOf(content, secretOf(about));
  const version = writeVersion(bucket, key, { ...about, content, etag, checksums }, context.at, createId);
  announce({ type: "Object Created", reason: "PutObject" }, bucket, version);
  return { output: { ETag: `"${etag}"`, ...versionIdOf(bucket, version), ...describeEncryption(version) } };
}

/** If-None-Match: `*` is the one value S3 takes on a write. A delete marker is no object. */
export function checkAbsent(ifNoneMatch: unknown, current: ObjectVersion | undefined): void {
  if (ifNoneMatch === undefined) return;
  if (ifNoneMatch !== "*") {
    throw new ServiceError(
      "NotImplemented",
      "A header you provided implies functionality that is not implemented",
      501,
      { members: { Header: "If-None-Match" } },
    );
  }
  if (current && !current.isDeleteMarker) throw preconditionFailed("If-None-Match");
}

function deleteObject({ input, context, createId, announce }: S3Call, bucket: Bucket): S3Answer {
  const key = String(input.Key);
  if (input.VersionId === undefined && bucket.versioning !== undefined) {
    const marker = writeVersion(bucket, key, undefined, context.at, createId);
    announce({ type: "Object Deleted", deletionType: "Delete Marker Created" }, bucket, marker);
    return { output: { DeleteMarker: true, VersionId: marker.versionId } };
  }
  const version = findVersion(bucket, key, String(input.VersionId ?? "null"));
  // Deleting what is not there is a success.
  if (!version) return { output: input.VersionId === undefined ? {} : { VersionId: input.VersionId } };
  const lock = lockOf(version, context.at);
  if (lock !== undefined && !(lock === "GOVERNANCE" && mayBypass(context, bucket, key, input))) throw locked();
  removeVersion(bucket, version);
  announce({ type: "Object Deleted", deletionType: "Permanently Deleted" }, bucket, version);
  return {
    output: { ...versionIdOf(bucket, version), ...(version.isDeleteMarker ? { DeleteMarker: true } : {}) },
  };
}
