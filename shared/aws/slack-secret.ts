import { CordonError, describeError } from "../errors.ts";

/** The secret is read again after this long, so that a new one takes effect without a deployment. */
const CACHED_SECONDS = 300;

/**
 * The signing secret of the Slack app, from the secret of Secrets Manager that CORDON_SLACK_SECRET names; undefined where none is named. The SDK's client is loaded for it only.
 *
 * @throws CordonError `unavailable`
 */
export async function slackSecret(env: Readonly<Record<string, string | undefined>>): Promise<string | undefined> {
  const name = env.CORDON_SLACK_SECRET?.trim();
  if (!name) return undefined;
  try {
    const { getSecret } = await import("@aws-lambda-powertools/parameters/secrets");
    const secret = await getSecret(name, { maxAge: CACHED_SECONDS });
    if (typeof secret !== "string" || secret === "") throw new Error("it holds no text");
    return secret;
  } catch (error) {
    throw new CordonError("unavailable", `the secret ${name} can't be read: ${describeError(error)}`, { cause: error });
  }
}
