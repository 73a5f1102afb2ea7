import { gunzipSync } from "node:zlib";
import { isRecord } from "../control-plane/input.ts";
import type { Permission } from "../operation.ts";
import { listCurrent, parseCsv } from "../s3/batch/manifests.ts";
import { currentVersion } from "../s3/objects.ts";
import type { Bucket, S3State } from "../s3/state.ts";
import type { MapState } from "./definition.ts";
import { StatesError } from "./templates.ts";

/** Asks for a permission of the machine's role, and remembers that it was asked. */
export type Ask = (permission: Permission) => boolean;

/** Step Functions lists and reads buckets of the machine's account and Region only. */
interface Place {
  account: string;
  region: string;
}

/** The items of a map: a bucket's objects as ListObjectsV2 tells them, or an inventory's rows by their columns. Throws StatesError. */
export function readItems(
  reader: MapState["reader"],
  parameters: Record<string, unknown>,
  state: S3State,
  place: Place,
  ask: Ask,
): unknown[] {
  const bucket = bucketOf(String(parameters.Bucket), state, place);
  const arn = `arn:aws:s3:::${bucket.name}`;
  const need = (action: string, resource: string): void => {
    if (!ask({ action, resource, account: bucket.account }))
      throw failed(`not authorized to perform: ${action} on ${resource}`);
  };
  if (reader === "listing") {
    need("s3:ListBucket", arn);
    const prefix = String(parameters.Prefix ?? "");
    return listCurrent(bucket)
      .filter(({ key }) => key.startsWith(prefix))
      .map(({ key, etag, at, content, storageClass }) => ({
        Etag: `"${etag}"`,
        Key: key,
        LastModified: Math.floor(at / 1000),
        Size: content.sizeBytes,
        StorageClass: storageClass,
      }));
  }
  const read = (from: Bucket, key: string): Buffer => {
    need("s3:GetObject", `arn:aws:s3:::${from.name}/${key}`);
    const version = currentVersion(from, key);
    if (!version || version.isDeleteMarker) throw failed(`there is no ${key} in ${from.name}`);
    return Buffer.from(version.content.read(0, version.content.sizeBytes));
  };
  return readInventory(read(bucket, String(parameters.Key)), (name, key) => read(bucketOf(name, state, place), key));
}

function readInventory(manifest: Buffer, read: (bucket: string, key: string) => Buffer): unknown[] {
  const { destinationBucket, fileFormat, fileSchema, files } = documentOf(manifest);
  if (fileFormat !== "CSV" || !Array.isArray(files)) throw failed("the manifest is of no inventory in CSV");
  const columns = String(fileSchema)
    .split(",")
    .map((column) => column.trim());
  const home = String(destinationBucket).replace(/^arn:aws[a-z-]*:s3:::/, "");
  return files.flatMap((file) =>
    parseCsv(gunzipSync(read(home, String(Object(file).key))).toString("utf8")).map((row) =>
      Object.fromEntries(columns.map((column, index) => [column, row[index] ?? ""])),
    ),
  );
}

function documentOf(manifest: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(manifest.toString("utf8"));
    if (isRecord(value)) return value;
  } catch {
    // Told below.
  }
  throw failed("the manifest is no JSON");
}

function bucketOf(name: string, { buckets }: S3State, { account, region }: Place): Bucket {
  const bucket = buckets.get(name);
  if (!bucket) throw failed(`the bucket ${name} does not exist`);
  if (bucket.account !== account || bucket.region !== region)
    throw failed(`the bucket ${name} is not in the state machine's account and Region`);
  return bucket;
}

function failed(cause: string): StatesError {
  return new StatesError("States.ItemReaderFailed", `Attempting to read the items failed: ${cause}`);
}
