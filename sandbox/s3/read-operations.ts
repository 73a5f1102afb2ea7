import * as sdk from "@aws-sdk/client-s3";
import type { Permission } from "../operation.ts";
import type { BucketOperation, S3Answer, S3Call } from "./bucket-operations.ts";
import { describeChecksums } from "./checksums.ts";
import { CONDITION_MEMBERS, checkConditions } from "./conditions.ts";
import { chunksOf } from "./content.ts";
import { CUSTOMER_KEY_MEMBERS, checkCustomerKey } from "./customer-keys.ts";
import { checkKey, keyPermission } from "./encryption.ts";
import { findRead, permissionOn, readVersion, versionIdOf } from "./find-version.ts";
import type { ObjectVersion } from "./objects.ts";
import { contentRange, readRange } from "./ranges.ts";
import type { Bucket } from "./state.ts";
import { checkReadable, describeClass } from "./storage-classes.ts";

/** Up to here a body is answered at once, from here on piece by piece. */
const STREAMED_BYTES = 1024 * 1024;
const MEMBERS = [
  ...["Bucket", "Key", "VersionId", "ChecksumMode", "ExpectedBucketOwner", "Range"],
  ...CONDITION_MEMBERS,
  ...CUSTOMER_KEY_MEMBERS,
];

/** GET and HEAD of objects. No part numbers, no overridden response headers. */
export const readOperations: BucketOperation[] = [
  {
    schema: sdk.GetObject$,
    actions: readActions,
    also: ({ input }, bucket) => decryption(findRead(bucket, input)),
    members: MEMBERS,
    run: getObject,
  },
  {
    schema: sdk.HeadObject$,
    actions: readActions,
    // Checksums are encrypted with the object.
    also: ({ input }, bucket) => (input.ChecksumMode === "ENABLED" ? decryption(findRead(bucket, input)) : []),
    members: MEMBERS,
    run: (call, bucket) => describeRead(call, bucket, readVersion(call, bucket)).answer,
  },
];

function readActions({ VersionId }: Record<string, unknown>): string[] {
  return [VersionId === undefined ? "s3:GetObject" : "s3:GetObjectVersion"];
}

/** What reading an encrypted version takes besides. */
export function decryption(version: ObjectVersion | undefined): Permission[] {
  return version?.kmsKeyArn === undefined ? [] : [keyPermission("kms:Decrypt", version.kmsKeyArn)];
}

function getObject(call: S3Call, bucket: Bucket): S3Answer {
  const version = readVersion(call, bucket);
  const { answer, from, to } = describeRead(call, bucket, version);
  checkReadable(version, call.context.at);
  if (version.kmsKeyArn !== undefined) checkKey(call.state, version.kmsKeyArn);
  const { content } = version;
  const Body =
    to - from > STREAMED_BYTES
      ? { sizeBytes: to - from, chunks: () => chunksOf(content, from, to) }
      : Buffer.from(content.read(from, to));
  return { ...answer, output: { ...answer.output, Body } };
}

/** Headers and status of a read, and which bytes it is about. */
function describeRead(
  { input, context }: S3Call,
  bucket: Bucket,
  version: ObjectVersion,
): { answer: S3Answer; from: number; to: number } {
  checkCustomerKey(input, version);
  checkConditions(input, version);
  const { content, retention, checksums, tags } = version;
  const { sizeBytes } = content;
  const range = readRange(input.Range, sizeBytes);
  const { from, to } = range ?? { from: 0, to: sizeBytes };
  const may = (action: string) => context.allows(permissionOn(bucket, action, version.key));
  const showsLock = retention && may("s3:GetObjectRetention");
  const output = {
    ...version.headers,
    ContentLength: to - from,
    ...(range && { ContentRange: contentRange(range, sizeBytes) }),
    ETag: `"${version.etag}"`,
    LastModified: new Date(version.at),
    AcceptRanges: "bytes",
    Metadata: version.metadata,
    ...versionIdOf(bucket, version),
    ...describeEncryption(version),
    ...describeClass(version, context.at),
    // A part of the bytes has another checksum than all of them.
    ...(input.ChecksumMode === "ENABLED" && !range && Object.keys(checksums).length > 0
      ? { ...describeChecksums(checksums), ChecksumType: "FULL_OBJECT" }
      : {}),
    ...(tags.length > 0 && may("s3:GetObjectTagging") ? { TagCount: tags.length } : {}),
    ...(showsLock ? { ObjectLockMode: retention.mode, ObjectLockRetainUntilDate: new Date(retention.until) } : {}),
  };
  return { answer: range ? { output, status: 206 } : { output }, from, to };
}

/** With which key a version is encrypted. */
export function describeEncryption({
  kmsKeyArn,
  customerKeyMd5,
}: Pick<ObjectVersion, "kmsKeyArn" | "customerKeyMd5">): Record<string, unknown> {
  if (customerKeyMd5 !== undefined) return { SSECustomerAlgorithm: "AES256", SSECustomerKeyMD5: customerKeyMd5 };
  return kmsKeyArn === undefined
    ? { ServerSideEncryption: "AES256" }
    : { ServerSideEncryption: "aws:kms", SSEKMSKeyId: kmsKeyArn };
}
