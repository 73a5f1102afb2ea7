import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import type { Principal, Sandbox } from "../../sandbox/index.ts";

/** How these tests talk to the sandbox: as the given principal, from the given Region, without retries. */
export function clientConfig(sandbox: Sandbox, region = sandbox.region, principal?: Principal) {
  const environment = sandbox.environment(principal);
  return {
    endpoint: sandbox.endpoint,
    region,
    maxAttempts: 1,
    credentials: {
      accessKeyId: environment.AWS_ACCESS_KEY_ID ?? "",
      secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? "",
      ...(environment.AWS_SESSION_TOKEN ? { sessionToken: environment.AWS_SESSION_TOKEN } : {}),
    },
  };
}

/** `userAgent`: what the caller is to look like in CloudTrail, in place of what the SDK says of itself. */
export function s3Client(sandbox: Sandbox, region?: string, principal?: Principal, userAgent?: string): S3Client {
  const client = new S3Client({ ...clientConfig(sandbox, region, principal), forcePathStyle: true });
  if (userAgent === undefined) return client;
  client.middlewareStack.add(
    (next) => (call) => {
      (call.request as { headers: Record<string, string> }).headers["user-agent"] = userAgent;
      return next(call);
    },
    { step: "finalizeRequest", name: "userAgentOfATool" },
  );
  return client;
}

export function dynamodbClient(sandbox: Sandbox): DynamoDBClient {
  return new DynamoDBClient(clientConfig(sandbox));
}

/** The error a call ended with. Fails when it did not. */
export async function failureOf(call: Promise<unknown>): Promise<Error & { $metadata?: { httpStatusCode?: number } }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error("The call was expected to fail and did not");
}
