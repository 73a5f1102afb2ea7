import type { ReplicationConfiguration } from "@aws-sdk/client-s3";
import type { RecordedCall } from "./calls.ts";
import type { SandboxClock } from "./clock.ts";
import type { EventBridgeEvent } from "./cloudtrail.ts";
import type { SecurityHub } from "./control-plane/security-hub.ts";
import type { AccountSeeds } from "./control-plane/seeds.ts";
import type { IndexSpec } from "./dynamodb/indexes.ts";
import type { StaleIndex } from "./dynamodb/queries.ts";
import type { AttributeMap } from "./dynamodb/store.ts";
import type { StreamRecord } from "./dynamodb/table.ts";
import type { BusPlace } from "./events/bridge.ts";
import type { EventPattern } from "./events/pattern.ts";
import type { Undelivered } from "./events/targets.ts";
import type { FaultSpec } from "./faults.ts";
import type { IamSeeds } from "./iam/seeds.ts";
import type { StaleIamRead } from "./iam/stale-reads.ts";
import type { DenyRule, Organization } from "./permissions.ts";
import type { Principal, PrincipalSpec } from "./principals.ts";
import type { QueueMessage } from "./queues.ts";
import type { JobView } from "./s3/batch/jobs.ts";
import type { ObjectSeed } from "./s3/object-seeds.ts";
import type { ObjectView } from "./s3/objects.ts";
import type { Bucket, StaleRead } from "./s3/state.ts";
import type { Published } from "./sns.ts";
import type { Registry } from "./stack/registry.ts";
import type { Deployment, DeployOptions, Template } from "./stack/template.ts";
import type { ExecutionView } from "./states/executions.ts";
import type { LookupLimits, TrailEventSeed } from "./trail-history.ts";

export interface SandboxOptions {
  /** 0, the default, takes any free port. */
  port?: number;
  /** The account most things belong to; `111122223333` by default. */
  account?: string;
  /** The cell's home Region; `eu-central-1` by default. Tables, queues and functions live there. */
  region?: string;
  /** Epoch ms the clock starts at; real time by default. */
  startAt?: number;
  /** Same seed, same request ids and event ids, and same deliveries of the same `schedule`. */
  seed?: number;
  /** How deliveries go; at once, once and in order by default. */
  schedule?: DeliverySchedule;
  /** Objects S3 Batch Operations gives a function at a time; 1 by default. */
  tasksPerInvocation?: number;
  /** Accounts of one organisation, for conditions on `aws:PrincipalOrgID` and `aws:ResourceOrgID`; none by default. */
  organization?: Organization;
  tables?: ({ name: string } & TableSpec)[];
  functions?: FunctionSpec[];
  /** Gets each line functions print, and what the sandbox has to say. */
  log?: (line: string) => void;
}

/** What AWS promises no better than: the seed draws which deliveries it strikes. */
export interface DeliverySchedule {
  /** How often, from 0 to 1, an event is routed twice, and a message given once more though it was deleted; 0 by default. */
  duplicates?: number;
  /** Messages are taken in any order, in batches of any size. */
  reorder?: boolean;
  /** Least and most time a routed event is on its way. */
  delayMs?: readonly [number, number];
  /** One delivery at a time in the whole account, on a clock that stands still between moves: then a run can be repeated exactly. */
  serial?: boolean;
}

/** A Lambda function that no template describes, with what triggers it. */
export interface FunctionSpec {
  name: string;
  /** Path of the built module that exports `handler`. */
  bundle: string;
  environment: Record<string, string>;
  timeoutMs: number;
  /** 256 by default. */
  memoryMb?: number;
  /** Events on the home account's default bus that match any of these come through the function's queue, `cordon-<name>`. */
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
  /** It has a function URL of AuthType AWS_IAM. */
  hasUrl?: boolean;
}

/** How an invocation went. */
export type InvocationResult =
  | { ok: true; result: unknown }
  | {
      ok: false;
      error: { type: string; message: string };
      crashed?: true;
      timedOut?: true;
      /** The function was never reached: it has no concurrency, or is gone. */
      throttled?: true;
    };

/** What was given up on: a message received too often, a stream record out of retries or too old for its mapping. */
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

