import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { pagerduty } from "../../shared/ticketing/adapters/pagerduty.ts";
import type { HttpRequest, Remote, Setting } from "../../shared/ticketing/tracker.ts";
import { adapterContract, trackerOf } from "./adapter-contract.ts";
import { mistakesOf, openFakePagerDuty, ROUTING_KEY } from "./fakes/pagerduty.ts";
import { POISON, someTicket } from "./some-ticket.ts";
import { TEXT_CASES } from "./texts.ts";

const OTHER_KEY = "Sabcdefghijklmnopqrstuvwxyz01234";
const undecided = (version = 3) => someTicket({ state: "open", isWaiting: true, version });
const contained = (version = 4) => someTicket({ version });

adapterContract(pagerduty, openFakePagerDuty);

describe("an alert", () => {
  let vendor: Awaited<ReturnType<typeof openFakePagerDuty>>;
  beforeAll(async () => {
    vendor = await openFakePagerDuty();
  });
  afterAll(() => vendor.server.close());
  afterEach(() => expect(vendor.server.mistakes.splice(0), "by PagerDuty's published types").toEqual([]));
  beforeEach(() => {
    vendor.clear();
    vendor.server.heard.length = 0;
  });
  const made = (settings: Readonly<Record<string, Setting>> = {}) => trackerOf(pagerduty, { ...vendor, settings });
  const actions = () => vendor.server.heard.map(({ body }) => JSON.parse(body).event_action);
  const lastEvent = () => JSON.parse(vendor.server.heard.at(-1)?.body ?? "");
  const states = () => vendor.alerts.map(({ state }) => state);

  it.each(TEXT_CASES)("reads well: $title", async ({ title, ticket, change }) => {
    const remote = await made().open(ticket);
    if (change !== undefined) await made().change(remote, ticket, change);
    const { routing_key: _, ...event } = lastEvent();
    const { custom_details, ...payload } = event.payload;
    const details = Object.entries(custom_details).map(([heading, text]) => `${heading}\n${text}\n`);
    const head = JSON.stringify({ ...event, payload }, null, 2);
    await expect([head, "", ...details].join("\n")).toMatchFileSnapshot(`__texts__/pagerduty-${title}.txt`);
  });

  it("has the address of its service region", async () => {
    const asked: HttpRequest[] = [];
    for (const settings of [{}, { region: "us" }, { region: "eu" }]) {
      const { url: _, ...atPagerDuty } = vendor;
      const send = async (request: HttpRequest) => {
        asked.push(request);
        return { status: 202, headers: {}, body: `{"status":"success","dedup_key":"${someTicket().key}"}` };
      };
      await trackerOf(pagerduty, { ...atPagerDuty, settings } as never, { send }).open(someTicket());
    }
    expect(asked.map(({ url }) => url)).toEqual([
      "https://events.pagerduty.com/v2/enqueue",
      "https://events.pagerduty.com/v2/enqueue",
      "https://events.eu.pagerduty.com/v2/enqueue",
    ]);
  });

  it.each([
    ["critical", "critical", {}],
    ["high", "error", {}],
    ["medium", "warning", {}],
    ["low", "info", {}],
    ["high", "critical", { severities: { high: "critical" } }],
  ] as const)("of severity %s is %s, by %o", async (severity, expected, settings) => {
    await made(settings).open(someTicket({ severity }));
    expect(lastEvent().payload.severity).toBe(expected);
  });

  it.each([{ severities: { high: "urgent" } }, { links: { Runbook: "http://wiki.example.com" } }])(
    "is not sent with a setting that PagerDuty does not take: %o",
    async (settings) => {
      await expect(made(settings).open(someTicket())).rejects.toMatchObject({ kind: "never" });
      expect(vendor.server.heard).toEqual([]);
    },
  );

  it("carries the links of the policy, and no other", async () => {
    await made({ links: { Runbook: "https://wiki.example.com/cordon" } }).open(someTicket());
    expect(lastEvent().links).toEqual([{ href: "https://wiki.example.com/cordon", text: "Runbook" }]);
  });

  it("of what had been stopped already is left to people: somebody has to hear of it", async () => {
    const remote = await made().open(contained());
    await made().change(remote, contained(5), { kind: "update", note: "It is there again." });
    expect(states()).toEqual(["triggered"]);
    expect(actions()).toEqual(["trigger", "trigger"]);
  });

  it("is acknowledged once when what it was raised for is stopped", async () => {
    let remote: Remote = await made().open(undecided());
    remote = await made().change(remote, contained(4), { kind: "update", note: "Stopped." });
    remote = await made().change(remote, contained(5), { kind: "update", note: "Seen again." });
    remote = await made().change(remote, contained(5), { kind: "update" });
    expect(actions()).toEqual(["trigger", "trigger", "acknowledge", "trigger"]);
    expect(states()).toEqual(["acknowledged"]);
  });

  it("is never acknowledged where the policy says so", async () => {
    const tracker = made({ acknowledge: "never" });
    await tracker.change(await tracker.open(undecided()), contained(), { kind: "update", note: "Stopped." });
    expect(actions()).toEqual(["trigger", "trigger"]);
  });

  it("that was acknowledged and needs a person again is raised anew: an acknowledged one is silent", async () => {
    let remote: Remote = await made().open(undecided());
    remote = await made().change(remote, contained(), { kind: "update", note: "Stopped." });
    remote = await made().change(remote, undecided(5), { kind: "update", note: "It is on again." });
    expect(states()).toEqual(["resolved", "triggered"]);
    remote = await made().change(remote, contained(6), { kind: "update", note: "Stopped." });
    expect(states()).toEqual(["resolved", "acknowledged"]);
  });

  it("is brought up to date in silence by nothing at all", async () => {
    const remote = await made().open(contained());
    await made().change(remote, contained(5), { kind: "update" });
    expect(actions()).toEqual(["trigger"]);
  });

  it("that is resolved is raised by a recurrence only, as an incident of its own", async () => {
    let remote: Remote = await made().open(contained());
    remote = await made().change(remote, someTicket({ state: "resolved" }), { kind: "resolve", note: "Gone." });
    expect(lastEvent()).toMatchObject({ event_action: "resolve", payload: { custom_details: { News: "Gone." } } });
    remote = await made().change(remote, someTicket({ state: "resolved" }), { kind: "update", note: "A word." });
    expect(states()).toEqual(["resolved"]);
    remote = await made().change(remote, contained(6), { kind: "reopen", note: "Again." });
    expect(states()).toEqual(["resolved", "triggered"]);
    expect(new Set(vendor.alerts.map(({ key }) => key))).toEqual(new Set([someTicket().key]));
  });

  it("is sent with the key of now when the one at hand is refused, and says what is wrong without it", async () => {
    const credentials = async (isStale?: boolean) => ({ routingKey: isStale ? ROUTING_KEY : OTHER_KEY });
    await trackerOf(pagerduty, vendor, { credentials }).open(someTicket());
    expect(states()).toEqual(["triggered"]);
    const wrong = trackerOf(pagerduty, vendor, { credentials: async () => ({ routingKey: OTHER_KEY }) });
    const error = await wrong.open(someTicket()).catch((thrown) => thrown);
    expect(error).toMatchObject({
      kind: "later",
      retryAfterMs: 1_800_000,
      isUntaken: true,
      isWide: true,
      message: expect.stringContaining("Invalid routing key"),
    });
    expect(error.message).not.toContain(OTHER_KEY);
  });

  it("is not sent with what can be no key", async () => {
    const tracker = trackerOf(pagerduty, vendor, { credentials: async () => ({ routingKey: "secret-but-wrong" }) });
    const error = await tracker.open(someTicket()).catch((thrown) => thrown);
    expect(error).toMatchObject({ kind: "later", retryAfterMs: 1_800_000 });
    expect(error.message).not.toContain("secret-but-wrong");
    expect(vendor.server.heard).toEqual([]);
  });

  it.each(["<html>", "[]", "{}", '{"dedup_key":"other"}'])("is not taken for sent by an answer of %s", async (body) => {
    vendor.server.failNext({ status: 202, body });
    await expect(made().open(someTicket())).rejects.toMatchObject({ name: "DeliveryError", kind: "later" });
  });

  it.each(POISON)("has no link of a stranger, and room for what they say: %.40s", async (poison) => {
    const sections = Array.from({ length: 300 }, () => ({ heading: "What happened", lines: [`Rule ${poison} sends`] }));
    const labels = { ...someTicket().labels, resource: `arn:aws:s3:::${poison}` };
    const ticket = someTicket({ title: `[CONTAINED] Bucket ${poison}`, sections, labels });
    await made().change(await made().open(ticket), ticket, { kind: "update", note: poison });
    for (const { body } of vendor.server.heard) {
      const { payload } = JSON.parse(body);
      expect(JSON.stringify(payload)).not.toMatch(/:\/\/|www\.|mailto:|@\w/i);
      expect(JSON.stringify(payload).replaceAll("\\n", "").replaceAll('\\"', "")).not.toMatch(/\\u|\u202e|\u2028/);
      expect(payload.summary.length).toBeLessThanOrEqual(1_024);
    }
  });
});

