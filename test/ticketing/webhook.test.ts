import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { webhook } from "../../shared/ticketing/adapters/webhook.ts";
import { adapterContract, trackerOf } from "./adapter-contract.ts";
import type { Heard } from "./fake-server.ts";
import { mistakesOf, openFakeReceiver, SECRET } from "./fakes/webhook.ts";
import { POISON, someTicket } from "./some-ticket.ts";
import { TEXT_CASES } from "./texts.ts";

const EXAMPLE = new URL("../../docs/tickets/verify-webhook.mjs", import.meta.url);
const NEW_SECRET = "another-secret-for-tests-0123456789";
const REMOTE = { id: someTicket().key, state: "open" } as const;

adapterContract(webhook, openFakeReceiver);

describe("a delivery", () => {
  let vendor: Awaited<ReturnType<typeof openFakeReceiver>>;
  beforeAll(async () => {
    vendor = await openFakeReceiver();
  });
  afterAll(() => vendor.server.close());
  afterEach(() => expect(vendor.server.mistakes.splice(0), "by the published form").toEqual([]));
  beforeEach(() => {
    vendor.clear();
    vendor.server.heard.length = 0;
  });
  const last = () => {
    const { headers, body } = vendor.server.heard.at(-1) as Heard;
    return { headers, body, json: JSON.parse(body) };
  };
  const signed = (secret: string, timestamp: string, body: string) =>
    `v1=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`;

  it.each(TEXT_CASES)("reads as it is documented: $title", async ({ title, ticket, change }) => {
    const tracker = trackerOf(webhook, vendor);
    await (change === undefined ? tracker.open(ticket) : tracker.change(REMOTE, ticket, change));
    const text = `${JSON.stringify(last().json, null, 2)}\n`;
    await expect(text).toMatchFileSnapshot(`__texts__/webhook-${title}.txt`);
  });

  it.each([...TEXT_CASES.map(({ ticket }) => ticket), ...POISON.map(poisoned)])(
    "is of the published form, and below 256 KB: %#",
    async (ticket) => {
      await trackerOf(webhook, vendor).change(REMOTE, ticket, { kind: "update", note: ticket.title });
      const { body, json } = last();
      expect(mistakesOf({ body })).toEqual([]);
      expect(mistakesOf({ body: JSON.stringify({ ...json, event: "reopened" }) })).toEqual([
        "/event must be equal to one of the allowed values",
      ]);
      expect(Buffer.byteLength(body)).toBeLessThan(256_000);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      expect(body.replaceAll('\\"', "")).not.toMatch(/\\u|[\u0000-\u001f\u202e\u2028]/);
    },
  );

  it("is signed over the time and the body as it was sent", async () => {
    await trackerOf(webhook, vendor).open(someTicket());
    const { headers, body } = last();
    expect(headers["cordon-timestamp"]).toBe(`${Date.parse("2026-11-27T09:00:00Z") / 1_000}`);
    expect(headers["cordon-signature"]).toBe(signed(SECRET, `${headers["cordon-timestamp"]}`, body));
    expect(headers["content-type"]).toBe("application/json");
  });

  it("is signed with both secrets while one is exchanged, so that a receiver with either takes it", async () => {
    const credentials = async () => ({ secret: NEW_SECRET, previous: SECRET });
    await trackerOf(webhook, vendor, { credentials }).open(someTicket());
    const { headers, body } = last();
    const timestamp = `${headers["cordon-timestamp"]}`;
    expect(headers["cordon-signature"]).toBe(
      `${signed(NEW_SECRET, timestamp, body)},${signed(SECRET, timestamp, body)}`,
    );
    expect(vendor.kept()).toHaveLength(1);
  });

  it("is signed anew with the secret of now when the one at hand is refused", async () => {
    const credentials = async (isStale?: boolean) => ({ secret: isStale ? SECRET : NEW_SECRET });
    await trackerOf(webhook, vendor, { credentials }).open(someTicket());
    expect(vendor.kept()).toHaveLength(1);
    expect(vendor.server.heard).toHaveLength(2);
  });

  it("has the same id when it is sent again, and another for each version and event", async () => {
    const tracker = trackerOf(webhook, vendor);
    await tracker.open(someTicket());
    await tracker.open(someTicket());
    await tracker.change(REMOTE, someTicket({ version: 4 }), { kind: "update" });
    await tracker.change(REMOTE, someTicket({ version: 4 }), { kind: "update", note: "Again." });
    await tracker.change(REMOTE, someTicket({ version: 4 }), { kind: "resolve", note: "Gone." });
    expect(vendor.deliveries.map(({ id }) => id)).toEqual([
      "f-0123456789abcdef0123.3.open",
      "f-0123456789abcdef0123.4.update",
      "f-0123456789abcdef0123.4.note",
      "f-0123456789abcdef0123.4.resolve",
    ]);
  });

  it.each([{ secret: "short" }, { secret: SECRET, previous: "short" }, {}])(
    "is not sent with a secret that can be guessed: %o",
    async (secret: Readonly<Record<string, string>>) => {
      const tracker = trackerOf(webhook, vendor, { credentials: async () => secret });
      await expect(tracker.open(someTicket())).rejects.toMatchObject({
        name: "DeliveryError",
        kind: "later",
        retryAfterMs: 1_800_000,
      });
      expect(vendor.server.heard).toEqual([]);
    },
  );
});

