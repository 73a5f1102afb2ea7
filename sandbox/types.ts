import type { ReplicationConfiguration } from "@aws-sdk/client-s3";
import type { RecordedCall } from "./calls.ts";
import type { SandboxClock } from "./clock.ts";
import type { EventBridgeEvent } from "./cloudtrail.ts";
import type { AccountSeeds } from "./control-plane/seeds.ts";
import type { IndexSpec } from "./dynamodb/indexes.ts";
import type { StaleIndex } from "./dynamodb/queries.ts";
import type { AttributeMap } from "./dynamodb/store.ts";
import type { StreamRecord } from "./dynamodb/table.ts";
import type { EventPattern } from "./events/pattern.ts";
import type { FaultSpec } from "./faults.ts";
import type { DenyRule, Organization } from "./permissions.ts";
import type { Principal, PrincipalSpec } from "./principals.ts";
import type { QueueMessage } from "./queues.ts";
import type { ObjectView } from "./s3/objects.ts";
import type { Bucket, StaleRead } from "./s3/state.ts";
import type { Registry } from "./stack/registry.ts";

export interface SandboxOptions {
  /** 0, the default, takes any free port. */
  port?: number;
  /** The account most things belong to; `111122223333` by default. */
  account?: string;
  /** The cell's home Region; `eu-central-1` by default. Tables, queues and functions live there. */
  region?: string;
  /** Epoch ms the clock starts at; real time by default. */
  startAt?: number;
  /** Same seed, same request ids and event ids. */
  seed?: number;
  /** Accounts of one organisation, for conditions on `aws:PrincipalOrgID` and `aws:ResourceOrgID`; none by default. */
  organization?: Organization;
  tables?: ({ name: string } & TableSpec)[];
  functions?: FunctionSpec[];
  /** Gets each line functions print, and what the sandbox has to say. */
  log?: (line: string) => void;
}

/** A Lambda function with what triggers it. */
export interface FunctionSpec {
  name: string;
  /** Path of the built module that exports `handler`. */
  bundle: string;
  environment: Record<string, string>;
  timeoutMs: number;
  /** 256 by default. */
  memoryMb?: number;
  /** Events that match any of these come through the function's queue, `cordon-<name>`. */
  patterns?: EventPattern[];
  /** Messages a batch from the queue; 1 by default. */
  batchSize?: number;
  /** The function reads this table's stream: in order, batches of up to 100, retried in order. */
  stream?: { table: string; maxRetryAttempts?: number };
  /** Receives before a message goes to the dead letters; 3 by default. */
  maxReceiveCount?: number;
  /** Six times `timeoutMs` by default, as AWS advises. */
  visibilityTimeoutMs?: number;
  /** Containers at a time; 4 by default. */
  maxConcurrency?: number;
}

/** How an invocation went. */
export type InvocationResult =
  | { ok: true; result: unknown }
  | { ok: false; error: { type: string; message: string }; crashed?: true; timedOut?: true };

/** What was given up on: a message received too often, or a stream record out of retries or older than 24 hours. */
export interface DeadLetter {
  function: string;
  /** Epoch ms. */
  at: number;
  /** The message's body, or the stream record as JSON. */
  body: string;
  receiveCount: number;
  /** How the last attempt failed. */
  reason: string;
}

/** State set without a call: no record, no event, no precondition checked. */
export interface BucketSeed {
  name: string;
  /** The sandbox's own by default. */
  region?: string;
  /** The sandbox's own by default. */
  account?: string;
  /** Off by default. */
  versioning?: boolean;
  tags?: Record<string, string>;
  replication?: ReplicationConfiguration;
  /** Off by default: then PutBucketTagging works. */
  abac?: boolean;
  /** Object Lock with a default retention, which turns versioning on for good; off by default. */
  objectLock?: { mode: "COMPLIANCE" | "GOVERNANCE"; days: number };
  /** Id, ARN or alias of the key objects are encrypted with; S3's own by default. */
  kmsKey?: string;
}

/** A table keyed by the texts `pk` and `sk`. */
export interface TableSpec {
  /** None by default. */
  stream?: boolean;
  indexes?: readonly IndexSpec[];
  /** The attribute that holds an item's expiry in epoch seconds; two days after it a move of the clock deletes the item. */
  timeToLiveAttribute?: string;
}

/** A table as tests look at it. */
export interface TableView {
  name: string;
  arn: string;
  /** Copies, in DynamoDB JSON, ordered by partition and sort key. */
  items(): AttributeMap[];
  /** Everything its stream ever carried. */
  streamRecords(): StreamRecord[];
}

/** An AWS account on loopback. A test double: signatures are not verified, and what AWS does not document is not imitated. */
export interface Sandbox extends AccountSeeds {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  readonly account: string;
  readonly region: string;
  readonly clock: SandboxClock;
  /** Every call in order of arrival; live. */
  readonly calls: readonly RecordedCall[];
  clearCalls(): void;
  /** Every CloudTrail event emitted, in its EventBridge envelope; live. */
  readonly events: readonly EventBridgeEvent[];
  /** Messages by queue name; live. What is being worked on stays until it is deleted. */
  readonly queues: Readonly<Record<string, readonly QueueMessage[]>>;
  readonly deadLetters: readonly DeadLetter[];
  /** The last lines functions printed, oldest first. */
  readonly logs: readonly string[];
  readonly faults: { inject(spec: FaultSpec): () => void; readonly pending: number; clear(): void };
  /** Every resource that a template made, as it is configured now. */
  readonly registry: Registry;
  /** False: events are recorded and delivered to no function. True by default. */
  routing: boolean;

  /** Environment for an SDK client or `osls invoke local`; a user `sandbox-admin` of the sandbox's account by default. */
  environment(principal?: Principal): Record<string, string>;
  createPrincipal(spec: PrincipalSpec): Principal;
  /** Refuse an IAM action; returns the call that allows it again. */
  deny(rule: DenyRule): () => void;
  /** Make reads of a bucket, or of a table's index, return what was there before the last write. */
  stale(read: StaleRead | StaleIndex): void;
  createBucket(seed: BucketSeed): void;
  /** A copy of a bucket's state. Throws when there is no such bucket. */
  bucket(name: string): Readonly<Omit<Bucket, "objects">>;
  /** Every version and delete marker in a bucket, in the order they were written. Throws when there is no such bucket. */
  objects(bucket: string): ObjectView[];
  hasBucket(name: string): boolean;
  createTable(name: string, spec?: TableSpec): void;
  /** Throws when there is no such table in the home account and Region. */
  table(name: string): TableView;
  /** Returns the queue's URL; the queue may exist already. */
  createQueue(name: string): string;
  /** Add a function, or replace it: containers of the old one are ended. */
  deploy(spec: FunctionSpec): void;
  /** Invoke directly and wait for the answer. Throws when there is no such function. */
  invoke(functionName: string, event: unknown): Promise<InvocationResult>;
  /** Give an event to every function whose patterns match, as EventBridge would. */
  putEvent(event: EventBridgeEvent): void;
  /** Wait until nothing is being delivered and nothing can be at this moment. Does not move the clock. */
  settle(): Promise<void>;
  /** Settle, moving the clock to each pending redelivery, until nothing is pending. */
  drain(): Promise<void>;
  /** End containers, drop connections, free the port. */
  close(): Promise<void>;
}
