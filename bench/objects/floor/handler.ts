/**
 * The floor: the calls of tagging an object and nothing else. It reads the object and doesn't look into it, knows no policy and survives no crash; what it
 * sends to the table is what Cordon was recorded to send. bench/same-calls.ts holds it to making the same calls.
 */
import {
  BatchGetItemCommand,
  DynamoDBClient,
  GetItemCommand,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import {
  GetBucketTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  PutObjectTaggingCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { requestsFor, type TableRequests } from "./requests.ts";

const s3 = new S3Client({ forcePathStyle: true });
const dynamoDb = new DynamoDBClient({});

interface Batch {
  readonly Records: readonly { readonly body: string }[];
}
interface ObjectCreated {
  readonly account: string;
  readonly detail: { readonly bucket: { readonly name: string }; readonly object: { readonly key: string } };
}

const BUCKET_MS = 60_000;
let bucketUntilMs = 0;
let tagged = 0;

export async function handler({ Records }: Batch): Promise<{ batchItemFailures: [] }> {
  await Promise.all(Records.map(({ body }) => tag(JSON.parse(body))));
  return { batchItemFailures: [] };
}

async function tag({ account, detail }: ObjectCreated): Promise<void> {
  const bucket = { Bucket: detail.bucket.name, ExpectedBucketOwner: account };
  const object = { ...bucket, Key: detail.object.key };
  // As long as an id of Cordon's.
  const requests = requestsFor(object.Key, `f-${(tagged++).toString(16).padStart(20, "0")}`);
  const [{ TagSet = [] }] = await Promise.all([
    s3.send(new GetObjectTaggingCommand(object)),
    readBucket(bucket, requests),
  ]);
  const { Body } = await s3.send(new GetObjectCommand({ ...object, Range: "bytes=0-1048575" }));
  for await (const _ of Body as unknown as AsyncIterable<Uint8Array>);
  await dynamoDb.send(new BatchGetItemCommand(requests.open));
  await dynamoDb.send(new TransactWriteItemsCommand(requests.claim));
  const Tagging = { TagSet: [...TagSet, { Key: "data-residency", Value: "eu-only" }] };
  await s3.send(new PutObjectTaggingCommand({ ...object, Tagging }));
  await dynamoDb.send(new TransactWriteItemsCommand(requests.finish));
}

async function readBucket(bucket: { readonly Bucket: string }, { bucketClass }: TableRequests): Promise<void> {
  if (Date.now() < bucketUntilMs) return;
  await Promise.all([s3.send(new GetBucketTaggingCommand(bucket)), dynamoDb.send(new GetItemCommand(bucketClass))]);
  bucketUntilMs = Date.now() + BUCKET_MS;
}
