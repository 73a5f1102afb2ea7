import { asObject, parseJson } from "../signals/shapes.ts";
import { expectGood } from "./http.ts";
import { type Proof, sharedHeader } from "./shared-header.ts";
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
 * Sends requests with the route's credentials; many at once ask for one token (shared-header.ts). Where they are refused (401), the credentials are read again, once: they may
 * have been rotated. A second refusal is the answer.
 *
 * @param authorise what the credentials are for; throws DeliveryError `later` where they lack what they must have
 * @throws DeliveryError as `send` does; `later` for a token that is refused, and for an answer that has none
 */
export function authorisedSender(
  ports: TrackerPorts,
  authorise: (credentials: Readonly<Record<string, string>>) => Authorisation,
): SendHttp {
  const ask = async (isStale: boolean): Promise<Proof | HttpAnswer> => {
    const authorisation = authorise(await ports.credentials(isStale));
    if (authorisation.kind === "basic") {
      const pair = `${authorisation.user}:${authorisation.password}`;
      return { header: `Basic ${Buffer.from(pair, "utf8").toString("base64")}` };
    }
    const answer = await ports.send(authorisation.request);
    if (answer.status === 401) return answer;
    return proofIn(
      expectToken(() => expectGood(answer, "asking for a token", ports.nowMs())),
      ports.nowMs(),
    );
  };
  const withHeader = sharedHeader(ask, ports.nowMs);
  return (request) =>
    withHeader((authorization) => ports.send({ ...request, headers: { ...request.headers, authorization } }));
}

/** A token that is refused says nothing of any ticket, whatever its status (RFC 6749, 5.2, has 400 and 401). @throws DeliveryError `later` */
export function expectToken(expectAnswer: () => HttpAnswer): HttpAnswer {
  try {
    return expectAnswer();
  } catch (error) {
    if (error instanceof DeliveryError && (error.kind !== "later" || error.isOfRight))
      throw refusedFor(error.message, { cause: error });
    throw error;
  }
}

/** Nothing of the answer is told: it holds a secret. */
function proofIn({ body }: HttpAnswer, nowMs: number): Proof {
  const parsed = parseJson(body);
  const answer = (parsed.ok ? asObject(parsed.value) : undefined) ?? {};
  const { access_token: value } = answer;
  const lifeS = Number(answer.expires_in ?? LIFE_S);
  if (typeof value !== "string" || !/^[\x21-\x7e]+$/.test(value))
    throw new DeliveryError("later", "asking for a token: the answer has none", { isWide: true });
  return { header: `Bearer ${value}`, untilMs: nowMs + (Number.isFinite(lifeS) ? lifeS : LIFE_S) * 1_000 - MARGIN_MS };
}
