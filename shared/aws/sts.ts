import { CordonError, describeError } from "../errors.ts";

const ANSWER_WITHIN_MS = 4_000;
/** STS says of a signature nothing while it is throttled, and says so with status 400. */
const BUSY =
  /<Code>(Throttl\w*|RequestLimitExceeded|TooManyRequestsException|ServiceUnavailable|RequestTimeout)<\/Code>/;

/**
 * STS of a Region, as the SDK would reach it, for calls that somebody else has signed: the SDK would sign them anew. The address is never the caller's to choose.
 *
 * @throws CordonError `unavailable`
 */
export function stsIn(region: string) {
  return async (
    headers: Readonly<Record<string, string>>,
    body: string,
  ): Promise<{ readonly status: number; readonly body: string }> => {
    try {
      const answer = await fetch(await stsEndpoint(region), {
        method: "POST",
        headers: { ...headers },
        body,
        redirect: "error",
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
      const text = await answer.text();
      if (answer.status >= 500 || BUSY.test(text)) throw new Error(`status ${answer.status}`);
      return { status: answer.status, body: text };
    } catch (error) {
      // What the client says of a request it could not send may quote it, session token and all.
      const why = error instanceof TypeError ? "no connection" : describeError(error);
      throw new CordonError("unavailable", `STS gave no answer (GetCallerIdentity): ${why}`, { cause: error });
    }
  };
}

/**
 * Where a Region's STS is: what is signed for another host is signed for nobody. The SDK's client is loaded for its rules of endpoints.
 *
 * @param endpoint another one than the environment names, or AWS's own
 */
export async function stsEndpoint(region: string, endpoint?: string): Promise<URL> {
  const own = endpoint ?? process.env.AWS_ENDPOINT_URL_STS ?? process.env.AWS_ENDPOINT_URL;
  if (own) return new URL("/", own);
  const { STSClient } = await import("@aws-sdk/client-sts");
  const client = new STSClient({ region });
  const at = { Region: region, UseDualStack: false, UseFIPS: false, UseGlobalEndpoint: false };
  try {
    return client.config.endpointProvider(at).url;
  } finally {
    client.destroy();
  }
}
