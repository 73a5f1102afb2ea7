import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { control } from "../../controls/s3-object-carries-its-class/control.ts";
import type { RecordedCall } from "../../sandbox/index.ts";
import { DEFAULT_POLICY_FILE } from "../../shared/policy/built-in.ts";
import { type Account, asBatch, HOME } from "../account.ts";
import { type Folder, root } from "../folder.ts";
import type { Delivery, Job } from "../job.ts";
import { writePolicy } from "../policy/files.ts";
import { inputsOf, withoutToken } from "../same-calls.ts";
import { type Content, fillWithLines, SMALL } from "./content.ts";
import type { TableRequests } from "./floor/requests.ts";

export const FUNCTION = "tag-objects";
/** As many messages as the deployed queue hands over at once. */
const PER_BATCH = 10;
const BUCKET = "bench-objects";
const TAG = { "data-residency": "eu-only" };

/** Objects that somebody writes into a public bucket, whose content says that they are not. */
export interface CreatedObjects extends Job {
  /** One of a size, made when it is read. */
  nextOf(sizeBytes: number): Promise<Delivery>;
}

/** @param policyFile by `enforcingPolicy`, for nothing is tagged by the shipped policy before somebody switches it on */
export function createdObjectsIn({ sandbox }: Account, policyFile: string): CreatedObjects {
  sandbox.createBucket({ name: BUCKET, region: HOME, tags: { "data-residency": "public" }, eventBridge: true });
  let objects = 0;
  const create = (extension: string, seed: object): string => {
    // Of one length, so that requests are.
    const key = `orders/${String(objects++).padStart(6, "0")}.${extension.padEnd(4, "x")}`;
    sandbox.createObject({ bucket: BUCKET, key, reason: "PutObject", ...seed });
    return key;
  };
  const delivered = (keys: readonly string[]): Delivery => ({
    batch: asBatch(sandbox.notifications.slice(-keys.length), FUNCTION),
    names: { key: keys[0] ?? "" },
    assertDone: (answer) => assertTagged(keys, answer),
  });
  function assertTagged(keys: readonly string[], answer: unknown): void {
    const failures = (answer as { batchItemFailures?: unknown[] } | null)?.batchItemFailures;
    const written = sandbox.objects(BUCKET).slice(-keys.length);
    const tags = written.map((each) => [each.key, each.tags]);
    const expected = keys.map((key) => [key, TAG]);
    if (failures?.length === 0 && JSON.stringify(tags) === JSON.stringify(expected)) return;
    throw new Error(`objects were not tagged: ${JSON.stringify({ answer, tags })}`);
  }
  return {
    functionName: FUNCTION,
    floor: { entry: "bench/objects/floor/handler.ts", requestsOf: recordedRequests },
    perDelivery: PER_BATCH,
    // Once a minute and bucket, however many objects there are.
    occasional: ["GetBucketTagging", "GetItem"],
    environment: { CORDON_POLICY: policyFile },
    async next(count = PER_BATCH) {
      const keys = Array.from({ length: count }, () => {
        const { extension, ...content } = SMALL[objects % SMALL.length] as Content;
        return create(extension, content);
      });
      return delivered(keys);
    },
    nextOf: async (sizeBytes) =>
      delivered([create("csv", { contentType: "text/csv", sizeBytes, fill: fillWithLines })]),
  };
}

/** Writes the shipped policy with the control switched on, compiled as `cordon compile` does it; returns its path. */
export async function enforcingPolicy(folder: Folder): Promise<string> {
  const shipped = parse(await readFile(join(root, DEFAULT_POLICY_FILE), "utf8"));
  const controls = { ...shipped.controls, [control.meta.id]: { mode: "enforce" } };
  const { compiled } = await writePolicy(folder, "enforcing", { ...shipped, controls });
  return compiled.file;
}

/**
 * What was recorded to be sent to the table for one object, for the floor to send as well.
 *
 * @throws Error when the calls are none of tagging an object
 */
function recordedRequests(calls: readonly RecordedCall[]): TableRequests {
  const [bucketClass] = inputsOf(calls, "GetItem");
  const [open] = inputsOf(calls, "BatchGetItem");
  const [claim, finish] = inputsOf(calls, "TransactWriteItems").map(withoutToken);
  if (!bucketClass || !open || !claim || !finish)
    throw new Error("no object was tagged: the table was not asked as for one");
  return { bucketClass, open, claim, finish } as unknown as TableRequests;
}
