import type { ResourceRef } from "../types.ts";
import { asText } from "./shapes.ts";

export const S3_BUCKET = "AWS::S3::Bucket";

/**
 * Names as S3 has ever allowed them (old us-east-1 buckets have capitals, underscores and up to 255 characters). Nothing else passes: an
 * ARN in place of a name would make the SDK talk to an access point.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 */
const BUCKET_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{2,254}$/;
const ACCOUNT = /^\d{12}$/;
const REGION = /^[a-z]{2,4}(-[a-z]+){1,3}-\d{1,2}$/;
const BUCKET_ARN = /^arn:(aws[a-z-]*):s3:::([^/:]+)$/;

export function parseBucketName(value: unknown): string | undefined {
  const name = asText(value);
  return name !== undefined && BUCKET_NAME.test(name) ? name : undefined;
}

/** The bucket's name in `arn:<partition>:s3:::<bucket>`; undefined for any other ARN. */
export function parseS3BucketArn(arn: string): string | undefined {
  return parseBucketName(BUCKET_ARN.exec(arn)?.[2]);
}

/** A reference to a bucket, or undefined when a part is not of AWS's form. The ARN's partition follows from the Region. */
export function s3BucketRef(name: string, account: string, region: string): ResourceRef | undefined {
  if (!ACCOUNT.test(account) || !REGION.test(region) || !BUCKET_NAME.test(name)) return undefined;
  return { type: S3_BUCKET, arn: `arn:${partitionOf(region)}:s3:::${name}`, name, account, region };
}

export const S3_OBJECT = "AWS::S3::Object";

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const MAX_KEY_BYTES = 1_024;
const VERSION = /^[A-Za-z0-9._-]{1,1024}$/;

/**
 * A reference to an object, or to one version of it; undefined when a part is not of AWS's form.
 *
 * @param key as S3 has it, not as URLs write it
 * @param version "null" is what was written while the bucket kept none; left out: whatever is there now
 */
export function s3ObjectRef(bucket: ResourceRef, key: string, version?: string): ResourceRef | undefined {
  const bytes = Buffer.byteLength(key);
  if (bytes === 0 || bytes > MAX_KEY_BYTES || !key.isWellFormed()) return undefined;
  if (version !== undefined && !VERSION.test(version)) return undefined;
  const { account, region } = bucket;
  return {
    type: S3_OBJECT,
    arn: `${bucket.arn}/${key}`,
    name: `${bucket.name}/${key}`,
    account,
    region,
    ...(version !== undefined && { version }),
  };
}

/** The bucket and the key of an object's reference. Pure. */
export function placeOfObject({ name, arn, account, region }: ResourceRef): {
  readonly bucket: ResourceRef;
  readonly key: string;
} {
  const slash = name.indexOf("/");
  const key = name.slice(slash + 1);
  return {
    bucket: {
      type: S3_BUCKET,
      arn: arn.slice(0, arn.length - key.length - 1),
      name: name.slice(0, slash),
      account,
      region,
    },
    key,
  };
}

/** The partition that a Region lies in. */
export function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  if (region.startsWith("us-gov-")) return "aws-us-gov";
  if (region.startsWith("us-iso-")) return "aws-iso";
  if (region.startsWith("us-isob-")) return "aws-iso-b";
  if (region.startsWith("eu-isoe-")) return "aws-iso-e";
  if (region.startsWith("us-isof-")) return "aws-iso-f";
  if (region.startsWith("eusc-")) return "aws-eusc";
  return "aws";
}
