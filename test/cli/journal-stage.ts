import type { ReplicationRule } from "@aws-sdk/client-s3";
import { afterAll } from "vitest";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import type { BucketSeed } from "../../sandbox/index.ts";
import { findingId } from "../../shared/ids.ts";
import { s3BucketRef } from "../../shared/signals/s3-bucket-ref.ts";
import { ROLE, rule } from "../controls/replication-stage.ts";
import { cloudTrailRecord } from "../support/events.ts";
import { type StageOptions, stage } from "../support/stage.ts";

const EU_ONLY = { "data-residency": "eu-only" };
const toUs = rule("to-us", "us-copy");

/** A journal with something of everything in it: name, Region, tags and rules of each bucket. */
const BUCKETS: readonly (readonly [string, string, Record<string, string>, ...ReplicationRule[]])[] = [
  // Contained, with a harmless rule beside it.
  ["contained", "eu-central-1", EU_ONLY, toUs, rule("to-ireland", "ireland-copy")],
  // Only observed.
  ["observed", "eu-west-1", EU_ONLY, rule("to-east", "us-east-copy")],
  // Allowed by a transfer.
  [
    "released",
    "eu-central-1",
    EU_ONLY,
    rule("free", "us-copy", { Filter: { Tag: { Key: "Sovereignty", Value: "Global" } } }),
  ],
  // Contained, and taken back.
  ["waived", "eu-central-1", EU_ONLY, toUs],
  // Where to can't be told.
  ["undecided", "eu-central-1", EU_ONLY, rule("to-nowhere", "no-such-bucket")],
  // Harmless.
  ["plain", "eu-central-1", EU_ONLY],
  ["unclassified", "eu-north-1", {}],
  ["public", "us-east-1", { "data-residency": "public" }],
  // Nothing leaves, and it lies where it must not.
  ["stray", "us-east-2", EU_ONLY],
];

/** A sandbox with that journal, as containers of the control have written it. */
export async function journalStage(options: Pick<StageOptions, "isShared"> = {}) {
  const sources = BUCKETS.map(([name, region, tags, ...Rules]): BucketSeed => {
    const replication = Rules.length > 0 ? { replication: { Role: ROLE, Rules } } : {};
    return { name, region, versioning: true, tags, ...replication };
  });
  const destinations = { "us-copy": "us-west-2", "us-east-copy": "us-east-1", "ireland-copy": "eu-west-1" };
  const world = {
    buckets: [
      ...sources,
      ...Object.entries(destinations).map(([name, region]): BucketSeed => ({ name, region, versioning: true })),
    ],
  };
  const set = await stage(control, { ...options, world });
  for (const [name, region, , ...Rule] of BUCKETS) {
    const mode = name === "observed" ? "observe" : "enforce";
    set.advance(60_000);
    const event = cloudTrailRecord(name, { region, atMs: set.clock.nowMs() - 60_000, id: `event-${name}` });
    const requestParameters = { bucketName: name, ReplicationConfiguration: { Role: ROLE, Rule } };
    await set.container({ mode }).results({ ...event, ...(Rule.length > 0 && { requestParameters }) });
  }
  set.advance(60_000);
  const rolledBack = await set.container().rollBack(idOf("waived", "to-us"));
  if (rolledBack.status !== "exempt") throw new Error(rolledBack.reasons.join("; "));
  return set;
}

/** One such journal for the tests of a file that only read it; called once, outside of them. */
export function journalToRead(): () => ReturnType<typeof journalStage> {
  let opened: ReturnType<typeof journalStage> | undefined;
  afterAll(async () => (await opened)?.sandbox.close());
  return () => {
    opened ??= journalStage({ isShared: true });
    return opened;
  };
}

/** The id of a rule's finding in `journalStage`. */
export function idOf(bucket: string, part: string): string {
  const region = BUCKETS.find(([name]) => name === bucket)?.[1] ?? "";
  const ref = s3BucketRef(bucket, "111122223333", region);
  if (ref === undefined) throw new Error(`${bucket} is no bucket's name`);
  return findingId(control.meta.id, ref, part);
}
