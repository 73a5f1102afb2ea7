import type { Heard } from "../fake-server.ts";
import { type Check, checkByExcerpt } from "./request-schema.ts";

type Json = Record<string, unknown>;

/** Slack publishes no schema, but types: see excerpt-types.ts. */
const CHECKS: Readonly<Record<string, Check>> = {
  "/api/chat.postMessage": checkByExcerpt("slack-types.json", "ChatPostMessageArguments"),
  "/api/chat.update": checkByExcerpt("slack-types.json", "ChatUpdateArguments"),
  // https://docs.slack.dev/reference/methods/auth.test: it has no arguments.
  "/api/auth.test": (args) => Object.keys(args as Json).map((name) => `unknown argument ${name}`),
};
const checkWebhook = checkByExcerpt("slack-types.json", "IncomingWebhookSendArguments");
/** https://docs.slack.dev/reference/methods/conversations.history */
const HISTORY = ["channel", "cursor", "include_all_metadata", "inclusive", "latest", "limit", "oldest"];

/** What a request has wrong by Slack's published types, and by the limits that types don't hold. */
export function mistakesOf({ method, path, body }: Heard): readonly string[] {
  const { pathname, searchParams } = new URL(path, "http://slack");
  if (method === "GET" && pathname === "/api/conversations.history")
    return [...searchParams.keys()].filter((name) => !HISTORY.includes(name)).map((name) => `unknown argument ${name}`);
  const check = pathname.startsWith("/services/") ? checkWebhook : CHECKS[pathname];
  if (method !== "POST" || check === undefined) return ["no such method"];
  const args = JSON.parse(body) as Json;
  return [...check(args), ...limitsBrokenBy(args)];
}

/**
 * In Slack's way of putting it.
 *
 * @see https://docs.slack.dev/reference/block-kit/blocks sizes of blocks; a message has at most 50
 * @see https://docs.slack.dev/reference/block-kit/block-elements/button-element
 * @see https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element
 * @see https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object
 */
export function limitsBrokenBy({ blocks = [], metadata }: Json): readonly string[] {
  const list = blocks as readonly Json[];
  const { event_type } = (metadata ?? {}) as Json;
  return [
    ...(list.length > 50 ? ["no more than 50 items allowed [json-pointer:/blocks]"] : []),
    ...list.flatMap(blockLimits),
    ...objectsIn(list).flatMap(elementLimits),
    ...repeated("block_id", list),
    ...(event_type === undefined || /^\w{1,255}$/.test(String(event_type)) ? [] : ["invalid_metadata_format"]),
  ];
}

function blockLimits({ type, block_id, text, label, elements = [] }: Json): readonly string[] {
  const all = elements as readonly Json[];
  const where = `/${type}`;
  return [
    ...length(block_id, 255, `${where}/block_id`),
    ...(type === "header" ? length(textOf(text), 150, `${where}/text`) : []),
    ...(type === "section" ? length(textOf(text), 3_000, `${where}/text`) : []),
    ...(type === "input" ? length(textOf(label), 2_000, `${where}/label`) : []),
    ...(type === "context"
      ? [...count(all, 10, where), ...all.flatMap((each) => length(textOf(each), 3_000, where))]
      : []),
    ...(type === "actions" ? [...count(all, 25, where), ...repeated("action_id", all)] : []),
  ];
}

function elementLimits(each: Json): readonly string[] {
  const { type, text, value, action_id, confirm, deny, title, elements, max_length } = each;
  const where = `/${type ?? "confirm"}`;
  if (type === "button")
    return [
      ...length(textOf(text), 75, `${where}/text`),
      ...length(value, 2_000, `${where}/value`),
      ...length(action_id, 255, `${where}/action_id`),
    ];
  if (type === "plain_text_input") {
    const isRight = max_length === undefined || (Number(max_length) >= 1 && Number(max_length) <= 3_000);
    return [
      ...length(action_id, 255, `${where}/action_id`),
      ...(isRight ? [] : [`must be 1 to 3000 [json-pointer:${where}/max_length]`]),
    ];
  }
  // Of these no length is documented: that of a section's text.
  if (type === "rich_text_preformatted" || type === "rich_text_section")
    return (elements as readonly Json[]).flatMap((element) => length(textOf(element), 3_000, where));
  if (confirm === undefined || deny === undefined) return [];
  return [
    ...length(textOf(title), 100, `${where}/title`),
    ...length(textOf(text), 300, `${where}/text`),
    ...length(textOf(confirm), 30, `${where}/confirm`),
    ...length(textOf(deny), 30, `${where}/deny`),
  ];
}

function length(text: unknown, most: number, where: string): readonly string[] {
  if (text === undefined) return [];
  const letters = String(text).length;
  if (letters === 0) return [`must be more than 0 characters [json-pointer:${where}]`];
  return letters > most ? [`must be less than ${most + 1} characters [json-pointer:${where}]`] : [];
}

function count(all: readonly unknown[], most: number, where: string): readonly string[] {
  if (all.length === 0) return [`must have at least 1 item [json-pointer:${where}/elements]`];
  return all.length > most ? [`no more than ${most} items allowed [json-pointer:${where}/elements]`] : [];
}

function repeated(name: "block_id" | "action_id", all: readonly Json[]): readonly string[] {
  const ids = all.flatMap((each) => each[name] ?? []);
  return new Set(ids).size === ids.length ? [] : [`\`${name}\` has to be unique`];
}

function textOf(object: unknown): string {
  return String((object as Json | undefined)?.text ?? "");
}

/** All objects in a value, however deep. */
export function objectsIn(value: unknown): readonly Json[] {
  if (Array.isArray(value)) return value.flatMap(objectsIn);
  if (typeof value !== "object" || value === null) return [];
  return [value as Json, ...Object.values(value).flatMap(objectsIn)];
}
