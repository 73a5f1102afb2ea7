import {
  DeleteBucketReplicationCommand,
  GetBucketReplicationCommand,
  GetBucketTaggingCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  PutBucketReplicationCommand,
  type ReplicationConfiguration,
} from "@aws-sdk/client-s3";
import { requestIdOf, responseHeader, sortAwsError, unavailable } from "../aws/aws-errors.ts";
import type { AwsClients } from "../aws/clients.ts";
import type { Clock, ExposureWindow, Receipt, ResourceRef, Tag } from "../types.ts";
import type { Reading, ResourcePort } from "./port.ts";
import {
  type BucketRegion,
  LISTING_MS,
  MAX_LISTED_PAGES,
  type ObjectCount,
  REGION_CACHE_MS,
  type S3Buckets,
} from "./s3-buckets.ts";

/** S3 buckets by the AWS SDK. Every call but HeadBucket names the expected owner, so that a confused event can't reach another account's bucket. */
export function s3BucketsOnAws(clients: AwsClients, clock: Clock): S3Buckets {
  return {
    replication: new BucketReplication(clients, clock),
    readTags: (bucket) => readTags(clients, bucket),
    regionOf: cachedRegionOf(clients, clock),
    countObjects: (bucket, prefix, window) => countObjects(clients, clock, bucket, prefix, window),
  };
}

const addressed = (bucket: ResourceRef) => ({ Bucket: bucket.name, ExpectedBucketOwner: bucket.account });

class BucketReplication implements ResourcePort<ReplicationConfiguration | null> {
  readonly #clients: AwsClients;
  readonly #clock: Clock;

  constructor(clients: AwsClients, clock: Clock) {
    this.#clients = clients;
    this.#clock = clock;
  }

  operation(next: ReplicationConfiguration | null): string {
    return next === null ? "DeleteBucketReplication" : "PutBucketReplication";
  }

  /** GetBucketReplication. */
  async read(bucket: ResourceRef): Promise<Reading<ReplicationConfiguration | null>> {
    const client = await this.#clients.s3(bucket);
    try {
      const answer = await client.send(new GetBucketReplicationCommand(addressed(bucket)));
      return { kind: "present", state: answer.ReplicationConfiguration ?? null };
    } catch (error) {
      const failure = sortAwsError(error);
      if (failure.code === "ReplicationConfigurationNotFoundError") return { kind: "present", state: null };
      if (failure.kind === "unavailable") throw unavailable("GetBucketReplication", error);
      return failure.kind === "absent"
        ? { kind: "absent", reason: `the bucket ${bucket.name} does not exist` }
        : { kind: "unreadable", reason: `the replication configuration can't be read: ${failure.message}` };
    }
  }

