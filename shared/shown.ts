import { shortHash } from "./ids.ts";
import type { ResourceRef } from "./types.ts";

/**
 * A resource as logs, errors and tickets call it. An object's key can name a person: what stands in its place is the same each time, and tells nobody (invariant 14)
 * but who guesses the key: as a finding's id, it is a hash without a secret (SECURITY.md). Pure.
 */
export function shownArn({ type, arn, version = "" }: Pick<ResourceRef, "type" | "arn" | "version">): string {
  if (type !== "AWS::S3::Object") return arn;
  const bucket = arn.slice(0, arn.indexOf("/"));
  return `${bucket}/(object ${shortHash(`${arn} ${version}`)})`;
}

/** An access key's id as it is shown, `AKIA...MPLE`: enough for its owner to know it, and no use to anybody else. What is shown stays as it is. Pure. */
export function shownKeyId(id: string): string {
  return id.length < 12 ? id : `${id.slice(0, 4)}...${id.slice(-4)}`;
}
