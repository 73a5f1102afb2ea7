import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { slack } from "../../shared/ticketing/adapters/slack.ts";
import { REFUSED_MS } from "../../shared/ticketing/tracker.ts";
import { adapterContract, trackerOf } from "./adapter-contract.ts";
import { dangersIn, type FakeSlack, layOut, type Message, openFakeSlack, readText } from "./fakes/slack.ts";
import { limitsBrokenBy, mistakesOf } from "./fakes/slack-schema.ts";
import { POISON, someTicket } from "./some-ticket.ts";

adapterContract(slack, openFakeSlack);
describe("by an incoming webhook", () => adapterContract(slack, () => openFakeSlack("webhook")));

const WAITING = someTicket({
  title: "[NEEDS A DECISION] Bucket customer-records sends personal data to us-east-1",
  state: "open",
  isWaiting: true,
  plan: "0123456789ab",
  sections: [
    { heading: "What happened", lines: ["Rule to-us sends data to us-east-1"] },
    { heading: "The plan", lines: ['PutBucketReplication: Rules[to-us].Status: "Enabled" -> "Disabled"'] },
  ],
});

/** All of a button's, from the last message. */
const buttonsOf = ({ blocks }: Message) =>
  (blocks.find(({ type }) => type === "actions")?.elements ?? []) as Record<string, unknown>[];

