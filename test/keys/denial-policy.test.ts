import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byKey, parseDenials, writeDenials } from "../../shared/keys/denial-policy.ts";
import { denying, withDenialAsBefore } from "../../shared/keys/detect-sessions.ts";

const four = fc.stringMatching(/^[A-Z0-9]{4}$/);
const key = fc.tuple(fc.constantFrom("AKIA", "ASIA"), four).map(([kind, end]) => `${kind}...${end}`);
const time = fc
  .integer({ min: 1_700_000_000, max: 1_900_000_000 })
  .map((s) => `${new Date(s * 1_000).toISOString().slice(0, 19)}Z`);
const denials = fc
  .uniqueArray(fc.record({ key, before: time, how: fc.constant("inline" as const) }), {
    selector: (each) => each.key,
    minLength: 1,
    maxLength: 5,
  })
  .map(byKey);

describe("the policy that denies sessions", () => {
  it("says exactly what was written, in whatever order IAM gives it back", () => {
    fc.assert(
      fc.property(denials, (denied) => {
        const text = writeDenials(denied);
        expect(parseDenials(text, "inline")).toEqual(denied);
        const { Statement, Version } = JSON.parse(text);
        expect(parseDenials(JSON.stringify({ Statement: Statement.toReversed(), Version }, null, 2), "inline")).toEqual(
          denied,
        );
      }),
    );
  });

  it("is nobody's but Cordon's when any of it is otherwise", () => {
    const { Version, Statement } = JSON.parse(writeDenials([{ key: "AKIA...MPLE", before: "2030-01-01T00:00:00Z" }]));
    const [own] = Statement;
    for (const other of [
      "nonsense",
      "[]",
      JSON.stringify({ Version, Statement: [] }),
      JSON.stringify({ Version, Statement: own }),
      JSON.stringify({ Version, Id: "mine", Statement }),
      JSON.stringify({ Version: "2008-10-17", Statement }),
      JSON.stringify({ Version, Statement: [own, own] }),
      JSON.stringify({ Version, Statement: [{ ...own, Effect: "Allow" }] }),
      JSON.stringify({ Version, Statement: [{ ...own, Action: "s3:*" }] }),
      JSON.stringify({ Version, Statement: [{ ...own, Sid: "Mine" }] }),
      JSON.stringify({
        Version,
        Statement: [{ ...own, Condition: { ...own.Condition, Bool: { "aws:SecureTransport": "true" } } }],
      }),
      JSON.stringify({
        Version,
        Statement: [{ ...own, Condition: { DateLessThan: { "aws:TokenIssueTime": "then" } } }],
      }),
      JSON.stringify({ Version, Statement: [own, { Effect: "Deny", Action: "*", Resource: "*" }] }),
    ])
      expect(parseDenials(other, "inline"), other).toBeUndefined();
  });
});

describe("denials on a user", () => {
  it("touch no other key's, are never earlier than before, and come back exactly", () => {
    fc.assert(
      fc.property(denials, key, time, (denied, its, at) => {
        const state = { denied };
        const after = denying(state, new Set([its]), at);
        const own = after.denied.find((each) => each.key === its);
        const was = denied.find((each) => each.key === its);
        expect(Date.parse(own?.before ?? "")).toBe(Math.max(Date.parse(at), Date.parse(was?.before ?? "1970-01-01")));
        expect(after.denied.filter((each) => each.key !== its)).toEqual(denied.filter((each) => each.key !== its));
        expect(withDenialAsBefore(after, state, its)).toEqual(state);
      }),
    );
  });
});