describe("PagerDuty's published types and limits", () => {
  const PAYLOAD = { summary: "a", source: "b", severity: "critical" };
  const EVENT = {
    routing_key: ROUTING_KEY,
    event_action: "trigger",
    dedup_key: "f",
    client: "Cordon",
    payload: PAYLOAD,
  };
  const mistakes = (more: object) =>
    mistakesOf({ method: "POST", path: "/v2/enqueue", body: JSON.stringify({ ...EVENT, ...more }) }).join("\n");
  const payload = (more: object) => mistakes({ payload: { ...PAYLOAD, ...more } });

  it("take what is right", () => {
    expect(mistakes({ links: [{ href: "https://example.com", text: "a" }] })).toBe("");
    expect(payload({ timestamp: "2026-11-27T09:00:00.000Z", custom_details: { a: "b" } })).toBe("");
  });

  it.each([
    ["a member that there is not", "link", mistakes({ link: "https://example.com" })],
    ["an action that there is not", "/event_action", mistakes({ event_action: "reopen" })],
    ["a link that leads nowhere", "/links/0", mistakes({ links: [{ text: "a" }] })],
    ["a client that is no text", "/client", mistakes({ client: 1 })],
    ["an event without a payload", "payload", mistakes({ payload: undefined })],
    ["a member of the payload that there is not", "details", payload({ details: {} })],
    ["no source", "source", payload({ source: undefined })],
    ["a severity that there is not", "/payload/severity", payload({ severity: "high" })],
    ["details that are a text", "/payload/custom_details", payload({ custom_details: "a" })],
    ["a time that is none", "/payload/timestamp", payload({ timestamp: "yesterday" })],
    ["a key that is too short", "routing_key", mistakes({ routing_key: "R" })],
    ["a dedup_key that is too long", "255", mistakes({ dedup_key: "x".repeat(256) })],
    ["a summary that is too long", "1024", payload({ summary: "x".repeat(1_025) })],
    ["more than 512 KB", "512 KB", payload({ custom_details: { a: "x".repeat(530_000) } })],
  ])("know %s", (_, expected, found) => {
    expect(found).toContain(expected);
  });
});
