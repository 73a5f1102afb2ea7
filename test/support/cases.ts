import { readdirSync, readFileSync } from "node:fs";
import type { World } from "../../sandbox/index.ts";
import { findingId } from "../../shared/ids.ts";
import { s3BucketRef, s3ObjectRef } from "../../shared/signals/s3-bucket-ref.ts";
import type { Change, ResourceRef } from "../../shared/types.ts";
import { cloudTrailRecord, configItem, objectRecord } from "./events.ts";

/** controls/<id>/cases/*.json: an event and a world, and what has to come of them. */
export interface Case {
  readonly file: string;
  readonly title: string;
  readonly scenario: string;
  readonly subject: string;
  readonly event: { readonly name?: string; readonly config?: boolean };
  readonly world: World;
  /** A merge patch over the shipped EU policy. */
  readonly policy?: unknown;
  readonly expect: {
    readonly findings: Readonly<
      Record<string, { readonly decision: string; readonly status: string; readonly rule: string }>
    >;
    /** Every difference between the resource before and after. */
    readonly changes: readonly Change[];
    readonly calls?: { readonly s3: number; readonly table: number };
  };
}

export function casesOf(controlId: string): readonly Case[] {
  const folder = new URL(`../../controls/${controlId}/cases/`, import.meta.url);
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => ({ file, ...(JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Omit<Case, "file">) }));
}

/** A bucket by its name, or an object as `bucket/key`. */
export function subjectRef({ subject, world }: Case): ResourceRef {
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
export function writeCallOf({ subject, event }: Case): string | undefined {
  return subject.includes("/") ? "PutObjectTagging" : event.name;
}

/** A call after which the resource is looked at again, and which has written nothing of the state. */
export function nudgeOf({ subject }: Case): string {
  return subject.includes("/") ? "PutObjectTagging" : "PutBucketTagging";
}

/** The case's event; that of PutBucketReplication tells what was put, as CloudTrail does. */
export function eventOf(
  { subject, event, world }: Case,
  more: Parameters<typeof cloudTrailRecord>[1] = {},
): Record<string, unknown> {
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