/** What nobody looked at in time: a message older than its queue keeps it, a stream record older than 24 hours. */
export interface Lost {
  /** The function that would have got it; empty for a queue that several could have read. */
  function: string;
  /** Epoch ms when that was noticed. */
  at: number;
  /** ARN of the queue or stream. */
  source: string;
  body: string;
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
  /** S3's own events about its objects go to EventBridge; off by default. */
  eventBridge?: boolean;
  /** CloudTrail logs writes to its objects; off by default, unless a trail in the registry selects them. */
  dataEvents?: boolean;
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

/** An AWS account on loopback. A test double: signatures are verified only where they say who somebody is, and what AWS does not document is not imitated. */
export interface Sandbox extends AccountSeeds, IamSeeds {
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
  /** Every event S3 itself gave EventBridge, about objects in buckets whose events go there; live. */
  readonly notifications: readonly EventBridgeEvent[];
  /** Jobs of S3 Batch Operations in the order they were created, as they are now. */
  readonly jobs: readonly JobView[];
  /** Executions of state machines in the order they were started, as they are now. */
  readonly executions: readonly ExecutionView[];
  /** Messages by queue name; live. What is being worked on stays until it is deleted. */
  readonly queues: Readonly<Record<string, readonly QueueMessage[]>>;
  /** What went to dead-letter queues and on-failure destinations, with the reason that AWS doesn't tell. */
  readonly deadLetters: readonly DeadLetter[];
  /** Events that a rule's target did not take. */
  readonly undelivered: readonly Undelivered[];
  readonly lost: readonly Lost[];
  /** What was published to topics. */
  readonly published: readonly Published[];
  /** Findings that Security Hub has, in every account and Region, as they are now. */
  readonly securityHub: Pick<SecurityHub, "findings" | "clear">;
  /** The last lines functions printed, oldest first. */
  readonly logs: readonly string[];
  readonly faults: { inject(spec: FaultSpec): () => void; readonly pending: number; clear(): void };
  /** Every resource that a template made, as it is configured now. */
  readonly registry: Registry;
  /** False: events are recorded and delivered to no function. True by default. */
  routing: boolean;

  /** Environment for an SDK client or `osls invoke local`; a user `sandbox-admin` of the sandbox's account by default. A user's AWS_SESSION_TOKEN is empty. */
  environment(principal?: Principal): Record<string, string>;
  createPrincipal(spec: PrincipalSpec): Principal;
  /** Refuse an IAM action; returns the call that allows it again. */
  deny(rule: DenyRule): () => void;
  /** Make reads of a bucket, of a table's index, or of an IAM user or role return what was there before the last write. */
  stale(read: StaleRead | StaleIndex | StaleIamRead): void;
  /** Put a record into CloudTrail's history, where LookupEvents finds it; on no bus, for which the event returned is good for `putEvent`. */
  recordEvent(seed: TrailEventSeed): EventBridgeEvent;
  /** Make LookupEvents throttle, and find events late, as AWS does. */
  limitLookups(limits: Partial<LookupLimits>): void;
  createBucket(seed: BucketSeed): void;
  /** Returns the version's id, `null` without versioning. Throws when there is no such bucket. */
  createObject(seed: ObjectSeed): string;
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
  /** Add a function by hand, or replace it: containers of the old one are ended. */
  deploy(spec: FunctionSpec): void;
  /** Make what a CloudFormation template describes, in any account and Region. Throws Error for what the sandbox or AWS refuses. */
  deployTemplate(template: Template, options?: DeployOptions): Deployment;
  /** Change a deployed function and begin with new containers; `environment` replaces all of it. Triggers stay as they are. */
  redeploy(
    functionName: string,
    changes: Partial<Pick<FunctionSpec, "bundle" | "environment" | "timeoutMs" | "memoryMb" | "maxConcurrency">>,
  ): void;
  /** Invoke directly and wait for the answer. Throws when there is no such function. */
  invoke(functionName: string, event: unknown): Promise<InvocationResult>;
  /** Put an event on a bus; by default the default bus of the event's own account and Region. */
  putEvent(event: EventBridgeEvent, place?: BusPlace): void;
  /** Wait until nothing is being delivered and nothing can be at this moment. Does not move the clock. */
  settle(): Promise<void>;
  /** Settle, moving the clock to each pending redelivery, until nothing is pending. Schedules it moves past don't fire. */
  drain(): Promise<void>;
  /** End containers, drop connections, free the port. */
  close(): Promise<void>;
}
