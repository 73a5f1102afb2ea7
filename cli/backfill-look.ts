import { type Amount, type Estimate, estimate } from "../shared/backfill/estimate.ts";
import { objectsIn } from "../shared/backfill/inventory.ts";
import { reportPrefix } from "../shared/backfill/names.ts";
import type { Wanted } from "../shared/backfill/plan-backfill.ts";
import type { JobList, JobReport } from "../shared/resources/backfill-jobs.ts";
import type { S3Listing } from "../shared/resources/s3-listing.ts";
import { parseBucketName } from "../shared/signals/s3-bucket-ref.ts";
import type { BackfillCell } from "./backfill-cell.ts";
import { counted } from "./text.ts";

/** What of a bucket somebody asks for. */
export interface AskedBackfill {
  readonly bucket: string;
  readonly prefix?: string;
  /** s3://bucket/key of an inventory's manifest.json. */
  readonly inventory?: string;
  /** The bucket's owner; the cell's own account by default. */
  readonly account?: string;
  readonly reportBucket?: string;
  readonly isWholeReport: boolean;
  readonly isCountedWhole: boolean;
}

/** What a job would be about, and what it would cost. */
export interface Outlook {
  readonly wanted: Wanted;
  readonly estimate: Estimate;
  /** Things to know before saying yes. */
  readonly notes: readonly string[];
}

/** A thousand objects each: some seconds, and a twentieth of a cent. */
const PAGES = 100;

/**
 * Looks at what is asked for, and refuses what could not work before it costs anything.
 *
 * @param shown gets how many objects were counted so far
 * @throws Error that says what was found and expected; CordonError when AWS gives no answer
 */
export async function lookAhead(
  asked: AskedBackfill,
  cell: BackfillCell,
  shown: (objects: number) => void,
): Promise<Outlook> {
  const { fn, stack, engine } = cell;
  const owner = asked.account ?? fn.account;
  checkServed(owner, fn);
  if (owner !== fn.account && asked.inventory === undefined)
    throw new Error(
      `--account is ${owner}, and the job's role may have buckets of ${fn.account} listed only: expected --inventory, delivered to a bucket of that account`,
    );
  if (engine.needsReport && asked.reportBucket === undefined)
    throw new Error(
      "a Distributed Map has to write its results somewhere: expected --report-bucket, a bucket of yours",
    );
  const listing = await cell.listing();
  await checkPlace(listing, asked.bucket, owner, cell);
  const report = await reportOf(asked, listing, cell);
  const { list, objects, notes } =
    asked.inventory === undefined
      ? await listedByS3(asked, listing, cell, shown)
      : await listedByInventory(asked.inventory, asked, listing, cell);
  return {
    wanted: {
      stack,
      bucket: asked.bucket,
      owner,
      functionArn: fn.arn,
      roleArn: engine.roleArn,
      list,
      ...(report && { report }),
    },
    estimate: estimate({
      objects,
      memoryMb: fn.memoryMb,
      isListed: asked.inventory === undefined,
      engine: engine.kind,
    }),
    notes,
  };
}

/** Of an account that the cell doesn't serve every object would be refused, at its price. */
function checkServed(owner: string, { account, environment }: BackfillCell["fn"]): void {
  const { CORDON_MEMBER_ROLE: role, CORDON_ACCOUNTS: accounts } = environment;
  if (owner === account) return;
  if (!role) throw new Error(`--account is ${owner}, and the stack serves its own account only: expected ${account}`);
  if (accounts && !accounts.split(",").some((each) => each.trim() === owner))
    throw new Error(`--account is ${owner}: expected ${account}, the stack's own, or one of its CORDON_ACCOUNTS`);
}

