import * as sdk from "@aws-sdk/client-s3";
import { ServiceError } from "../errors.ts";
import type { Permission } from "../operation.ts";
import type { BucketOperation, S3Answer, S3Call } from "./bucket-operations.ts";
import { storedWithKey } from "./customer-keys.ts";
import { checkKey } from "./encryption.ts";
import { etagOf } from "./etag.ts";
import { findRead, permissionOn, readVersion, versionIdOf } from "./find-version.ts";
import { readTaggingHeader } from "./object-tags.ts";
import { currentVersion, type NewObject, type ObjectVersion, writeVersion } from "./objects.ts";
import { decryption, describeEncryption } from "./read-operations.ts";
import type { Bucket, S3State } from "./state.ts";
import { checkReadable } from "./storage-classes.ts";
import {
  checkAbsent,
  encryption,
  NEW_OBJECT_MEMBERS,
  readNewObject,
  secretOf,
  writeActions,
} from "./write-operations.ts";

const MAX_SOURCE_BYTES = 5 * 1024 ** 3;

/** Copies in one go, from any Region and account. No conditions on the source, no key of the customer's for it, no access points. */
export const copyOperations: BucketOperation[] = [
  {
    schema: sdk.CopyObject$,
    actions: writeActions,
    also: copyPermissions,
    mutating: true,
    members: [...NEW_OBJECT_MEMBERS, "CopySource", "MetadataDirective", "TaggingDirective", "IfNoneMatch"],
    run: copyObject,
  },
];

/** Where a copy comes from, as a read of it would say it. */
interface Source {
  bucket: string;
  Key: string;
  VersionId?: string;
}

function copyPermissions(call: S3Call, bucket: Bucket): Permission[] {
  const { state, input } = call;
  const source = readSource(input.CopySource);
  const from = state.buckets.get(source.bucket);
  if (!from) return encryption(call, bucket);
  const version = findRead(from, { ...source });
  const suffix = source.VersionId === undefined ? "" : "Version";
  const permissions = [permissionOn(from, `s3:GetObject${suffix}`, source.Key)];
  // Tags that come along are read there and written here.
  if (version && version.tags.length > 0 && input.TaggingDirective !== "REPLACE") {
    permissions.push(permissionOn(from, `s3:GetObject${suffix}Tagging`, source.Key));
    permissions.push(permissionOn(bucket, "s3:PutObjectTagging", String(input.Key)));
  }
  return [...permissions, ...decryption(version), ...encryption(call, bucket)];
}

function copyObject(call: S3Call, bucket: Bucket): S3Answer {
  const { state, input, context, createId, announce } = call;
  const key = String(input.Key);
  const asked = readSource(input.CopySource);
  const from = findSource(state, asked);
  const source = readCopied(call, from, asked);
  checkKeyOfSource(state, source);
  const about = readNewObject(call, bucket);
  checkAbsent(input.IfNoneMatch, currentVersion(bucket, key));
  if (from === bucket && source.key === key && asked.VersionId === undefined && isUnchanged(input)) {
    throw new ServiceError(
      "InvalidRequest",
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
      400,
    );
  }
  const { content, checksums } = source;
  const copied: NewObject = {
    ...about,
    ...(readDirective(input, "MetadataDirective") === "COPY" && { headers: source.headers, metadata: source.metadata }),
    tags: readDirective(input, "TaggingDirective") === "COPY" ? source.tags : readTaggingHeader(input.Tagging),
    content,
    checksums,
    etag: etagOf(content, secretOf(about)),
  };
  const version = writeVersion(bucket, key, copied, context.at, createId);
  announce({ type: "Object Created", reason: "CopyObject" }, bucket, version);
  const { VersionId: CopySourceVersionId } = versionIdOf(from, source);
  return {
    output: {
      CopyObjectResult: { ETag: `"${version.etag}"`, LastModified: new Date(version.at) },
      ...(CopySourceVersionId !== undefined && { CopySourceVersionId }),
      ...versionIdOf(bucket, version),
      ...describeEncryption(version),
    },
  };
}

/** `bucket/key` or `/bucket/key`, percent-encoded, with `?versionId=` behind it. Throws InvalidArgument. */
function readSource(header: unknown): Source {
  const [path = "", query = ""] = String(header).split("?versionId=");
  const [, bucket, key] = /^\/?([^/]+)\/(.+)$/s.exec(decode(path)) ?? [];
  if (bucket === undefined || key === undefined || bucket.startsWith("arn:")) {
    throw new ServiceError(
      "InvalidArgument",
      "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
      400,
      {
        members: { ArgumentName: "x-amz-copy-source", ArgumentValue: String(header) },
      },
    );
  }
  return { bucket, Key: key, ...(query !== "" && { VersionId: decode(query) }) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function findSource({ buckets }: S3State, { bucket }: Source): Bucket {
  const found = buckets.get(bucket);
  if (found) return found;
  throw new ServiceError("NoSuchBucket", "The specified bucket does not exist", 404, {
    members: { BucketName: bucket },
  });
}

function readCopied({ context }: S3Call, from: Bucket, source: Source): ObjectVersion {
  if (source.VersionId !== undefined && findRead(from, { ...source })?.isDeleteMarker) {
    throw new ServiceError(
      "InvalidRequest",
      "The source of a copy request may not specifically refer to a delete marker by version id.",
      400,
    );
  }
  const version = readVersion({ input: { ...source }, context }, from);
  if (version.customerKeyMd5 !== undefined) throw storedWithKey();
  checkReadable(version, context.at);
  if (version.content.sizeBytes <= MAX_SOURCE_BYTES) return version;
  throw new ServiceError(
    "InvalidRequest",
    `The specified copy source is larger than the maximum allowable size for a copy source: ${MAX_SOURCE_BYTES}`,
    400,
  );
}

function checkKeyOfSource(state: S3State, { kmsKeyArn }: ObjectVersion): void {
  if (kmsKeyArn !== undefined) checkKey(state, kmsKeyArn);
}

function readDirective(input: Readonly<Record<string, unknown>>, name: "MetadataDirective" | "TaggingDirective") {
  const directive = input[name] ?? "COPY";
  if (directive === "COPY" || directive === "REPLACE") return directive;
  throw new ServiceError(
    "InvalidArgument",
    `Unknown ${name === "MetadataDirective" ? "metadata" : "tagging"} directive.`,
    400,
  );
}

/** A copy onto itself has to change more than tags. */
function isUnchanged(input: Readonly<Record<string, unknown>>): boolean {
  const changes = ["StorageClass", "ServerSideEncryption", "SSEKMSKeyId", "SSECustomerAlgorithm"];
  return input.MetadataDirective !== "REPLACE" && changes.every((member) => input[member] === undefined);
}
