import { createHash } from "node:crypto";
import type { Content } from "./content.ts";

/** As large as parts of an upload usually are: what the ETag of bytes nobody hashed looks like. */
const PART_BYTES = 8 * 1024 * 1024;
const END_BYTES = 1024;

/**
 * The ETag of an object that was put in one go: the content's MD5, and something else where it is encrypted with a key of KMS or
 * the customer's (API reference, "Object": ETag). Hashing generated gigabytes takes too long: theirs
 * looks like an upload's in parts, and comes of their two ends.
 */
export function etagOf(content: Content, secret: string | undefined): string {
  if (!content.isGenerated) {
    return hex(
      createHash("md5")
        .update(secret ?? "")
        .update(content.read(0, content.sizeBytes)),
    );
  }
  const { sizeBytes, read } = content;
  const ends = createHash("md5")
    .update(`${sizeBytes} ${secret ?? ""}`)
    .update(read(0, Math.min(sizeBytes, END_BYTES)))
    .update(read(Math.max(0, sizeBytes - END_BYTES), sizeBytes));
  return `${hex(ends)}-${Math.max(1, Math.ceil(sizeBytes / PART_BYTES))}`;
}

/** The ETag of an upload in parts, by those of its parts: MD5 of their digests, and how many there were. */
export function etagOfParts(etags: readonly string[]): string {
  const digests = Buffer.concat(etags.map((etag) => Buffer.from(etag, "hex")));
  return `${hex(createHash("md5").update(digests))}-${etags.length}`;
}

function hex(hash: ReturnType<typeof createHash>): string {
  return hash.digest("hex");
}
