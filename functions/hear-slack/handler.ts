import { invokeDecide } from "../../shared/aws/invoke-decide.ts";
import { slackSecret } from "../../shared/aws/slack-secret.ts";
import { systemClock } from "../../shared/runtime/clock.ts";
import { makeLogger } from "../../shared/runtime/telemetry.ts";
import { plainOf } from "../../shared/ticketing/adapters/slack-text.ts";
import { expectGood, httpSender, isOnLoopback } from "../../shared/ticketing/http.ts";
import { DeliveryError } from "../../shared/ticketing/tracker.ts";
import { type Ear, hear, type Said } from "./hear.ts";

/** Where response_url leads: Slack, and Slack for governments. */
const HOSTS: readonly string[] = ["hooks.slack.com", "hooks.slack-gov.com"];

const logger = makeLogger("hear-slack");

const ear: Ear = {
  nowMs: systemClock.nowMs,
  slackSecret: () => slackSecret(process.env),
  decide: (envelope, waitMs) => invokeDecide(`${process.env.CORDON_STACK}-decide`, envelope, waitMs),
  async tell(url, text, timeoutMs) {
    const allowsLoopback = isOnLoopback(process.env);
    const host = URL.canParse(url) ? new URL(url).hostname : "";
    if (!HOSTS.includes(host) && !allowsLoopback)
      throw new DeliveryError("never", `response_url is of ${host.slice(0, 60)}, expected ${HOSTS.join(" or ")}`);
    const send = httpSender({ allowsLoopback, timeoutMs });
    const body = JSON.stringify({ response_type: "ephemeral", replace_original: false, text: plainOf("", text) });
    const headers = { "content-type": "application/json" };
    expectGood(await send({ method: "POST", url, headers, body }), "Slack: response_url", systemClock.nowMs());
  },
  logger,
};

/** What is pressed in Slack, by the function's public URL, for `decide`. */
export async function handler(event: unknown): Promise<Said> {
  return hear(event, ear);
}
