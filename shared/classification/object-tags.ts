import type { Classification, ResidencyPolicy } from "../policy/policy.ts";
import type { Tag } from "../types.ts";
import { isAmong } from "./classify.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html */
export const MAX_OBJECT_TAGS = 10;

/** The tag that is written for a class: the first that recognises it; undefined when none does. Pure. */
export function tagFor({ tags }: Classification): Tag | undefined {
  return tags[0];
}

/** Of an object's tags those that are about its class: with a key that some class is recognised by. Pure. */
export function carriedTags(tags: readonly Tag[], policy: ResidencyPolicy): readonly Tag[] {
  const keys = new Set(policy.classifications.flatMap((each) => each.tags.map(({ key }) => key)));
  return tags.filter(({ key }) => keys.has(key));
}

/** The classes that tags give, from the least to the most restrictive. Pure. */
export function classesByTags(tags: readonly Tag[], policy: ResidencyPolicy): readonly Classification[] {
  return policy.classifications.filter((each) => each.tags.some((tag) => isAmong(tag, tags)));
}

/** Whether S3 has no room for a tag on an object that has these. Pure. */
export function isFullFor(tags: readonly Tag[], { key }: Tag): boolean {
  return tags.length >= MAX_OBJECT_TAGS && !tags.some((other) => other.key === key);
}

/**
 * An object's tags with one more: PutObjectTagging replaces all of them, so that whatever is to stay has to be written again. The tag takes the place of one with
 * its key, and no other is changed, dropped or moved. Pure.
 *
 * @returns the very same tags when it is among them; undefined when S3 has no room for it
 */
export function tagsWith(tags: readonly Tag[], tag: Tag): readonly Tag[] | undefined {
  if (isAmong(tag, tags)) return tags;
  if (isFullFor(tags, tag)) return undefined;
  const isReplacing = tags.some(({ key }) => key === tag.key);
  return isReplacing ? tags.map((other) => (other.key === tag.key ? tag : other)) : [...tags, tag];
}
