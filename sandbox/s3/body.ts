import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { ServiceError } from "../errors.ts";
import type { WireRequest } from "../operation.ts";

const CHECKSUM_PREFIX = "x-amz-checksum-";

/** What was uploaded, with the checksums sent along, by algorithm (`crc32`, `sha256`). */
export interface Upload {
  body: Buffer;
  checksums: Record<string, string>;
}

/**
 * Read an object's body: taken out of its chunks when the client sent `aws-chunked`, and compared with Content-MD5 and
 * checksums. Throws BadDigest and InvalidRequest. Checksums Node can't compute (`crc32c`,
 * `crc64nvme` ...) are kept without a look.
 */
export function readUpload(request: WireRequest): Upload {
  const { headers } = request;
  const isChunked = (headers["x-amz-content-sha256"] ?? "").startsWith("STREAMING-");
  const { body, trailers } = isChunked ? readChunks(request.body) : { body: request.body, trailers: {} };
  const checksums = Object.fromEntries(
    Object.entries({ ...headers, ...trailers })
      .filter(([name]) => name.startsWith(CHECKSUM_PREFIX))
      .map(([name, value]) => [name.slice(CHECKSUM_PREFIX.length), value] as const)
      .filter(([algorithm]) => ALGORITHMS.has(algorithm)),
  );
  const expectedLength = headers["x-amz-decoded-content-length"];
  if (expectedLength !== undefined && Number(expectedLength) !== body.length) {
    throw new ServiceError(
      "IncompleteBody",
      "You did not provide the number of bytes specified by the Content-Length HTTP header",
      400,
    );
  }
  const md5 = headers["content-md5"];
  if (md5 !== undefined && md5 !== digest("md5", body)) {
    throw new ServiceError("BadDigest", "The Content-MD5 you specified did not match what we received.", 400);
  }
  for (const [algorithm, sent] of Object.entries(checksums)) {
    const computed = COMPUTED[algorithm]?.(body);
    if (computed !== undefined && computed !== sent) {
      const name = algorithm.toUpperCase();
      throw new ServiceError("BadDigest", `The ${name} you specified did not match the calculated checksum.`, 400);
    }
  }
  return { body, checksums };
}

/** What Node can compute. */
const COMPUTED: Readonly<Record<string, (body: Buffer) => string>> = {
  crc32(body) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(crc32(body));
    return bytes.toString("base64");
  },
  md5: (body) => digest("md5", body),
  sha1: (body) => digest("sha1", body),
  sha256: (body) => digest("sha256", body),
  sha512: (body) => digest("sha512", body),
};
const ALGORITHMS = new Set([...Object.keys(COMPUTED), "crc32c", "crc64nvme", "xxhash64", "xxhash3", "xxhash128"]);

function digest(algorithm: string, body: Buffer): string {
  return createHash(algorithm).update(body).digest("base64");
}

/** `<hex length>[;chunk-signature=...]\r\n<bytes>\r\n` until a length of 0, then trailing headers. */
function readChunks(raw: Buffer): { body: Buffer; trailers: Record<string, string> } {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = raw.indexOf("\r\n", at);
    const length = end < 0 ? Number.NaN : Number.parseInt(raw.toString("latin1", at, end), 16);
    if (Number.isNaN(length) || end + 2 + length > raw.length) {
      throw new ServiceError("IncompleteBody", "The request body terminated unexpectedly", 400);
    }
    at = end + 2;
    if (length === 0) break;
    parts.push(raw.subarray(at, at + length));
    at += length + 2;
  }
  const lines = raw.toString("latin1", at).split("\r\n").filter(Boolean);
  const trailers = lines.map((line) => [
    line.slice(0, line.indexOf(":")).toLowerCase(),
    line.slice(line.indexOf(":") + 1).trim(),
  ]);
  return { body: Buffer.concat(parts), trailers: Object.fromEntries(trailers) };
}
