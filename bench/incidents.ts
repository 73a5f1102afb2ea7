import { PutBucketReplicationCommand, S3Client } from "@aws-sdk/client-s3";
import type { EventBridgeEvent, RecordedCall, Sandbox } from "../sandbox/index.ts";
import { type Account, asBatch, HOME } from "./account.ts";
import type { TableRequests } from "./floor/requests.ts";
import type { Job } from "./job.ts";
import { inputsOf, withoutToken } from "./same-calls.ts";

export const INSIDE = { suffix: "ireland", region: "eu-west-1" } as const;
export const OUTSIDE = { suffix: "oregon", region: "us-west-2" } as const;

export type Destination = typeof INSIDE | typeof OUTSIDE;

/** An EU-only bucket that somebody has just made to replicate, and the event AWS emits for it. */
export interface Incident {
  readonly bucket: string;
  readonly event: EventBridgeEvent;
}

/** Incidents of the common kind, one after the other, and others by hand. */
export interface Incidents extends Job {
  /**
   * A developer sets replication of a bucket, by default of a new one, with a rule for each destination. Each time it is another developer: what one
   * and the same does very often counts as a storm, which isn't the common case.
   *
   * @param to by default one rule, to a Region outside the jurisdiction
   * @param like another incident, whose destinations' buckets are to be used again
   */
  create(to?: readonly Destination[], like?: Incident): Promise<Incident>;
}

export function incidentsIn({ sandbox }: Account): Incidents {
  let incidents = 0;
  const create: Incidents["create"] = async (to = [OUTSIDE], like) => {
    incidents += 1;
    // Of one length, so that requests are.
    const bucket = `bench-${String(incidents).padStart(5, "0")}`;
    const replicas = like?.bucket ?? bucket;
    sandbox.createBucket({ name: bucket, region: HOME, versioning: true, tags: { "data-residency": "eu-only" } });
    for (const { suffix, region } of to) {
      const name = `${replicas}-${suffix}`;
      if (!sandbox.hasBucket(name)) sandbox.createBucket({ name, region, versioning: true });
    }
    await replicate(sandbox, bucket, replicas, to);
    const event = sandbox.events.at(-1);
    if (event === undefined) throw new Error("the sandbox has emitted no event");
    return { bucket, event };
  };
  return {
    functionName: "quarantine-replication",
    floor: { entry: "bench/floor/handler.ts", requestsOf: recordedRequests },
    perDelivery: 1,
    occasional: [],
    create,
    async next() {
      const incident = await create();
      return {
        batch: asBatch([incident.event], "quarantine-replication"),
        names: { bucket: incident.bucket },
        assertDone: (answer) => assertContained(sandbox, incident, answer),
      };
    },
  };
}

async function replicate(
  sandbox: Sandbox,
  bucket: string,
  replicas: string,
  to: readonly Destination[],
): Promise<void> {
  const { credentials } = sandbox.createPrincipal({ type: "IAMUser", name: `developer-of-${bucket}` });
  const developer = new S3Client({ endpoint: sandbox.endpoint, region: HOME, credentials, forcePathStyle: true });
  const Rules = to.map(({ suffix }, index) => ({
    ID: `to-${suffix}`,
    Priority: index + 1,
    Status: "Enabled" as const,
    Filter: { Prefix: "" },
    DeleteMarkerReplication: { Status: "Disabled" as const },
    Destination: { Bucket: `arn:aws:s3:::${replicas}-${suffix}` },
  }));
  const Role = `arn:aws:iam::${sandbox.account}:role/replication`;
  await developer.send(new PutBucketReplicationCommand({ Bucket: bucket, ReplicationConfiguration: { Role, Rules } }));
  developer.destroy();
}

/** @throws Error when a rule that leaves the jurisdiction is still enabled, or the batch was not taken */
function assertContained(sandbox: Sandbox, { bucket }: Incident, answer: unknown): void {
  const failures = (answer as { batchItemFailures?: unknown[] } | null)?.batchItemFailures;
  const rules = sandbox.bucket(bucket).replication?.Rules ?? [];
  const open = rules.filter(({ ID, Status }) => ID === `to-${OUTSIDE.suffix}` && Status !== "Disabled");
  if (failures?.length === 0 && rules.length > 0 && open.length === 0) return;
  throw new Error(`${bucket} was not contained: ${JSON.stringify({ answer, rules })}`);
}

/**
 * What a recorded containment sent to the table, for the floor to send as well.
 *
 * @throws Error when the calls are no containment's
 */
function recordedRequests(calls: readonly RecordedCall[]): TableRequests {
  const [open] = inputsOf(calls, "BatchGetItem");
  const [count] = inputsOf(calls, "UpdateItem");
  const [claim, finish] = inputsOf(calls, "TransactWriteItems").map(withoutToken);
  if (!open || !count || !claim || !finish) throw new Error("no containment: the table was not asked as for one");
  return { open, count, claim, finish } as unknown as TableRequests;
}
