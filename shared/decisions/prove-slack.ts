import { createHmac, timingSafeEqual } from "node:crypto";
import { contentHash } from "../ids.ts";
import { asList, asObject, asText, type Json, parseJson } from "../signals/shapes.ts";
import type { Proof, Proved } from "./prove.ts";

type SlackProof = Extract<Proof, { readonly kind: "slack" }>;

/** As Slack advises against replay: https://docs.slack.dev/authentication/verifying-requests-from-slack */
const LASTS_MS = 5 * 60_000;

/**
 * Whether a request is Slack's, as it signs it, and which member of which workspace has pressed. It is the raw request that is handed over: whoever passes it on can't
 * change it, and so need not be believed. Pure.
 *
 * @param secret the app's signing secret
 * @returns the order that was pressed, with the member
 */
export function proveSlack(proof: SlackProof, secret: string, nowMs: number): Proved & { readonly order?: unknown } {
  const objection = staleOf(proof, nowMs) ?? forgedOf(proof, secret);
  if (objection !== undefined) return { ok: false, reason: objection };
  const { timestamp, signature, body } = proof;
  const payload = parseJson(new URLSearchParams(body).get("payload") ?? "");
  const pressed = payload.ok ? pressedIn(asObject(payload.value) ?? {}) : undefined;
  if (pressed === undefined)
    return {
      ok: false,
      reason: "Slack's request names no member, workspace or order; expected a button or a form of Cordon's",
    };
  const { order, slack } = pressed;
  return { ok: true, caller: { slack }, how: "signature of Slack", once: contentHash([timestamp, signature]), order };
}

/** Why a request is not of now; undefined when it is, whoever has sent it. Pure. */
export function staleOf({ timestamp }: Pick<SlackProof, "timestamp">, nowMs: number): string | undefined {
  const isOfNow = /^\d{10}$/.test(timestamp) && Math.abs(nowMs - Number(timestamp) * 1000) <= LASTS_MS;
  return isOfNow ? undefined : `Slack's request is of ${timestamp.slice(0, 20)}, expected within 5 minutes of now`;
}

/** Why a request is not Slack's; undefined when it is, whenever it was sent. Pure. */
export function forgedOf({ timestamp, signature, body }: SlackProof, secret: string): string | undefined {
  const expected = Buffer.from(`v0=${createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex")}`);
  const found = Buffer.from(signature);
  const isSigned = found.length === expected.length && timingSafeEqual(found, expected);
  return isSigned ? undefined : "the request is not signed with the app's signing secret";
}

/** Who pressed what: a button carries the order, a form carries it; the reason was typed into the form, or into the message of the button. */
function pressedIn(payload: Json): { readonly order: unknown; readonly slack: string } | undefined {
  const user = asText(asObject(payload.user)?.id);
  const team = asText(asObject(payload.team)?.id) ?? asText(asObject(payload.user)?.team_id);
  const view = asObject(payload.view);
  const carried = asText(asObject(asList(payload.actions)[0])?.value) ?? asText(view?.private_metadata);
  if (user === undefined || team === undefined || carried === undefined) return undefined;
  const order = parseJson(carried);
  if (!order.ok) return undefined;
  const values = asObject(asObject(view?.state ?? payload.state)?.values);
  const reason = asText(asObject(asObject(values?.reason)?.reason)?.value);
  return {
    order: { ...asObject(order.value), ...(reason !== undefined && { reason }) },
    slack: `${team}/${user}`,
  };
}
