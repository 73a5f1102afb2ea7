import { ServiceError } from "../errors.ts";
import type { CallContext, Permission } from "../operation.ts";
import type { S3Call } from "./bucket-operations.ts";
import { resourceArn } from "./condition-keys.ts";
import { currentVersion, findVersion, type ObjectVersion } from "./objects.ts";
import type { Bucket } from "./state.ts";

/** The version a request names, or the current one; a delete marker too. Undefined when it is not there. */
export function findRead(bucket: Bucket, input: Readonly<Record<string, unknown>>): ObjectVersion | undefined {
  const key = String(input.Key);
  return input.VersionId === undefined
    ? currentVersion(bucket, key)
    : findVersion(bucket, key, String(input.VersionId));
}

/**
 * The version a read asks for. Throws 404 NoSuchKey or NoSuchVersion, 405 for a delete marker asked for by its id, and 403
 * instead of 404 to a caller that may not list the bucket. With `refusesMarkers` a delete marker is 405 also where it is the current
 * version, as the operations on tags have it.
 */
export function readVersion(
  { input, context }: Pick<S3Call, "input" | "context">,
  bucket: Bucket,
  { refusesMarkers = false } = {},
): ObjectVersion {
  const version = findRead(bucket, input);
  if (version && !version.isDeleteMarker) return version;
  const headers = version ? { "x-amz-delete-marker": "true", "x-amz-version-id": version.versionId } : {};
  if (version && (refusesMarkers || input.VersionId !== undefined)) {
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

/** Version ids are told where versioning has ever been on. */
export function versionIdOf(bucket: Bucket, { versionId }: ObjectVersion): { VersionId?: string } {
  return bucket.versioning === undefined ? {} : { VersionId: versionId };
}

/** Whether the caller asks to bypass governance retention, and may. */
export function mayBypass(
  context: CallContext,
  bucket: Bucket,
  key: string,
  { BypassGovernanceRetention: asked }: Readonly<Record<string, unknown>>,
): boolean {
  return asked === true && context.allows(permissionOn(bucket, "s3:BypassGovernanceRetention", key));
}

/** What IAM is asked of the bucket, or of an object in it. */
export function permissionOn(bucket: Bucket, action: string, key?: string): Permission {
  return { action, resource: resourceArn(bucket.name, key), account: bucket.account };
}
