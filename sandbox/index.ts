/** An AWS account on loopback for demo, tests and benchmarks. Start with `startSandbox`. */
export type { RecordedCall, ServiceName } from "./calls.ts";
export { CELL, cellEnvironment, deployCell, missingBundles, packagedTemplate } from "./cell.ts";
export type { SandboxClock } from "./clock.ts";
export type { EventBridgeEvent } from "./cloudtrail.ts";
export type { HubFinding } from "./control-plane/security-hub.ts";
export type { IndexSpec } from "./dynamodb/indexes.ts";
export type { AttributeMap } from "./dynamodb/store.ts";
export type { StreamRecord } from "./dynamodb/table.ts";
export type { BusPlace } from "./events/bridge.ts";
export { type EventPattern, matchesPattern, type PatternValue } from "./events/pattern.ts";
export type { Undelivered } from "./events/targets.ts";
export type { FaultKind, FaultSpec } from "./faults.ts";
export type { PolicyDocument } from "./iam/policy.ts";
export type { IamSeeds, KeySeed, RootSeed, UserSeed, UserView } from "./iam/seeds.ts";
export type { StaleIamRead } from "./iam/stale-reads.ts";
export type { DenyRule, Organization } from "./permissions.ts";
export type { Credentials, Principal, PrincipalSpec } from "./principals.ts";
export type { QueueMessage } from "./queues.ts";
export type { JobStatus, JobView } from "./s3/batch/jobs.ts";
export type { ObjectSeed } from "./s3/object-seeds.ts";
export type { ObjectView } from "./s3/objects.ts";
export type { Bucket, ReplicationChange, StaleRead } from "./s3/state.ts";
export { startSandbox } from "./sandbox.ts";
export type { Published } from "./sns.ts";
export { readTemplate } from "./stack/read-template.ts";
export type { Registry, StackResource } from "./stack/registry.ts";
export type { Deployment, DeployOptions, Template } from "./stack/template.ts";
export type { ExecutionView } from "./states/executions.ts";
export type { LookupLimits, TrailEventSeed } from "./trail-history.ts";
export type {
  BucketSeed,
  DeadLetter,
  DeliverySchedule,
  FunctionSpec,
  InvocationResult,
  Lost,
  Sandbox,
  SandboxOptions,
  TableSpec,
  TableView,
} from "./types.ts";
export { loadWorld, parseWorld, seedWorld, type World } from "./world.ts";