  /** PutBucketReplication, or DeleteBucketReplication for `null`. */
  async write(bucket: ResourceRef, next: ReplicationConfiguration | null): Promise<Receipt> {
    const operation = this.operation(next);
    const client = await this.#clients.s3Writer(bucket);
    const at = () => new Date(this.#clock.nowMs()).toISOString();
    try {
      const answer =
        next === null
          ? await client.send(new DeleteBucketReplicationCommand(addressed(bucket)))
          : await client.send(
              new PutBucketReplicationCommand({ ...addressed(bucket), ReplicationConfiguration: next }),
            );
      return { operation, requestId: answer.$metadata.requestId ?? "", at: at(), outcome: "accepted" };
    } catch (error) {
      const failure = sortAwsError(error);
      if (failure.kind === "unavailable") throw unavailable(operation, error);
      return { operation, requestId: requestIdOf(error), at: at(), outcome: "refused", error: failure.message };
    }
  }
}

/** GetBucketTagging. */
async function readTags(
  clients: AwsClients,
  bucket: ResourceRef,
): Promise<readonly Tag[] | { readonly unreadable: string }> {
  const client = await clients.s3(bucket);
  try {
    const answer = await client.send(new GetBucketTaggingCommand(addressed(bucket)));
    return (answer.TagSet ?? []).map((tag) => ({ key: tag.Key ?? "", value: tag.Value ?? "" }));
  } catch (error) {
    const failure = sortAwsError(error);
    if (failure.code === "NoSuchTagSet") return [];
    if (failure.kind === "unavailable") throw unavailable("GetBucketTagging", error);
    return { unreadable: failure.message };
  }
}

/** HeadBucket, remembered for the container's life within `REGION_CACHE_MS`; at most `MAX_CACHED` names. */
function cachedRegionOf(clients: AwsClients, clock: Clock): S3Buckets["regionOf"] {
  const cache = new Map<string, { readonly region: string; readonly untilMs: number }>();
  return async (name, seenFrom) => {
    const cached = cache.get(name);
    if (cached !== undefined && clock.nowMs() < cached.untilMs) return { region: cached.region };
    cache.delete(name);
    const answer = await readRegion(clients, name, seenFrom);
    if ("region" in answer) {
      if (cache.size >= MAX_CACHED) cache.clear();
      cache.set(name, { region: answer.region, untilMs: clock.nowMs() + REGION_CACHE_MS });
    }
    return answer;
  };
}

const MAX_CACHED = 5_000;

async function readRegion(clients: AwsClients, name: string, seenFrom: ResourceRef): Promise<BucketRegion> {
  const told = (region: string | undefined): BucketRegion =>
    region === undefined || region === "" ? { unknown: `S3 told no Region for the bucket ${name}` } : { region };
  // The bucket may be anybody's: it is asked about as the account whose data would go there.
  const client = await clients.s3(seenFrom);
  try {
    return told((await client.send(new HeadBucketCommand({ Bucket: name }))).BucketRegion);
  } catch (error) {
    // S3 tells the Region with 301 (another Region) and 403 (another account) as well.
    const region = responseHeader(error, "x-amz-bucket-region");
    if (region !== undefined) return told(region);
    const failure = sortAwsError(error);
    if (failure.kind === "unavailable") throw unavailable("HeadBucket", error);
    return { unknown: failure.kind === "absent" ? `the bucket ${name} does not exist` : failure.message };
  }
}

/** ListObjectsV2, page after page. */
async function countObjects(
  clients: AwsClients,
  clock: Clock,
  bucket: ResourceRef,
  prefix: string,
  { fromMs, toMs, deadlineMs = Number.POSITIVE_INFINITY }: ExposureWindow,
): Promise<ObjectCount | { readonly unreadable: string }> {
  const client = await clients.s3(bucket);
  const untilMs = Math.min(deadlineMs, clock.nowMs() + LISTING_MS);
  const fromSecondMs = Math.floor(fromMs / 1_000) * 1_000;
  const count = { objects: 0, bytes: 0, looked: 0, isAll: true };
  let firstMs = Number.POSITIVE_INFINITY;
  let lastMs = Number.NEGATIVE_INFINITY;
  let token: string | undefined;
  try {
    for (let page = 1; page === 1 || token !== undefined; page++) {
      if (page > MAX_LISTED_PAGES || (page > 1 && clock.nowMs() >= untilMs)) {
        count.isAll = false;
        break;
      }
      const answer = await client.send(
        new ListObjectsV2Command({
          ...addressed(bucket),
          ...(prefix !== "" && { Prefix: prefix }),
          // XML can't carry every letter that a key can have, and one such key would make the page unreadable.
          EncodingType: "url",
          ...(token !== undefined && { ContinuationToken: token }),
        }),
      );
      for (const { LastModified, Size = 0 } of answer.Contents ?? []) {
        const modifiedMs = LastModified?.getTime();
        if (modifiedMs === undefined) {
          // Neither "it was then" nor "it was not" may be concluded: nothing was seen of it.
          count.isAll = false;
          continue;
        }
        count.looked++;
        if (modifiedMs < fromSecondMs || modifiedMs > toMs) continue;
        count.objects++;
        count.bytes += Size;
        firstMs = Math.min(firstMs, modifiedMs);
        lastMs = Math.max(lastMs, modifiedMs);
      }
      token = answer.NextContinuationToken;
      if (answer.IsTruncated === true && token === undefined) count.isAll = false;
    }
  } catch (error) {
    const failure = sortAwsError(error);
    if (failure.kind === "unavailable") throw unavailable("ListObjectsV2", error);
    return {
      unreadable: failure.kind === "absent" ? `the bucket ${bucket.name} does not exist` : failure.message,
    };
  }
  return { ...count, ...(count.objects > 0 && { firstMs, lastMs }) };
}
