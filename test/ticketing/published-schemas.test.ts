import { describe, expect, it } from "vitest";
import { hasPublished, jiraMistakes } from "./fakes/jira.ts";
import { eventMistakes } from "./fakes/pagerduty.ts";
import { slackMistakes } from "./fakes/slack.ts";

const asked = (path: string, body: object, method = "POST") => ({
  method,
  path,
  headers: {},
  body: JSON.stringify(body),
});
const text = (words: string) => ({
  type: "doc",
  version: 1,
  content: [{ type: "paragraph", content: [{ type: "text", text: words }] }],
});
const event = {
  routing_key: "R0123456789abcdefghijklmnopqrstu",
  event_action: "trigger",
  dedup_key: "f-1",
  client: "Cordon",
  payload: { summary: "A bucket", source: "arn", severity: "critical" },
};
const message = {
  channel: "C0123456789",
  text: "A bucket",
  blocks: [{ type: "section", text: { type: "plain_text", text: "A bucket" } }],
};

/** The fakes of tests are held to vendors' own words: what is not in them has to be seen. */
describe("by what vendors have published", () => {
  it("a good request has nothing wrong", () => {
    expect(slackMistakes(asked("/api/chat.postMessage", message))).toEqual([]);
    expect(eventMistakes(asked("/v2/enqueue", event))).toEqual([]);
    expect(jiraMistakes(asked("/rest/api/3/issue/1/comment", { body: text("A bucket") }))).toEqual([]);
  });

  it.each([
    ["a block of a kind that there is not", { ...message, blocks: [{ type: "paragraph" }] }],
    [
      "a button without a text",
      { ...message, blocks: [{ type: "actions", elements: [{ type: "button", action_id: "x" }] }] },
    ],
    ["a member that there is not", { ...message, urgent: true }],
    ["no channel", { text: "A bucket" }],
  ])("Slack: %s", (_, body) => {
    expect(slackMistakes(asked("/api/chat.postMessage", body))).not.toEqual([]);
  });

  it("Slack: what a new message may have, and a changed one may not", () => {
    const body = { ...message, unfurl_links: false };
    expect(slackMistakes(asked("/api/chat.postMessage", body))).toEqual([]);
    expect(slackMistakes(asked("/api/chat.update", { ...body, ts: "1.1" }))).not.toEqual([]);
  });

  it.each([
    ["an action that there is not", { ...event, event_action: "open" }],
    ["a severity that there is not", { ...event, payload: { ...event.payload, severity: "high" } }],
    ["no summary", { ...event, payload: { source: "arn", severity: "critical" } }],
    ["a member that there is not", { ...event, key: "f-1" }],
  ])("PagerDuty: %s", (_, body) => {
    expect(eventMistakes(asked("/v2/enqueue", body))).not.toEqual([]);
  });

  it.each([
    ["a mention", { body: { ...text(""), content: [{ type: "mention", attrs: { id: "x" } }] } }],
    ["an empty text", { body: text("") }],
    ["no version", { body: { type: "doc", content: [] } }],
  ])("a document of Atlassian's: %s", (_, body) => {
    expect(jiraMistakes(asked("/rest/api/3/issue/1/comment", body))).not.toEqual([]);
  });

  it.skipIf(!hasPublished)("Jira: a request of another shape (skipped where ../shared/specs is absent)", () => {
    expect(jiraMistakes(asked("/rest/api/3/issueLink", { type: { name: "Relates" } }))).not.toEqual([]);
    expect(jiraMistakes(asked("/rest/api/3/issue", { fields: [] }))).not.toEqual([]);
    expect(jiraMistakes(asked("/rest/api/3/issue", { properties: "cordon" }))).not.toEqual([]);
  });
});