describe("Slack, by a bot", () => {
  let vendor: FakeSlack;
  beforeAll(async () => {
    vendor = await openFakeSlack();
  });
  afterAll(() => vendor.server.close());
  afterEach(() => expect(vendor.server.mistakes.splice(0), "by Slack's published types").toEqual([]));
  beforeEach(() => {
    vendor.clear();
    vendor.server.heard.length = 0;
    vendor.scopes.add("channels:history");
    vendor.token = "xoxb-good";
    vendor.pageSize = 200;
  });
  const last = () => vendor.messages.at(-1) as Message;

  it.each([
    ["contained", someTicket()],
    ["waiting", WAITING],
    ["resolved", someTicket({ state: "resolved", title: "[RESOLVED] Bucket customer-records" })],
  ])("reads well: %s", async (name, ticket) => {
    await trackerOf(slack, vendor).open(ticket);
    await expect(layOut(last())).toMatchFileSnapshot(`__texts__/slack-${name}.txt`);
  });

  it("keeps one message true, tells changes in its thread, and in the channel when it is there again", async () => {
    const tracker = trackerOf(slack, vendor);
    const remote = await tracker.open(someTicket());
    expect(remote.url).toBe(`https://example.slack.com/archives/C012AB3CD/p${remote.id.replace(".", "")}`);
    await tracker.change(remote, someTicket(), { kind: "update" });
    expect(vendor.messages).toHaveLength(1);
    await tracker.change(remote, someTicket({ state: "resolved" }), { kind: "resolve", note: "Gone." });
    expect(last()).toMatchObject({ thread_ts: remote.id, reply_broadcast: false });
    await tracker.change(remote, someTicket(), { kind: "reopen", note: "There again." });
    expect(last()).toMatchObject({ thread_ts: remote.id, reply_broadcast: true });
    for (const { path, body } of vendor.server.heard)
      expect(JSON.parse(body)).toMatchObject({
        ...{ parse: "none", link_names: false },
        ...(path === "/api/chat.postMessage" && { unfurl_links: false, unfurl_media: false }),
      });
  });

  it("has buttons that carry the order about the plan that is shown, only while a decision is waited for", async () => {
    const tracker = trackerOf(slack, vendor);
    const remote = await tracker.open(WAITING);
    const [approve, reject] = buttonsOf(last());
    expect(JSON.parse(String(approve?.value))).toEqual({
      action: "approve",
      findingId: WAITING.key,
      plan: "0123456789ab",
      reason: "Approve was pressed in Slack, and no reason typed",
    });
    expect(reject).toMatchObject({ action_id: "cordon_reject", style: "danger", confirm: { style: "danger" } });
    await tracker.change(remote, someTicket(), { kind: "update" });
    expect(buttonsOf(last())).toEqual([]);
  });

  it.each([
    ["the settings say no", { buttons: "no" }, WAITING],
    ["the settings say nothing", {}, WAITING],
    [
      "not all of the plan can be shown",
      { buttons: "yes" },
      { ...WAITING, sections: [{ heading: "The plan", lines: ["x".repeat(3_001)] }] },
    ],
    [
      "the plan is withheld from the route",
      { buttons: "yes" },
      { ...WAITING, sections: WAITING.sections.filter(({ heading }) => heading !== "The plan") },
    ],
    [
      "there are more sections than can be shown",
      { buttons: "yes" },
      { ...WAITING, sections: Array(60).fill(WAITING.sections[0]) },
    ],
  ])("has no buttons where %s", async (_, settings, ticket) => {
    const tracker = trackerOf(slack, { ...vendor, settings: { channel: "C012AB3CD", ...settings } });
    await tracker.open(ticket);
    expect(buttonsOf(last())).toEqual([]);
  });

  it("says that something was cut", async () => {
    await trackerOf(slack, vendor).open(
      someTicket({ title: "x".repeat(200), sections: [{ heading: "What happened", lines: ["y".repeat(50_000)] }] }),
    );
    expect(readText(last()).match(/\[\.\.\. cut: cordon explain tells the rest\]/g)).toHaveLength(2);
  });

  it("finds its message by its metadata, on the pages of the newest 200, and no other app's", async () => {
    const tracker = trackerOf(slack, vendor);
    const opened = await tracker.open(someTicket());
    vendor.pageSize = 60;
    const other = (finding: string, bot_id: string) => ({
      ts: `${1_800_000_000 + vendor.messages.length}.000100`,
      bot_id,
      text: "",
      blocks: [],
      metadata: { event_type: "cordon_finding", event_payload: { finding, state: "open" } },
    });
    vendor.messages.push(other(someTicket().key, "B0OTHER"));
    for (let i = 0; i < 190; i++) vendor.messages.push(other("f-00000000000000000000", "B019BOT01"));
    expect(await tracker.find?.(someTicket().key)).toEqual(opened);
    for (let i = 0; i < 20; i++) vendor.messages.push(other("f-00000000000000000000", "B019BOT01"));
    expect(await tracker.find?.(someTicket().key)).toBeUndefined();
  });

  it("finds nothing where it may not read the channel", async () => {
    const tracker = trackerOf(slack, vendor);
    await tracker.open(someTicket());
    vendor.scopes.delete("channels:history");
    expect(await tracker.find?.(someTicket().key)).toBeUndefined();
  });

  it.each([
    ["ratelimited", "later", 30_000],
    ["internal_error", "later", 30_000],
    ["channel_not_found", "never", 30_000],
    ["is_archived", "never", 30_000],
    ["token_revoked", "later", REFUSED_MS],
    ["not_in_channel", "later", REFUSED_MS],
    ["message_not_found", "gone", undefined],
    ["thread_not_found", "gone", undefined],
    ["cant_update_message", "gone", undefined],
    ["edit_window_closed", "gone", undefined],
    ["invalid_blocks", "never", 30_000],
  ])("tells %s apart, which comes with status 200", async (error, kind, retryAfterMs) => {
    const said = { status: 200, headers: { "retry-after": "30" }, body: { ok: false, error } };
    vendor.server.failNext(said, ...(error === "token_revoked" ? [said] : []));
    await expect(trackerOf(slack, vendor).open(someTicket())).rejects.toMatchObject({
      kind,
      message: `Slack: chat.postMessage: ${error}`,
      retryAfterMs,
      isWide: kind === "later",
    });
  });

  it("names the right that it lacks", async () => {
    const said = { status: 200, body: { ok: false, error: "missing_scope", needed: "chat:write", provided: "" } };
    vendor.server.failNext(said);
    await expect(trackerOf(slack, vendor).open(someTicket())).rejects.toMatchObject({
      kind: "later",
      retryAfterMs: 1_800_000,
      message: "Slack: chat.postMessage: missing_scope (needs chat:write)",
    });
  });

  it("reads the secret again when the token is worth nothing any more", async () => {
    vendor.token = "xoxb-new";
    const credentials = async (isStale?: boolean) => ({ botToken: isStale ? "xoxb-new" : "xoxb-good" });
    await trackerOf(slack, vendor, { credentials }).open(someTicket());
    expect(vendor.messages).toHaveLength(1);
    expect(vendor.server.heard).toHaveLength(2);
  });

  it.each<{ body: unknown }>([
    { body: {} },
    { body: { ok: true } },
    { body: { ok: true, ts: 5, channel: "C1" } },
    { body: [] },
    { body: "ok" },
  ])("tries again after an answer that is none: %j", async ({ body }) => {
    vendor.server.failNext({ status: 200, body });
    await expect(trackerOf(slack, vendor).open(someTicket())).rejects.toMatchObject({ kind: "later" });
  });

  it("needs a channel and a token", async () => {
    const at = (settings: object, secret: object) => trackerOf(slack, { ...vendor, ...settings, ...secret });
    await expect(at({ settings: {} }, {}).open(someTicket())).rejects.toThrow("settings.channel is missing");
    await expect(at({}, { secret: { webhookUrl: "x" } }).open(someTicket())).rejects.toThrow("no botToken");
  });
});

