import { asList, asObject, asText, type Json } from "../../signals/shapes.ts";
import { expectGood, jsonOf, retryAfter } from "../http.ts";
import { DeliveryError, type HttpAnswer, refusedFor, type TrackerPorts } from "../tracker.ts";

/** What Slack answers when it is out of order, or has had enough. Everything else is a mistake that lasts. */
const PASSING: readonly string[] = [
  "ratelimited",
  "rate_limited",
  "message_limit_exceeded",
  "internal_error",
  "fatal_error",
  "request_timeout",
  "service_unavailable",
  "team_added_to_org",
];
/** A token that is worth nothing: another may lie in the secret by now. */
const BAD_TOKEN: readonly string[] = [
  "invalid_auth",
  "not_authed",
  "token_expired",
  "token_revoked",
  "account_inactive",
];
/** Nothing is there to be changed, or may be changed any more. */
const GONE: readonly string[] = [
  ...["message_not_found", "thread_not_found", "cant_update_message", "edit_window_closed"],
];
/** Rights that people grant: a scope, an invitation. Who may not read a channel can write in it all the same. */
const MAY_NOT: readonly string[] = ["missing_scope", "not_in_channel", "no_permission"];

/**
 * Calls methods of the Web API, which tells most mistakes with status 200. What may not be read is an answer as well, `ok` false.
 *
 * @see https://docs.slack.dev/apis/web-api
 * @see https://docs.slack.dev/apis/web-api/rate-limits
 */
export function slackCaller(url: string, { send, credentials, nowMs }: TrackerPorts) {
  const attempt = async (method: string, args: Json, isQuery: boolean, isStale: boolean): Promise<HttpAnswer> => {
    const { botToken } = await credentials(isStale);
    if (!botToken) throw refusedFor("Slack: the secret has no botToken");
    const authorization = `Bearer ${botToken}`;
    const address = `${url.replace(/\/$/, "")}/${method}`;
    if (isQuery)
      return send({
        method: "GET",
        url: `${address}?${new URLSearchParams(args as Record<string, string>)}`,
        headers: { authorization },
      });
    const headers = { authorization, "content-type": "application/json; charset=utf-8" };
    return send({ method: "POST", url: address, headers, body: JSON.stringify(args) });
  };
  return async (method: string, args: Json, { isQuery = false } = {}): Promise<Json> => {
    const what = `Slack: ${method}`;
    let answer = await attempt(method, args, isQuery, false);
    if (answer.status === 401 || BAD_TOKEN.includes(errorOf(answer) ?? ""))
      answer = await attempt(method, args, isQuery, true);
    const parsed = asObject(jsonOf(expectGood(answer, what, nowMs()), what));
    if (parsed?.ok === true || (isQuery && MAY_NOT.includes(asText(parsed?.error) ?? ""))) return parsed as Json;
    const error = asText(parsed?.error);
    if (error === undefined) throw new DeliveryError("later", `${what}: the answer says neither ok nor why not`);
    const told = `${what}: ${error}${detailsOf(parsed)}`;
    if (BAD_TOKEN.includes(error) || MAY_NOT.includes(error))
      throw refusedFor(told, { isOfRight: MAY_NOT.includes(error) });
    if (GONE.includes(error)) throw new DeliveryError("gone", told);
    const retryAfterMs = retryAfter(answer.headers["retry-after"], nowMs());
    const isPassing = PASSING.includes(error);
    throw new DeliveryError(isPassing ? "later" : "never", told, {
      isWide: isPassing,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  };
}

function errorOf({ status, body }: HttpAnswer): string | undefined {
  if (status !== 200) return undefined;
  try {
    return asText(asObject(JSON.parse(body))?.error);
  } catch {
    return undefined;
  }
}

/** Which right is missing, or which block is wrong. */
function detailsOf(answer: Json | undefined): string {
  const needed = asText(answer?.needed);
  const messages = asList(asObject(answer?.response_metadata)?.messages).flatMap((each) => asText(each) ?? []);
  const told = [...(needed === undefined ? [] : [`needs ${needed}`]), ...messages.slice(0, 3)].join("; ");
  return told === "" ? "" : ` (${told.slice(0, 300)})`;
}
