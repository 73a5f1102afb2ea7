import { OBJECTS_AT_ONCE } from "../backfill/batches.ts";
import { CordonError } from "../errors.ts";
import { lookEvent } from "../signals/look.ts";
import { parseBucketName } from "../signals/s3-bucket-ref.ts";
import { decodeKey } from "../signals/s3-object-events.ts";
import { asObject, asText, describeShape, type Json } from "../signals/shapes.ts";
import type { Answer } from "./answer.ts";
import { systemClock } from "./clock.ts";
import { conclude, type ListPlace, type Looked, listedObject } from "./listed-object.ts";

/** What the state machine of a backfill gives with each batch (deploy/backfill-map-definition.ts). */
interface MapBatch {
  readonly bucket: string;
  /** The bucket's owner. */
  readonly account: string;
  /** S3's listing has keys as they are, an inventory has them URL-encoded. */
  readonly keys: "plain" | "encoded";
  /** Whether what became of each object is told, or only how many there were. */
  readonly report: "all" | "failed";
  readonly items: readonly unknown[];
}

/** The output of a batch of which every object was looked at. */
export interface MapAnswer {
  readonly objects: number;
  /** In the order of the batch; none unless the whole report was asked for. */
  readonly results: readonly { readonly key: string; readonly version?: string; readonly result: string }[];
}

/** What the state machine tries again (Retry), and what it doesn't. */
export const NOT_OVER = "ObjectsNotOver";
export const FAILED = "ObjectsFailed";
export const REFUSED = "BatchRefused";

/** An object is not begun with less time than this. */
const ENOUGH_MS = 8_000;
const MAX_RESULT = 1_024;
/** So many of those that were not over are told of. */
const SHOWN = 5;

/** Whether a Distributed Map of Step Functions invokes. */
export function isMapBatch(input: unknown): input is Json {
  return asObject(input)?.BatchInput !== undefined;
}

/**
 * Has each item of a batch looked at, as any object that something happened to: journal, limits, brake and evidence are the same.
 *
 * A batch is over or it isn't: Step Functions counts objects by their batch. What was looked at already is found to be as it should be when the batch comes again. An
 * error's message goes to the log, so that it names objects by their number in the batch, from 0: the report has the batch beside it.
 *
 * @param place where the function is; the batch says whose its bucket is
 * @param look has the function itself look at what an event names
 * @throws Error by the name of NOT_OVER when another attempt may end otherwise; of FAILED when none would; of REFUSED for a batch of another form
 * Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
 */
export async function answerMapBatch(
  input: Json,
  controlId: string,
  place: ListPlace,
  remainingMs: () => number,
  look: (event: Json) => Promise<Answer>,
): Promise<MapAnswer> {
  const batch = parseMapBatch(input);
  if ("problem" in batch) throw named(REFUSED, `the batch is refused: ${batch.problem}`);
  const at = new Date(systemClock.nowMs()).toISOString();
  const items = batch.items.map((item) => listed(item, batch));
  const looked = await eachOf(items, async ({ bucket, key, version }): Promise<Looked> => {
    const resource = listedObject(bucket, key, version, { ...place, account: batch.account });
    if (resource === undefined || bucket !== batch.bucket)
      return { outcome: "never", told: "refused: the item names no object of the bucket; expected a Key" };
    if (remainingMs() < ENOUGH_MS) return { outcome: "again", told: "not begun: the invocation's time is nearly up" };
    return lookedAt(() => look(lookEvent(controlId, resource, at)));
  });
  checkOver(looked);
  const results = items.map(({ key = "", version }, index) => ({
    key,
    ...(version !== undefined && { version }),
    result: looked[index]?.told.slice(0, MAX_RESULT) ?? "",
  }));
  return { objects: items.length, results: batch.report === "all" ? results : [] };
}

/**
 * What became of one object. A mistake in Cordon or in its settings is told by its name, whose words may hold a key, and takes no neighbour with it: nothing may go on once the
 * batch is answered.
 */
async function lookedAt(look: () => Promise<Answer>): Promise<Looked> {
  try {
    return conclude(await look());
  } catch (error) {
    const isMisconfigured = error instanceof CordonError && error.kind === "misconfigured";
    const name = error instanceof Error ? error.name : "Error";
    return {
      outcome: isMisconfigured ? "never" : "again",
      told: `failed: ${isMisconfigured ? "Cordon is misconfigured" : name}`,
    };
  }
}

/** A batch, or what is wrong with it: its shape, never what stands in it. */
function parseMapBatch({ BatchInput, Items }: Json): MapBatch | { readonly problem: string } {
  const { bucket: name, account, keys, report } = asObject(BatchInput) ?? {};
  const bucket = parseBucketName(name);
  if (bucket === undefined) return { problem: `BatchInput is ${describeShape(BatchInput)}; expected a bucket in it` };
  if (typeof account !== "string" || !/^\d{12}$/.test(account))
    return { problem: "BatchInput.account: expected 12 digits" };
  if (keys !== "plain" && keys !== "encoded") return { problem: "BatchInput.keys: expected plain or encoded" };
  if (report !== "all" && report !== "failed") return { problem: "BatchInput.report: expected all or failed" };
  if (!Array.isArray(Items)) return { problem: `Items is ${describeShape(Items)}; expected an array` };
  return { bucket, account, keys, report, items: Items };
}

interface ListedItem {
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  readonly version: string | undefined;
}

/** A row of a listing names no bucket, one of an inventory does. Columns that are empty are as good as not there. */
function listed(item: unknown, { bucket, keys }: MapBatch): ListedItem {
  const { Bucket, Key, VersionId } = asObject(item) ?? {};
  const key = asText(Key);
  return {
    bucket: Bucket === undefined ? bucket : asText(Bucket),
    key: keys === "encoded" ? decodeKey(key) : key,
    version: asText(VersionId),
  };
}

/** In their order, some at a time. */
async function eachOf<Item, Done>(items: readonly Item[], work: (item: Item) => Promise<Done>): Promise<Done[]> {
  const done: Done[] = [];
  const entries = items.entries();
  const worker = async () => {
    for (const [index, item] of entries) done[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(OBJECTS_AT_ONCE, items.length) }, worker));
  return done;
}

function checkOver(looked: readonly Looked[]): void {
  const open = [...looked.entries()].filter(([, { outcome }]) => outcome !== "over");
  if (open.length === 0) return;
  const again = open.filter(([, { outcome }]) => outcome === "again");
  const shown = open.slice(0, SHOWN).map(([index, { told }]) => `item ${index}: ${told.slice(0, 150)}`);
  const more = open.length > SHOWN ? ["..."] : [];
  throw named(
    again.length > 0 ? NOT_OVER : FAILED,
    `${open.length} of ${looked.length} objects were not looked at. ${[...shown, ...more].join("; ")}`,
  );
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