describe.each(["bot", "webhook"] as const)("what strangers have named, by %s", (via) => {
  let vendor: FakeSlack;
  beforeAll(async () => {
    vendor = await openFakeSlack(via);
  });
  afterAll(() => vendor.server.close());
  afterEach(() => expect(vendor.server.mistakes.splice(0), "by Slack's published types").toEqual([]));

  it.each(POISON)("pings nobody, links nowhere and breaks nothing: %.40s", async (poison) => {
    vendor.clear();
    const ticket = {
      ...WAITING,
      title: `Bucket ${poison}`,
      body: `What happened\n  ${poison}`,
      sections: [{ heading: `About ${poison}`, lines: [poison, poison] }],
      labels: { ...WAITING.labels, resource: poison },
    };
    const tracker = trackerOf(slack, vendor);
    const remote = await tracker.open(ticket);
    await tracker.change(remote, ticket, { kind: "reopen", note: `${poison} again` });
    expect(vendor.messages.length).toBe(2);
    for (const message of vendor.messages) {
      expect(dangersIn(message)).toEqual([]);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
      expect(readText(message)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u2028\u202e\ud800]/);
      expect(message.text.length).toBeLessThanOrEqual(4_000);
      expect(message.text).not.toMatch(/&(?!(amp|lt|gt);)/);
    }
  });
});

describe("Slack, by an incoming webhook", () => {
  let vendor: FakeSlack;
  beforeAll(async () => {
    vendor = await openFakeSlack("webhook");
  });
  afterAll(() => vendor.server.close());
  afterEach(() => expect(vendor.server.mistakes.splice(0), "by Slack's published types").toEqual([]));
  beforeEach(() => {
    vendor.clear();
    vendor.server.heard.length = 0;
  });

  it("tells each change by a message of its own that names the finding, and nothing in silence", async () => {
    const tracker = trackerOf(slack, vendor);
    expect(tracker.find).toBeUndefined();
    const remote = await tracker.open(someTicket());
    expect(await tracker.change(remote, someTicket(), { kind: "update" })).toEqual(remote);
    expect(vendor.messages).toHaveLength(1);
    await tracker.change(remote, someTicket({ state: "resolved" }), { kind: "resolve", note: "Gone." });
    expect(vendor.messages).toHaveLength(2);
    await expect(layOut(vendor.messages[1] as Message)).toMatchFileSnapshot("__texts__/slack-webhook-resolved.txt");
    expect(readText(vendor.messages[1] as Message)).toContain(someTicket().key);
  });

  it("reads the secret again when the webhook was taken back, and never tells its address", async () => {
    const old = `${vendor.server.url}/services/T1/B1/old`;
    const credentials = async (isStale?: boolean) => (isStale ? vendor.secret : { webhookUrl: old });
    await trackerOf(slack, vendor, { credentials }).open(someTicket());
    expect(vendor.messages).toHaveLength(1);
    const gone = trackerOf(slack, { ...vendor, secret: { webhookUrl: old } }).open(someTicket());
    await expect(gone).rejects.toMatchObject({
      kind: "later",
      retryAfterMs: 1_800_000,
      message: "Slack: the incoming webhook: status 404: no_service",
    });
  });
});

