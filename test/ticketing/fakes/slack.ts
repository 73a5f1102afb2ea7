import type { FakeVendor, Kept } from "../adapter-contract.ts";
import { type FakeServer, type Heard, openFakeServer, type Said } from "../fake-server.ts";
import { limitsBrokenBy, mistakesOf, objectsIn } from "./slack-schema.ts";

const CHANNEL = "C012AB3CD";
const BOT = "B019BOT01";
const HOOK = "/services/T012AB3CD/B019BOT01/hookhookhook";

type Json = Record<string, unknown>;

/** A message as it lies in the channel. */
export interface Message {
  readonly ts: string;
  readonly bot_id: string;
  readonly thread_ts?: string;
  readonly text: string;
  readonly blocks: readonly Json[];
  readonly metadata?: { readonly event_type: string; readonly event_payload: Json };
  readonly reply_broadcast?: boolean;
}

export interface FakeSlack extends FakeVendor {
  readonly messages: Message[];
  /** The scopes of the token. */
  readonly scopes: Set<string>;
  /** The only token that is good. */
  token: string;
  /** How many messages one answer of the history holds at most. */
  pageSize: number;
}

/**
 * Slack's Web API for one channel, and an incoming webhook into it: errors as they are documented, with status 200.
 *
 * @see https://docs.slack.dev/reference/methods/chat.postMessage
 * @see https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
 */
export async function openFakeSlack(via: "bot" | "webhook" = "bot"): Promise<FakeSlack> {
  const messages: Message[] = [];
  const scopes = new Set(["chat:write", "channels:history"]);
  let clock = 1_795_770_000;
  const add = (message: Omit<Message, "ts" | "bot_id">): Message => {
    const kept = { ts: `${clock++}.000100`, bot_id: BOT, ...message };
    messages.push(kept);
    return kept;
  };

  const methods: Record<string, (args: Json) => Json> = {
    "auth.test": () => ({ ok: true, url: "https://example.slack.com/", team_id: "T012AB3CD", bot_id: BOT }),
    "chat.postMessage": (args) => {
      if (!scopes.has("chat:write")) return { ok: false, error: "missing_scope", needed: "chat:write", provided: "" };
      const thread = args.thread_ts as string | undefined;
      if (thread !== undefined && !messages.some(({ ts }) => ts === thread)) return no("thread_not_found");
      const message = add(contentOf(args, thread));
      return { ok: true, channel: CHANNEL, ts: message.ts, message };
    },
    "chat.update": (args) => {
      const at = messages.findIndex(({ ts }) => ts === args.ts);
      const before = messages[at];
      if (before === undefined) return no("message_not_found");
      if (before.bot_id !== BOT) return no("cant_update_message");
      messages[at] = { ...contentOf(args, before.thread_ts), ts: before.ts, bot_id: before.bot_id };
      return { ok: true, channel: CHANNEL, ts: before.ts, text: args.text };
    },
    "chat.getPermalink": ({ message_ts }) => {
      if (!messages.some(({ ts }) => ts === message_ts)) return no("message_not_found");
      return { ok: true, channel: CHANNEL, permalink: `https://example.slack.com/archives/${CHANNEL}/p${message_ts}` };
    },
    "conversations.history": (args) => {
      if (!scopes.has("channels:history"))
        return { ok: false, error: "missing_scope", needed: "channels:history", provided: "chat:write" };
      const from = Number(args.cursor ?? 0);
      const size = Math.min(Number(args.limit ?? 100), vendor.pageSize);
      const all = messages
        .filter(({ thread_ts, reply_broadcast }) => thread_ts === undefined || reply_broadcast)
        .reverse();
      const withMetadata = args.include_all_metadata === "true";
      const page = all
        .slice(from, from + size)
        .map(({ metadata, ...rest }) => ({ ...rest, ...(withMetadata && { metadata }) }));
      const hasMore = from + size < all.length;
      const next = hasMore ? { response_metadata: { next_cursor: String(from + size) } } : {};
      return { ok: true, messages: page, has_more: hasMore, ...next };
    },
  };

  const answer = (request: Heard): Said => {
    const { method, path, headers, body } = request;
    if (path.startsWith("/services/")) return hook(path, body);
    const { pathname, searchParams } = new URL(path, "http://slack");
    const run = methods[pathname.replace("/api/", "")];
    if (run === undefined) return said(no("unknown_method"));
    if (headers.authorization === undefined) return said(no("not_authed"));
    if (headers.authorization !== `Bearer ${vendor.token}`) return said(no("invalid_auth"));
    if (method === "POST" && !String(headers["content-type"]).startsWith("application/json"))
      return said(no("invalid_post_type"));
    const args: Json = method === "GET" ? Object.fromEntries(searchParams) : JSON.parse(body);
    if (pathname !== "/api/auth.test" && args.channel !== CHANNEL) return said(no("channel_not_found"));
    return said((method === "POST" ? refusalOf(args) : undefined) ?? run(args));
  };

  const hook = (path: string, body: string): Said => {
    if (path !== HOOK) return { status: 404, body: "no_service" };
    const args: Json = JSON.parse(body);
    if (refusalOf(args) !== undefined) return { status: 400, body: "invalid_blocks" };
    add(contentOf(args, undefined));
    return { status: 200, body: "ok" };
  };

  const server: FakeServer = await openFakeServer(answer, mistakesOf);
  const vendor: FakeSlack = {
    server,
    url: `${server.url}/api`,
    settings:
      via === "bot" ? { channel: CHANNEL, buttons: "yes", workspace: "example.slack.com" } : { via, buttons: "yes" },
    secret: via === "bot" ? { botToken: "xoxb-good" } : { webhookUrl: `${server.url}${HOOK}` },
    messages,
    scopes,
    token: "xoxb-good",
    pageSize: 200,
    kept: () => (via === "bot" ? byThread(messages) : byFinding(messages)),
    clear: () => void messages.splice(0),
    ...(via === "bot" && { linked: () => linkedIn(messages) }),
  };
  return vendor;
}

