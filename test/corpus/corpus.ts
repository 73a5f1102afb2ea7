import { existsSync, readFileSync } from "node:fs";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";

const folder = new URL("../../../shared/corpus/events/", import.meta.url);

/** One event that nobody wrote for this project. */
export interface CorpusEvent {
  readonly file: string;
  /** How its origin describes it: `cloudtrail-record`, `eventbridge`, `sns` ... */
  readonly kind: string;
  readonly event: unknown;
  readonly hasFailed: boolean;
  /** The buckets a control has to look at because of it, told independently of the product. */
  readonly buckets: readonly Pointer[];
}

export interface Pointer {
  readonly name: string;
  readonly account: string;
  readonly region: string;
}

/** The corpus lies beside the repository and is not everywhere. */
export const hasCorpus = existsSync(new URL("INDEX.json", folder));

export function readCorpus(): readonly CorpusEvent[] {
  if (!hasCorpus) return [];
  const index = read("INDEX.json") as { file: string; kind: string; errorCode: string | null }[];
  return index.map(({ file, kind, errorCode }) => {
    const event = read(file);
    return { file, kind, event, hasFailed: errorCode !== null, buckets: errorCode === null ? pointersIn(event) : [] };
  });
}

function read(file: string): unknown {
  return JSON.parse(readFileSync(new URL(file, folder), "utf8"));
}

/** Every object in a document, those in JSON texts within it too. */
export function* objectsIn(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value === "string") {
    if (!/^\s*[{[]/.test(value)) return;
    try {
      yield* objectsIn(JSON.parse(value));
    } catch {
      // It only looked like JSON.
    }
    return;
  }
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  for (const member of Object.values(value)) yield* objectsIn(member);
}

const heard: readonly string[] = control.meta.cloudTrail["s3.amazonaws.com"] ?? [];

/** A plain reading of AWS's documentation: the calls and items that name a bucket a control has to look at. */
function pointersIn(event: unknown): readonly Pointer[] {
  const found: Pointer[] = [];
  for (const each of objectsIn(event)) {
    if (each.eventSource === "s3.amazonaws.com" && heard.includes(String(each.eventName)) && !each.errorCode) {
      const request = each.requestParameters as { bucketName?: string } | null;
      found.push({
        name: String(request?.bucketName),
        account: String(each.recipientAccountId),
        region: String(each.awsRegion),
      });
    }
    if (each.resourceType === "AWS::S3::Bucket" && each.configurationItemStatus !== undefined) {
      found.push({
        name: String(each.resourceName ?? each.resourceId),
        account: String(each.awsAccountId ?? each.accountId),
        region: String(each.awsRegion),
      });
    }
  }
  return found;
}