describe("the verifier in the documentation", () => {
  let child: ReturnType<typeof spawn>;
  let url = "";
  let printed = "";
  beforeAll(async () => {
    child = spawn(process.execPath, [fileURLToPath(EXAMPLE)], {
      env: { CORDON_WEBHOOK_SECRET: SECRET, PORT: "0" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    child.stdout?.on("data", (piece) => {
      printed += piece;
    });
    while (!/port \d+\n/.test(printed)) await once(child.stdout as NonNullable<typeof child.stdout>, "data");
    url = `http://127.0.0.1:${/port (\d+)/.exec(printed)?.[1]}/`;
  });
  afterAll(() => void child.kill());
  const receiver = { server: undefined as never, settings: {}, secret: { secret: SECRET }, kept: () => [], clear() {} };
  const tracker = (nowMs: () => number, secret = SECRET) =>
    trackerOf(webhook, { ...receiver, url, secret: { secret } }, { nowMs });

  it("takes what Cordon sends, and a delivery that comes twice once", async () => {
    await tracker(Date.now).open(someTicket());
    await tracker(Date.now).open(someTicket());
    await tracker(Date.now).change(REMOTE, someTicket({ version: 4 }), { kind: "resolve", note: "Gone." });
    await expect
      .poll(() => printed.trim().split("\n").slice(1))
      .toEqual([
        `f-0123456789abcdef0123.3.open open: ${someTicket().title}`,
        `f-0123456789abcdef0123.4.resolve resolve: ${someTicket().title}`,
      ]);
  });

  it.each([
    ["is older than five minutes", () => Date.now() - 310_000, SECRET],
    ["is of a time to come", () => Date.now() + 310_000, SECRET],
    ["is signed with another secret", Date.now, NEW_SECRET],
  ])("refuses what %s", async (_, nowMs, secret) => {
    const error = await tracker(nowMs, secret)
      .open(someTicket())
      .catch((thrown) => thrown);
    expect(error).toMatchObject({ kind: "later", retryAfterMs: 1_800_000, message: expect.stringContaining("401") });
  });

  it("refuses a body that was changed, signatures of another form, and none", async () => {
    const { verify } = await import(EXAMPLE.href);
    const at = `${Math.floor(Date.now() / 1_000)}`;
    const right = createHmac("sha256", SECRET).update(`${at}.{"a":1}`).digest("hex");
    const check = (signature: string | undefined, body = '{"a":1}', timestamp: string | undefined = at) =>
      verify({ "cordon-timestamp": timestamp, "cordon-signature": signature }, Buffer.from(body), SECRET);
    expect(check(`v1=${right}`)).toBe(true);
    expect(check(`v1=${"0".repeat(64)},v1=${right}`)).toBe(true);
    expect(check(`v1=${right}`, '{"a": 1}')).toBe(false);
    expect(check(`v1=${right}`, '{"a":1}', `${at}x`)).toBe(false);
    expect(check(`v1=${right}`, '{"a":1}', "")).toBe(false);
    for (const wrong of [undefined, "", "v1=", `v0=${right}`, right, `v1=${right.slice(2)}`])
      expect(check(wrong)).toBe(false);
  });
});

function poisoned(words: string) {
  return someTicket({
    title: `[CONTAINED] Bucket ${words}`,
    sections: Array.from({ length: 300 }, () => ({ heading: "What happened", lines: [`Rule ${words} sends data`] })),
    labels: { ...someTicket().labels, resource: `arn:aws:s3:::${words}` },
  });
}
