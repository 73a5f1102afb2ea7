import { certainClasses } from "../../shared/classification/classify.ts";
import { classifyObject } from "../../shared/classification/classify-object.ts";
import { loadKeyPatterns } from "../../shared/classification/key-patterns.ts";
import type { KnownObject } from "../../shared/classification/known-object.ts";
import { type AroundObject, objectFacts } from "../../shared/classification/object-facts.ts";
import {
  type ConsideredRules,
  considerRules,
  type PlannedRead,
  planRead,
} from "../../shared/classification/object-rules.ts";
import { carriedTags, tagFor, tagsWith } from "../../shared/classification/object-tags.ts";
import type { Asked, Control, Detection, Ports } from "../../shared/control.ts";
import { findingId, isVersioned, WHOLE } from "../../shared/ids.ts";
import type { ObjectTags, S3Objects } from "../../shared/resources/s3-objects.ts";
import { shownArn } from "../../shared/shown.ts";
import { placeOfObject } from "../../shared/signals/s3-bucket-ref.ts";
import { isCreation } from "../../shared/signals/s3-object-events.ts";
import type { Finding, ResourceRef, Tag } from "../../shared/types.ts";
import { meta } from "./meta.ts";

/** An object carries the tag of its class, or of a more restrictive one. It has one part, which is all of its tags. */
export const control: Control<ObjectTags> = {
  meta,
  port: (ports) => objectsOf(ports).tagging,
  detect,
  // What S3 has taken it shows at once. Which tags a call has set CloudTrail does not tell; whoever wrote a version wrote all of it.
  shows: (signal, _, how) =>
    how !== "exactly" || (isCreation(signal) && signal.resource.version !== undefined) ? true : undefined,

  comply(state, _, classified) {
    const [classification] = certainClasses(classified);
    const tag = classification && tagFor(classification);
    const next = tag && tagsWith(toTags(state), tag);
    return next === undefined ? state : fromTags(next);
  },

  retreat: () => undefined,
  restore: (_, before) => before,
};

async function detect(resource: ResourceRef, ports: Ports, asked: Asked): Promise<Detection<ObjectTags>> {
  const objects = objectsOf(ports);
  const { policy, signal, clock } = asked;
  const { bucket, key } = placeOfObject(resource);
  const [first, bucketTags, around] = await Promise.all([
    objects.tagging.read(resource),
    objects.bucketTags(bucket),
    ports.classOfBucket?.(bucket),
  ]);
  if (first.kind !== "present") return first;
  // Each version has an item and a finding of its own: by no version, the same one would have two.
  if (resource.version === undefined && isVersioned(first.version)) {
    const instead = { ...resource, version: first.version };
    return { kind: "absent", reason: `what is current is ${shownArn(instead)}, a version of its own`, instead };
  }
  const tagsReadMs = clock.nowMs();
  const rules = policy.objects?.rules ?? [];
  const isFound = await loadKeyPatterns(rules);
  const macie = signal.macie === undefined ? [] : [signal.macie];
  const known: KnownObject = { bucket: bucket.name, key, tags: toTags(first.state), macie };
  const read = planned(considerRules(rules, known, isFound), known.tags, { bucketTags, around, policy });
  const seen = read.kind === "nothing" ? {} : await readOf(resource, key, read, ports, asked);
  // All tags are written at once: those that somebody has set while the content was looked through must not be lost.
  const isOld = clock.nowMs() - tagsReadMs > TAGS_AGE_MS;
  const reading = isOld ? await objects.tagging.read(resource) : first;
  if (reading.kind !== "present") return reading;
  const object = { ...known, ...seen, tags: toTags(reading.state) };
  const facts = objectFacts(object, considerRules(rules, object, isFound), {
    bucketTags,
    around,
    journalled: {},
    policy,
  });
  const finding: Finding = {
    id: findingId(meta.id, resource, WHOLE),
    controlId: meta.id,
    resource,
    part: WHOLE,
    // Its key may name somebody (invariant 14).
    title: `An object in ${bucket.name} carries the tag of its class`,
    facts,
  };
  return {
    kind: "present",
    state: reading.state,
    tags: bucketTags,
    findings: [finding],
    ...(around !== undefined && { around }),
  };
}

/** Tags that were read longer ago are read again before they are written. A small object takes less, also when many wait for their turn. */
const TAGS_AGE_MS = 2_000;

/** Nothing is read that could not raise the class: of an object in a bucket of the highest class, nothing ever. */
function planned(
  considered: ConsideredRules,
  tags: readonly Tag[],
  { bucketTags, around, policy }: Omit<AroundObject, "journalled">,
): PlannedRead {
  const facts = { ...considered, carried: carriedTags(tags, policy) };
  return planRead(considered, certainClasses(classifyObject(facts, bucketTags, {}, policy, around)), policy);
}

/** What is read besides the tags: headers alone, or with the content, in one call. */
async function readOf(
  resource: ResourceRef,
  key: string,
  read: Exclude<PlannedRead, { readonly kind: "nothing" }>,
  ports: Ports,
  { policy, deadlineMs }: Asked,
): Promise<Pick<KnownObject, "headers" | "content">> {
  const objects = objectsOf(ports);
  if (read.kind === "headers") return { headers: await objects.readHeaders(resource) };
  if (ports.lookThrough === undefined) throw new Error("nothing looks through content here");
  // A small object is read by one call; of a large one no more is taken from the stream than its head.
  const firstBytes = policy.objects?.read.maxBytes ?? 1;
  const search = { detectors: read.detectors, policy, key, deadlineMs: deadlineMs - RESERVE_MS };
  return ports.lookThrough(() => objects.open(resource, firstBytes), search);
}

/** Kept back: what a tag takes to be written and recorded. */
const RESERVE_MS = 6_000;

function objectsOf({ objects }: Ports): S3Objects {
  if (objects === undefined) throw new Error("no objects are connected");
  return objects;
}

function toTags({ TagSet }: ObjectTags): readonly Tag[] {
  return TagSet.map(({ Key, Value }) => ({ key: Key, value: Value }));
}

function fromTags(tags: readonly Tag[]): ObjectTags {
  return { TagSet: tags.map(({ key, value }) => ({ Key: key, Value: value })) };
}
