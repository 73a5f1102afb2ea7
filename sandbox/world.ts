import { readFile } from "node:fs/promises";
import type { ReplicationConfiguration } from "@aws-sdk/client-s3";
import type { ObjectSeed } from "./s3/object-seeds.ts";
import type { BucketSeed, Sandbox } from "./types.ts";

/** What a sandbox starts with. */
export interface World {
  buckets: BucketSeed[];
  /** What lies in them; nothing by default. */
  objects?: ObjectSeed[];
}

/** Says what was found at a place of the document, if that isn't what was expected. */
type Expect = (path: string, value: unknown, isRight: boolean, expected: string) => void;

/** Read a world from a JSON file. Throws Error that says what was found and what was expected. */
export async function loadWorld(file: string): Promise<World> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new Error(`The world ${file} could not be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new Error(`The world ${file} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { world, problems } = parseWorld(document);
  if (!world)
    throw new Error(`The world ${file} can't be used:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
  return world;
}

/** Check an unknown document. All problems are reported, none throws. */
export function parseWorld(document: unknown): { world?: World; problems: string[] } {
  const problems: string[] = [];
  const expect: Expect = (path, value, isRight, expected) => {
    if (!isRight) problems.push(`${path}: expected ${expected}, found ${JSON.stringify(value) ?? "nothing"}`);
  };
  if (!isRecord(document) || !Array.isArray(document.buckets)) {
    expect("the document", document, false, "an object with a list `buckets`");
    return { problems };
  }
  const { buckets, objects = [], ...rest } = document;
  for (const key of Object.keys(rest)) problems.push(`${key}: not known; expected buckets, objects`);
  if (Array.isArray(objects)) {
    for (const [index, object] of objects.entries()) checkObject(`objects[${index}]`, object, expect);
  } else expect("objects", objects, false, "a list");
  const entries: unknown[] = document.buckets;
  for (const [index, bucket] of entries.entries()) {
    const path = `buckets[${index}]`;
    if (!isRecord(bucket)) {
      expect(path, bucket, false, "an object");
      continue;
    }
    expect(`${path}.name`, bucket.name, isText(bucket.name), "a bucket's name");
    expect(`${path}.region`, bucket.region, bucket.region === undefined || isText(bucket.region), "a Region");
    expect(
      `${path}.account`,
      bucket.account,
      bucket.account === undefined || isAccount(bucket.account),
      "12 digits as text",
    );
    expect(`${path}.versioning`, bucket.versioning, isOptionalFlag(bucket.versioning), "true or false");
    expect(`${path}.abac`, bucket.abac, isOptionalFlag(bucket.abac), "true or false");
    for (const flag of ["eventBridge", "dataEvents"] as const) {
      expect(`${path}.${flag}`, bucket[flag], isOptionalFlag(bucket[flag]), "true or false");
    }
    expect(`${path}.tags`, bucket.tags, bucket.tags === undefined || isTags(bucket.tags), "an object of texts");
    const isReplication = bucket.replication === undefined || isReplicationConfiguration(bucket.replication);
    expect(
      `${path}.replication`,
      bucket.replication,
      isReplication,
      "an object with Role and Rules, as PutBucketReplication takes it",
    );
    for (const key of Object.keys(bucket)) {
      if (!BUCKET_KEYS.has(key)) problems.push(`${path}.${key}: not known; expected ${[...BUCKET_KEYS].join(", ")}`);
    }
  }
  if (problems.length > 0) return { problems };
  return { world: { buckets: entries as BucketSeed[], objects: objects as ObjectSeed[] }, problems };
}

/** Seed `sandbox` with a world's buckets, and the objects in them. Makes no calls and no events. */
export function seedWorld(sandbox: Sandbox, { buckets, objects = [] }: World): void {
  for (const bucket of buckets) sandbox.createBucket(bucket);
  for (const object of objects) sandbox.createObject(object);
}

function checkObject(path: string, object: unknown, expect: Expect): void {
  if (!isRecord(object)) {
    expect(path, object, false, "an object");
    return;
  }
  for (const name of ["bucket", "key"]) expect(`${path}.${name}`, object[name], isText(object[name]), "a text");
  for (const name of ["body", "contentType", "contentEncoding", "storageClass"]) {
    expect(`${path}.${name}`, object[name], object[name] === undefined || typeof object[name] === "string", "a text");
  }
  for (const name of ["metadata", "tags"]) {
    expect(`${path}.${name}`, object[name], object[name] === undefined || isTags(object[name]), "an object of texts");
  }
  const { sizeBytes, hasCustomerKey } = object;
  const isSize = sizeBytes === undefined || (Number.isInteger(sizeBytes) && Number(sizeBytes) >= 0);
  expect(`${path}.sizeBytes`, sizeBytes, isSize, "a number of bytes");
  expect(`${path}.hasCustomerKey`, hasCustomerKey, isOptionalFlag(hasCustomerKey), "true or false");
  for (const key of Object.keys(object)) {
    expect(`${path}.${key}`, object[key], OBJECT_KEYS.has(key), `one of ${[...OBJECT_KEYS].join(", ")}`);
  }
}

const OBJECT_KEYS = new Set([
  ...["bucket", "key", "body", "sizeBytes", "contentType", "contentEncoding", "metadata", "tags", "storageClass"],
  "hasCustomerKey",
]);

const BUCKET_KEYS = new Set([
  ...["name", "region", "account", "versioning", "abac", "tags", "replication", "eventBridge", "dataEvents"],
]);

function isReplicationConfiguration(value: unknown): value is ReplicationConfiguration {
  return isRecord(value) && isText(value.Role) && Array.isArray(value.Rules) && value.Rules.every(isRecord);
}

function isTags(value: unknown): boolean {
  return isRecord(value) && Object.values(value).every((text) => typeof text === "string");
}

function isOptionalFlag(value: unknown): boolean {
  return value === undefined || typeof value === "boolean";
}

function isAccount(value: unknown): boolean {
  return typeof value === "string" && /^\d{12}$/.test(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
