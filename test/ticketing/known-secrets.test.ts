import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { knownSecrets } from "../../shared/ticketing/known-secrets.ts";
import { makeTracker } from "../../shared/ticketing/make-tracker.ts";
import { type AdapterDefinition, DeliveryError, type TrackerPorts } from "../../shared/ticketing/tracker.ts";
import { someTicket } from "./some-ticket.ts";

const knowing = (...secrets: readonly string[]) => {
  const known = knownSecrets();
  for (const secret of secrets) known.learn(secret);
  return known;
};

describe("a text that is told", () => {
  const PASSWORD = 'k"9\\ &<ü>+/=%7';
  const PEM = `-----BEGIN PRIVATE KEY-----\n${"MIIEvQIBADANBgkq".repeat(4)}\n${"hkiG9w0BAQEFAASC".repeat(4)}\n-----END PRIVATE KEY-----\n`;

  it.each([
    ["as it is", PASSWORD],
    ["in JSON", JSON.stringify({ password: PASSWORD })],
    ["in JSON within JSON", JSON.stringify({ body: JSON.stringify({ password: PASSWORD }) })],
    ["in an address", encodeURIComponent(PASSWORD)],
    ["in a form", new URLSearchParams({ password: PASSWORD }).toString()],
    ["in HTML", "k&quot;9\\ &amp;&lt;ü&gt;+/=%7"],
    ["in base64", Buffer.from(PASSWORD).toString("base64")],
  ])("has no secret %s", (_, text) => {
    const hidden = knowing(PASSWORD).hide(`before ${text} after`);
    expect(hidden).toMatch(/^before .*\(secret\).* after$/);
    expect(hidden).not.toMatch(/k.{0,8}9|%7|ü/);
  });

  it("has no part of a key of many lines, however its lines are joined", () => {
    for (const text of [PEM, PEM.replace(/\s+/g, " "), JSON.stringify(PEM), PEM.split("\n")[2] ?? ""])
      expect(knowing(PEM).hide(text)).not.toMatch(/MIIE|hkiG/);
  });

  it("has no path of an address that is a secret", () => {
    const known = knowing("https://hooks.slack.example/services/T000/B000/abcdefghijkl");
    expect(known.hide("Cannot POST /services/T000/B000/abcdefghijkl")).toBe("Cannot POST (secret)");
    expect(known.hide("no hook abcdefghijkl")).toBe("no hook (secret)");
  });

  it("has no beginning of a secret where it was cut", () => {
    const secret = "correct horse battery staple";
    fc.assert(
      fc.property(fc.integer({ min: 4, max: secret.length }), fc.constantFrom("", ")", '"}', " ..."), (length, end) => {
        expect(knowing(secret).hide(`it says: ${secret.slice(0, length).trimEnd()}${end}`)).toMatch(
          /^it says: \(secret\)/,
        );
      }),
    );
  });

  it("keeps words that are no secrets: one that is short is one only by itself", () => {
    const known = knowing("cord", "", "  ");
    expect(known.hide("cord: the label cordon-f-1 of a cord")).toBe("(secret): the label cordon-f-1 of a (secret)");
    expect(knowing().hide("no such project")).toBe("no such project");
  });

  it("has no credentials by their headers' names, whatever they are", () => {
    const canonical =
      "SignatureDoesNotMatch: the canonical string should have been 'host:sns\nx-amz-security-token:IQoJb3JpZ2luX2VjEN\n'";
    expect(knowing().hide(canonical)).toContain("x-amz-security-token:(secret)");
    expect(knowing().hide('{"Authorization": "Bearer abc.def"}')).toBe('{"Authorization": "(secret)"}');
  });

  it("knows the secrets that are used, and not all that there ever were", () => {
    const known = knowing("the password of now");
    for (let n = 0; n < 1_000; n++) {
      known.learn(`${n}-token-of-then`);
      known.learn("the password of now");
    }
    expect(known.hide("the password of now, 999-token-of-then, 1-token-of-then.")).toBe(
      "(secret), (secret), 1-token-of-then.",
    );
  });
});

describe("a tracker", () => {
  const made = (ports: Partial<TrackerPorts>, open: (ports: TrackerPorts) => Promise<never>) => {
    const definition: AdapterDefinition = {
      ...{ name: "webhook", url: { use: "none", meaning: "" }, secret: {}, settings: {} },
      make: (_, given) => ({ findLagMs: 7, open: () => open(given), change: async (remote) => remote }),
    };
    const send = async () => ({ status: 200, headers: {}, body: '{"access_token":"given-out-1"}' });
    const all: TrackerPorts = { send, credentials: async () => ({ key: "of-the-secret" }), nowMs: () => 0, ...ports };
    return makeTracker(definition, { id: "r", adapter: "webhook", settings: {} }, all);
  };

  it("is told of without what it gave out or was given, all else as it was", async () => {
    const tracker = made({}, async ({ send, credentials }) => {
      await credentials();
      const headers = { authorization: "Basic c29tZWJvZHk6cGFzc3dvcmQ=", accept: "application/json" };
      await send({ method: "GET", url: "https://tracker.example", headers });
      throw new DeliveryError("later", "given-out-1\tof-the-secret\nc29tZWJvZHk6cGFzc3dvcmQ= application/json", {
        ...{ retryAfterMs: 7_000, isUntaken: true, isWide: true },
        cause: new Error("of-the-secret"),
      });
    });
    const error = await tracker.open(someTicket()).catch((thrown) => thrown);
    expect(error).toMatchObject({ kind: "later", retryAfterMs: 7_000, isUntaken: true, isWide: true });
    expect(error).toBeInstanceOf(DeliveryError);
    expect(error.message).toBe("(secret) (secret) (secret) application/json");
    expect(error.cause).toBeUndefined();
    expect(tracker).toMatchObject({ findLagMs: 7 });
    expect(tracker.find).toBeUndefined();
  });

  it("fails with what is no DeliveryError as it is", async () => {
    const wrong = new RangeError("a mistake of ours");
    const tracker = made({}, async () => {
      throw wrong;
    });
    await expect(tracker.open(someTicket())).rejects.toBe(wrong);
  });
});
