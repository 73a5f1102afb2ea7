import { GetObjectCommand, HeadBucketCommand, ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import { responseHeader, sortAwsError, unavailable } from "../aws/aws-errors.ts";
import type { AwsClients, Place } from "../aws/clients.ts";
import { linesIn, parseInventory } from "../backfill/inventory.ts";
import type { BucketPlace, FoundInventory, Listed, S3Listing } from "./s3-listing.ts";

/** A manifest.json names its files in some hundred bytes each; this is some ten thousand files. */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
/** Of an inventory's file, enough to tell how long its lines are. */
const SAMPLE_BYTES = 256 * 1024;

/** S3 by the AWS SDK, with the credentials of whoever runs the command. */
export async function s3ListingOnAws(clients: AwsClients, place: Place): Promise<S3Listing> {
  const client = await clients.s3(place);
  return {
    placeOf: (bucket, owner) => placeOf(client, bucket, owner),
    count: (bucket, prefix, maxPages, shown) => count(client, bucket, prefix, maxPages, shown),
    readInventory: (bucket, key) => readInventory(client, bucket, key),
    sample: (bucket, key) => sample(client, bucket, key),
  };
}

async function placeOf(client: S3Client, bucket: string, owner: string): Promise<BucketPlace> {
  try {
    const { BucketRegion } = await client.send(new HeadBucketCommand({ Bucket: bucket, ExpectedBucketOwner: owner }));
    return { kind: "found", region: BucketRegion ?? "" };
  } catch (error) {
    const { kind } = sortAwsError(error);
    const region = responseHeader(error, "x-amz-bucket-region");
    // 301: it lies in another Region. 403: it is another account's, or may not be asked about.
    if (kind === "rejected" && region !== undefined) return { kind: "found", region };
    if (kind === "denied") return { kind: "refused", region };
    if (kind === "absent") return { kind: "absent" };
    throw unavailable("HeadBucket", error);
  }
}

async function count(
  client: S3Client,
  bucket: string,
  prefix: string | undefined,
  maxPages: number,
  shown: (objects: number) => void,
): Promise<Listed | undefined> {
  let objects = 0;
  let token: string | undefined;
  for (let page = 0; page < maxPages; page++) {
    try {
      const answer = await client.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          // XML can't carry every letter that a key can have.
          EncodingType: "url",
          ...(prefix !== undefined && { Prefix: prefix }),
          ...(token !== undefined && { ContinuationToken: token }),
        }),
      );
      objects += answer.KeyCount ?? answer.Contents?.length ?? 0;
      token = answer.NextContinuationToken;
    } catch (error) {
      if (sortAwsError(error).kind === "unavailable") throw unavailable("ListObjectsV2", error);
      return undefined;
    }
    shown(objects);
    if (token === undefined) return { objects, isAll: true };
  }
  return { objects, isAll: false };
}

async function readInventory(client: S3Client, bucket: string, key: string): Promise<FoundInventory> {
  try {
    const range = `bytes=0-${MAX_MANIFEST_BYTES}`;
    const { Body, ETag = "" } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range: range }));
    const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
    if (bytes.length > MAX_MANIFEST_BYTES)
      return {
        kind: "wrong",
        problem: `it has more than ${MAX_MANIFEST_BYTES} bytes; expected a manifest, not a list`,
      };
    const read = parseInventory(Buffer.from(bytes).toString("utf8"));
    if (!read.ok) return { kind: "wrong", problem: read.problem };
    return { kind: "found", inventory: read.inventory, etag: ETag.replaceAll('"', "") };
  } catch (error) {
    const { kind, message } = sortAwsError(error);
    if (kind === "unavailable") throw unavailable("GetObject", error);
    return { kind: "wrong", problem: `it can't be read: ${message}` };
  }
}

async function sample(client: S3Client, bucket: string, key: string) {
  try {
    const { Body } = await client.send(
      new GetObjectCommand({ Bucket: bucket, Key: key, Range: `bytes=0-${SAMPLE_BYTES - 1}` }),
    );
    return linesIn((await Body?.transformToByteArray()) ?? new Uint8Array());
  } catch (error) {
    if (sortAwsError(error).kind === "unavailable") throw unavailable("GetObject", error);
    return undefined;
  }
}