/** A job, its function and the bucket are of one Region. */
async function checkPlace(listing: S3Listing, bucket: string, owner: string, { fn }: BackfillCell): Promise<void> {
  const place = await listing.placeOf(bucket, owner);
  if (place.kind === "absent") throw new Error(`there is no bucket ${bucket}`);
  if (place.region !== undefined && place.region !== fn.region)
    throw new Error(
      `${bucket} lies in ${place.region} and the stack in ${fn.region}: a job, its function and the bucket have to be in one Region; expected a bucket of ${fn.region}`,
    );
  // Of a member's bucket the function finds out, in the role that the member has given it.
  if (place.kind === "refused" && owner === fn.account)
    throw new Error(
      `${bucket} is not ${owner}'s, or you may not ask: expected its owner by --account, or s3:ListBucket on it`,
    );
}

async function reportOf(
  { reportBucket, isWholeReport }: AskedBackfill,
  listing: S3Listing,
  { fn, stack }: BackfillCell,
): Promise<JobReport | undefined> {
  if (reportBucket === undefined) return undefined;
  if (reportBucket.startsWith(`${stack}-evidence-`))
    throw new Error(
      `--report-bucket is ${reportBucket}, where nobody but the archivist writes: expected another bucket`,
    );
  const place = await listing.placeOf(reportBucket, fn.account);
  if (place.kind !== "found" || place.region !== fn.region)
    throw new Error(
      `--report-bucket is ${reportBucket}: expected a bucket of ${fn.account} in ${fn.region}, since the report names objects`,
    );
  return {
    bucketArn: `arn:${fn.partition}:s3:::${reportBucket}`,
    prefix: reportPrefix(stack),
    isFailedOnly: !isWholeReport,
  };
}

interface Source {
  readonly list: JobList;
  readonly objects: Amount;
  readonly notes: readonly string[];
}

async function listedByS3(
  { bucket, prefix, isCountedWhole }: AskedBackfill,
  listing: S3Listing,
  { fn }: BackfillCell,
  shown: (objects: number) => void,
): Promise<Source> {
  const found = await listing.count(bucket, prefix, isCountedWhole ? Number.POSITIVE_INFINITY : PAGES, shown);
  const notes =
    found === undefined ? ["you may not list the bucket (s3:ListBucket), so that cost and time are not known"] : [];
  return {
    list: {
      kind: "bucket",
      bucketArn: `arn:${fn.partition}:s3:::${bucket}`,
      owner: fn.account,
      ...(prefix !== undefined && { prefix }),
    },
    objects: { objects: found?.objects ?? 0, certainty: found?.isAll ? "exact" : "at-least" },
    notes,
  };
}

const S3_URI = /^s3:\/\/([^/]+)\/(.+\/manifest\.json)$/s;

async function listedByInventory(
  inventory: string,
  { bucket }: AskedBackfill,
  listing: S3Listing,
  { fn }: BackfillCell,
): Promise<Source> {
  const [, home, key = ""] = S3_URI.exec(inventory) ?? [];
  if (home === undefined || parseBucketName(home) === undefined)
    throw new Error(`--inventory is "${inventory.slice(0, 200)}": expected s3://<bucket>/<...>/manifest.json`);
  const read = await listing.readInventory(home, key);
  if (read.kind === "wrong") throw new Error(`the inventory ${inventory} can't be used: ${read.problem}`);
  const { sourceBucket, createdAtMs, files, hasVersions } = read.inventory;
  if (sourceBucket !== bucket)
    throw new Error(`the inventory is of ${sourceBucket}; expected one of ${bucket}, which --bucket names`);
  const [first] = files;
  const sample = first && (await listing.sample(read.inventory.bucket, first.key));
  const objects: Amount =
    files.length > 0 && sample === undefined
      ? { objects: 0, certainty: "at-least" }
      : { objects: sample ? objectsIn(read.inventory, sample) : 0, certainty: "about" };
  const notes = [
    `the inventory is of ${new Date(createdAtMs).toISOString()}, in ${counted(files.length, "file")}: what came later is not in it`,
    ...(hasVersions ? ["it may list old versions: each of them is looked at"] : []),
    ...(objects.certainty === "at-least" ? ["its files may not be read, so that cost and time are not known"] : []),
  ];
  return {
    list: { kind: "inventory", objectArn: `arn:${fn.partition}:s3:::${home}/${key}`, etag: read.etag },
    objects,
    notes,
  };
}
