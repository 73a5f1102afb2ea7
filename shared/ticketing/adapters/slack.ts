import { asList, asObject, asText, type Json } from "../../signals/shapes.ts";
import { expectGood } from "../http.ts";
import type { Ticket } from "../ticket.ts";
import {
  type AdapterDefinition,
  DeliveryError,
  type Remote,
  refusedFor,
  type Tracker,
  type TrackerPorts,
  type TrackerRoute,
} from "../tracker.ts";
import { slackCaller } from "./slack-api.ts";
import { type Block, blocksOf, noteBlocks, plainOf } from "./slack-text.ts";

const API = "https://slack.com/api";
/** The kind of metadata by which a finding's message is found again. @see https://docs.slack.dev/messaging/message-metadata */
const EVENT_TYPE = "cordon_finding";
/** How far back a message is looked for, and in how many answers: Slack may give fewer than were asked for. */
const NEWEST = 200;
const MAX_PAGES = 4;
/** Addresses are not made links, and names not mentions. */
const AS_IT_IS = { parse: "none", link_names: false } as const;
/** Nothing is fetched to be shown below the message. `chat.update` has no such arguments. */
const NOT_UNFURLED = { unfurl_links: false, unfurl_media: false } as const;

/**
 * Slack: one message for each finding, brought up to date in place, notes in its thread. By an incoming webhook only messages, each of its own.
 *
 * @see https://docs.slack.dev/reference/methods/chat.postMessage
 * @see https://docs.slack.dev/reference/methods/chat.update
 * @see https://docs.slack.dev/reference/methods/conversations.history
 */
export const slack: AdapterDefinition = {
  name: "slack",
  url: { use: "optional", meaning: `where the Web API is, ${API} unless given; of GovSlack https://slack-gov.com/api` },
  secret: {
    botToken: "the bot token of the app (xoxb-...), where via is bot",
    webhookUrl: "the incoming webhook (https://hooks.slack.com/services/...), where via is webhook",
  },
  settings: {
    channel: { type: "text", meaning: "the id of the channel, C0123456789; needed where via is bot" },
    via: {
      type: "text",
      oneOf: ["bot", "webhook"],
      meaning: "bot, unless given: one message that is kept true; webhook: a message for each change",
    },
    buttons: {
      type: "text",
      oneOf: ["yes", "no"],
      meaning: "yes: Approve and Reject, where a decision is waited for; needs CORDON_SLACK_SECRET",
    },
    workspace: { type: "text", meaning: "the workspace's host, for links to messages: example.slack.com" },
  },
  example: {
    secret: { botToken: "token", webhookUrl: "https://hooks.slack.com/services/T000/B000/x" },
    settings: { channel: "C0123456789" },
  },
  check: ({ settings: { via, channel } }) =>
    via === "webhook" || `${channel ?? ""}`.trim() !== ""
      ? []
      : [
          {
            message:
              "the adapter slack needs the setting channel: found nothing, expected the channel's id, C0123456789",
          },
        ],
  make: (route, ports) => (route.settings.via === "webhook" ? byWebhook(route, ports) : byBot(route, ports)),
};

