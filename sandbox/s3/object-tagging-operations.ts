import type { Tag, Tagging } from "@aws-sdk/client-s3";
import * as sdk from "@aws-sdk/client-s3";
import type { BucketOperation, S3Answer, S3Call } from "./bucket-operations.ts";
import { readVersion, versionIdOf } from "./find-version.ts";
import { checkObjectTags } from "./object-tags.ts";
import type { Bucket } from "./state.ts";
import { malformedXml } from "./wire.ts";

const MEMBERS = ["Bucket", "Key", "VersionId", "ExpectedBucketOwner"];

/**
 * An object's tags, which can be read and changed whatever keeps its bytes from being read: an archive, a key that is denied, a key of
 * the customer's. They are no part of what a version is: changing them makes no new one.
 */
export const objectTaggingOperations: BucketOperation[] = [
  {
    schema: sdk.GetObjectTagging$,
    actions: actionsOf("s3:GetObjectTagging", "s3:GetObjectVersionTagging"),
    members: MEMBERS,
    run(call, bucket) {
      const version = readVersion(call, bucket, { refusesMarkers: true });
      return { output: { TagSet: version.tags, ...versionIdOf(bucket, version) } };
    },
  },
  {
    schema: sdk.PutObjectTagging$,
    actions: actionsOf("s3:PutObjectTagging", "s3:PutObjectVersionTagging"),
    mutating: true,
    members: [...MEMBERS, "Tagging", "ContentMD5", "ChecksumAlgorithm"],
    run(call, bucket) {
      const asked = call.input.Tagging as Tagging | undefined;
      if (!asked?.TagSet) throw malformedXml();
      return writeTags(call, bucket, checkObjectTags(asked.TagSet), "Object Tags Added");
    },
  },
  {
    schema: sdk.DeleteObjectTagging$,
    actions: actionsOf("s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"),
    mutating: true,
    members: MEMBERS,
    run: (call, bucket) => writeTags(call, bucket, [], "Object Tags Deleted"),
  },
];

function actionsOf(current: string, version: string): (input: Record<string, unknown>) => string[] {
  return ({ VersionId }) => [VersionId === undefined ? current : version];
}

function writeTags(
  call: S3Call,
  bucket: Bucket,
  tags: readonly Tag[],
  type: "Object Tags Added" | "Object Tags Deleted",
): S3Answer {
  const version = readVersion(call, bucket, { refusesMarkers: true });
  version.tags = tags;
  call.announce({ type }, bucket, version);
  return { output: versionIdOf(bucket, version) };
}
