import type { CompletedMultipartUpload } from "@aws-sdk/client-s3";
import * as sdk from "@aws-sdk/client-s3";
import { ServiceError } from "../errors.ts";
import type { Permission } from "../operation.ts";
import { readUpload } from "./body.ts";
import type { BucketOperation, S3Answer, S3Call } from "./bucket-operations.ts";
import { CHECKSUMS, describeChecksums } from "./checksums.ts";
import { contentOf, joined } from "./content.ts";
import { CUSTOMER_KEY_MEMBERS, readCustomerKey, storedWithKey } from "./customer-keys.ts";
import { checkKey, keyPermission } from "./encryption.ts";
import { etagOf, etagOfParts } from "./etag.ts";
import { versionIdOf } from "./find-version.ts";
import { currentVersion, writeVersion } from "./objects.ts";
import { describeEncryption } from "./read-operations.ts";
import type { Bucket } from "./state.ts";
import type { Part, Upload } from "./uploads.ts";
import { malformedXml } from "./wire.ts";
import { checkAbsent, encryption, NEW_OBJECT_MEMBERS, readNewObject, writeActions } from "./write-operations.ts";

const MIN_PART_BYTES = 5 * 1024 ** 2;
const MAX_PARTS = 10_000;
const NAMED = ["Bucket", "Key", "UploadId", "ExpectedBucketOwner"];

/** Uploads in parts. No listings, no parts that are copied, and no checksum of the whole: each part's is compared and answered. */
export const multipartOperations: BucketOperation[] = [
  {
    schema: sdk.CreateMultipartUpload$,
    actions: writeActions,
    also: encryption,
    mutating: true,
    members: [...NEW_OBJECT_MEMBERS, "ChecksumType"],
    run: createUpload,
  },
  {
    schema: sdk.UploadPart$,
    actions: () => ["s3:PutObject"],
    also: uploadedKey,
    mutating: true,
    members: [
      ...[...NAMED, "PartNumber", "Body", "ContentLength", "ContentMD5", "ChecksumAlgorithm"],
      ...[...Object.keys(CHECKSUMS), ...CUSTOMER_KEY_MEMBERS],
    ],
    run: uploadPart,
  },
  {
    schema: sdk.CompleteMultipartUpload$,
    actions: () => ["s3:PutObject"],
    also: uploadedKey,
    mutating: true,
    members: [...NAMED, "MultipartUpload", "ChecksumType", "MpuObjectSize", "IfNoneMatch", ...CUSTOMER_KEY_MEMBERS],
    run: completeUpload,
  },
  {
    schema: sdk.AbortMultipartUpload$,
    actions: () => ["s3:AbortMultipartUpload"],
    mutating: true,
    members: NAMED,
    run({ input }, bucket) {
      findUpload(bucket, input);
      bucket.objects.uploads.delete(String(input.UploadId));
      return {};
    },
  },
];

/** Parts are encrypted with the key the upload began with, and read again when it is completed. */
function uploadedKey({ input }: S3Call, { objects }: Bucket): Permission[] {
  const keyArn = objects.uploads.get(String(input.UploadId))?.about.kmsKeyArn;
  return keyArn === undefined ? [] : [keyPermission("kms:Decrypt", keyArn)];
}

function createUpload(call: S3Call, bucket: Bucket): S3Answer {
  const { input, createId } = call;
  const about = readNewObject(call, bucket);
  const UploadId = createId();
  bucket.objects.uploads.set(UploadId, { key: String(input.Key), about, parts: new Map() });
  return { output: { Bucket: bucket.name, Key: input.Key, UploadId, ...describeEncryption(about) } };
}

function uploadPart({ state, input, request }: S3Call, bucket: Bucket): S3Answer {
  const { parts, about } = findUpload(bucket, input);
  const number = Number(input.PartNumber);
  if (!Number.isInteger(number) || number < 1 || number > MAX_PARTS) {
    throw new ServiceError(
      "InvalidArgument",
      `Part number must be an integer between 1 and ${MAX_PARTS}, inclusive`,
      400,
      { members: { ArgumentName: "partNumber", ArgumentValue: String(input.PartNumber) } },
    );
  }
  if (readCustomerKey(input) !== about.customerKeyMd5) throw storedWithKey();
  if (about.kmsKeyArn !== undefined) checkKey(state, about.kmsKeyArn);
  const { body, checksums } = readUpload(request);
  const content = contentOf(body);
  const etag = etagOf(content, undefined);
  parts.set(number, { content, etag });
  return { output: { ETag: `"${etag}"`, ...describeChecksums(checksums), ...describeEncryption(about) } };
}

function completeUpload(call: S3Call, bucket: Bucket): S3Answer {
  const { state, input, context, createId, announce } = call;
  const { key, about, parts } = findUpload(bucket, input);
  const chosen = choose(parts, input.MultipartUpload as CompletedMultipartUpload | undefined);
  checkAbsent(input.IfNoneMatch, currentVersion(bucket, key));
  if (about.kmsKeyArn !== undefined) checkKey(state, about.kmsKeyArn);
  const content = joined(chosen.map((part) => part.content));
  const { MpuObjectSize: announced } = input;
  if (announced !== undefined && announced !== content.sizeBytes) {
    throw new ServiceError(
      "InvalidRequest",
      "The provided 'x-amz-mp-object-size' header does not match what was computed",
      400,
    );
  }
  const etag = etagOfParts(chosen.map((part) => part.etag));
  const version = writeVersion(bucket, key, { ...about, content, etag, checksums: {} }, context.at, createId);
  announce({ type: "Object Created", reason: "CompleteMultipartUpload" }, bucket, version);
  bucket.objects.uploads.delete(String(input.UploadId));
  return {
    output: {
      Location: `https://${bucket.name}.s3.${bucket.region}.amazonaws.com/${encodeURIComponent(key)}`,
      Bucket: bucket.name,
      Key: key,
      ETag: `"${etag}"`,
      ...versionIdOf(bucket, version),
      ...describeEncryption(version),
    },
  };
}

function findUpload({ objects }: Bucket, { Key, UploadId }: Readonly<Record<string, unknown>>): Upload {
  const upload = objects.uploads.get(String(UploadId));
  if (upload?.key === Key) return upload as Upload;
  throw new ServiceError(
    "NoSuchUpload",
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
    404,
    { members: { UploadId: String(UploadId) } },
  );
}

/** The parts the caller lists, in that order. Throws MalformedXML, InvalidPartOrder, InvalidPart and EntityTooSmall. */
function choose(parts: ReadonlyMap<number, Part>, asked: CompletedMultipartUpload | undefined): readonly Part[] {
  const list = asked?.Parts ?? [];
  if (list.length === 0) throw malformedXml();
  if (list.some(({ PartNumber = 0 }, n) => PartNumber <= (list[n - 1]?.PartNumber ?? 0))) {
    throw new ServiceError(
      "InvalidPartOrder",
      "The list of parts was not in ascending order. Parts must be ordered by part number.",
      400,
    );
  }
  const chosen = list.map(({ PartNumber = 0, ETag = "" }) => {
    const part = parts.get(PartNumber);
    if (part?.etag === ETag.replaceAll('"', "")) return part as Part;
    throw new ServiceError(
      "InvalidPart",
      "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
      400,
      { members: { PartNumber, ETag } },
    );
  });
  if (chosen.slice(0, -1).some(({ content }) => content.sizeBytes < MIN_PART_BYTES)) {
    throw new ServiceError("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", 400, {
      members: { MinSizeAllowed: MIN_PART_BYTES },
    });
  }
  return chosen;
}
