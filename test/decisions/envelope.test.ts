import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseEnvelope } from "../../shared/decisions/prove.ts";

const ORDER = { action: "approve", findingId: "f-0123456789abcdef0123", reason: "a contract is in place" };
const AWS = { kind: "aws", headers: { authorization: "AWS4-HMAC-SHA256 ..." } };
const SLACK = { kind: "slack", timestamp: "1772355600", signature: "v0=00", body: "payload=%7B%7D" };
const CALLER = "arn:aws:iam::111122223333:user/ann";
const NOBODY = "somebody who may invoke the function";

/** As a function URL of AuthType AWS_IAM gives it (payload format 2.0). */
const byUrl = (body: unknown, more: object = {}, userArn: unknown = CALLER) => ({
  version: "2.0",
  rawPath: "/",
  headers: { "content-type": "application/json" },
  requestContext: { authorizer: { iam: { accountId: "111122223333", userArn } }, http: { method: "POST" } },
  body: typeof body === "string" ? body : JSON.stringify(body),
  isBase64Encoded: false,
  ...more,
});
const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("an order as it comes", () => {
  it.each<[string, unknown, object]>([
    ["bare", ORDER, { order: ORDER, said: NOBODY }],
    ["with its proof", { order: ORDER, proof: AWS }, { order: ORDER, proof: AWS, said: NOBODY }],
    ["wrapped, without a proof", { order: ORDER }, { order: ORDER, said: NOBODY }],
    ["with Slack's request alone", { proof: SLACK }, { order: undefined, proof: SLACK, said: NOBODY }],
    ["by the URL", byUrl({ order: ORDER, proof: AWS }), { order: ORDER, proof: AWS, urlCaller: CALLER, said: NOBODY }],
    ["by the URL, bare", byUrl(ORDER), { order: ORDER, urlCaller: CALLER, said: NOBODY }],
    [
      "by the URL, in base64",
      byUrl(base64(JSON.stringify({ order: { ...ORDER, reason: "für Köln" }, proof: AWS })), { isBase64Encoded: true }),
      { order: { ...ORDER, reason: "für Köln" }, proof: AWS, urlCaller: CALLER, said: NOBODY },
    ],
    ["by a URL that asks for no signature", { ...byUrl(ORDER), requestContext: {} }, { order: ORDER, said: NOBODY }],
    [
      "from somebody who names himself, which nobody believes",
      { ...ORDER, approver: "Ann" },
      { order: { ...ORDER, approver: "Ann" }, said: NOBODY },
    ],
    ["that is no order at all", { order: 5 }, { order: 5, said: NOBODY }],
    ["empty", {}, { order: {}, said: NOBODY }],
    ["with more beside it", { order: ORDER, urlCaller: "forged", said: "forged" }, { order: ORDER, said: NOBODY }],
    [
      "with a proof that has more to it",
      { order: ORDER, proof: { ...SLACK, caller: "forged" } },
      { order: ORDER, proof: SLACK, said: NOBODY },
    ],
  ])("is read %s", (_, event, envelope) => {
    expect(parseEnvelope(event)).toEqual({ ok: true, ...envelope });
  });

  it.each<[string, unknown, string]>([
    ["nothing", undefined, "found a undefined"],
    ["null", null, "found null"],
    ["a text", JSON.stringify(ORDER), "found a string"],
    ["a list of orders", [ORDER], "found an array of 1"],
    ["a request without a body", byUrl("", { body: undefined }), "the request's body is no JSON object"],
    ["a request with an empty body", byUrl(""), "the request's body is no JSON object"],
    ["a request whose body is no JSON", byUrl("action=approve"), "the request's body is no JSON object"],
    ["a request whose body is a list", byUrl([ORDER]), "the request's body is no JSON object"],
    ["a request whose body is null", byUrl("null"), "the request's body is no JSON object"],
    ["a request whose body is an object already", byUrl("", { body: ORDER }), "the request's body is no JSON object"],
    [
      "a request whose base64 is none",
      byUrl(JSON.stringify(ORDER), { isBase64Encoded: true }),
      "the request's body is no JSON object",
    ],
    ["a request in base64 that does not say so", byUrl(base64(JSON.stringify(ORDER))), "the request's body is no JSON"],
    ["a proof of no kind", { order: ORDER, proof: {} }, "proof: found an empty object, expected {kind: "],
    [
      "a proof of another kind",
      { order: ORDER, proof: { ...SLACK, kind: "oidc" } },
      "proof: found an object with kind",
    ],
    ["a proof of Slack's without its time", { proof: { ...SLACK, timestamp: undefined } }, "proof: found an object"],
    ["a proof of Slack's with a number for its time", { proof: { ...SLACK, timestamp: 1772355600 } }, "proof: found"],
    ["a proof of Slack's without a signature", { proof: { ...SLACK, signature: "" } }, "proof: found an object"],
    ["a proof of Slack's without the request", { proof: { ...SLACK, body: null } }, "proof: found an object"],
    ["a bad proof by the URL", byUrl({ order: ORDER, proof: { kind: "x" } }), "proof: found an object with kind"],
  ])("is refused as %s, with what was found and what was expected", (_, event, said) => {
    const envelope = parseEnvelope(event);
    expect(envelope).toMatchObject({ ok: false, reason: expect.stringContaining(said) });
    expect(envelope).toMatchObject({ reason: expect.stringContaining("expected") });
  });

  it.each(["a text", 5, [AWS], true])("is refused with the proof %j", (proof) => {
    expect(parseEnvelope({ order: ORDER, proof })).toMatchObject({ ok: false });
  });

  it("says nothing of what is in it when it is refused", () => {
    const proof = { kind: "aws2", authorization: "Signature=secret" };
    expect(JSON.stringify(parseEnvelope({ order: { ...ORDER, reason: "secret" }, proof }))).not.toContain("secret");
    expect(JSON.stringify(parseEnvelope(byUrl("secret")))).not.toContain("secret");
  });

  it("is a caller's only as the URL tells it, never as the body does", () => {
    const forged = byUrl({ order: ORDER, proof: AWS, requestContext: byUrl({}).requestContext }, {}, null);
    expect(parseEnvelope(forged)).toEqual({ ok: true, order: ORDER, proof: AWS, said: NOBODY });
    expect(parseEnvelope(byUrl(ORDER, {}, 5))).toEqual({ ok: true, order: ORDER, said: NOBODY });
  });

  it("is read or refused, and never ends the function, whatever comes", () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
    });
    const similar = fc.record(
      {
        order: anything,
        proof: fc.oneof(
          anything,
          fc.record({ kind: fc.constantFrom("aws", "slack"), headers: anything, body: anything }),
        ),
        approver: anything,
        body: fc.oneof(anything, fc.json()),
        isBase64Encoded: fc.oneof(fc.boolean(), anything),
        requestContext: fc.oneof(anything, fc.record({ authorizer: fc.oneof(anything, fc.record({ iam: anything })) })),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(anything, similar), (event) => {
        const envelope = parseEnvelope(event);
        if (envelope.ok) expect(["aws", "slack", undefined]).toContain(envelope.proof?.kind);
        else expect(envelope.reason).toMatch(/expected/);
      }),
      { numRuns: 1000 },
    );
  });
});
