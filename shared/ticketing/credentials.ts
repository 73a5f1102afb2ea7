import { readParameter, readSecret } from "../aws/parameters.ts";
import { describeError } from "../errors.ts";
import { DeliveryError, type TrackerPorts } from "./tracker.ts";

const PARAMETER = "ssm:";

/**
 * A route's credentials, from Secrets Manager or, as `ssm:<name>`, from a parameter. They are in nobody's environment and in no log; a client of the SDK is loaded for
 * those that are asked for only.
 */
export function credentialsOf(secret: string | undefined): TrackerPorts["credentials"] {
  return async (isStale = false) => {
    if (secret === undefined) return {};
    try {
      return parseCredentials(await readText(secret, isStale));
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

function readText(secret: string, isStale: boolean): Promise<unknown> {
  return secret.startsWith(PARAMETER)
    ? readParameter(secret.slice(PARAMETER.length), isStale)
    : readSecret(secret, isStale);
}

function parseCredentials(text: unknown): Readonly<Record<string, string>> {
  const found: unknown = typeof text === "string" ? JSON.parse(text) : undefined;
  const isObject = typeof found === "object" && found !== null && !Array.isArray(found);
  if (!isObject || !Object.values(found).every((value) => typeof value === "string"))
    throw new Error("expected a JSON object of texts");
  return found as Record<string, string>;
}
