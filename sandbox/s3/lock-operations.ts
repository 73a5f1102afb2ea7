import type { ObjectLockConfiguration, ObjectLockRetention } from "@aws-sdk/client-s3";
import * as sdk from "@aws-sdk/client-s3";
import { ServiceError } from "../errors.ts";
import type { BucketOperation, S3Answer, S3Call } from "./bucket-operations.ts";
import { writeSetting } from "./configured.ts";
import { mayBypass, readVersion } from "./find-version.ts";
import { checkLockConfiguration, isWeaker, locked, lockOf, readRetention } from "./object-lock.ts";
import { type Bucket, changeBucket, readBucket } from "./state.ts";

/** Object Lock of buckets, and retention of object versions. No legal holds. */
export const lockOperations: BucketOperation[] = [
  {
    schema: sdk.GetObjectLockConfiguration$,
    actions: ["s3:GetBucketObjectLockConfiguration"],
    run({ state }, bucket) {
      const configuration = readBucket(state, bucket, "objectLock", "GetObjectLockConfiguration");
      if (!configuration) {
        throw new ServiceError(
          "ObjectLockConfigurationNotFoundError",
          "Object Lock configuration does not exist for this bucket",
          404,
          { members: { BucketName: bucket.name } },
        );
      }
      return { output: { ObjectLockConfiguration: configuration } };
    },
  },
  {
    schema: sdk.PutObjectLockConfiguration$,
    actions: ["s3:PutBucketObjectLockConfiguration"],
    eventName: "PutBucketObjectLockConfiguration",
    mutating: true,
    run({ state, input }, bucket) {
      const asked = input.ObjectLockConfiguration as ObjectLockConfiguration | undefined;
      const configuration = checkLockConfiguration(bucket, asked);
      changeBucket(bucket, "objectLock", configuration);
      writeSetting(state, bucket, "ObjectLockConfiguration", configuration);
      return {};
    },
  },
  {
    schema: sdk.GetObjectRetention$,
    actions: ["s3:GetObjectRetention"],
    run(call, bucket) {
      if (!bucket.objectLock) {
        throw new ServiceError("InvalidRequest", "Bucket is missing Object Lock Configuration", 400);
      }
      const { retention } = readVersion(call, bucket);
      if (!retention) {
        throw new ServiceError(
          "NoSuchObjectLockConfiguration",
          "The specified object does not have a ObjectLock configuration",
          404,
        );
      }
      return { output: { Retention: { Mode: retention.mode, RetainUntilDate: new Date(retention.until) } } };
    },
  },
  { schema: sdk.PutObjectRetention$, actions: ["s3:PutObjectRetention"], mutating: true, run: putRetention },
];

function putRetention(call: S3Call, bucket: Bucket): S3Answer {
  const { input, context } = call;
  const { Mode, RetainUntilDate } = (input.Retention as ObjectLockRetention | undefined) ?? {};
  // An empty Retention takes it away.
  const next = Mode === undefined ? undefined : readRetention(bucket, Mode, RetainUntilDate, context.at);
  const version = readVersion(call, bucket);
  const lock = lockOf(version, context.at);
  if (lock !== undefined && isWeaker(version, next)) {
    if (lock === "COMPLIANCE" || !mayBypass(context, bucket, version.key, input)) throw locked();
  }
  version.retention = next;
  return {};
}
