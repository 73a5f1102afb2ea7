import { createHash } from "node:crypto";
import { ServiceError } from "../errors.ts";
import type { ObjectVersion } from "./objects.ts";

type Input = Readonly<Record<string, unknown>>;

/** Members of a request that bring a key of the customer's own (SSE-C). */
export const CUSTOMER_KEY_MEMBERS = ["SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5"] as const;

/**
 * Base64 MD5 of the key a request brings; undefined when it brings none. That S3 wants TLS for it, and that new buckets don't take such
 * keys unless they are told to (since April 2026), is left out. Throws InvalidArgument and InvalidEncryptionAlgorithmError.
 */
export function readCustomerKey(input: Input): string | undefined {
  const { SSECustomerAlgorithm: algorithm, SSECustomerKey: key, SSECustomerKeyMD5: md5 } = input;
  if (algorithm === undefined && key === undefined && md5 === undefined) return undefined;
  if (algorithm === undefined || key === undefined || md5 === undefined) {
    throw new ServiceError(
      "InvalidArgument",
      "Requests specifying Server Side Encryption with Customer provided keys must provide an encryption algorithm, the secret key and its MD5.",
      400,
    );
  }
  if (algorithm !== "AES256") {
    throw new ServiceError(
      "InvalidEncryptionAlgorithmError",
      "The encryption request you specified is not valid. The valid value is AES256.",
      400,
    );
  }
  const bytes = Buffer.from(String(key), "base64");
  if (bytes.length !== 32) {
    throw new ServiceError("InvalidArgument", "The secret key was invalid for the specified algorithm.", 400);
  }
  if (createHash("md5").update(bytes).digest("base64") !== md5) {
    throw new ServiceError(
      "InvalidArgument",
      "The calculated MD5 hash of the key did not match the hash that was provided.",
      400,
    );
  }
  return String(md5);
}

/** Refuse a read that doesn't bring the key the version was written with, or brings one for nothing. Throws InvalidRequest and AccessDenied. */
export function checkCustomerKey(input: Input, { customerKeyMd5 }: ObjectVersion): void {
  const given = readCustomerKey(input);
  if (given === customerKeyMd5) return;
  if (customerKeyMd5 === undefined) {
    throw new ServiceError("InvalidRequest", "The encryption parameters are not applicable to this object.", 400);
  }
  if (given !== undefined) throw new ServiceError("AccessDenied", "Access Denied", 403);
  throw storedWithKey();
}

/** S3's answer to whoever wants to read an object and doesn't bring its key. */
export function storedWithKey(): ServiceError {
  return new ServiceError(
    "InvalidRequest",
    "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.",
    400,
  );
}
