import type { Caller } from "../policy/people.ts";
import { asObject, asText, describeShape, type Json, parseJson } from "../signals/shapes.ts";

/** What proves who asks, whichever way the order came. */
export type Proof =
  | { readonly kind: "aws"; readonly headers: unknown }
  | { readonly kind: "slack"; readonly timestamp: string; readonly signature: string; readonly body: string };

export type Proved =
  | {
      readonly ok: true;
      readonly caller: Caller;
      readonly how: string;
      /** The same for the same proof only: each is good once. */
      readonly once: string;
    }
  | { readonly ok: false; readonly reason: string };

/** An order as it came: by the function's URL, or by a bare invocation. */
export type Envelope =
  | {
      readonly ok: true;
      readonly order: unknown;
      readonly proof?: Proof;
      readonly urlCaller?: string;
      readonly said: string;
    }
  | { readonly ok: false; readonly reason: string };

const EXPECTED =
  "expected an order, {order, proof}, or a request to the function's URL with one of them as its JSON body";

/**
 * Unknown JSON -> an order with its proof, if it has one. Pure.
 *
 * A request to the function's URL tells a caller whom AWS has let in; so may the event of whoever invokes the function without it. It is no proof: it only has to agree with it.
 */
export function parseEnvelope(input: unknown): Envelope {
  const event = asObject(input);
  if (event === undefined) return { ok: false, reason: `found ${describeShape(input)}, ${EXPECTED}` };
  const context = asObject(event.requestContext);
  if (context === undefined) return envelopeIn(event, undefined);
  const text = asText(event.body) ?? "";
  const body = parseJson(event.isBase64Encoded === true ? Buffer.from(text, "base64").toString("utf8") : text);
  const content = body.ok ? asObject(body.value) : undefined;
  if (content === undefined) return { ok: false, reason: `the request's body is no JSON object, ${EXPECTED}` };
  return envelopeIn(content, asText(asObject(asObject(context.authorizer)?.iam)?.userArn));
}

function envelopeIn(content: Json, urlCaller: string | undefined): Envelope {
  const given = content.proof;
  const isWrapped = content.order !== undefined || given !== undefined;
  const order = isWrapped ? content.order : content;
  const proof = proofIn(asObject(given) ?? {});
  if (given !== undefined && proof === undefined)
    return {
      ok: false,
      reason: `proof: found ${describeShape(given)}, expected {kind: "aws", headers} or {kind: "slack", timestamp, signature, body}`,
    };
  const said = "somebody who may invoke the function";
  return {
    ok: true,
    order,
    said,
    ...(proof !== undefined && { proof }),
    ...(urlCaller !== undefined && { urlCaller }),
  };
}

function proofIn(proof: Json): Proof | undefined {
  if (proof.kind === "aws") return { kind: "aws", headers: proof.headers };
  const [timestamp, signature, body] = [asText(proof.timestamp), asText(proof.signature), asText(proof.body)];
  if (proof.kind !== "slack" || timestamp === undefined || signature === undefined || body === undefined)
    return undefined;
  return { kind: "slack", timestamp, signature, body };
}
