import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";

/**
 * One call may take this long. Containment is worth more than patience: a call that hangs is given up while there is time left to try
 * again within the same invocation.
 */
const COMMON = {
  maxAttempts: 3,
  retryMode: "standard" as const,
  requestHandler: { connectionTimeout: 1_500, requestTimeout: 4_000, throwOnRequestTimeout: true },
};

/** On an endpoint of one's own, a bucket is a path: as a host name it would not resolve. */
const forcePathStyle = () => Boolean(process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL);

/**
 * SDK clients, made when first needed and kept for the container's life. Credentials, Region and endpoint come from the environment
 * (`AWS_ENDPOINT_URL` is honoured by the SDK itself).
 */
export class AwsClients {
  readonly #s3 = new Map<string, S3Client>();
  readonly #s3Writers = new Map<string, S3Client>();
  #dynamoDb: DynamoDBClient | undefined;

  /** An S3 client for one Region: a bucket answers only in its own. */
  s3(region: string): S3Client {
    const made = this.#s3.get(region) ?? new S3Client({ ...COMMON, region, forcePathStyle: forcePathStyle() });
    this.#s3.set(region, made);
    return made;
  }

  /**
   * The same for calls that replace a configuration: never sent twice, because what was read before the first attempt may be stale by the second.
   */
  s3Writer(region: string): S3Client {
    const made =
      this.#s3Writers.get(region) ??
      new S3Client({ ...COMMON, region, forcePathStyle: forcePathStyle(), maxAttempts: 1 });
    this.#s3Writers.set(region, made);
    return made;
  }

  /** The cell's own table lies in the cell's Region. */
  dynamoDb(): DynamoDBClient {
    this.#dynamoDb ??= new DynamoDBClient(COMMON);
    return this.#dynamoDb;
  }
}
