import { createHmac } from "node:crypto";

export const SLACK_SECRET = "8f742231b10e8888abcd99yyyzzz85a5";
export const TEAM = "T012AB3CD";

/** What Slack sends of a button that was pressed, as it signs it: https://docs.slack.dev/authentication/verifying-requests-from-slack */
export function pressed(
  value: unknown,
  {
    atMs,
    member = "U045EF6GH",
    secret = SLACK_SECRET,
    ...more
  }: {
    readonly atMs: number;
    readonly member?: string;
    readonly secret?: string;
    readonly response_url?: string;
    readonly state?: unknown;
  },
): { readonly headers: Record<string, string>; readonly body: string } {
  const payload = {
    type: "block_actions",
    user: { id: member, username: "ann", team_id: TEAM },
    team: { id: TEAM, domain: "example" },
    actions: [{ type: "button", action_id: "cordon_approve", value: JSON.stringify(value) }],
    ...more,
  };
  const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  const timestamp = String(Math.floor(atMs / 1000));
  const signature = `v0=${createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex")}`;
  return {
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "x-slack-request-timestamp": timestamp,
      "x-slack-signature": signature,
    },
    body,
  };
}
