import type { Tag } from "@aws-sdk/client-s3";

/** ARN of a bucket, or of an object in it. */
export function resourceArn(bucket: string, key?: string): string {
  if (bucket === "") return "*";
  return `arn:aws:s3:::${bucket}${key === undefined ? "" : `/${key}`}`;
}

/** S3's condition keys that come from the request, by the member of its input that gives them. */
const KEYS: Readonly<Record<string, string>> = {
  Prefix: "s3:prefix",
  Delimiter: "s3:delimiter",
  MaxKeys: "s3:max-keys",
  VersionId: "s3:VersionId",
  IfNoneMatch: "s3:if-none-match",
  ServerSideEncryption: "s3:x-amz-server-side-encryption",
  SSEKMSKeyId: "s3:x-amz-server-side-encryption-aws-kms-key-id",
  ObjectLockMode: "s3:object-lock-mode",
  ObjectLockRetainUntilDate: "s3:object-lock-retain-until-date",
};

/** What a policy's conditions can ask about an S3 request. `at` in epoch ms. */
export function conditionKeys(input: Readonly<Record<string, unknown>>, at: number): Record<string, string> {
  const keys: Record<string, string> = {};
  for (const [member, key] of Object.entries(KEYS)) {
    const value = input[member];
    if (value !== undefined) keys[key] = value instanceof Date ? value.toISOString() : String(value);
  }
  if (input.ObjectLockRetainUntilDate instanceof Date) {
    const days = Math.ceil((input.ObjectLockRetainUntilDate.getTime() - at) / 86_400_000);
    keys["s3:object-lock-remaining-retention-days"] = String(days);
  }
  return keys;
}

/** Actions whose policies can ask for the tags an object has, and for those a request gives it (service authorization reference). */
const ASK_EXISTING = new Set([
  ...["s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectTagging", "s3:GetObjectVersionTagging"],
  ...["s3:PutObjectTagging", "s3:PutObjectVersionTagging", "s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"],
]);
const ASK_REQUESTED = new Set(["s3:PutObject", "s3:PutObjectTagging", "s3:PutObjectVersionTagging"]);

/** The condition keys about tags that one action has. */
export function tagConditionKeys(
  action: string,
  existing: readonly Tag[] | undefined,
  requested: readonly Tag[],
): Record<string, string | readonly string[]> {
  const has = ASK_EXISTING.has(action) ? (existing ?? []) : [];
  const asks = ASK_REQUESTED.has(action) ? requested : [];
  return {
    ...Object.fromEntries(has.map(({ Key, Value = "" }) => [`s3:ExistingObjectTag/${Key}`, Value])),
    ...Object.fromEntries(asks.map(({ Key, Value = "" }) => [`s3:RequestObjectTag/${Key}`, Value])),
    ...(asks.length > 0 ? { "s3:RequestObjectTagKeys": asks.map(({ Key = "" }) => Key) } : {}),
  };
}
