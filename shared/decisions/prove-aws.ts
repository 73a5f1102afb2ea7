import { contentHash } from "../ids.ts";
import { asObject, asText } from "../signals/shapes.ts";
import type { Proof, Proved } from "./prove.ts";

/**
 * A person proves to be a principal of AWS by signing a call of GetCallerIdentity, which is handed over and made here: STS alone can say whose signature it is, and nobody
 * else learns more than a signature that is good for one order. (An invocation of a function carries no caller that could be believed: whoever may invoke it writes
 * the event, with whatever `requestContext` he likes.)
 *
 * Sources: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html (takes no permission),
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export const IDENTITY_BODY = "Action=GetCallerIdentity&Version=2011-06-15";
export const IDENTITY_TYPE = "application/x-www-form-urlencoded; charset=utf-8";
/** Binds a signature to one order of one cell. */
export const ORDER_HEADER = "x-cordon-order";
/** Of AWS's own five minutes, so that what somebody overheard is soon of no use. */
export const PROOF_LASTS_MS = 2 * 60_000;

/** What of the signed request is handed over; the rest of it is the same for all. */
const HANDED_OVER = [
  "authorization",
  "x-amz-date",
  "x-amz-content-sha256",
  "x-amz-security-token",
  ORDER_HEADER,
] as const;
/** What a signature has to cover, or it could be moved to another order, place or time. */
const HAS_TO_SIGN = ["content-type", "host", "x-amz-date", ORDER_HEADER] as const;

/**
 * What an order's signature is made over: the order, and the function it is for, so that no other cell takes it. Pure.
 *
 * @param order as it is sent
 */
export function orderHash(functionArn: string, order: unknown): string {
  return contentHash([functionArn, order]);
}

/** A call of STS that somebody has signed, and its answer. Throws CordonError `unavailable`. */
export type AskSts = (
  headers: Readonly<Record<string, string>>,
  body: string,
) => Promise<{ readonly status: number; readonly body: string }>;

/**
 * Whether a proof is good, and whose it is. No permission of this function's own is used.
 *
 * Side effects: one call of STS, unless the proof is bad by itself.
 * @throws CordonError `unavailable` when STS gives no answer
 */
export async function proveAws(
  proof: Extract<Proof, { readonly kind: "aws" }>,
  expected: { readonly order: unknown; readonly functionArn: string; readonly nowMs: number },
  ask: AskSts,
): Promise<Proved> {
  const given = asObject(proof.headers) ?? {};
  const headers = Object.fromEntries(
    HANDED_OVER.flatMap((name) => {
      const value = asText(given[name]);
      return value === undefined || value.length > MAX_HEADER ? [] : [[name, value]];
    }),
  );
  const wrong = wrongBefore(headers, expected);
  if (wrong !== undefined) return { ok: false, reason: wrong };
  const unfit = HANDED_OVER.find((name) => !PRINTABLE.test(asText(given[name]) ?? " "));
  if (unfit !== undefined) return { ok: false, reason: `${unfit} is nothing that a header can hold` };
  const { status, body } = await ask({ ...headers, "content-type": IDENTITY_TYPE }, IDENTITY_BODY);
  const arn = textIn(body, "Arn");
  if (status !== 200 || arn === undefined) {
    const why = [textIn(body, "Code"), textIn(body, "Message")].filter((each) => each !== undefined).join(": ");
    return { ok: false, reason: `STS does not know the signature (${why || `status ${status}`})` };
  }
  const signature = AUTHORIZATION.exec(headers.authorization ?? "")?.[2];
  return {
    ok: true,
    caller: { arn },
    how: "signed GetCallerIdentity",
    once: contentHash([headers["x-amz-date"], signature]),
  };
}

/** All of it and in one form only: written another way, the same signature must not pass for another proof. */
const AUTHORIZATION = /^AWS4-HMAC-SHA256 Credential=[^,\s]+, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/;

/** A session token has some 2,000 letters, and more with tags. */
const MAX_HEADER = 16_384;
/** What a header can hold. */
const PRINTABLE = /^[\x20-\x7e]+$/;

function wrongBefore(
  headers: Readonly<Record<string, string>>,
  { order, functionArn, nowMs }: { readonly order: unknown; readonly functionArn: string; readonly nowMs: number },
): string | undefined {
  const signed = AUTHORIZATION.exec(headers.authorization ?? "")?.[1]?.split(";") ?? [];
  const unsigned = HAS_TO_SIGN.filter((name) => !signed.includes(name));
  if (unsigned.length > 0) return `the proof's signature does not cover ${unsigned.join(", ")}`;
  if (headers[ORDER_HEADER] !== orderHash(functionArn, order))
    return `the proof was signed for another order, or for another function than ${functionArn}`;
  const [, day, time] = /^(\d{8})T(\d{6})Z$/.exec(headers["x-amz-date"] ?? "") ?? [];
  const atMs = Date.parse(
    `${day?.replace(/(....)(..)(..)/, "$1-$2-$3")}T${time?.replace(/(..)(..)(..)/, "$1:$2:$3")}Z`,
  );
  // Written the other way round: a time that is none is not now.
  if (!(Math.abs(nowMs - atMs) <= PROOF_LASTS_MS))
    return `the proof was signed at ${headers["x-amz-date"] ?? "no time"}, expected within ${PROOF_LASTS_MS / 1000} seconds of ${new Date(nowMs).toISOString()}`;
  return undefined;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** The text of an element of STS's answer, which has each but once. */
function textIn(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]+)</${name}>`).exec(xml)?.[1];
  return text?.replace(/&(amp|lt|gt|quot|apos);/g, (_, entity: string) => ENTITIES[entity] ?? "");
}
