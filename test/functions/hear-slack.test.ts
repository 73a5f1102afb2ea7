import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Ear, hear } from "../../functions/hear-slack/hear.ts";
import { CordonError } from "../../shared/errors.ts";
import { pressed, SLACK_SECRET } from "../support/slack.ts";

const NOW_MS = Date.parse("2026-03-01T09:00:00Z");
const ORDER = { action: "approve", findingId: "f-0123456789abcdef0123", plan: "0123456789ab", reason: "by Slack" };
const RESPONSE_URL = "https://hooks.slack.com/actions/T012AB3CD/1/abc";
const ANSWER = { results: [{ status: "contained", findingId: ORDER.findingId, reasons: ["rule to-oregon"] }] };

/** As a public function URL gives it: forms in base64. */
const byUrl = ({ headers, body }: ReturnType<typeof pressed>, more: object = {}) => ({
  version: "2.0",
  headers,
  body: Buffer.from(body).toString("base64"),
  isBase64Encoded: true,
  requestContext: { http: { method: "POST", path: "/" }, timeEpoch: NOW_MS },
  ...more,
});
const good = (value: unknown = ORDER, more: object = {}) =>
  pressed(value, { atMs: NOW_MS, response_url: RESPONSE_URL, ...more });

/** An ear, with what it asked for and told, in order. */
function earWith(more: Partial<Ear> = {}) {
  const done: unknown[] = [];
  const ear: Ear = {
    nowMs: () => NOW_MS,
    slackSecret: async () => SLACK_SECRET,
    async decide(envelope, waitMs) {
      done.push({ envelope, waitMs });
      return { kind: "answered", answer: ANSWER };
    },
    tell: async (...told) => void done.push(told),
    logger: { info() {}, warn() {} },
    ...more,
  };
  return { ear, done };
}

describe("a button that was pressed in Slack", () => {
  it("is handed to decide as it came, and the outcome told to whoever has pressed", async () => {
    const { ear, done } = earWith();
    const { headers, body } = good();
    expect(await hear(byUrl({ headers, body }), ear)).toEqual({ statusCode: 200 });
    const [timestamp, signature] = [headers["x-slack-request-timestamp"], headers["x-slack-signature"]];
    expect(done).toEqual([
      { envelope: { proof: { kind: "slack", timestamp, signature, body } }, waitMs: 2_200 },
      [RESPONSE_URL, "Done: it was stopped, and verified by reading it again.\nf-0123456789abcdef0123", 500],
    ]);
  });

  it("is heard in plain text as well as in base64", async () => {
    const { ear, done } = earWith();
    const { headers, body } = good();
    const event = { ...byUrl({ headers, body }), body, isBase64Encoded: false };
    expect(await hear(event, ear)).toEqual({ statusCode: 200 });
    expect(done).toHaveLength(2);
  });

  it.each([
    [0, 2_200],
    [700, 1_500],
    [5_000, 1_000],
    [-60_000, 2_200],
  ])("waits for decide within Slack's patience: after %i ms for %i ms", async (goneMs, waitMs) => {
    const { ear, done } = earWith({ nowMs: () => NOW_MS + goneMs });
    await hear(byUrl(good()), ear);
    expect(done[0]).toMatchObject({ waitMs });
  });

  it.each<[string, Partial<Ear>, RegExp]>([
    ["takes longer", { decide: async () => ({ kind: "late" }) }, /^Cordon is at it\./],
    [
      "can't be asked",
      { decide: () => Promise.reject(new CordonError("unavailable", "throttled")) },
      /^Cordon could not be asked\. Press again/,
    ],
    [
      "refuses",
      {
        decide: async () => ({
          kind: "answered",
          answer: { results: [{ status: "refused", findingId: null, reasons: ["who that is can't be told"] }] },
        }),
      },
      /^Refused: nothing was done\.\ncordon explain f-0123456789abcdef0123 says why\.\nf-0123456789abcdef0123$/,
    ],
    ["answers with something else", { decide: async () => ({ kind: "answered", answer: null }) }, /^It is unknown now/],
  ])("is told of when decide %s", async (_, more, text) => {
    const { ear, done } = earWith(more);
    expect(await hear(byUrl(good()), ear)).toEqual({ statusCode: 200 });
    expect(done.at(-1)).toEqual([RESPONSE_URL, expect.stringMatching(text), 500]);
  });

  it("is heard though nobody can be told", async () => {
    const { ear } = earWith({ tell: () => Promise.reject(new Error("Slack is out of order")) });
    expect(await hear(byUrl(good()), ear)).toEqual({ statusCode: 200 });
    expect(await hear(byUrl(good(ORDER, { response_url: undefined })), ear)).toEqual({ statusCode: 200 });
  });

  it.each<[string, unknown]>([
    ["an order that there is no button for", { action: "brake-on", reason: "x" }],
    ["no order", "https://example.com"],
    ["nothing", null],
  ])("with %s goes nowhere, and Slack is told that it was heard", async (_, value) => {
    const { ear, done } = earWith();
    expect(await hear(byUrl(good(value)), ear)).toEqual({ statusCode: 200 });
    expect(done).toEqual([]);
  });
});

