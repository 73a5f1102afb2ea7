import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sortAwsError } from "../../shared/aws/aws-errors.ts";
import { cut } from "../../shared/cut.ts";
import { parseOrder } from "../../shared/decisions/order.ts";
import { contentHash, findingId } from "../../shared/ids.ts";
import type { RunRecord } from "../../shared/journal/journal.ts";
import { packRun, unpackRun } from "../../shared/journal/run-items.ts";
import { briefly } from "../../shared/lifecycle/difference.ts";
import { inTurn } from "../../shared/runtime/in-turn.ts";
import { readSettings } from "../../shared/runtime/settings.ts";
import { parseSignals } from "../../shared/signals/parse-signals.ts";
import { s3BucketRef } from "../../shared/signals/s3-bucket-ref.ts";
import { cloudTrailRecord, configItem, eventBridge, START_MS } from "../support/events.ts";

const events = { cloudTrail: { "s3.amazonaws.com": ["PutBucketReplication"] }, configTypes: ["AWS::S3::Bucket"] };

describe("settings", () => {
  it("that are missing or wrong are all named at once, and nothing is done", () => {
    expect(() => readSettings({ CORDON_MODE: "on" })).toThrow(
      /CORDON_TABLE is missing.*AWS_REGION is missing.*CORDON_MODE is "on": expected observe, approve, enforce/,
    );
    expect(() => readSettings({})).toThrow(/CORDON_TABLE is missing.*CORDON_MODE is missing.*AWS_REGION is missing/);
  });

  it("blank ones are missing ones", () => {
    expect(() => readSettings({ CORDON_TABLE: " ", CORDON_MODE: "observe", AWS_REGION: "eu-central-1" })).toThrow(
      "CORDON_TABLE is missing",
    );
  });
});

describe("an order", () => {
  const limits = {
    exception: { defaultMs: 3_600_000, maxMs: 7_200_000 },
    approvals: { by: [], validMs: 3_600_000 },
  };
  const order = { action: "roll-back", findingId: "f-0123456789abcdef0123", reason: "why" };

  it("that is whole is taken, with policy's time when it gives none", () => {
    expect(parseOrder(order, limits, START_MS)).toMatchObject({
      ok: true,
      order: { action: "roll-back", expiresAtMs: START_MS + 3_600_000 },
    });
    expect(parseOrder({ ...order, action: "reject", expiresInHours: 2 }, limits, START_MS)).toMatchObject({
      order: { action: "reject", expiresAtMs: START_MS + 7_200_000 },
    });
    expect(parseOrder({ ...order, action: "approve", plan: "0123456789ab" }, limits, START_MS)).toEqual({
      ok: true,
      order: { ...order, action: "approve", plan: "0123456789ab" },
    });
    expect(parseOrder({ action: "brake-on", reason: "why" }, limits, START_MS)).toEqual({
      ok: true,
      order: { action: "brake-on", reason: "why" },
    });
  });

  it.each<[string, unknown, RegExp]>([
    ["nothing", null, /found null, expected an object/],
    ["no parts", {}, /action: .*findingId: .*reason: /],
    ["another action", { ...order, action: "delete" }, /expected one of approve, reject, extend, roll-back/],
    ["an id of another form", { ...order, findingId: "f-../../x" }, /findingId/],
    ["a plan of another form", { ...order, action: "approve", plan: "all" }, /plan: found "all"/],
    ["no reason", { ...order, reason: "  " }, /reason/],
    ["a brake without a reason", { action: "brake-off" }, /reason/],
    ["more time than policy allows", { ...order, expiresInHours: 3 }, /at most 2/],
    ["no time at all", { ...order, expiresInHours: 0 }, /expiresInHours/],
    ["a text for hours", { ...order, expiresInHours: "2" }, /expiresInHours/],
    ["a boundless time", { ...order, expiresInHours: Number.POSITIVE_INFINITY }, /expiresInHours/],
  ])("with %s is refused, with all that is wrong", (_, input, message) => {
    const parsed = parseOrder(input, limits, START_MS);
    expect(parsed.ok ? "" : parsed.reasons.join(" ")).toMatch(message);
  });
});

