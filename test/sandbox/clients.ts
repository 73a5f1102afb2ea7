import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import type { Principal, Sandbox } from "../../sandbox/index.ts";

/** How these tests talk to the sandbox: as the given principal, from the given Region, without retries. */
export function clientConfig(sandbox: Sandbox, region = sandbox.region, principal?: Principal) {
  const environment = sandbox.environment(principal);
  return {
    endpoint: sandbox.endpoint,
    region,
    maxAttempts: 1,
    // Where a signature is verified, its time is the sandbox's.
    systemClockOffset: sandbox.clock.offsetMs,
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

/** A request as it goes over the wire, with its signature. */
export interface SignedRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string | undefined;
}

/** Sign a request with the SDK's own signer, as the given principal: every header is covered. `at` is the sandbox's time by default. */
export async function signRequest(
  sandbox: Sandbox,
  { method, url, headers, body }: SignedRequest,
  options: { service: string; principal?: Principal | undefined; region?: string; at?: number },
): Promise<SignedRequest> {
  const { service: signingName, principal, region: signingRegion = sandbox.region, at = sandbox.clock.now() } = options;
  const client = new LambdaClient(clientConfig(sandbox, signingRegion, principal));
  const signer = await client.config.signer({ name: "sigv4", signingName, signingRegion, properties: {} });
  const { protocol, hostname, port, host, pathname: path, searchParams } = new URL(url);
  const query = Object.fromEntries([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)]));
  const request = { method, protocol, hostname, port: Number(port), path, query, headers: { host, ...headers }, body };
  const signed = await signer.sign(request, { signingDate: new Date(at) });
  return { method, url, headers: signed.headers, body };
}

/** Send it as it is. */
export async function send({
  url,
  body,
  ...request
}: SignedRequest): Promise<{ status: number; headers: Headers; text: string }> {
  const response = await fetch(url, { ...request, ...(body !== undefined && { body }) });
  return { status: response.status, headers: response.headers, text: await response.text() };
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