describe("Slack's published types and limits", () => {
  const mistakes = (path: string, args: object) =>
    mistakesOf({ method: "POST", path, headers: {}, body: JSON.stringify(args) }).join("\n");
  const post = (...blocks: readonly object[]) =>
    mistakes("/api/chat.postMessage", { channel: "C1", text: "a", blocks });
  const plain = (text: string) => ({ type: "plain_text", text });
  const header = { type: "header", text: plain("a") };
  const button = (more: object) => ({ type: "actions", elements: [{ type: "button", text: plain("a"), ...more }] });
  const input = (element: object) => ({
    type: "input",
    label: plain("a"),
    element: { type: "plain_text_input", ...element },
  });

  it("take what is right", () => {
    expect(post(header, button({ value: "a", style: "danger" }), input({ max_length: 500 }))).toBe("");
    expect(mistakes("/api/auth.test", {})).toBe("");
    expect(mistakes("/services/T1/B1/x", { text: "a", blocks: [header], unfurl_links: false })).toBe("");
  });

  it.each([
    [
      "an argument that chat.update does not have",
      "unfurl_links",
      mistakes("/api/chat.update", { channel: "C1", ts: "1", text: "a", unfurl_links: false }),
    ],
    ["a message to no channel", "channel", mistakes("/api/chat.postMessage", { text: "a" })],
    [
      "a broadcast outside a thread",
      "reply_broadcast",
      mistakes("/api/chat.postMessage", { channel: "C1", text: "a", reply_broadcast: true }),
    ],
    [
      "metadata that has a list in it",
      "event_payload",
      mistakes("/api/chat.update", {
        channel: "C1",
        ts: "1",
        text: "a",
        metadata: { event_type: "a", event_payload: { a: null } },
      }),
    ],
    ["a webhook's message with a thread", "thread_ts", mistakes("/services/T1/B1/x", { text: "a", thread_ts: "1" })],
    ["a method that nobody calls", "no such method", mistakes("/api/chat.delete", {})],
    ["a block of an unknown kind", "/blocks/0", post({ type: "heading", text: plain("a") })],
    ["markup in a header", "/blocks/0/text/type", post({ type: "header", text: { type: "mrkdwn", text: "a" } })],
    ["a member that a block does not have", "color", post({ ...header, color: "red" })],
    ["a button's style that there is not", "/blocks/0/elements/0/style", post(button({ style: "warning" }))],
    ["a button's value that is no text", "/blocks/0/elements/0/value", post(button({ value: { a: 1 } }))],
    ["a button that asks nothing", "/blocks/0/elements/0/confirm", post(button({ confirm: { title: plain("a") } }))],
    ["an input without a label", "label", post({ type: "input", element: { type: "plain_text_input" } })],
    [
      "a link in rich text",
      "/blocks/0/elements/0",
      post({
        type: "rich_text",
        elements: [{ type: "rich_text_section", elements: [{ type: "link", url: "https://example.com" }] }],
      }),
    ],
  ])("know %s", (_, expected, found) => {
    expect(found).toContain(expected);
  });

  it.each([
    ["51 blocks", Array(51).fill(header)],
    ["a header of 151 letters", [{ type: "header", text: plain("x".repeat(151)) }]],
    ["an empty header", [{ type: "header", text: plain("") }]],
    ["a section of 3,001", [{ type: "section", text: plain("x".repeat(3_001)) }]],
    ["a context of 11 elements", [{ type: "context", elements: Array(11).fill(plain("a")) }]],
    ["a label of 2,001", [{ type: "input", label: plain("x".repeat(2_001)), element: { type: "plain_text_input" } }]],
    ["an input that takes 3,001", [input({ max_length: 3_001 })]],
    ["a button's text of 76", [button({ text: plain("x".repeat(76)) })]],
    ["a button's value of 2,001", [button({ value: "x".repeat(2_001) })]],
    ["a button's id of 256", [button({ action_id: "x".repeat(256) })]],
    ["26 buttons", [{ type: "actions", elements: Array(26).fill({ type: "button", text: plain("a") }) }]],
    [
      "two buttons of one id",
      [{ type: "actions", elements: Array(2).fill({ type: "button", text: plain("a"), action_id: "a" }) }],
    ],
    ["two blocks of one id", Array(2).fill({ ...header, block_id: "a" })],
    ["a block's id of 256", [{ ...header, block_id: "x".repeat(256) }]],
    [
      "a question of 301",
      [button({ confirm: { title: plain("a"), text: plain("x".repeat(301)), confirm: plain("a"), deny: plain("a") } })],
    ],
  ])("know the limit that %s break", (_, blocks) => {
    expect(limitsBrokenBy({ blocks })).toHaveLength(1);
  });
});
