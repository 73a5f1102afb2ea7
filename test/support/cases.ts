import { readdirSync, readFileSync } from "node:fs";
import type { World } from "../../sandbox/index.ts";
import { findingId } from "../../shared/ids.ts";
import { lookEvent } from "../../shared/signals/look.ts";
import { s3BucketRef, s3ObjectRef } from "../../shared/signals/s3-bucket-ref.ts";
import type { Change, ResourceRef } from "../../shared/types.ts";
import { cloudTrailRecord, configItem, eventBridge, objectRecord, START_MS } from "./events.ts";
import {
  type CaseRole,
  type CaseUser,
  caseRoleRef,
  caseUserRef,
  type KeyEvent,
  reportOf,
  userItem,
  userRecord,
} from "./iam-cases.ts";

/** controls/<id>/cases/*.json: an event and a world, and what has to come of them. */
export interface Case {
  readonly file: string;
  readonly controlId: string;
  readonly title: string;
  readonly scenario: string;
  readonly subject: string;
  readonly event: { readonly name?: string; readonly config?: boolean; readonly look?: true } & KeyEvent;
  /** IAM users or roles besides, where the case is about them. */
  readonly world: World & { readonly users?: readonly CaseUser[]; readonly roles?: readonly CaseRole[] };
  /** Actions that AWS denies to the function. */
  readonly denied?: readonly string[];
  /** A merge patch over the shipped EU policy. */
  readonly policy?: unknown;
  readonly expect: {
    readonly findings: Readonly<
      Record<string, { readonly decision: string; readonly status: string; readonly rule: string }>
    >;
    /** Every difference between the resource before and after. */
    readonly changes: readonly Change[];
    /** What a person's approval makes different, of a control that changes nothing without one. */
    readonly approved?: readonly Change[];
    /** How many of S3 or IAM, and how many of the table. */
    readonly calls?: { readonly s3: number; readonly table: number } | { readonly iam: number; readonly table: number };
  };
}

export function casesOf(controlId: string): readonly Case[] {
  const folder = new URL(`../../controls/${controlId}/cases/`, import.meta.url);
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => {
      const { world, ...rest } = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Omit<
        Case,
        "file" | "controlId"
      >;
      return { file, controlId, ...rest, world: { ...world, buckets: world.buckets ?? [] } };
    });
}

/** The IAM user that the case is about; undefined when it is about a bucket or an object. */
export function userOf({ subject, world }: Case): CaseUser | undefined {
  return world.users?.find(({ name }) => name === subject);
}

function roleOf({ subject, world }: Case): CaseRole | undefined {
  return world.roles?.find(({ name }) => name === subject);
}

/** A bucket by its name, an object as `bucket/key`, or an IAM user or role of the world by its. */
export function subjectRef(each: Case): ResourceRef {
  const { subject, world } = each;
  const user = userOf(each);
  if (user !== undefined) return caseUserRef(user);
  const role = roleOf(each);
  if (role !== undefined) return caseRoleRef(role);
  const [name = "", key] = placeOf(subject);
  const bucket = world.buckets.find((each) => each.name === name);
  const ref = s3BucketRef(name, bucket?.account ?? "111122223333", bucket?.region ?? "eu-central-1");
  const found = ref !== undefined && key !== undefined ? s3ObjectRef(ref, key) : ref;
  if (found === undefined) throw new Error(`${subject} is not in the case's world`);
  return found;
}

function placeOf(subject: string): readonly [string, string?] {
  const slash = subject.indexOf("/");
  return slash < 0 ? [subject] : [subject.slice(0, slash), subject.slice(slash + 1)];
}

/** The call by which a user writes the very state that is judged. */
export function writeCallOf(each: Case): string | undefined {
  const { subject, event } = each;
  if (isOfSessions(each)) return "DeleteUserPolicy";
  if (userOf(each) !== undefined) return "UpdateAccessKey";
  return subject.includes("/") ? "PutObjectTagging" : event.name;
}

/** What is judged are sessions, and not keys. */
function isOfSessions({ controlId }: Case): boolean {
  return controlId.endsWith("-has-no-session-of-exposed-key");
}

/** A call after which the resource is looked at again, and which has written nothing of the state. */
export function nudgeOf(each: Case): string {
  const { subject, event } = each;
  // A policy that is not Cordon's.
  if (isOfSessions(each)) return "DetachUserPolicy";
  // Of the exposed the call has to be one that is heard: its status is what it was.
  if (userOf(each) !== undefined) return isReport(event) ? "UpdateAccessKey" : "TagUser";
  return subject.includes("/") ? "PutObjectTagging" : "PutBucketTagging";
}

function isReport(event: Case["event"]): boolean {
  return event.name === "AttachUserPolicy" || reportOf(event) !== undefined;
}

/** What only points at the case's resource. */
export function itemOf(each: Case): Record<string, unknown> {
  const user = userOf(each);
  return user === undefined ? configItem(each.subject.split("/")[0] ?? "") : userItem(user);
}

/** An event as EventBridge delivers it: a service's own is so already, and an operator's goes past it. */
export function delivered(event: Record<string, unknown>): Record<string, unknown> {
  return "detail-type" in event || "cordon" in event ? event : eventBridge(event);
}

/** The case's event; that of PutBucketReplication tells what was put, as CloudTrail does. */
export function eventOf(each: Case, more: Parameters<typeof cloudTrailRecord>[1] = {}): Record<string, unknown> {
  const { subject, event, world } = each;
  const user = userOf(each);
  if (user !== undefined) {
    const told = event.config === true ? userItem(user) : reportOf(event);
    return (more.name === undefined && told) || userRecord(user, { name: event.name ?? "CreateAccessKey", ...more });
  }
  if (roleOf(each) !== undefined)
    return reportOf(event) ?? lookEvent(each.controlId, subjectRef(each), new Date(START_MS).toISOString());
  if (event.config === true) return configItem(subject);
  const [bucket = "", key] = placeOf(subject);
  if (key !== undefined) return objectRecord(bucket, key, { ...more, name: more.name ?? event.name ?? "PutObject" });
  const name = more.name ?? event.name ?? "PutBucketReplication";
  const record = cloudTrailRecord(subject, { ...more, name });
  const configuration = world.buckets.find((bucket) => bucket.name === subject)?.replication;
  if (name !== "PutBucketReplication" || configuration === undefined) return record;
  const { Role, Rules = [] } = configuration;
  const told = { Role, Rule: Rules.length === 1 ? Rules[0] : Rules };
  return { ...record, requestParameters: { bucketName: subject, ReplicationConfiguration: told } };
}

export function findingIdOf(each: Case, controlId: string, part: string): string {
  return findingId(controlId, subjectRef(each), part);
}
