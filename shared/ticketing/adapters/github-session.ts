import { createSign } from "node:crypto";
import { asObject, asText, parseJson } from "../../signals/shapes.ts";
import { expectToken } from "../authorised.ts";
import { expectGood, retryAfter } from "../http.ts";
import { type Proof, sharedHeader } from "../shared-header.ts";
import {
  DeliveryError,
  type HttpAnswer,
  type HttpRequest,
  refusedFor,
  type TrackerPorts,
  type TrackerRoute,
} from "../tracker.ts";

/** Supported until March 2028 at least, and the one that Enterprise Server knows. */
const API_VERSION = "2022-11-28";
/** A token that ends sooner is not begun with. */
const MARGIN_MS = 60_000;
/** GitHub asks for a minute where it says no time. */
const WAIT_MS = 60_000;

export type AskGithub = (method: HttpRequest["method"], path: string, body?: object) => Promise<HttpAnswer>;

type Credentials = Readonly<Record<string, string>>;

/**
 * Requests as whom the secret names: by a token, or by installation tokens of a GitHub App, which last an hour. What is refused with 401 is asked once more with fresh ones.
 *
 * @see https://docs.github.com/en/rest/about-the-rest-api/api-versions
 * @see https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
 */
export function githubSession(route: TrackerRoute, ports: TrackerPorts): AskGithub {
  const base = (route.url ?? "https://api.github.com").replace(/\/+$/, "");
  const send = (
    authorization: string,
    method: HttpRequest["method"],
    path: string,
    body?: object,
  ): Promise<HttpAnswer> =>
    ports.send({
      method,
      url: `${base}${path}`,
      headers: {
        accept: "application/vnd.github+json",
        authorization,
        "x-github-api-version": API_VERSION,
        "user-agent": "Cordon",
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });

  const ask = async (isStale: boolean): Promise<Proof | HttpAnswer> => {
    const secret = await ports.credentials(isStale);
    if (secret.token !== undefined && secret.token !== "") return { header: `Bearer ${secret.token}` };
    const { appId, installationId, privateKey } = appIn(secret);
    const path = `/app/installations/${installationId}/access_tokens`;
    const asked = { permissions: { issues: "write" }, repositories: [`${route.settings.repository}`.split("/")[1]] };
    const answer = await send(`Bearer ${appToken(appId, privateKey, ports.nowMs())}`, "POST", path, asked);
    if (answer.status === 401) return answer;
    return proofIn(expectToken(() => expectAnswer(answer, "GitHub: a token of the App", ports.nowMs())));
  };
  const withHeader = sharedHeader(ask, ports.nowMs);
  return (method, path, body) => withHeader((authorization) => send(authorization, method, path, body));
}

/**
 * The answer, when it is a good one. Of 403 and 429, what is a limit passes by itself.
 *
 * @see https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
 */
export function expectAnswer(answer: HttpAnswer, what: string, nowMs: number): HttpAnswer {
  const { status, headers, body } = answer;
  const isEmpty = headers["x-ratelimit-remaining"] === "0";
  const isLimit = headers["retry-after"] !== undefined || isEmpty || /secondary rate limit/i.test(body);
  if ((status !== 403 && status !== 429) || !isLimit) return expectGood(answer, what, nowMs);
  const resetMs = Number(headers["x-ratelimit-reset"] ?? Number.NaN) * 1_000 - nowMs;
  const untilReset = isEmpty && Number.isFinite(resetMs) ? Math.max(0, resetMs) : undefined;
  throw new DeliveryError("later", `${what}: GitHub's rate limit (status ${status})`, {
    isWide: true,
    retryAfterMs: retryAfter(headers["retry-after"], nowMs) ?? untilReset ?? WAIT_MS,
  });
}

function appIn({ appId = "", installationId = "", privateKey = "" }: Credentials) {
  if (appId === "" || !/^\d+$/.test(installationId) || privateKey === "")
    throw refusedFor("GitHub: the secret needs token, or appId, installationId and privateKey");
  return { appId, installationId, privateKey };
}

/** A JSON Web Token that proves the App (RS256), for less than ten minutes, begun a minute ago as clocks differ. */
function appToken(appId: string, privateKey: string, nowMs: number): string {
  const nowS = Math.floor(nowMs / 1_000);
  const [head, claims] = [
    { alg: "RS256", typ: "JWT" },
    { iat: nowS - 60, exp: nowS + 540, iss: appId },
  ].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
  try {
    const signature = createSign("RSA-SHA256").update(`${head}.${claims}`).sign(privateKey, "base64url");
    return `${head}.${claims}.${signature}`;
  } catch {
    // What the parser says could hold a part of the key.
    throw refusedFor("GitHub: the secret's privateKey is no RSA key as PEM");
  }
}

/** Nothing of the answer is told: it holds the token. */
function proofIn({ body }: HttpAnswer): Proof {
  const parsed = parseJson(body);
  const given = parsed.ok ? asObject(parsed.value) : undefined;
  const token = asText(given?.token);
  const endsAtMs = Date.parse(asText(given?.expires_at) ?? "");
  if (token === undefined || Number.isNaN(endsAtMs))
    throw new DeliveryError("later", "GitHub: the answer holds no installation token", { isWide: true });
  return { header: `Bearer ${token}`, untilMs: endsAtMs - MARGIN_MS };
}
