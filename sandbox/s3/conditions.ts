import { ServiceError } from "../errors.ts";
import type { ObjectVersion } from "./objects.ts";

/** Members of a read that make it conditional. */
export const CONDITION_MEMBERS = ["IfMatch", "IfNoneMatch", "IfModifiedSince", "IfUnmodifiedSince"] as const;

/**
 * Refuse a read whose conditions don't hold. An ETag counts more than a date (API reference, GetObject). Throws 412 PreconditionFailed
 * and 304 NotModified.
 */
export function checkConditions(input: Readonly<Record<string, unknown>>, { etag, at }: ObjectVersion): void {
  const { IfMatch, IfNoneMatch, IfModifiedSince: since, IfUnmodifiedSince: until } = input;
  const changedAt = Math.floor(at / 1000) * 1000;
  if (IfMatch !== undefined) {
    if (!names(IfMatch, etag)) throw preconditionFailed("If-Match");
  } else if (until instanceof Date && changedAt > until.getTime()) throw preconditionFailed("If-Unmodified-Since");
  const isUnchanged =
    IfNoneMatch === undefined ? since instanceof Date && changedAt <= since.getTime() : names(IfNoneMatch, etag);
  if (isUnchanged) throw new ServiceError("NotModified", "Not Modified", 304, { headers: { etag: `"${etag}"` } });
}

/** S3's answer to a condition that doesn't hold. */
export function preconditionFailed(condition: string): ServiceError {
  return new ServiceError("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412, {
    members: { Condition: condition },
  });
}

/** Whether a list of quoted or bare ETags, or `*`, names this one. */
function names(header: unknown, etag: string): boolean {
  return String(header)
    .split(",")
    .map((text) => text.trim().replace(/^"(.*)"$/, "$1"))
    .some((text) => text === "*" || text === etag);
}
