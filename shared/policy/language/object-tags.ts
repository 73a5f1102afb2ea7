import type { Tag } from "../../types.ts";
import { checkNames } from "./names.ts";
import type { Problem } from "./problems.ts";
import type { ClassificationDocument } from "./schema.ts";

/** What S3 takes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html */
const TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const MAX_KEY_LETTERS = 128;
const MAX_VALUE_LETTERS = 256;

/** An object's class is written onto it as the first tag that recognises the class: each needs one, and S3 has to take it. Pure. */
export function checkWritableTags(classifications: readonly ClassificationDocument[]): Problem[] {
  return classifications.flatMap(({ name, recognisedBy = [] }, index): Problem[] => {
    const path = ["classifications", index, "recognisedBy"];
    const tag = recognisedBy[0]?.tag;
    if (tag === undefined) {
      const message = `objects get the first tag of their class, and "${name}" has none; expected recognisedBy with one at least`;
      return [{ path, message, restsOn: ["objects"] }];
    }
    if (isTakenByS3(tag)) return [];
    const message = `objects get the first tag of their class, and S3 takes no tag ${tag.key}=${tag.value}; expected letters, digits, spaces and _ . : / = + - @, at most ${MAX_KEY_LETTERS} in the key and ${MAX_VALUE_LETTERS} in the value, and no key that begins with aws:`;
    return [{ path: [...path, 0], message, restsOn: ["objects"] }];
  });
}

/** A tag that Cordon never writes needs no protection: somebody has another in mind. Pure. */
export function checkProtectedTags(
  protectedTags: readonly string[],
  classifications: readonly ClassificationDocument[],
): Problem[] {
  const written = [...new Set(classifications.flatMap(({ recognisedBy = [] }) => recognisedBy[0]?.tag.key ?? []))];
  const path = ["objects", "protectedTags"];
  return checkNames("key of a class's tag", protectedTags, written, path, ["classifications"]);
}

function isTakenByS3({ key, value }: Tag): boolean {
  return (
    key.length <= MAX_KEY_LETTERS &&
    value.length <= MAX_VALUE_LETTERS &&
    TEXT.test(key) &&
    TEXT.test(value) &&
    !/^aws:/i.test(key)
  );
}
