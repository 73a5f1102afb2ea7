import { cut } from "../cut.ts";
import { CordonError } from "../errors.ts";

/** What an error of the AWS SDK means to Cordon. */
export type AwsFailure =
  | { readonly kind: "absent"; readonly code: string; readonly message: string }
  | { readonly kind: "denied"; readonly code: string; readonly message: string }
  | { readonly kind: "rejected"; readonly code: string; readonly message: string }
  | { readonly kind: "unavailable"; readonly code: string; readonly message: string };

interface SdkError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
  readonly code?: string;
}

/** No word on the resource: AWS is busy, or it is our own credentials that don't hold. */
const UNAVAILABLE = new Set([
  "SlowDown",
  "Throttling",
  "ThrottlingException",
  "ThrottledException",
  "TooManyRequestsException",
  "RequestLimitExceeded",
  "RequestTimeout",
  "OperationAborted",
  "ConditionalRequestConflict",
  "ProvisionedThroughputExceededException",
  "TransactionInProgressException",
  "ExpiredToken",
  "ExpiredTokenException",
  "InvalidAccessKeyId",
  "InvalidClientTokenId",
  "InvalidToken",
  "RequestTimeTooSkewed",
  "RequestExpired",
  "SignatureDoesNotMatch",
  "InvalidSignatureException",
  "UnrecognizedClientException",
]);
const DENIED = new Set([
  "AccessDenied",
  "AccessDeniedException",
  "AllAccessDisabled",
  "UnauthorizedOperation",
  "Forbidden",
]);
const ABSENT = new Set(["NoSuchBucket", "NotFound"]);

/** Sorts an SDK error. What is not known to be AWS's final word counts as unavailable: a retry is safe, a conclusion is not. */
export function sortAwsError(error: unknown): AwsFailure {
  const sdk = (error ?? {}) as Partial<SdkError>;
  const code = sdk.name ?? "Error";
  const status = sdk.$metadata?.httpStatusCode ?? 0;
  const message = `${code}: ${cut(sdk.message ?? String(error), 300)}`;
  // No status: no answer. A status of success with an error: the answer broke off, and AWS did what was asked.
  if (UNAVAILABLE.has(code) || status >= 500 || status === 429 || status < 300)
    return { kind: "unavailable", code, message };
  if (ABSENT.has(code)) return { kind: "absent", code, message };
  if (DENIED.has(code) || status === 403 || status === 401) return { kind: "denied", code, message };
  return { kind: "rejected", code, message };
}

/** AWS's request id of a failed call, or "" when no answer came. */
export function requestIdOf(error: unknown): string {
  return (error as Partial<SdkError>).$metadata?.requestId ?? "";
}

/** A header of the answer that came with an error; S3 tells a bucket's Region there. */
export function responseHeader(error: unknown, name: string): string | undefined {
  return (error as Partial<SdkError>).$response?.headers?.[name];
}

/** The error to throw when AWS gave no usable answer to `operation`; a throttled call was not taken, one that timed out may have been. */
export function unavailable(operation: string, error: unknown): CordonError {
  const sdk = (error ?? {}) as Partial<SdkError>;
  const detail = sdk.message || sdk.code || sdk.name || String(error);
  const message = `AWS gave no usable answer to ${operation}: ${sdk.name ?? "Error"}: ${detail}`;
  return new CordonError("unavailable", message, { cause: error, isUntaken: UNAVAILABLE.has(sdk.name ?? "") });
}
