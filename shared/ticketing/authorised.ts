import { asObject, parseJson } from "../signals/shapes.ts";
import { expectGood } from "./http.ts";
import {
  DeliveryError,
  type HttpAnswer,
  type HttpRequest,
  refusedFor,
  type SendHttp,
  type TrackerPorts,
} from "./tracker.ts";

/** How a request proves whose it is: by a user's name and password (RFC 7617), or by a token that `request` asks for (RFC 6749, 4.4). */
export type Authorisation =
  | { readonly kind: "basic"; readonly user: string; readonly password: string }
  | { readonly kind: "token"; readonly request: HttpRequest };

/** A token is not used in the last minute of its life. */
const MARGIN_MS = 60_000;
/** Of a token that does not say how long it lives. */
const LIFE_S = 600;

/**
 * Sends requests with the route's credentials. Where they are refused (401), the token is dropped and the credentials are read again, once: they may have been
 * rotated. A second refusal is the answer.
 *
 * @param authorise what the credentials are for; throws DeliveryError `later` where they lack what they must have
 * @throws DeliveryError as `send` does; `later` for a token that is refused, and for an answer that has none
 */
export function authorisedSender(
  ports: TrackerPorts,
  authorise: (credentials: Readonly<Record<string, string>>) => Authorisation,
): SendHttp {
  let token: { readonly value: string; readonly untilMs: number } | undefined;

  const headerOf = async (isStale: boolean): Promise<string | HttpAnswer> => {
    if (isStale) token = undefined;
    if (token !== undefined && token.untilMs > ports.nowMs()) return `Bearer ${token.value}`;
    const authorisation = authorise(await ports.credentials(isStale));
    if (authorisation.kind === "basic") {
      const pair = `${authorisation.user}:${authorisation.password}`;
      return `Basic ${Buffer.from(pair, "utf8").toString("base64")}`;
    }
    const answer = await ports.send(authorisation.request);
    if (answer.status === 401) return answer;
    token = tokenOf(
      expectToken(() => expectGood(answer, "asking for a token", ports.nowMs())),
      ports.nowMs(),
    );
    return `Bearer ${token.value}`;
  };

  const attempt = async (request: HttpRequest, isStale: boolean): Promise<HttpAnswer> => {
    const header = await headerOf(isStale);
    if (typeof header !== "string") return header;
    return ports.send({ ...request, headers: { ...request.headers, authorization: header } });
  };

  return async (request) => {
    const answer = await attempt(request, false);
    return answer.status === 401 ? attempt(request, true) : answer;
  };
}

/** A token that is refused says nothing of any ticket, whatever its status (RFC 6749, 5.2, has 400 and 401). @throws DeliveryError `later` */
export function expectToken(expectAnswer: () => HttpAnswer): HttpAnswer {
  try {
    return expectAnswer();
  } catch (error) {
    if (error instanceof DeliveryError && error.kind !== "later") throw refusedFor(error.message, { cause: error });
    throw error;
  }
}

/** Nothing of the answer is told: it holds a secret. */
function tokenOf({ body }: HttpAnswer, nowMs: number): { readonly value: string; readonly untilMs: number } {
  const parsed = parseJson(body);
  const answer = (parsed.ok ? asObject(parsed.value) : undefined) ?? {};
  const { access_token: value } = answer;
  const lifeS = Number(answer.expires_in ?? LIFE_S);
  if (typeof value !== "string" || !/^[\x21-\x7e]+$/.test(value))
    throw new DeliveryError("later", "asking for a token: the answer has none", { isWide: true });
  return { value, untilMs: nowMs + (Number.isFinite(lifeS) ? lifeS : LIFE_S) * 1_000 - MARGIN_MS };
}