describe("what an AWS error means", () => {
  const error = (name: string, httpStatusCode?: number) =>
    Object.assign(new Error("m"), { name, $metadata: { httpStatusCode } });
  it.each([
    [error("AccessDenied", 403), "denied"],
    [error("NoSuchBucket", 404), "absent"],
    [error("SlowDown", 503), "unavailable"],
    [error("InternalError", 500), "unavailable"],
    [error("ExpiredToken", 400), "unavailable"],
    [error("SignatureDoesNotMatch", 403), "unavailable"],
    [error("ConditionalRequestConflict", 409), "unavailable"],
    [error("SyntaxError", 200), "unavailable"],
    [error("TimeoutError"), "unavailable"],
    [error("MalformedXML", 400), "rejected"],
    ["a text", "unavailable"],
    [undefined, "unavailable"],
  ])("%s", (each, kind) => {
    expect(sortAwsError(each).kind).toBe(kind);
  });
});

describe("texts that an attacker chooses", () => {
  // A character of two halves, so that the place of the cut is in the middle of one.
  const halves = `x${"\u{1F5FA}".repeat(600)}`;

  it("are never cut to half a character, which no hash and no table takes", () => {
    for (let length = 1; length < 8; length++) expect(cut(halves, length).isWellFormed()).toBe(true);
  });

  it("do not stop a finding from being told: a tool's name", () => {
    const [parsed] = parseSignals({ ...cloudTrailRecord("eu-data"), userAgent: halves }, events);

    expect(parsed?.kind).toBe("signal");
    expect(() => contentHash(parsed)).not.toThrow();
  });

  it("do not stop a finding from being told: values of a configuration", () => {
    const changes = [halves, halves.slice(1)].map((after) => ({ path: "Filter.Prefix", after }));
    expect(() => contentHash(briefly(changes))).not.toThrow();
  });
});

describe("signals", () => {
  it("of a Region of the European Sovereign Cloud are understood", () => {
    expect(s3BucketRef("data", "111122223333", "eusc-de-east-1")?.arn).toBe("arn:aws-eusc:s3:::data");
  });

  it.each([
    ["an access point in place of a bucket", "arn:aws:s3:us-west-2:111122223333:accesspoint/x"],
    ["a path", "../other"],
    ["a number", 42],
  ])("never name %s as a bucket", (_, bucketName) => {
    const record = { ...cloudTrailRecord("eu-data"), requestParameters: { bucketName }, resources: [] };
    expect(parseSignals(record, events)[0]?.kind).toBe("refused");
  });

  it.each([
    ["a source that is no service's", { source: "an.app" }, "expected the source aws.s3"],
    ["another service's source", { source: "aws.ec2" }, "expected the source aws.s3"],
    ["another account's record", { account: "999988887777" }, "an event of account 999988887777"],
  ])("refuse an event that AWS can't have made: %s", (_, forged, reason) => {
    const record = { ...cloudTrailRecord("eu-data"), recipientAccountId: "111122223333" };
    const [parsed] = parseSignals({ ...eventBridge(record), ...forged }, events);
    expect(parsed).toMatchObject({ kind: "refused", reason: expect.stringContaining(reason) });
    expect(parseSignals(eventBridge(record), events)[0]?.kind).toBe("signal");
  });

  it("take the bucket's owner for the account, not the caller and not the bus", () => {
    const record = {
      ...cloudTrailRecord("eu-data"),
      userIdentity: { accountId: "999999999999" },
      recipientAccountId: "888888888888",
    };
    const [parsed] = parseSignals(
      { "detail-type": "AWS API Call via CloudTrail", source: "aws.s3", account: "888888888888", detail: record },
      events,
    );
    expect(parsed?.kind === "signal" && parsed.signal.resource.account).toBe("111122223333");
  });

  it("come from an oversized Config notification without its item", () => {
    const { resourceType, resourceId, awsRegion } = configItem("eu-data");
    const summary = {
      resourceType,
      resourceId,
      awsRegion,
      awsAccountId: "111122223333",
      configurationItemStatus: "OK",
    };
    const [parsed] = parseSignals(
      { messageType: "OversizedConfigurationItemChangeNotification", configurationItemSummary: summary },
      events,
    );
    expect(parsed?.kind === "signal" && parsed.signal.resource.name).toBe("eu-data");
  });

  it("are refused when wrapped without end, instead of running out of stack", () => {
    let event: unknown = cloudTrailRecord("eu-data");
    for (let depth = 0; depth < 200; depth++) event = { Type: "Notification", Message: event };
    expect(parseSignals(event, events)[0]?.kind).toBe("refused");
  });

  it("any JSON ends in signals, ignored or refused", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        for (const { kind } of parseSignals(JSON.parse(text), events))
          expect(["signal", "ignored", "refused"]).toContain(kind);
      }),
    );
  });
});

