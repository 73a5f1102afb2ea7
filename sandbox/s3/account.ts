import type { SandboxClock } from "../clock.ts";
import type { EventBridgeEvent } from "../cloudtrail.ts";
import type { MayService } from "../iam/service-roles.ts";
import type { Lambda } from "../lambda/lambda.ts";
import type { Service } from "../operation.ts";
import type { IdSequence } from "../sequence.ts";
import type { Registry } from "../stack/registry.ts";
import type { BucketSeed, Sandbox } from "../types.ts";
import { createJobs } from "./batch/create-jobs.ts";
import { type JobView, viewJob } from "./batch/jobs.ts";
import { tellsEventBridge } from "./notification-operations.ts";
import { describeNotice } from "./notifications.ts";
import { seedLock } from "./object-lock.ts";
import { type ObjectSeed, seedObject } from "./object-seeds.ts";
import { listVersions, type ObjectVersion, viewVersion } from "./objects.ts";
import { createS3 } from "./service.ts";
import { type Bucket, changeBucket, createBucket, type S3State, type StaleRead } from "./state.ts";

/** What S3 takes of the sandbox around it. */
export interface S3AccountContext {
  /** Where buckets belong that name no account or Region. */
  home: { account: string; region: string };
  registry: Registry;
  mayService: MayService;
  clock: SandboxClock;
  ids: IdSequence;
  lambda: Pick<Lambda, "invoker" | "during">;
  tasksPerInvocation: number;
  /** Put an event on the default bus of its account and Region. */
  publish(event: EventBridgeEvent): void;
  /** The same, with an event of CloudTrail's. */
  record(event: EventBridgeEvent): void;
}

/** S3 as the sandbox has it: the service, and how tests set and see its state. */
export interface S3Account {
  service: Service;
  stale: StaleRead[];
  view: Pick<Sandbox, "createBucket" | "createObject" | "bucket" | "objects" | "hasBucket" | "notifications">;
  jobs(): JobView[];
  /** What the services that read and write objects without calls go by. */
  state: S3State;
  /** A service wrote an object: the bucket's events tell of it like of any other. */
  written(bucket: Bucket, version: ObjectVersion): void;
}

/** No buckets yet. */
export function createS3Account(context: S3AccountContext): S3Account {
  const { registry, clock, ids, home, lambda } = context;
  const state: S3State = { buckets: new Map(), stale: [], registry };
  const notifications: EventBridgeEvent[] = [];
  const createId = () => ids.key("", 48);
  const notify = (event: EventBridgeEvent): void => {
    notifications.push(event);
    context.publish(event);
  };
  /** Tell of an object that no call wrote. */
  const announce = (bucket: Bucket, version: ObjectVersion, reason: NonNullable<ObjectSeed["reason"]>): void => {
    if (!tellsEventBridge(bucket)) return;
    const origin = { at: version.at, requestId: ids.requestId(), requester: bucket.account };
    notify(describeNotice({ type: "Object Created", reason }, bucket, version, origin, ids.uuid()));
  };
  const written = (bucket: Bucket, version: ObjectVersion) => announce(bucket, version, "PutObject");
  const jobs = createJobs({
    ...context,
    state,
    now: clock.now,
    createId,
    createJobId: ids.uuid,
    createEventId: ids.uuid,
    invoke: lambda.invoker.invoke,
    during: lambda.during,
    written,
  });
  const find = (name: string): Bucket => {
    const bucket = state.buckets.get(name);
    if (bucket) return bucket;
    throw new Error(`The sandbox has no bucket ${name}; buckets: ${[...state.buckets.keys()].join(", ")}`);
  };
  return {
    service: createS3(state, { createId, createEventId: ids.uuid, notify, jobs }),
    stale: state.stale,
    state,
    written,
    view: {
      notifications,
      createBucket: (seed) => void state.buckets.set(seed.name, seedBucket({ ...home, ...seed }, clock.now())),
      createObject(seed) {
        const bucket = find(seed.bucket);
        const version = seedObject(bucket, seed, clock.now(), createId);
        if (seed.reason !== undefined) announce(bucket, version, seed.reason);
        return version.versionId;
      },
      bucket(name) {
        const { objects: _, ...configuration } = find(name);
        return structuredClone(configuration);
      },
      objects: (name) => listVersions(find(name)).map(viewVersion),
      hasBucket: (name) => state.buckets.has(name),
    },
    jobs: () => jobs.list.map(viewJob),
  };
}

function seedBucket(seed: BucketSeed & { account: string; region: string }, at: number): Bucket {
  const bucket = createBucket(seed.name, seed.region, seed.account, at);
  if (seed.versioning || seed.objectLock) bucket.versioning = "Enabled";
  if (seed.objectLock) bucket.objectLock = seedLock(seed.objectLock);
  bucket.kmsKey = seed.kmsKey;
  if (seed.eventBridge) bucket.notification = { EventBridgeConfiguration: {} };
  bucket.dataEvents = seed.dataEvents ?? false;
  if (seed.abac) bucket.abac = "Enabled";
  bucket.tags = Object.entries(seed.tags ?? {}).map(([Key, Value]) => ({ Key, Value }));
  if (seed.replication) {
    const configuration = structuredClone(seed.replication);
    changeBucket(bucket, "replication", configuration);
    bucket.replicationHistory.push({ at, principal: "", requestId: "", configuration });
  }
  return bucket;
}
