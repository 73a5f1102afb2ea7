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
