import { isRecord } from "../control-plane/input.ts";
import { ServiceError } from "../errors.ts";
import type { CallContext, WireRequest, WireResponse } from "../operation.ts";
import { ANONYMOUS } from "../principals.ts";
import type { FunctionUrlTarget } from "./function-url-address.ts";

/** Content types whose bodies are given as text; others in base64, forms too. */
const TEXT = /^(text\/|application\/(json|xml|javascript)\b|[\w./-]+\+(json|xml)\b)/i;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/** Headers that are the server's own. */
const HOP_BY_HOP = ["connection", "content-length", "keep-alive", "transfer-encoding"];

/** The event of a request to a function URL, in payload format 2.0: AWS Lambda's developer guide, "Invoking Lambda function URLs". */
export function toFunctionUrlEvent(
  request: WireRequest,
  { account, functionName, rawPath }: FunctionUrlTarget,
  { principal, requestId, at, userAgent }: CallContext,
  principalOrgId: string | undefined,
): Record<string, unknown> {
  // The signature has done its work: it isn't in recorded events, while date and session token are.
  const { authorization: _, ...headers } = request.headers;
  const names = [...new Set(request.query.keys())];
  const { host = "", cookie } = headers;
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath,
    rawQueryString: request.rawQuery,
    ...(cookie !== undefined && { cookies: cookie.split(/;\s*/) }),
    // As behind AWS's own front, where everything comes by TLS.
    headers: { ...headers, "x-forwarded-for": "127.0.0.1", "x-forwarded-port": "443", "x-forwarded-proto": "https" },
    ...(names.length > 0 && {
      queryStringParameters: Object.fromEntries(names.map((name) => [name, request.query.getAll(name).join(",")])),
    }),
    requestContext: {
      accountId: principal === ANONYMOUS ? "anonymous" : account,
      apiId: functionName,
      ...(principal !== ANONYMOUS && {
        authentication: null,
        authorizer: {
          iam: {
            accessKey: principal.credentials.accessKeyId,
            accountId: principal.account,
            callerId: principal.principalId,
            cognitoIdentity: null,
            principalOrgId: principalOrgId ?? null,
            userArn: principal.arn,
            userId: principal.principalId,
          },
        },
      }),
      domainName: host,
      domainPrefix: functionName,
      http: { method: request.method, path: rawPath, protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent },
      requestId,
      routeKey: "$default",
      stage: "$default",
      time: toLogTime(at),
      timeEpoch: at,
    },
    ...readBody(request),
  };
}

function readBody({ body, headers }: WireRequest): { body?: string; isBase64Encoded: boolean } {
  if (body.length === 0) return { isBase64Encoded: false };
  const isBase64Encoded = !TEXT.test(headers["content-type"] ?? "text/plain");
  return { body: body.toString(isBase64Encoded ? "base64" : "utf8"), isBase64Encoded };
}

/** `12/Mar/2020:19:03:58 +0000` */
function toLogTime(at: number): string {
  const [, year, month, day, time] = /^(\d+)-(\d+)-(\d+)T([\d:]+)/.exec(new Date(at).toISOString()) ?? [];
  return `${day}/${MONTHS[Number(month) - 1]}/${year}:${time} +0000`;
}

/**
 * What a function's answer is over HTTP: with a `statusCode` as it says, anything else as JSON of status 200.
 *
 * @throws ServiceError 502 for a `statusCode` that is none
 */
export function toFunctionUrlAnswer(result: unknown): WireResponse {
  const json = { "content-type": "application/json" };
  if (!isRecord(result) || result.statusCode === undefined) {
    return { status: 200, headers: json, body: JSON.stringify(result ?? null) };
  }
  const { statusCode, headers = {}, body = "", cookies, isBase64Encoded } = result;
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 100 || status > 599 || !isRecord(headers)) throw functionFailed();
  const own = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)] as const);
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return {
    status,
    headers: {
      ...json,
      ...Object.fromEntries(own.filter(([name]) => !HOP_BY_HOP.includes(name))),
      ...(Array.isArray(cookies) && { "set-cookie": cookies.map(String) }),
    },
    body: isBase64Encoded === true ? Buffer.from(text, "base64") : text,
  };
}

/** The answer to whatever a function fails of: the caller isn't told what. */
export function functionFailed(): ServiceError {
  return new ServiceError("InternalServerErrorException", "Internal Server Error", 502);
}
