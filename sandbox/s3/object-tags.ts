import type { Tag } from "@aws-sdk/client-s3";
import { ServiceError } from "../errors.ts";

const MAX_TAGS = 10;
const MAX_KEY_LENGTH = 128;
const MAX_VALUE_LENGTH = 256;
/** Letters, digits and spaces of any script, and these signs (S3 user guide, "Categorizing your objects using tags"). */
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/**
 * Refuse the tag sets S3 refuses for an object; tags are looked at one by one before they are counted. Lengths are in UTF-16 units.
 * Throws InvalidTag, and BadRequest for an eleventh tag.
 */
export function checkObjectTags(tags: readonly Tag[]): readonly Tag[] {
  const keys = new Set<string>();
  const checked = tags.map(({ Key = "", Value = "" }) => {
    if (Key.length < 1 || Key.length > MAX_KEY_LENGTH || !ALLOWED.test(Key)) {
      throw invalidTag("The TagKey you have provided is invalid", { TagKey: Key });
    }
    if (Value.length > MAX_VALUE_LENGTH || !ALLOWED.test(Value)) {
      throw invalidTag("The TagValue you have provided is invalid", { TagKey: Key, TagValue: Value });
    }
    if (Key.toLowerCase().startsWith("aws:")) {
      throw invalidTag("System tags cannot be added/updated by requester", { TagKey: Key });
    }
    if (keys.has(Key)) throw invalidTag("Cannot provide multiple Tags with the same key", { TagKey: Key });
    keys.add(Key);
    return { Key, Value };
  });
  if (checked.length <= MAX_TAGS) return checked;
  throw new ServiceError("BadRequest", `Object tags cannot be greater than ${MAX_TAGS}`, 400);
}

/**
 * Tags as the header `x-amz-tagging` has them, as a URL's query. Throws like `checkObjectTags`, and InvalidArgument for what is no
 * such query, for a key that is empty and for one that comes twice.
 */
export function readTaggingHeader(header: unknown): readonly Tag[] {
  const tags = [...readPairs(String(header ?? ""))];
  const keys = new Set(tags.map(({ Key }) => Key));
  if (keys.size < tags.length || keys.has("")) throw malformedHeader();
  return checkObjectTags(tags);
}

/** The same for conditions of policies, which look at a request before it is checked. */
export function tagsAskedFor({ Tagging: asked }: Readonly<Record<string, unknown>>): readonly Tag[] {
  if (typeof asked === "object" && asked !== null) return (asked as { TagSet?: readonly Tag[] }).TagSet ?? [];
  return typeof asked === "string" ? [...new URLSearchParams(asked)].map(([Key, Value]) => ({ Key, Value })) : [];
}

function* readPairs(header: string): Generator<Tag> {
  for (const pair of header.split("&").filter(Boolean)) {
    if (pair.split("=").length > 2) throw malformedHeader();
    const [key = "", value = ""] = pair.split("=");
    yield { Key: decode(key), Value: decode(value) };
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw malformedHeader();
  }
}

function malformedHeader(): ServiceError {
  return new ServiceError(
    "InvalidArgument",
    "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
    400,
    { members: { ArgumentName: "x-amz-tagging" } },
  );
}

function invalidTag(message: string, members: Record<string, string>): ServiceError {
  return new ServiceError("InvalidTag", message, 400, { members });
}
