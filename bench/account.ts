import { PutBucketReplicationCommand, S3Client } from "@aws-sdk/client-s3";
import { CELL, cellEnvironment, type EventBridgeEvent, type Sandbox, startSandbox } from "../sandbox/index.ts";

const HOME = "eu-central-1";
export const INSIDE = { suffix: "ireland", region: "eu-west-1" } as const;
export const OUTSIDE = { suffix: "oregon", region: "us-west-2" } as const;

export type Destination = typeof INSIDE | typeof OUTSIDE;

/** An EU-only bucket that somebody has just made to replicate, and the event AWS emits for it. */
export interface Incident {
  readonly bucket: string;
  readonly event: EventBridgeEvent;
}

/** The account the contestants act in. Nothing is delivered by itself: events are handed over one by one. */
export interface Account {
  readonly sandbox: Sandbox;
  /**
   * A developer sets replication of a bucket, by default of a new one, with a rule for each destination. Each time it is another developer: what one
   * and the same does very often counts as a storm, which isn't the common case.
   *
   * @param to by default one rule, to a Region outside the jurisdiction
   * @param like another incident, whose destinations' buckets are to be used again
   */
  createIncident(to?: readonly Destination[], like?: Incident): Promise<Incident>;
  /** The environment of a function's process: Lambda's, the cell's, and credentials of a role of its own. */
  environmentOf(name: string): Record<string, string>;
  functionArnOf(name: string): string;
  close(): Promise<void>;
}

export async function openAccount(): Promise<Account> {
  const sandbox = await startSandbox({ region: HOME, tables: [{ name: CELL.table, stream: true }] });
  sandbox.createQueue(CELL.refusedQueue);
  sandbox.routing = false;
  let incidents = 0;

  return {
    sandbox,
    async createIncident(to = [OUTSIDE], like) {
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
    },
    environmentOf(name) {
      const role = sandbox.createPrincipal({ type: "AssumedRole", name: `bench-${name}` });
      return {
        AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "512",
        AWS_LAMBDA_FUNCTION_NAME: name,
        AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
        AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
        AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
        TZ: ":UTC",
        ...sandbox.environment(role),
        ...cellEnvironment(),
      };
    },
    functionArnOf: (name) => `arn:aws:lambda:${HOME}:${sandbox.account}:function:cordon-${name}`,
    close: () => sandbox.close(),
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

/** The incident's event as the function's queue delivers it. */
export function asBatch({ event }: Incident): object {
  const record = {
    messageId: event.id,
    receiptHandle: event.id,
    body: JSON.stringify(event),
    attributes: { ApproximateReceiveCount: "1", SentTimestamp: String(Date.parse(event.time)) },
    messageAttributes: {},
    md5OfBody: "",
    eventSource: "aws:sqs",
    eventSourceARN: `arn:aws:sqs:${HOME}:${event.account}:cordon-quarantine-replication`,
    awsRegion: HOME,
  };
  return { Records: [record] };
}

/** @throws Error when a rule that leaves the jurisdiction is still enabled, or the batch was not taken */
export function assertContained({ sandbox }: Account, { bucket }: Incident, answer: unknown): void {
  const failures = (answer as { batchItemFailures?: unknown[] } | null)?.batchItemFailures;
  const rules = sandbox.bucket(bucket).replication?.Rules ?? [];
  const open = rules.filter(({ ID, Status }) => ID === `to-${OUTSIDE.suffix}` && Status !== "Disabled");
  if (failures?.length === 0 && rules.length > 0 && open.length === 0) return;
  throw new Error(`${bucket} was not contained: ${JSON.stringify({ answer, rules })}`);
}
