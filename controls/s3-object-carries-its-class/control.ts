import { certainClasses } from "../../shared/classification/classify.ts";
import { classifyObject } from "../../shared/classification/classify-object.ts";
import { loadKeyPatterns } from "../../shared/classification/key-patterns.ts";
import type { KnownObject } from "../../shared/classification/known-object.ts";
import { objectFacts } from "../../shared/classification/object-facts.ts";
import { considerRules, type PlannedRead, planRead } from "../../shared/classification/object-rules.ts";
import { carriedTags, tagFor, tagsWith } from "../../shared/classification/object-tags.ts";
import type { Asked, Control, Detection, Ports } from "../../shared/control.ts";
import { findingId, WHOLE } from "../../shared/ids.ts";
import type { ObjectTags, S3Objects } from "../../shared/resources/s3-objects.ts";
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

async function detect(
  resource: ResourceRef,
  ports: Ports,
  { policy, signal, deadlineMs }: Asked,
): Promise<Detection<ObjectTags>> {
  const objects = objectsOf(ports);
  const { bucket, key } = placeOfObject(resource);
  const [reading, bucketTags] = await Promise.all([objects.tagging.read(resource), objects.bucketTags(bucket)]);
  if (reading.kind !== "present") return reading;
  const tags = toTags(reading.state);
  const rules = policy.objects?.rules ?? [];
  const isFound = await loadKeyPatterns(rules);
  const macie = signal.macie === undefined ? [] : [signal.macie];
  let known: KnownObject = { bucket: bucket.name, key, tags, macie };
  let considered = considerRules(rules, known, isFound);
  // Nothing is read that could not raise the class: of an object in a bucket of the highest class, nothing ever.
  const certain = certainClasses(
    classifyObject({ ...considered, carried: carriedTags(tags, policy) }, bucketTags, {}, policy),
  );
  const read = planRead(considered, certain, policy);
  if (read.kind !== "nothing") {
    known = { ...known, ...(await readOf(resource, key, read, ports, { policy, signal, deadlineMs })) };
    considered = considerRules(rules, known, isFound);
  }
  const facts = objectFacts(known, considered, { bucketTags, journalled: {}, policy });
  const finding: Finding = {
    id: findingId(meta.id, resource, WHOLE),
    controlId: meta.id,
    resource,
    part: WHOLE,
    // Its key may name somebody (invariant 14).
    title: `An object in ${bucket.name} carries the tag of its class`,
    facts,
  };
  return { kind: "present", state: reading.state, tags: bucketTags, findings: [finding] };
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
  const opened = await objects.open(resource, policy.objects?.read.headBytes ?? 1);
  if ("unreadable" in opened) return { headers: opened, content: opened };
  // Left is what a tag takes to be written and recorded.
  const search = { detectors: read.detectors, policy, key, deadlineMs: deadlineMs - RESERVE_MS };
  try {
    return { headers: opened.headers, content: await ports.lookThrough(opened, search) };
  } finally {
    opened.close();
  }
}

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
