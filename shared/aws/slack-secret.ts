import { CordonError, describeError } from "../errors.ts";
import { readSecret } from "./parameters.ts";

/**
 * The signing secret of the Slack app, from the secret of Secrets Manager that CORDON_SLACK_SECRET names; undefined where none is named. The SDK's client is loaded for it only.
 *
 * @throws CordonError `unavailable`
 */
export async function slackSecret(env: Readonly<Record<string, string | undefined>>): Promise<string | undefined> {
  const name = env.CORDON_SLACK_SECRET?.trim();
  if (!name) return undefined;
  try {
    const secret = await readSecret(name);
    if (typeof secret !== "string" || secret === "") throw new Error("it holds no text");
    return secret;
  } catch (error) {
    throw new CordonError("unavailable", `the secret ${name} can't be read: ${describeError(error)}`, { cause: error });
  }
}