/** Threads in which a message leads to another one. */
function linkedIn(messages: readonly Message[]): readonly (readonly [string, string])[] {
  const keyOf = (ts: string | undefined) =>
    String(messages.find((each) => each.ts === ts)?.metadata?.event_payload.finding ?? "");
  const pairs = messages.flatMap(({ thread_ts, text }) => {
    const to = /<https:\/\/example\.slack\.com\/archives\/\w+\/p([\d.]+)\|/.exec(text)?.[1];
    const parent = messages.find(({ ts }) => ts.replace(".", "") === to?.replace(".", ""));
    return to === undefined ? [] : [`${keyOf(thread_ts)} ${keyOf(parent?.ts)}`];
  });
  return pairs.map((pair) => pair.split(" ") as [string, string]);
}

/** What a person reads of a message. */
export function readText({ blocks, text }: Pick<Message, "blocks" | "text">): string {
  return blocks.length === 0 ? text : textsIn(blocks).join("\n");
}

/** A message as it is set, about, with what stands for it where it can't be. */
export function layOut({ blocks, text }: Pick<Message, "blocks" | "text">): string {
  const words = (each: unknown): string => textsIn([each]).join(" ");
  const set = blocks.map((block) => {
    const elements = (block.elements ?? []) as Json[];
    if (block.type === "header") return `# ${words(block.text)}`;
    if (block.type === "rich_text") return `${words(elements[0])}\n${words(elements[1]).replace(/^/gm, "    ")}`;
    if (block.type === "input") return `${words(block.label)} (${block.optional ? "optional" : "required"}): ________`;
    if (block.type === "actions")
      return elements
        .map(({ text: label, style, confirm, value }) => {
          const { title, text: asked } = confirm as Json;
          return `( ${words(label)} ) ${style}, asks "${words(title)} ${words(asked)}"\n    carries ${value}`;
        })
        .join("\n");
    return textsIn([block]).join("\n");
  });
  return `${set.join("\n\n")}\n\n--- in notifications, and for screen readers ---\n\n${text}\n`;
}

/** What in a message would ping somebody or lead somewhere: in mrkdwn by its control sequences and addresses, in rich text by elements of their own. */
export function dangersIn({ text, blocks }: Pick<Message, "blocks" | "text">): readonly string[] {
  const mrkdwn = [text, ...objectsIn(blocks).flatMap((each) => (each.type === "mrkdwn" ? [String(each.text)] : []))];
  const inMrkdwn = mrkdwn.flatMap((each) => each.match(/<[^>]*>|https?:\/\/\S+|mailto:\S+|\bwww\.\S+/g) ?? []);
  const plain = objectsIn(blocks).flatMap((each) => (each.type === "plain_text" ? [String(each.text)] : []));
  const inPlain = plain.flatMap((each) => each.match(/https?:\/\/\S+|\bwww\.\S+/g) ?? []);
  const elements = objectsIn(blocks).flatMap(({ type }) =>
    ["link", "user", "usergroup", "channel", "broadcast", "emoji", "image", "video"].includes(String(type))
      ? [String(type)]
      : [],
  );
  return [...inMrkdwn, ...inPlain, ...elements];
}

const no = (error: string): Json => ({ ok: false, error });
const said = (body: Json): Said => ({ status: 200, body });

/** What Slack answers to a message that it does not take. */
function refusalOf(args: Json): Json | undefined {
  if (String(args.text ?? "").length > 40_000) return no("msg_too_long");
  const messages = limitsBrokenBy(args);
  return messages.length === 0 ? undefined : { ...no("invalid_blocks"), response_metadata: { messages } };
}

function contentOf(args: Json, thread: string | undefined): Omit<Message, "ts" | "bot_id"> {
  return {
    text: String(args.text ?? ""),
    blocks: (args.blocks as Json[] | undefined) ?? [],
    ...(thread !== undefined && { thread_ts: thread, reply_broadcast: args.reply_broadcast === true }),
    ...(args.metadata !== undefined && { metadata: args.metadata as NonNullable<Message["metadata"]> }),
  };
}

function byThread(messages: readonly Message[]): readonly Kept[] {
  return messages
    .filter(({ thread_ts }) => thread_ts === undefined)
    .map((message) => {
      const notes = messages.filter(({ thread_ts }) => thread_ts === message.ts).map(readText);
      const { finding, state } = message.metadata?.event_payload ?? {};
      return keptOf(message, String(finding), state === "resolved" ? "resolved" : "open", notes);
    });
}

function byFinding(messages: readonly Message[]): readonly Kept[] {
  const findingOf = (message: Message) => /\b[fg]-[0-9a-f]{20}(-\d+)?\b/.exec(message.text)?.[0] ?? "";
  return [...new Set(messages.map(findingOf))].map((key) => {
    const [last, ...before] = messages.filter((each) => findingOf(each) === key).reverse() as [Message, ...Message[]];
    return keptOf(last, key, /\| resolved \|/.test(readText(last)) ? "resolved" : "open", before.map(readText));
  });
}

function keptOf(message: Message, key: string, state: Kept["state"], notes: readonly string[]): Kept {
  const title = String((message.blocks[0]?.text as Json | undefined)?.text ?? "");
  return { key, state, title, text: [readText(message), ...notes].join("\n"), notes };
}

function textsIn(value: unknown): readonly string[] {
  return objectsIn(value).flatMap((each) =>
    ["plain_text", "mrkdwn", "text"].includes(String(each.type)) && typeof each.text === "string" ? [each.text] : [],
  );
}
