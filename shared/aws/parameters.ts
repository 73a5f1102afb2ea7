import type { SecretsProvider } from "@aws-lambda-powertools/parameters/secrets";
import type { SSMProvider } from "@aws-lambda-powertools/parameters/ssm";
import { CALL_LIMITS } from "./call-limits.ts";

/** Read again after this long, so that a new one takes effect without a deployment. */
const CACHED_SECONDS = 300;

let secrets: SecretsProvider | undefined;
let parameters: SSMProvider | undefined;

/** A secret of Secrets Manager, by its name or ARN, read again at once when `isStale`. The SDK's client is loaded by the first call. */
export async function readSecret(name: string, isStale = false): Promise<unknown> {
  if (secrets === undefined) {
    const { SecretsProvider } = await import("@aws-lambda-powertools/parameters/secrets");
    secrets ??= new SecretsProvider({ clientConfig: CALL_LIMITS });
  }
  return secrets.get(name, { maxAge: CACHED_SECONDS, forceFetch: isStale });
}

/** A parameter of Systems Manager, decrypted; otherwise as `readSecret`. */
export async function readParameter(name: string, isStale = false): Promise<unknown> {
  if (parameters === undefined) {
    const { SSMProvider } = await import("@aws-lambda-powertools/parameters/ssm");
    parameters ??= new SSMProvider({ clientConfig: CALL_LIMITS });
  }
  return parameters.get(name, { maxAge: CACHED_SECONDS, forceFetch: isStale, decrypt: true });
}
