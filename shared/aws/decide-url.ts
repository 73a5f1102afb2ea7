import { randomUUID } from "node:crypto";
import { GetFunctionUrlConfigCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { STSClient, type STSClientConfig } from "@aws-sdk/client-sts";
import { IDENTITY_BODY, IDENTITY_TYPE, ORDER_HEADER, orderHash } from "../decisions/prove-aws.ts";
import { CordonError, describeError } from "../errors.ts";
import { sortAwsError, unavailable } from "./aws-errors.ts";
import { CALL_LIMITS } from "./call-limits.ts";
import { stsEndpoint } from "./sts.ts";

/** Longer than the function that decides may run. */
const ANSWER_WITHIN_MS = 60_000;

/** The function that decides, as people reach it. */
export interface DecideUrl {
  readonly functionArn: string;
  /** Sends an order, signed and with the proof of who sends it. Gives the function's answer. Throws CordonError. */
  send(order: unknown, nowMs: number): Promise<unknown>;
}

/** Whose credentials, which Region and which endpoint, where it is not those of the SDK's default chain. */
export interface Sdk {
  readonly region?: string;
  readonly credentials?: STSClientConfig["credentials"];
  readonly endpoint?: string;
}

/**
 * Finds the URL of the function that decides.
 *
 * Calls: GetFunctionUrlConfig; for each order one request to the URL, which takes lambda:InvokeFunctionUrl and lambda:InvokeFunction on the function.
 * @throws CordonError `misconfigured` when there is no such function or it has no URL, `denied`, `unavailable`
 */
export async function findDecideUrl(functionName: string, sdk: Sdk = {}): Promise<DecideUrl> {
  const lambda = new LambdaClient({ ...CALL_LIMITS, ...configOf(sdk) });
  const region = await lambda.config.region();
  try {
    const config = await lambda.send(new GetFunctionUrlConfigCommand({ FunctionName: functionName }));
    const { FunctionArn: functionArn = "", FunctionUrl: url = "" } = config;
    return { functionArn, send: (order, nowMs) => send({ functionArn, url, sdk: { ...sdk, region } }, order, nowMs) };
  } catch (error) {
    const { kind, code, message } = sortAwsError(error);
    if (code === "ResourceNotFoundException") {
      throw new CordonError(
        "misconfigured",
        `There is no function "${functionName}" with a URL in this account and Region: set CORDON_STACK to the cell's stack, and AWS_REGION to its Region.`,
        { cause: error },
      );
    }
    if (kind === "denied") {
      const why = `AWS refused GetFunctionUrlConfig of "${functionName}", which takes lambda:GetFunctionUrlConfig: ${message}`;
      throw new CordonError("denied", why, { cause: error });
    }
    throw unavailable("GetFunctionUrlConfig", error);
  } finally {
    lambda.destroy();
  }
}

interface Address {
  readonly functionArn: string;
  readonly url: string;
  readonly sdk: Sdk & { readonly region: string };
}

function configOf({ region, credentials, endpoint }: Sdk) {
  return {
    ...(region !== undefined && { region }),
    ...(credentials !== undefined && { credentials }),
    ...(endpoint !== undefined && { endpoint }),
  };
}

async function send({ functionArn, url, sdk }: Address, wanted: unknown, nowMs: number): Promise<unknown> {
  // Two orders that say the same are two: each proof is good once.
  const order = typeof wanted === "object" ? { ...wanted, nonce: randomUUID() } : wanted;
  // One for each service: a client's signer keeps to the service that it signed for first.
  const [sts, lambda] = [new STSClient(configOf(sdk)), new LambdaClient(configOf(sdk))];
  const { region } = sdk;
  try {
    const proof = { kind: "aws", headers: await signedIdentity(sts, sdk, orderHash(functionArn, order), nowMs) };
    const body = JSON.stringify({ order, proof });
    const headers = await signed(
      lambda,
      { service: "lambda", region, url: new URL(url), body, nowMs },
      { "content-type": "application/json" },
    );
    // The client says which host it asks by itself.
    const { host: _, ...others } = headers;
    const answer = await fetch(url, {
      method: "POST",
      headers: others,
      body,
      redirect: "error",
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    const text = await answer.text();
    if (answer.status === 403)
      throw new CordonError(
        "denied",
        `AWS refused the request to ${url}: it takes lambda:InvokeFunctionUrl and lambda:InvokeFunction on ${functionArn} (${text.slice(0, 200)})`,
      );
    if (answer.status !== 200) throw new Error(`status ${answer.status}: ${text.slice(0, 200)}`);
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof CordonError) throw error;
    throw new CordonError("unavailable", `${url} gave no usable answer: ${describeError(error)}`, { cause: error });
  } finally {
    sts.destroy();
    lambda.destroy();
  }
}

/** What is handed over of a call of GetCallerIdentity, signed and never made by this side. */
async function signedIdentity(sts: STSClient, { region, endpoint }: Address["sdk"], hash: string, nowMs: number) {
  const url = await stsEndpoint(region, endpoint);
  const target = { service: "sts", region, url, body: IDENTITY_BODY, nowMs };
  return signed(sts, target, { "content-type": IDENTITY_TYPE, [ORDER_HEADER]: hash });
}

interface Target {
  readonly service: string;
  readonly region: string;
  readonly url: URL;
  readonly body: string;
  readonly nowMs: number;
}

async function signed(
  { config }: STSClient | LambdaClient,
  { service, region, url, body, nowMs }: Target,
  headers: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const signer = await config.signer({ name: "sigv4", signingName: service, signingRegion: region, properties: {} });
  const { protocol, hostname, port, host, pathname } = url;
  const request = {
    method: "POST",
    protocol,
    hostname,
    ...(port !== "" && { port: Number(port) }),
    path: pathname,
    query: {},
    headers: { host, ...headers },
    body,
  };
  return (await signer.sign(request, { signingDate: new Date(nowMs) })).headers;
}
