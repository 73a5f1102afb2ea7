import { control } from "../../controls/s3-object-carries-its-class/control.ts";
import type { ObjectSeed } from "../../sandbox/index.ts";
import { findingId, WHOLE } from "../../shared/ids.ts";
import { s3BucketRef, s3ObjectRef } from "../../shared/signals/s3-bucket-ref.ts";
import { eventBridge } from "../support/events.ts";
import { stage } from "../support/stage.ts";

const PUBLIC = { name: "public-data", region: "eu-central-1", tags: { "data-residency": "public" } };
const EU = { name: "eu-data", region: "eu-central-1", tags: { "data-residency": "eu-only" } };
export const IBANS =
  "DE89370400440532013000\nGB29NWBK60161331926819\nFR1420041010050500013M02606\nNL91ABNA0417164300\nBE68539007547034\n";

export const EU_ONLY = { "data-residency": "eu-only" };

/** A bucket of each class with these objects in it, and containers of the function that tags them. */
export async function open(objects: readonly ObjectSeed[], policy: object = {}, bucket: object = {}) {
  const set = await stage(control, {
    world: {
      buckets: [
        { ...PUBLIC, ...bucket },
        { ...EU, ...bucket },
      ],
      objects: [...objects],
    },
    policy,
  });
  const tagsOf = (bucketName: string, key: string) =>
    set.sandbox.objects(bucketName).find((each) => each.key === key)?.tags;
  const created = (bucketName: string, key: string, version?: string) =>
    eventBridge(
      {
        bucket: { name: bucketName },
        object: { key, size: 1, etag: "e", ...(version !== undefined && { "version-id": version }) },
        "request-id": "R1",
        reason: "PutObject",
      },
      "Object Created",
      "aws.s3",
    );
  const idOf = (bucketName: string, key: string, version?: string) => {
    const ref = s3BucketRef(bucketName, "111122223333", "eu-central-1");
    const object = ref && s3ObjectRef(ref, key, version);
    if (object === undefined) throw new Error(`${key} is no key`);
    return findingId(control.meta.id, object, WHOLE);
  };
  const findingOf = (bucketName: string, key: string) => set.journal.finding(idOf(bucketName, key));
  return { ...set, tagsOf, created, idOf, findingOf };
}
