import type { Tag } from "@aws-sdk/client-s3";
import { ServiceError } from "../errors.ts";

const MAX_BUCKET_TAGS = 50;

/** Refuse the tag sets S3 refuses for a bucket. Throws InvalidTag or BadRequest. */
export function checkTags(tags: readonly Tag[]): Tag[] {
  if (tags.length > MAX_BUCKET_TAGS) {
    throw new ServiceError("BadRequest", `Bucket tag count cannot be greater than ${MAX_BUCKET_TAGS}`, 400);
  }
  const keys = new Set<string>();
  for (const { Key: key = "", Value: value = "" } of tags) {
    if (key.length < 1 || key.length > 128) throw invalidTag("The TagKey you have provided is invalid");
    if (value.length > 256) throw invalidTag("The TagValue you have provided is invalid");
    if (key.toLowerCase().startsWith("aws:")) throw invalidTag("System tags cannot be added/updated by requester");
    if (keys.has(key)) throw invalidTag("Cannot provide multiple Tags with the same key");
    keys.add(key);
  }
  return tags.map(({ Key = "", Value = "" }) => ({ Key, Value }));
}

/** `tags` with `more` added, values of the same key replaced. */
export function mergeTags(tags: readonly Tag[], more: readonly Tag[]): Tag[] {
  const merged = new Map([...tags, ...more].map((tag) => [tag.Key, tag]));
  return checkTags([...merged.values()]);
}

function invalidTag(message: string): ServiceError {
  return new ServiceError("InvalidTag", message, 400);
}