describe("what is not Slack's", () => {
  const unasked: Partial<Ear> = {
    slackSecret: () => Promise.reject(new Error("nobody is to be asked")),
    decide: () => Promise.reject(new Error("nobody is to be asked")),
    tell: () => Promise.reject(new Error("nobody is to be told")),
  };
  const headed = (more: object) => ({ ...good(), headers: { ...good().headers, ...more } });

  it.each<[string, unknown, number]>([
    ["no event", undefined, 405],
    ["a look by a browser", byUrl(good(), { requestContext: { http: { method: "GET" } } }), 405],
    ["no signature", byUrl(headed({ "x-slack-signature": undefined })), 401],
    ["a signature that is none", byUrl(headed({ "x-slack-signature": "v0=1" })), 401],
    ["no time", byUrl(headed({ "x-slack-request-timestamp": undefined })), 401],
    ["nothing in it", byUrl({ ...good(), body: "" }), 401],
    ["a request that is too old", byUrl(pressed(ORDER, { atMs: NOW_MS - 301_000 })), 401],
    ["a request that is of later", byUrl(pressed(ORDER, { atMs: NOW_MS + 301_000 })), 401],
    ["a request that is too long", byUrl({ ...good(), body: "x".repeat(524_289) }), 413],
  ])("is refused before anything is asked of AWS: %s", async (_, event, statusCode) => {
    expect(await hear(event, earWith(unasked).ear)).toEqual({ statusCode });
  });

  it("is refused when it is signed with another secret, or changed on its way", async () => {
    const { ear, done } = earWith();
    const forged = pressed(ORDER, { atMs: NOW_MS, secret: "another" });
    expect(await hear(byUrl(forged), ear)).toEqual({ statusCode: 401 });
    expect(await hear(byUrl({ ...good(), body: `${good().body}&x=1` }), ear)).toEqual({ statusCode: 401 });
    expect(done).toEqual([]);
  });

  it.each<[string, Partial<Ear>]>([
    ["none is set", { slackSecret: async () => undefined }],
    ["it can't be read", { slackSecret: () => Promise.reject(new CordonError("unavailable", "no")) }],
  ])("can't be told from what is while there is no secret: %s", async (_, more) => {
    const { ear, done } = earWith(more);
    expect(await hear(byUrl(good()), ear)).toEqual({ statusCode: 503 });
    expect(done).toEqual([]);
  });

  it("is never the end of the function, whatever comes", async () => {
    const { ear, done } = earWith();
    const event = fc.oneof(
      fc.anything(),
      fc.record({
        headers: fc.anything(),
        body: fc.oneof(fc.string(), fc.anything()),
        isBase64Encoded: fc.anything(),
        requestContext: fc.record({
          http: fc.record({ method: fc.constantFrom("POST", "GET") }),
          timeEpoch: fc.anything(),
        }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(event, async (given) => (await hear(given, ear)).statusCode >= 400),
      { numRuns: 300 },
    );
    expect(done).toEqual([]);
  });
});
