import type { Invoked } from "../../shared/aws/invoke-decide.ts";
import type { Proof } from "../../shared/decisions/prove.ts";
import { forgedOf, proveSlack, staleOf } from "../../shared/decisions/prove-slack.ts";
import { describeError } from "../../shared/errors.ts";
import { asObject, asText, parseJson } from "../../shared/signals/shapes.ts";
import { toldOf } from "./told.ts";

/** What it takes to hear Slack. */
export interface Ear {
  nowMs(): number;
  /** The signing secret of the Slack app; undefined where none is set. Throws CordonError. */
  slackSecret(): Promise<string | undefined>;
  /** Hands an envelope to the function that decides, and waits so long. Throws CordonError. */
  decide(envelope: { readonly proof: Proof }, waitMs: number): Promise<Invoked>;
  /** Tells whoever has pressed, and nobody else. Throws DeliveryError. */
  tell(responseUrl: string, text: string, timeoutMs: number): Promise<void>;
  readonly logger: Record<"info" | "warn", (message: string, more: Readonly<Record<string, unknown>>) => void>;
}

/** An answer to Slack. Nobody reads a body of it. */
export interface Said {
  readonly statusCode: number;
}

type Request =
  | { readonly ok: true; readonly proof: SlackProof; readonly atMs: number | undefined }
  | { readonly ok: false; readonly statusCode: number };
type SlackProof = Extract<Proof, { readonly kind: "slack" }>;

/** A message with its blocks comes back with what was pressed in it: that is a few times 12,000 letters at most, each up to twelve bytes of a form. */
const MAX_BODY_BYTES = 524_288;
/** Slack waits for three seconds, way and all: https://docs.slack.dev/interactivity/handling-user-interaction#acknowledgment_response */
const SLACK_WAITS_MS = 2_700;
/** Kept back of that, to tell the outcome in. */
const TELLING_MS = 500;
/** What the invocation itself needs to get there, however little time is left. */
const LEAST_WAIT_MS = 1_000;
/** What there are buttons for. Other orders need a person's AWS credentials. */
const ACTIONS: readonly unknown[] = ["approve", "reject"];

/**
 * A request to the function's URL, which anybody may send -> an answer. What isn't Slack's is refused before anything is asked of AWS but, once in five minutes, the secret. What is goes to `decide` as it came:
 * who has pressed and whether he may is found out there. Whatever comes, it throws nothing.
 */
export async function hear(event: unknown, ear: Ear): Promise<Said> {
  const request = requestIn(event);
  if (!request.ok) return { statusCode: request.statusCode };
  const nowMs = ear.nowMs();
  const { proof } = request;
  if (staleOf(proof, nowMs) !== undefined) return { statusCode: 401 };
  const secret = await ear.slackSecret().catch((error) => {
    ear.logger.warn("the secret can't be read", { reason: describeError(error) });
    return undefined;
  });
  if (secret === undefined) return { statusCode: 503 };
  if (forgedOf(proof, secret) !== undefined) return { statusCode: 401 };
  const proved = proveSlack(proof, secret, nowMs);
  const order = proved.ok ? asObject(proved.order) : undefined;
  // A link that was followed, a menu of somebody else's: Slack tells of everything, and wants to know that it was heard.
  if (order === undefined || !ACTIONS.includes(order.action)) return { statusCode: 200 };
  // Since the request came in: a container that had to be started has taken a part of Slack's patience.
  const goneMs = Math.min(Math.max(0, nowMs - (request.atMs ?? nowMs)), SLACK_WAITS_MS);
  const invoked = await decide(proof, Math.max(LEAST_WAIT_MS, SLACK_WAITS_MS - TELLING_MS - goneMs), ear);
  const { text, ...outcome } = toldOf(invoked, asText(order.findingId));
  ear.logger.info("heard", outcome);
  const url = responseUrlIn(proof.body);
  if (url !== undefined)
    await ear.tell(url, text, TELLING_MS).catch((error) => {
      ear.logger.warn("the outcome could not be told", { reason: describeError(error) });
    });
  return { statusCode: 200 };
}

async function decide(proof: SlackProof, waitMs: number, ear: Ear): Promise<Invoked | { readonly kind: "failed" }> {
  try {
    return await ear.decide({ proof }, waitMs);
  } catch (error) {
    ear.logger.warn("decide could not be asked", { reason: describeError(error) });
    return { kind: "failed" };
  }
}

/** Payload format 2.0 of Lambda. Forms come in base64. */
function requestIn(event: unknown): Request {
  const { requestContext, headers, body, isBase64Encoded } = asObject(event) ?? {};
  const context = asObject(requestContext) ?? {};
  const sent = typeof body === "string" ? body : "";
  if (asText(asObject(context.http)?.method) !== "POST") return { ok: false, statusCode: 405 };
  if (sent.length > (isBase64Encoded === true ? (MAX_BODY_BYTES * 4) / 3 : MAX_BODY_BYTES))
    return { ok: false, statusCode: 413 };
  const timestamp = asText(asObject(headers)?.["x-slack-request-timestamp"]);
  const signature = asText(asObject(headers)?.["x-slack-signature"]);
  if (timestamp === undefined || signature === undefined || !/^v0=[0-9a-f]{64}$/.test(signature) || sent === "")
    return { ok: false, statusCode: 401 };
  const text = isBase64Encoded === true ? Buffer.from(sent, "base64").toString("utf8") : sent;
  const { timeEpoch } = context;
  return {
    ok: true,
    proof: { kind: "slack", timestamp, signature, body: text },
    atMs: typeof timeEpoch === "number" ? timeEpoch : undefined,
  };
}

/** Where Slack takes an answer for whoever has pressed: in what it has signed. */
function responseUrlIn(body: string): string | undefined {
  const payload = parseJson(new URLSearchParams(body).get("payload") ?? "");
  return payload.ok ? asText(asObject(payload.value)?.response_url) : undefined;
}