function byBot({ url, settings }: TrackerRoute, ports: TrackerPorts): Tracker {
  const hasButtons = settings.buttons === "yes";
  const call = slackCaller(url ?? API, ports);
  const channel = (): string => {
    if (typeof settings.channel === "string" && settings.channel !== "") return settings.channel;
    throw new DeliveryError("never", "Slack: settings.channel is missing: expected the channel's id, C0123456789");
  };
  const remote = (ts: string, at: string, state: Remote["state"]): Remote => {
    const { workspace } = settings;
    const link = `https://${workspace}/archives/${at}/p${ts.replace(".", "")}`;
    return { id: ts, state, more: { channel: at }, ...(workspace !== undefined && { url: link }) };
  };
  const message = (ticket: Ticket, state: Remote["state"]): Json => ({
    ...AS_IT_IS,
    text: plainOf(ticket.title, ticket.body),
    blocks: blocksOf(ticket, { hasButtons }),
    metadata: { event_type: EVENT_TYPE, event_payload: { finding: ticket.key, state } },
  });
  const permalinkOf = async ({ id, more }: Remote): Promise<string> => {
    const asked = { channel: more?.channel ?? channel(), message_ts: id };
    const link = asText((await call("chat.getPermalink", asked, { isQuery: true })).permalink);
    if (link === undefined || !URL.canParse(link) || /[<>|]/.test(link))
      throw new DeliveryError("later", "Slack: chat.getPermalink: the answer has no link");
    return link;
  };
  let botId: string | undefined;
  return {
    async find(key) {
      // Another app may write what it likes into its messages' metadata.
      botId ??= asText((await call("auth.test", {})).bot_id);
      let cursor: string | undefined;
      let seen = 0;
      for (let page = 0; page < MAX_PAGES && seen < NEWEST; page++) {
        const asked = { channel: channel(), limit: String(NEWEST - seen), include_all_metadata: "true" };
        const answer = await call("conversations.history", cursor ? { ...asked, cursor } : asked, { isQuery: true });
        if (answer.ok !== true) return undefined;
        const messages = asList(answer.messages).map((each) => asObject(each) ?? {});
        const found = messages.find(
          (each) => botId !== undefined && each.bot_id === botId && payloadOf(each)?.finding === key,
        );
        const ts = asText(found?.ts);
        if (found !== undefined && ts !== undefined)
          return remote(ts, channel(), payloadOf(found)?.state === "resolved" ? "resolved" : "open");
        seen += messages.length;
        cursor = asText(asObject(answer.response_metadata)?.next_cursor);
        if (!cursor || messages.length === 0) return undefined;
      }
      return undefined;
    },
    async open(ticket) {
      const answer = await call("chat.postMessage", {
        channel: channel(),
        ...NOT_UNFURLED,
        ...message(ticket, "open"),
      });
      const [ts, at] = [asText(answer.ts), asText(answer.channel)];
      if (ts === undefined || at === undefined)
        throw new DeliveryError("later", "Slack: chat.postMessage: the answer names no message");
      return remote(ts, at, "open");
    },
    async change({ id: ts, more, state: before }, ticket, change) {
      const at = more?.channel ?? channel();
      const state = stateAfter(change.kind, before);
      await call("chat.update", { channel: at, ts, ...message(ticket, state) });
      if (change.note !== undefined)
        await call("chat.postMessage", {
          ...AS_IT_IS,
          ...NOT_UNFURLED,
          channel: at,
          thread_ts: ts,
          // Whoever watches the channel, and not the thread, has to learn that it is there again.
          reply_broadcast: change.kind === "reopen",
          text: plainOf("", change.note),
          blocks: noteBlocks(change.note),
        });
      return remote(ts, at, state);
    },
    async linkToParent({ id: ts, more }, parent) {
      const url = parent.url ?? (await permalinkOf(parent));
      const text = `One of many from one cause: <${url}|the message that tells them together>`;
      const blocks = [{ type: "section", text: { type: "mrkdwn", text } }];
      const at = more?.channel ?? channel();
      await call("chat.postMessage", { ...AS_IT_IS, ...NOT_UNFURLED, channel: at, thread_ts: ts, text, blocks });
    },
  };
}

/** A webhook's messages can be neither found nor changed: a change is told by one of its own, and one without a note by none. @see https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
function byWebhook({ settings }: TrackerRoute, { send, credentials, nowMs }: TrackerPorts): Tracker {
  const hasButtons = settings.buttons === "yes";
  const post = async (text: string, blocks: readonly Block[]): Promise<void> => {
    const body = JSON.stringify({ text, blocks, ...NOT_UNFURLED });
    const attempt = async (isStale: boolean) => {
      const { webhookUrl } = await credentials(isStale);
      if (!webhookUrl) throw refusedFor("Slack: the secret has no webhookUrl");
      return send({ method: "POST", url: webhookUrl, headers: { "content-type": "application/json" }, body });
    };
    let answer = await attempt(false);
    // A webhook that was taken back is not found; another may lie in the secret by now.
    const isTakenBack = () => answer.status === 401 || (answer.status === 404 && answer.body === "no_service");
    if (isTakenBack()) answer = await attempt(true);
    if (isTakenBack())
      throw refusedFor(`Slack: the incoming webhook: status ${answer.status}: ${answer.body.slice(0, 300)}`);
    expectGood(answer, "Slack: the incoming webhook", nowMs());
  };
  return {
    async open(ticket) {
      await post(plainOf(ticket.title, ticket.body, ticket.key), blocksOf(ticket, { hasButtons }));
      return { id: ticket.key, state: "open" };
    },
    async change({ id, state: before }, ticket, change) {
      const { kind, note } = change;
      if (note === undefined) return { id, state: before };
      const [head = {}, ...rest] = blocksOf(ticket, { hasButtons });
      await post(plainOf(ticket.title, note, ticket.key), [head, ...noteBlocks(note), ...rest]);
      return { id, state: stateAfter(kind, before) };
    },
  };
}

function stateAfter(kind: "update" | "resolve" | "reopen", before: Remote["state"]): Remote["state"] {
  return kind === "update" ? before : kind === "resolve" ? "resolved" : "open";
}

function payloadOf(message: Json): Json | undefined {
  const metadata = asObject(message.metadata);
  return metadata?.event_type === EVENT_TYPE ? asObject(metadata.event_payload) : undefined;
}
