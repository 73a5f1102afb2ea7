import type { ObjectLockConfiguration } from "@aws-sdk/client-s3";
import { ServiceError } from "../errors.ts";
import type { ObjectVersion, Retention } from "./objects.ts";
import type { Bucket } from "./state.ts";
import { malformedXml } from "./wire.ts";

const DAY_MS = 86_400_000;

/** The configuration of a bucket that locks each new object for so many days. */
export function seedLock({ mode, days }: { mode: Retention["mode"]; days: number }): ObjectLockConfiguration {
  return { ObjectLockEnabled: "Enabled", Rule: { DefaultRetention: { Mode: mode, Days: days } } };
}

/** Refuse the configurations S3 refuses, also for a bucket whose versioning is not on. Throws ServiceError. */
export function checkLockConfiguration(
  bucket: Bucket,
  asked: ObjectLockConfiguration | undefined,
): ObjectLockConfiguration {
  if (asked?.ObjectLockEnabled !== "Enabled") throw malformedXml();
  if (bucket.versioning !== "Enabled") {
    throw new ServiceError(
      "InvalidBucketState",
      "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
      409,
    );
  }
  if (!asked.Rule) return asked;
  const { Mode, Days, Years } = asked.Rule.DefaultRetention ?? {};
  if (!isMode(Mode) || (Days === undefined) === (Years === undefined)) throw malformedXml();
  if ((Days ?? Years ?? 0) <= 0) {
    throw new ServiceError("InvalidArgument", "Default retention period must be a positive integer value.", 400);
  }
  return asked;
}

/** The retention a new version gets: what its writer asks for, else the bucket's default, else none. Throws ServiceError. */
export function retentionOf(
  bucket: Bucket,
  asked: { mode: unknown; until: unknown },
  at: number,
): Retention | undefined {
  if (asked.mode === undefined && asked.until === undefined) return defaultRetention(bucket, at);
  if (asked.mode === undefined || asked.until === undefined) {
    throw new ServiceError(
      "InvalidArgument",
      "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied",
      400,
    );
  }
  return readRetention(bucket, asked.mode, asked.until, at);
}

/** A retention as a request spells it. Throws InvalidRequest for a bucket without Object Lock, InvalidArgument for a date that is over. */
export function readRetention(bucket: Bucket, mode: unknown, until: unknown, at: number): Retention {
  if (!bucket.objectLock) {
    throw new ServiceError("InvalidRequest", "Bucket is missing Object Lock Configuration", 400);
  }
  const untilMs = until instanceof Date ? until.getTime() : Date.parse(String(until));
  if (!isMode(mode) || Number.isNaN(untilMs)) throw malformedXml();
  if (untilMs <= at) throw new ServiceError("InvalidArgument", "The retain until date must be in the future!", 400);
  return { mode, until: untilMs };
}

/** Whether a retention still holds a version at `at`, and how firmly. */
export function lockOf(version: ObjectVersion, at: number): Retention["mode"] | undefined {
  return version.retention && at < version.retention.until ? version.retention.mode : undefined;
}

/** Whether `next` takes anything away from what holds the version now: then only a bypass of governance allows it. */
export function isWeaker(version: ObjectVersion, next: Retention | undefined): boolean {
  const { retention } = version;
  return retention !== undefined && (next?.mode !== retention.mode || next.until < retention.until);
}

/** S3's answer to what a lock forbids. */
export function locked(): ServiceError {
  return new ServiceError("AccessDenied", "Access Denied because object protected by object lock.", 403);
}

function defaultRetention({ objectLock }: Bucket, at: number): Retention | undefined {
  const { Mode, Days, Years } = objectLock?.Rule?.DefaultRetention ?? {};
  if (!isMode(Mode)) return undefined;
  if (Days !== undefined) return { mode: Mode, until: at + Days * DAY_MS };
  const end = new Date(at);
  end.setUTCFullYear(end.getUTCFullYear() + (Years ?? 0));
  return { mode: Mode, until: end.getTime() };
}

function isMode(mode: unknown): mode is Retention["mode"] {
  return mode === "COMPLIANCE" || mode === "GOVERNANCE";
}