describe("ids and hashes", () => {
  it("a finding keeps its id, and shares it with no other part, resource, account or control", () => {
    const ref = { type: "t", arn: "arn:aws:s3:::a", name: "a", account: "111122223333", region: "eu-central-1" };
    const ids = [
      findingId("c", ref, "p"),
      findingId("c", ref, "q"),
      findingId("d", ref, "p"),
      findingId("c", { ...ref, account: "444455556666" }, "p"),
      findingId("c", { ...ref, arn: "b" }, "p"),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    expect(findingId("c", { ...ref, region: "eu-west-1" }, "p")).toBe(ids[0]);
  });

  it("a content's hash doesn't depend on how it was built", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const shuffled = Object.fromEntries(Object.entries(value).reverse());
        expect(contentHash(shuffled)).toBe(contentHash(value));
      }),
    );
  });
});

describe("a run in the journal", () => {
  it("comes back as it went in, however large", () => {
    const resource = { type: "t", arn: "arn:aws:s3:::a", name: "a", account: "111122223333", region: "eu-central-1" };
    for (const size of [10, 300_000, 2_000_000]) {
      const text = Array.from({ length: size / 10 }, (_, index) =>
        ((index * 2_654_435_761) % 4_294_967_296).toString(36).padStart(10, "0"),
      ).join("");
      const plan = {
        kind: "contain",
        parts: ["p"],
        before: { text },
        after: { text: `${text}!` },
        steps: [],
        permissions: [],
        reversible: "",
      } as const;
      const run: RunRecord = {
        number: 7,
        status: "claimed",
        plan,
        judged: [],
        claimedAt: "",
        signalId: "s",
        receipts: [],
        usedFallback: false,
      };
      const [item, ...pieces] = packRun(resource, run);
      for (const each of [item, ...pieces])
        expect(Buffer.byteLength(JSON.stringify(each?.content ?? ""))).toBeLessThan(400_000);
      expect(unpackRun(item ?? {}, pieces)).toEqual(run);
      if (pieces.length > 1) expect(unpackRun(item ?? {}, [undefined, ...pieces.slice(1)])).toBeUndefined();
    }
  });
});

describe("work on one resource", () => {
  it("is done one after the other, also after a failure, and not held up by others", async () => {
    const order: string[] = [];
    const work =
      (name: string, ms: number, fails = false) =>
      async () => {
        await new Promise((resolve) => setTimeout(resolve, ms));
        order.push(name);
        if (fails) throw new Error(name);
      };
    const all = [inTurn("a", work("a1", 20, true)), inTurn("a", work("a2", 1)), inTurn("b", work("b1", 1))];
    expect((await Promise.allSettled(all)).map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
    expect(order).toEqual(["b1", "a1", "a2"]);
  });
});
