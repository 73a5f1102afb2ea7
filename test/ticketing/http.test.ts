import { describe, expect, it } from "vitest";
import { expectGood, httpSender } from "../../shared/ticketing/http.ts";
import { DeliveryError, type HttpRequest, REFUSED_MS } from "../../shared/ticketing/tracker.ts";

const NOW_MS = Date.parse("2026-11-27T09:00:00Z");

/** What comes of a request to a host that has this address, and how often it was sent. */
async function sentTo(address: string, request: Partial<HttpRequest> = {}, ask?: typeof fetch) {
  let sent = 0;
  const send = httpSender({
    allowsLoopback: false,
    resolve: async () => [address],
    fetch: async (...args) => {
      sent++;
      return ask === undefined ? new Response("{}") : ask(...args);
    },
  });
  const outcome = await send({ method: "POST", url: "https://tracker.example.com/", ...request }).catch(
    (error: DeliveryError) => error,
  );
  return { outcome, sent };
}

describe("a request to a tracker", () => {
  it.each([
    ...["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1", "100.64.0.1", "0.0.0.0"],
    ...["::1", "::", "fd00:ec2::254", "fe80::1", "fec0::1", "feff::1", "ff02::1"],
    // Mapped, compatible, and by gateways: all of them lead to an IPv4 address.
    ...["::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "0:0:0:0:0:ffff:7f00:1", "::7f00:1", "::10.0.0.1"],
    ...["64:ff9b::a9fe:a9fe", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "2002:a9fe:a9fe::1", "2002:7f00:1::", "2001::1"],
  ])("does not go to %s, by name or as it stands there", async (address) => {
    const literal = `https://${address.includes(":") ? `[${address}]` : address}/`;
    for (const request of [{}, { url: literal }]) {
      const { outcome, sent } = await sentTo(address, request);
      expect(outcome).toMatchObject({ kind: "never", message: expect.stringContaining("not on the internet") });
      expect(sent).toBe(0);
    }
  });

  it.each(["93.184.215.14", "::ffff:93.184.215.14", "::ffff:5db8:d70e", "2600:1f18::1", "2a00:1450:4001::1"])(
    "goes to %s",
    async (address) => {
      expect(await sentTo(address)).toMatchObject({ outcome: { status: 200 }, sent: 1 });
    },
  );

  it.each(["\n", "\r\nx: y", "\0", "\x7f", "\u00fc", "\u2028", "\t"])(
    "is not sent with a secret that has %j in it, and the secret is told nowhere",
    async (character) => {
      const secret = `only-for-${character}-tests`;
      const { outcome, sent } = await sentTo("93.184.215.14", { headers: { authorization: `Bearer ${secret}` } });
      expect(outcome).toMatchObject({
        ...{ name: "DeliveryError", kind: "later", retryAfterMs: REFUSED_MS, isUntaken: true, isWide: true },
        message: "tracker.example.com: the credentials hold a character that no header takes",
      });
      expect((outcome as Error).cause).toBeUndefined();
      expect(sent).toBe(0);
    },
  );

  it("that can't be built tells nothing of what is in it", async () => {
    const headers = { "only-for-tests\n": "x" };
    const { outcome } = await sentTo("93.184.215.14", { headers }, async (url, init) => {
      new Request(url as URL, init);
      throw new Error("a name of a header that is none was taken");
    });
    expect(outcome).toMatchObject({ kind: "later", message: "tracker.example.com: the request can't be built" });
    expect((outcome as Error).cause).toBeUndefined();
  });

  it("that has no answer is told with its cause, and concerns the route", async () => {
    const { outcome } = await sentTo("93.184.215.14", {}, async () => {
      throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
    });
    expect(outcome).toMatchObject({
      ...{ kind: "later", isUntaken: false, isWide: true },
      message: "tracker.example.com: Error: connect ECONNREFUSED",
    });
  });
});

describe("an answer", () => {
  it.each([
    [400, {}, { kind: "never", isUntaken: true, isWide: false }],
    [401, {}, { kind: "later", retryAfterMs: REFUSED_MS, isUntaken: true, isWide: true }],
    [403, {}, { kind: "later", retryAfterMs: REFUSED_MS, isUntaken: true, isWide: true }],
    [404, {}, { kind: "gone", isUntaken: true, isWide: false }],
    [409, {}, { kind: "never", isUntaken: true, isWide: false }],
    [410, {}, { kind: "gone", isUntaken: true, isWide: false }],
    [422, {}, { kind: "never", isUntaken: true, isWide: false }],
    [425, {}, { kind: "later", isUntaken: true, isWide: false }],
    [425, { "retry-after": "9" }, { kind: "later", retryAfterMs: 9_000, isUntaken: true, isWide: true }],
    [429, { "retry-after": "9" }, { kind: "later", retryAfterMs: 9_000, isUntaken: true, isWide: true }],
    [500, {}, { kind: "later", isUntaken: false, isWide: true }],
    [503, { "retry-after": "9" }, { kind: "later", retryAfterMs: 9_000, isUntaken: false, isWide: true }],
  ])("of status %i, with %o, is %o", (status, headers, expected) => {
    const expecting = () => expectGood({ status, headers, body: "" }, "x", NOW_MS);
    expect(expecting).toThrow(DeliveryError);
    expect(expecting).toThrow(expect.objectContaining(expected));
  });
});
