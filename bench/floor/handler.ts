/**
 * The floor: the calls of a containment and nothing else. It judges nothing, knows no policy, checks no input and survives no crash; what it sends to
 * the table is what Cordon was recorded to send. bench/same-calls.ts holds it to making the same calls.
 */
import {
  BatchGetItemCommand,
  DynamoDBClient,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import {
  GetBucketReplicationCommand,
  GetBucketTaggingCommand,
  HeadBucketCommand,
  PutBucketReplicationCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { requestsFor } from "./requests.ts";

const s3 = new S3Client({ forcePathStyle: true });
const dynamoDb = new DynamoDBClient({});

interface Batch {
  readonly Records: readonly { readonly body: string }[];
}
interface CloudTrailEvent {
  readonly account: string;
  readonly detail: { readonly requestParameters: { readonly bucketName: string } };
}

export async function handler({ Records }: Batch): Promise<{ batchItemFailures: [] }> {
  for (const { body } of Records) await contain(JSON.parse(body));
  return { batchItemFailures: [] };
}

async function contain({ account, detail }: CloudTrailEvent): Promise<void> {
  const Bucket = detail.requestParameters.bucketName;
  const bucket = { Bucket, ExpectedBucketOwner: account };
  const [{ ReplicationConfiguration }] = await Promise.all([
    s3.send(new GetBucketReplicationCommand(bucket)),
    s3.send(new GetBucketTaggingCommand(bucket)),
  ]);
  const Rules = await Promise.all(
    (ReplicationConfiguration?.Rules ?? []).map(async (rule) => {
      const region = await regionOf(rule.Destination?.Bucket?.split(":::")[1] ?? "");
      return region.startsWith("eu-") ? rule : { ...rule, Status: "Disabled" as const };
    }),
  );
  // As long as an id of Cordon's.
  const requests = requestsFor(Bucket, `f-${Bucket.padStart(20, "0")}`);
  await dynamoDb.send(new BatchGetItemCommand(requests.open));
  await dynamoDb.send(new UpdateItemCommand(requests.count));
  await dynamoDb.send(new TransactWriteItemsCommand(requests.claim));
  const Role = ReplicationConfiguration?.Role;
  await s3.send(new PutBucketReplicationCommand({ ...bucket, ReplicationConfiguration: { Role, Rules } }));
  await s3.send(new GetBucketReplicationCommand(bucket));
  await dynamoDb.send(new TransactWriteItemsCommand(requests.finish));
}

async function regionOf(Bucket: string): Promise<string> {
  try {
    return (await s3.send(new HeadBucketCommand({ Bucket }))).BucketRegion ?? "";
  } catch (error) {
    // A bucket of another Region is answered with a redirect that names it.
    const { $response } = error as { $response?: { headers?: Record<string, string> } };
    return $response?.headers?.["x-amz-bucket-region"] ?? "";
  }
}
