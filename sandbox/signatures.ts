import { createHash, createHmac } from "node:crypto";
import type { WireRequest } from "./operation.ts";
import type { Principal } from "./principals.ts";

/** What is wrong with a signature, in AWS's words; services differ in what they make of it. */
export interface SignatureProblem {
  /**
   * `incomplete`: it can't be checked at all; `token`: not the session token of that key; `expired`: not signed within five
   * minutes of now; `mismatch`: signed with another secret, for another service or Region, or not this request.
   */
  kind: "incomplete" | "token" | "expired" | "mismatch";
  message: string;
}

/** Whom a request has to be signed for, and when it came. */
export interface SignatureScope {
  /** For example `sts`. */
  service: string;
  /** Any when left out. */
  region?: string;
  /** Epoch ms on the sandbox's clock. */
  at: number;
}

const ALGORITHM = "AWS4-HMAC-SHA256";
const MAX_AGE_MINUTES = 5;
const MISMATCH: SignatureProblem = {
  kind: "mismatch",
  message:
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
};

/**
 * Verify the SigV4 signature in a request's `Authorization` header against what `principal` would have signed: method, path, query,
 * body and every header the signature lists. What isn't listed may be anything, as on AWS. Returns undefined for a right one.
 * Not S3's ways (paths encoded once, unsigned and chunked payloads), and no signatures in the query.
 */
export function findSignatureProblem(
  request: WireRequest,
  principal: Principal,
  scope: SignatureScope,
): SignatureProblem | undefined {
  const { credentials } = principal;
  const signature = readSignature(request);
  if (typeof signature === "string") return { kind: "incomplete", message: signature };
  if (request.headers["x-amz-security-token"] !== credentials.sessionToken) {
    return { kind: "token", message: "The security token included in the request is invalid." };
  }
  const { day, region, service, date, signedHeaders, given } = signature;
  if (service !== scope.service) return mismatch(`Credential should be scoped to correct service: '${scope.service}'.`);
  if (scope.region !== undefined && region !== scope.region) {
    return mismatch(`Credential should be scoped to a valid region, not '${region}'.`);
  }
  if (!date.startsWith(day)) return mismatch(`Date in Credential scope does not match YYYYMMDD from ISO-8601 date.`);
  const age = findAgeProblem(date, scope.at);
  if (age) return age;
  const canonical = canonicalRequest(request, signedHeaders);
  const key = [day, region, service, "aws4_request"].reduce<string | Buffer>(
    hmac,
    `AWS4${credentials.secretAccessKey}`,
  );
  const toSign = [ALGORITHM, date, `${day}/${region}/${service}/aws4_request`, sha256(canonical)].join("\n");
  return hmac(key, toSign).toString("hex") === given ? undefined : MISMATCH;
}

interface Signature {
  day: string;
  region: string;
  service: string;
  /** `20301231T235959Z` */
  date: string;
  signedHeaders: readonly string[];
  given: string;
}

/** The parts of a signature, or what is missing. */
function readSignature({ headers }: WireRequest): Signature | string {
  const [algorithm, ...rest] = (headers.authorization ?? "").split(" ");
  const parts = new URLSearchParams(rest.join("").replaceAll(",", "&"));
  const [, day = "", region = "", service = "", end] = (parts.get("Credential") ?? "").split("/");
  const signedHeaders = (parts.get("SignedHeaders") ?? "").split(";");
  const given = parts.get("Signature") ?? "";
  if (algorithm !== ALGORITHM || end !== "aws4_request" || !given) {
    return "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters.";
  }
  const date = headers["x-amz-date"] ?? "";
  if (!/^\d{8}T\d{6}Z$/.test(date)) return "Authorization header requires existence of a valid 'X-Amz-Date' header.";
  if (!signedHeaders.includes("host")) return "'Host' must be a 'SignedHeader' in the AWS Authorization.";
  return { day, region, service, date, signedHeaders, given };
}

function findAgeProblem(date: string, at: number): SignatureProblem | undefined {
  const signedAt = Date.parse(date.replace(/^(....)(..)(..T..)(..)(..Z)$/, "$1-$2-$3:$4:$5"));
  const bound = (minutes: number): string => isoBasic(at + minutes * 60_000);
  const windowMs = MAX_AGE_MINUTES * 60_000;
  if (signedAt < at - windowMs) {
    const message = `Signature expired: ${date} is now earlier than ${bound(-MAX_AGE_MINUTES)} (${isoBasic(at)} - ${MAX_AGE_MINUTES} min.)`;
    return { kind: "expired", message };
  }
  if (signedAt > at + windowMs) {
    const message = `Signature not yet current: ${date} is still later than ${bound(MAX_AGE_MINUTES)} (${isoBasic(at)} + ${MAX_AGE_MINUTES} min.)`;
    return { kind: "expired", message };
  }
  return undefined;
}

function canonicalRequest(request: WireRequest, signedHeaders: readonly string[]): string {
  const headers = signedHeaders.map((name) => `${name}:${(request.headers[name] ?? "").trim().replace(/\s+/g, " ")}\n`);
  return [
    request.method,
    canonicalPath(request.path),
    canonicalQuery(request.rawQuery),
    headers.join(""),
    signedHeaders.join(";"),
    sha256(request.body),
  ].join("\n");
}

/** Encoded once more than it was sent, which is what every service but S3 wants, without `.`, `..` and empty segments. */
function canonicalPath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(encode(segment));
  }
  const joined = segments.join("/");
  return joined === "" ? "/" : `/${joined}${path.endsWith("/") ? "/" : ""}`;
}

function canonicalQuery(rawQuery: string): string {
  return rawQuery
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const [name = "", ...value] = pair.split("=");
      return [encode(decode(name)), encode(decode(value.join("=")))] as const;
    })
    .sort(([a, x], [b, y]) => (a === b ? compare(x, y) : compare(a, b)))
    .map((pair) => pair.join("="))
    .join("&");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** What is no percent-encoding stays as it is: then it can't be what was signed. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function isoBasic(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
}

function mismatch(message: string): SignatureProblem {
  return { kind: "mismatch", message };
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function sha256(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
