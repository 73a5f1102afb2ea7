/**
 * What AWS charges, in US dollars before taxes and discounts, as known in November 2026 for us-east-1 and Regions that cost the same; others cost up to half as much
 * again. They are for an estimate: the bill is AWS's. Free tiers are left out.
 *
 * Sources: https://aws.amazon.com/s3/pricing/ (requests, batch operations, tags), https://aws.amazon.com/lambda/pricing/ (arm64),
 * https://aws.amazon.com/dynamodb/pricing/on-demand/ (table class Standard), https://aws.amazon.com/cloudwatch/pricing/ (logs),
 * https://aws.amazon.com/step-functions/pricing/ (state transitions of Standard, requests and duration of Express workflows).
 */
export const USD = {
  perJob: 0.25,
  perMillionTasks: 1,
  /** S3 lists a bucket for a job: each object in the bucket, whatever the prefix. */
  perMillionListed: 0.015,
  /** Of a Standard workflow. That the start of each child execution is one is the reading that costs more: the page has no example with a Distributed Map. */
  perMillionTransitions: 25,
  perMillionExpressRequests: 1,
  perExpressGbSecond: 0.00001667,
  perMillionS3Reads: 0.4,
  perMillionS3Writes: 5,
  perMillionInvocations: 0.2,
  perGbSecond: 0.0000133334,
  perMillionReadUnits: 0.125,
  perMillionWriteUnits: 0.625,
  perLogGb: 0.5,
  perMillionTagsAMonth: 0.65,
  perTableGbAMonth: 0.25,
} as const;

/**
 * What one object takes. The calls, and the table's units, are those that the function makes (a test holds them against it); how long it takes them is assumed,
 * not measured on AWS.
 */
export interface PerObject {
  readonly s3Reads: number;
  readonly s3Writes: number;
  readonly readUnits: number;
  readonly writeUnits: number;
  readonly tableBytes: number;
  readonly billedMs: number;
  readonly logBytes: number;
}

/** An object that carries its tag already, and is recognised without reading its content: GetObjectTagging, UpdateItem. */
export const LEAST: PerObject = {
  s3Reads: 1,
  s3Writes: 0,
  readUnits: 0,
  writeUnits: 1,
  tableBytes: 700,
  billedMs: 100,
  logBytes: 1_500,
};

/**
 * An object whose content is read and which gets its tag: GetObjectTagging, GetObject, PutObjectTagging; BatchGetItem, and TransactWriteItems of three and of
 * four items, which cost twice; then its evidence: PutObject, and what acknowledges it; then the event of its new tag, where the bucket's events go to EventBridge:
 * GetObjectTagging, BatchGetItem.
 */
export const MOST: PerObject = {
  s3Reads: 3,
  s3Writes: 2,
  readUnits: 8,
  writeUnits: 60,
  tableBytes: 11_000,
  billedMs: 500,
  logBytes: 3_000,
};

/** An Express execution is billed in steps of 64 MB; one state, and a batch of keys, are taken to stay within the first. */
export const EXPRESS_GB = 0.0625;
/** State transitions of an execution besides those of its children: the choice of the list, and the map. */
export const OWN_TRANSITIONS = 2;
/** Keys that one request lists. */
export const KEYS_A_PAGE = 1_000;

/** Objects under way at a time: a tenth of an account's usual limit of 1,000 concurrent invocations. Assumed; S3 says nothing of how many it is. */
export const ASSUMED_CONCURRENCY = 100;
/** The chain of evidence grows by one entry at a time, each behind the one before it: one PutObject takes about that long. Assumed. */
export const ASSUMED_ENTRY_MS = 40;
