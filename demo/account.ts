import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateBucketCommand,
  PutBucketReplicationCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  type ReplicationConfiguration,
  S3Client,
} from "@aws-sdk/client-s3";
import {
  CELL,
  cellEnvironment,
  deployCell,
  type Principal,
  type RecordedCall,
  type Sandbox,
  startSandbox,
} from "../sandbox/index.ts";
import { replicaRegions } from "./rules.ts";

export const HOME = "eu-central-1";
/** The buckets the story is about, each classified EU-only, each in the home Region. */
export const sources = {
  R1: "orders",
  R2: "catalogue",
  R3: "members",
  R5v2: "ledger",
  R5v1: "archive",
} as const;
export const CLASS_TAG = { Key: "data-residency", Value: "eu-only" };

/** The sandbox as the demo uses it. Ordinary people call with ordinary SDK clients; nothing is set behind the API's back. */
export interface Account {
  readonly sandbox: Sandbox;
  /** Where the file adapter puts tickets. */
  readonly tickets: string;
  /** As the user `developer`. Returns the call as S3 saw it. */
  replicate(bucket: string, configuration: ReplicationConfiguration): Promise<RecordedCall>;
  /** As the user `developer`: sets the class tag and one more, which changes nothing that matters. */
  touch(bucket: string, note: string): Promise<RecordedCall>;
  close(): Promise<void>;
}

/** Starts an account, lets an administrator create the buckets, then deploys Cordon. `close` ends and removes all of it. */
export async function openAccount(): Promise<Account> {
  const tickets = await mkdtemp(join(tmpdir(), "cordon-demo-"));
  const sandbox = await startSandbox({ region: HOME });
  const clients: S3Client[] = [];
  const clientOf = (principal: Principal, region: string): S3Client => {
    const client = new S3Client({ endpoint: sandbox.endpoint, region, credentials: principal.credentials });
    clients.push(client);
    return client;
  };
  const close = async (): Promise<void> => {
    for (const client of clients) client.destroy();
    await sandbox.close();
    await rm(tickets, { recursive: true, force: true });
  };
  try {
    const admin = sandbox.createPrincipal({ type: "IAMUser", name: "admin" });
    await createBuckets((region) => clientOf(admin, region));
    deployCell(sandbox, cellEnvironment({ CORDON_TICKETS: `file:${tickets}` }));
    const developer = clientOf(sandbox.createPrincipal({ type: "IAMUser", name: "developer" }), HOME);
    const called = ({ $metadata: { requestId } }: { $metadata: { requestId?: string | undefined } }): RecordedCall => {
      const call = sandbox.calls.find((each) => each.requestId === requestId);
      if (call === undefined) throw new Error(`the sandbox has no call ${requestId}`);
      return call;
    };
    return {
      sandbox,
      tickets,
      close,
      replicate: async (Bucket, ReplicationConfiguration) =>
        called(await developer.send(new PutBucketReplicationCommand({ Bucket, ReplicationConfiguration }))),
      touch: async (Bucket, Value) =>
        called(
          await developer.send(
            new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [CLASS_TAG, { Key: "note", Value }] } }),
          ),
        ),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function createBuckets(clientIn: (region: string) => S3Client): Promise<void> {
  const create = async (Bucket: string, region: string, isSource: boolean): Promise<void> => {
    const client = clientIn(region);
    const location = region === "us-east-1" ? {} : { CreateBucketConfiguration: { LocationConstraint: region } };
    await client.send(new CreateBucketCommand({ Bucket, ...location } as CreateBucketCommand["input"]));
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
    if (isSource) await client.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [CLASS_TAG] } }));
  };
  for (const name of Object.values(sources)) await create(name, HOME, true);
  for (const [name, region] of Object.entries(replicaRegions)) await create(name, region, false);
}

/** Messages that Cordon could not understand, and deliveries that were given up. */
export function lost({ queues, deadLetters }: Sandbox): number {
  return (queues[CELL.refusedQueue]?.length ?? 0) + deadLetters.length;
}
