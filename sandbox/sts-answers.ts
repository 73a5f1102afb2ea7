import { ServiceError } from "./errors.ts";
import type { Credentials } from "./principals.ts";

/** Parameters of a call to STS. */
export type StsInput = Readonly<Record<string, string>>;
/** Gives CloudTrail the answer, without secrets. */
export type Tell = (answer: Record<string, unknown>) => void;

/** STS's calls make credentials and change nothing. */
export const STS_TRAIL = { eventSource: "sts.amazonaws.com", isReadOnly: true } as const;

export function writeCredentials(
  { accessKeyId, secretAccessKey, sessionToken }: Credentials,
  expiresAt: number,
): string {
  return `<Credentials><AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>${secretAccessKey}</SecretAccessKey><SessionToken>${sessionToken}</SessionToken><Expiration>${new Date(expiresAt).toISOString()}</Expiration></Credentials>`;
}

export function invalid(message: string): ServiceError {
  return new ServiceError("ValidationError", message, 400);
}
