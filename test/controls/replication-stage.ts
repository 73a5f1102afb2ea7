import type { ReplicationConfiguration, ReplicationRule } from "@aws-sdk/client-s3";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import type { BucketSeed, World } from "../../sandbox/index.ts";
import { AwsClients } from "../../shared/aws/clients.ts";
import { findingId } from "../../shared/ids.ts";
import { s3BucketsOnAws } from "../../shared/resources/s3-buckets-aws.ts";
import { s3BucketRef } from "../../shared/signals/s3-bucket-ref.ts";
import type { Result } from "../../shared/types.ts";
import { cloudTrailRecord } from "../support/events.ts";
import { type StageOptions, stage } from "../support/stage.ts";

export const ROLE = "arn:aws:iam::111122223333:role/replication";
export const BUCKET = "eu-data";
const bucketRef = s3BucketRef(BUCKET, "111122223333", "eu-central-1");
if (bucketRef === undefined) throw new Error("the bucket's name is not one");
export const ref = bucketRef;

export function rule(id: string, destination: string, more: Partial<ReplicationRule> = {}): ReplicationRule {
  return {
    ID: id,
    Priority: [...id].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) % 100_000,
    Status: "Enabled",
    Filter: { Prefix: `${id}/` },
    DeleteMarkerReplication: { Status: "Disabled" },
    Destination: { Bucket: `arn:aws:s3:::${destination}` },
    ...more,
  };
}

function worldOf(rules: ReplicationRule[], more: Partial<BucketSeed> = {}): World {
  const replication: ReplicationConfiguration = { Role: ROLE, Rules: rules };
  return {
    buckets: [
      {
        name: BUCKET,
        region: "eu-central-1",
        versioning: true,
        tags: { "data-residency": "eu-only" },
        replication,
        ...more,
      },
      { name: "us-copy", region: "us-west-2", versioning: true },
      { name: "us-east-copy", region: "us-east-1", versioning: true },
      { name: "ireland-copy", region: "eu-west-1", versioning: true },
    ],
  };
}

/** As CloudTrail tells it: one rule is an object, several are a list. */
export function asTold(configuration: ReplicationConfiguration | null) {
  const rules = configuration?.Rules ?? [];
  return { Role: configuration?.Role, Rule: rules.length === 1 ? rules[0] : rules };
}

/** A stage with what the scenarios do in it: a user's own access, and the rules' status. */
export async function open(
  rules: ReplicationRule[],
  options: Partial<StageOptions> & { bucket?: Partial<BucketSeed> } = {},
) {
  const set = await stage(control, { world: worldOf(rules, options.bucket), ...options });
  const user = set.sandbox.createPrincipal({ type: "IAMUser", name: "developer" });
  const configuration = () => set.sandbox.bucket(BUCKET).replication ?? null;
  const status = () => Object.fromEntries((configuration()?.Rules ?? []).map(({ ID, Status }) => [ID, Status]));
  /** An event that tells of what is live. */
  const event = (name = "PutBucketReplication", id = `event-${set.clock.nowMs()}-${name}`) => ({
    ...cloudTrailRecord(BUCKET, { name, atMs: set.clock.nowMs(), id, requestId: `USER${id}` }),
    requestParameters: {
      bucketName: BUCKET,
      ...(name === "PutBucketReplication" && { ReplicationConfiguration: asTold(configuration()) }),
    },
  });
  const asUser = async (act: (s3: ReturnType<typeof s3BucketsOnAws>) => Promise<unknown>) => {
    Object.assign(process.env, set.sandbox.environment(user));
    await act(s3BucketsOnAws(new AwsClients(), set.clock));
  };
  /** A user writes the whole configuration. */
  const configure = (next: ReplicationConfiguration | null) => asUser((s3) => s3.replication.write(ref, next));
  const retag = (tags: Record<string, string>) => {
    const { replication, versioning } = set.sandbox.bucket(BUCKET);
    set.sandbox.createBucket({
      name: BUCKET,
      region: "eu-central-1",
      versioning: versioning === "Enabled",
      tags,
      ...(replication && { replication }),
    });
  };
  return { ...set, configuration, status, event, configure, retag };
}

export const idOf = (part: string) => findingId(control.meta.id, ref, part);
export const statusOf = (results: readonly Result[], part: string) =>
  results.find((result) => result.findingId === idOf(part))?.status;
