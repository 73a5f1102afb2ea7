import { describeError } from "../errors.ts";
import { DeliveryError, type TrackerPorts } from "./tracker.ts";

/** Read again after this long, so that new credentials take effect without a deployment. */
const CACHED_SECONDS = 300;
const PARAMETER = "ssm:";

/**
 * A route's credentials, from Secrets Manager or, as `ssm:<name>`, from a parameter. They are in nobody's environment and in no log; a client of the SDK is loaded for
 * those that are asked for only.
 */
export function credentialsOf(secret: string | undefined): TrackerPorts["credentials"] {
  return async (isStale = false) => {
    if (secret === undefined) return {};
    try {
      return parseCredentials(await readText(secret, { maxAge: CACHED_SECONDS, forceFetch: isStale }));
    } catch (error) {
      // The parser's own message would quote what it could not read.
      const why = error instanceof SyntaxError ? "it holds no JSON" : describeError(error);
      throw new DeliveryError("later", `the credentials ${secret} can't be used: ${why}`, {
        isUntaken: true,
        isWide: true,
      });
    }
  };
}

async function readText(secret: string, options: { maxAge: number; forceFetch: boolean }): Promise<unknown> {
  if (secret.startsWith(PARAMETER)) {
    const { getParameter } = await import("@aws-lambda-powertools/parameters/ssm");
    return getParameter(secret.slice(PARAMETER.length), { ...options, decrypt: true });
  }
  const { getSecret } = await import("@aws-lambda-powertools/parameters/secrets");
  return getSecret(secret, options);
}

function parseCredentials(text: unknown): Readonly<Record<string, string>> {
  const found: unknown = typeof text === "string" ? JSON.parse(text) : undefined;
  const isObject = typeof found === "object" && found !== null && !Array.isArray(found);
  if (!isObject || !Object.values(found).every((value) => typeof value === "string"))
    throw new Error("expected a JSON object of texts");
  return found as Record<string, string>;
}
