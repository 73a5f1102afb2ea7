import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deciderOf, type Registrar } from "../../shared/decisions/decider.ts";
import { proveSlack } from "../../shared/decisions/prove-slack.ts";
import { CordonError } from "../../shared/errors.ts";
import { objectionTo } from "../../shared/policy/may-decide.ts";
import { anyText } from "../support/any-text.ts";
import { policyWith } from "../support/stage.ts";

const SECRET = "8f742231b10e8888abcd99yyyzzz85a5";
const NOW_MS = Date.parse("2026-03-01T09:00:00Z");
const NOW = String(NOW_MS / 1000);
const ORDER = { action: "approve", findingId: "f-0123456789abcdef0123", plan: "0123456789ab", reason: "by Slack" };
const MEMBER = "T012AB3CD/U045EF6GH";

/** As Slack signs: https://docs.slack.dev/authentication/verifying-requests-from-slack */
function sign(body: string, timestamp = NOW, secret = SECRET): string {
  return `v0=${createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex")}`;
}

/** As Slack sends what was pressed: a form with the payload as JSON. */
const bodyOf = (payload: unknown) => new URLSearchParams({ payload: JSON.stringify(payload) }).toString();

const user = { id: "U045EF6GH", username: "ann", team_id: "T012AB3CD" };
const team = { id: "T012AB3CD", domain: "example" };
const BUTTON = {
  type: "block_actions",
  user,
  team,
  actions: [{ type: "button", action_id: "approve", value: JSON.stringify(ORDER) }],
};
const FORM = {
  type: "view_submission",
  user,
  team,
  view: {
    private_metadata: JSON.stringify({ ...ORDER, reason: "carried" }),
    state: { values: { reason: { reason: { type: "plain_text_input", value: "typed" } } } },
  },
};

const proofOf = (payload: unknown, timestamp = NOW) => {
  const body = bodyOf(payload);
  return { kind: "slack" as const, timestamp, signature: sign(body, timestamp), body };
};
const prove = (proof: Parameters<typeof proveSlack>[0], nowMs = NOW_MS) => proveSlack(proof, SECRET, nowMs);

describe("a request that Slack has signed", () => {
  it("proves who pressed a button, and carries the order of it", () => {
    expect(prove(proofOf(BUTTON))).toEqual({
      ok: true,
      caller: { slack: MEMBER },
      how: "signature of Slack",
      once: expect.stringMatching(/^[0-9a-f]{64}$/),
      order: ORDER,
    });
  });

  it.each<[string, unknown, unknown]>([
    ["the reason that was typed", FORM, { ...ORDER, reason: "typed" }],
    [
      "the reason that it carries, where none was typed",
      { ...FORM, view: { ...FORM.view, state: { values: { reason: { reason: { value: null } } } } } },
      { ...ORDER, reason: "carried" },
    ],
    [
      "the reason that it carries, where there is nothing to type",
      { ...FORM, view: { private_metadata: FORM.view.private_metadata } },
      { ...ORDER, reason: "carried" },
    ],
    ["the button's own order, pressed in a form", { ...FORM, actions: BUTTON.actions }, { ...ORDER, reason: "typed" }],
    [
      "the reason that was typed into the message",
      { ...BUTTON, state: FORM.view.state },
      { ...ORDER, reason: "typed" },
    ],
    [
      "the reason of the button, where none was typed into the message",
      { ...BUTTON, state: { values: { reason: { reason: { value: null } } } } },
      ORDER,
    ],
    ["no order where it carries none", { ...BUTTON, actions: [{ value: "5" }] }, {}],
  ])("has of a form %s", (_, payload, order) => {
    expect(prove(proofOf(payload))).toMatchObject({ ok: true, caller: { slack: MEMBER }, order });
  });

  it.each<[string, unknown, string]>([
    ["the workspace where it was pressed", { ...BUTTON, team: { id: "T999" } }, "T999/U045EF6GH"],
    ["the member's own, where none is told", { ...BUTTON, team: null }, MEMBER],
  ])("tells a member by %s", (_, payload, slack) => {
    expect(prove(proofOf(payload))).toMatchObject({ ok: true, caller: { slack } });
  });

  it.each([300, -300, 0])("holds when it is %i s old", (ageSeconds) => {
    expect(prove(proofOf(BUTTON, String(Number(NOW) - ageSeconds)))).toMatchObject({ ok: true });
  });

  it.each<[string, string]>([
    ["a second too old", String(Number(NOW) - 301)],
    ["a second too far ahead", String(Number(NOW) + 301)],
    ["of no time", ""],
    ["of a time in milliseconds", String(NOW_MS)],
    ["of a time with something after it", `${NOW}\n`],
    ["of a negative time", `-${NOW.slice(1)}`],
    ["of a time in other digits", "１７７２３５５６００"],
    ["of words", "now"],
  ])("does not hold when it is %s", (_, timestamp) => {
    expect(prove(proofOf(BUTTON, timestamp))).toEqual({
      ok: false,
      reason: expect.stringContaining("expected within 5 minutes of now"),
    });
  });

  it.each<[string, string]>([
    ["another secret", sign(bodyOf(BUTTON), NOW, "another")],
    ["no secret", sign(bodyOf(BUTTON), NOW, "")],
    ["another time", sign(bodyOf(BUTTON), String(Number(NOW) + 1))],
    ["another request", sign(bodyOf(FORM))],
    ["the right one, cut", sign(bodyOf(BUTTON)).slice(0, -1)],
    ["the right one, in capitals", sign(bodyOf(BUTTON)).toUpperCase()],
    ["the right one of another version", sign(bodyOf(BUTTON)).replace("v0=", "v1=")],
    ["the right one with something after it", `${sign(bodyOf(BUTTON))} `],
    ["nothing", ""],
    ["as many letters, of more bytes", `v0=${"é".repeat(64)}`],
  ])("does not hold when it is signed with %s", (_, signature) => {
    expect(prove({ ...proofOf(BUTTON), signature })).toEqual({
      ok: false,
      reason: "the request is not signed with the app's signing secret",
    });
  });

  it.each<[string, string]>([
    ["no payload", "text=approve&user_id=U045EF6GH"],
    ["a payload that is no JSON", "payload=approve"],
    ["a payload that is no object", "payload=5"],
    ["no member", bodyOf({ ...BUTTON, user: undefined })],
    ["a member without an id", bodyOf({ ...BUTTON, user: { username: "ann" } })],
    ["no workspace", bodyOf({ ...BUTTON, team: undefined, user: { id: user.id } })],
    ["no button and no form", bodyOf({ ...BUTTON, actions: [] })],
    ["a button that carries nothing", bodyOf({ ...BUTTON, actions: [{ action_id: "approve" }] })],
    ["a button that carries no JSON", bodyOf({ ...BUTTON, actions: [{ value: "approve" }] })],
  ])("proves nothing with %s, though Slack has signed it", (_, body) => {
    expect(prove({ kind: "slack", timestamp: NOW, signature: sign(body), body })).toEqual({
      ok: false,
      reason: "Slack's request names no member, workspace or order; expected a button or a form of Cordon's",
    });
  });

  it("is broken by any change of its body or of its time", () => {
    const proof = proofOf(BUTTON);
    const { body } = proof;
    const letter = fc.string({ unit: "grapheme", minLength: 1, maxLength: 3 });
    const changed = fc.oneof(
      fc
        .record({ at: fc.nat({ max: body.length - 1 }), letter, cut: fc.nat({ max: 3 }) })
        .map(({ at, letter, cut }) => ({ ...proof, body: body.slice(0, at) + letter + body.slice(at + cut) })),
      fc.nat({ max: body.length - 1 }).map((at) => ({ ...proof, body: body.slice(0, at) })),
      fc.string().map((more) => ({ ...proof, body: body + more })),
      fc.integer({ min: -300, max: 300 }).map((s) => ({ ...proof, timestamp: String(Number(NOW) + s) })),
      anyText().map((timestamp) => ({ ...proof, timestamp })),
    );
    fc.assert(
      fc.property(changed, (other) => {
        fc.pre(other.body !== proof.body || other.timestamp !== proof.timestamp);
        return !prove(other).ok;
      }),
      { numRuns: 300 },
    );
  });

  it("proves nothing of whatever else Slack has signed", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (payload) => !prove(proofOf(payload)).ok),
      { numRuns: 200 },
    );
  });
});

describe("an order that comes by Slack", () => {
  /** The function that decides, without STS, and which proofs it has used until when. */
  const registrar = (slackSecret: Registrar["slackSecret"] = async () => SECRET) => {
    const used = new Map<string, number>();
    const desk: Registrar = {
      functionArn: "arn:aws:lambda:eu-central-1:111122223333:function:cordon-decide",
      askSts: () => Promise.reject(new Error("STS has nothing to do with it")),
      slackSecret,
      isServed: () => Promise.reject(new Error("Slack tells no account")),
      useOnce: async (proof, untilMs) => !used.has(proof) && Boolean(used.set(proof, untilMs)),
    };
    return { ...desk, used };
  };
  const envelope = (proof = proofOf(BUTTON), order: unknown = undefined) =>
    ({ ok: true, order, proof, said: "somebody who may invoke the function" }) as const;

  it("is the order that was pressed, whatever order is handed over beside it", async () => {
    const registered = await deciderOf(envelope(proofOf(BUTTON), { action: "brake-on" }), registrar(), NOW_MS);
    expect(registered).toEqual({
      ok: true,
      order: ORDER,
      decider: { kind: "proved", caller: { slack: MEMBER }, how: "signature of Slack" },
    });
  });

  it("is good once, and remembered for longer than it could come again", async () => {
    const desk = registrar();
    const [first, second] = [
      await deciderOf(envelope(), desk, NOW_MS),
      await deciderOf(envelope(), desk, NOW_MS + 299_000),
    ];
    expect(first).toMatchObject({ ok: true });
    expect(second).toEqual({ ok: false, reason: "this proof has been used already: sign a new one" });
    expect(Math.min(...desk.used.values())).toBeGreaterThan(NOW_MS + 2 * 300_000);
  });

  it("uses nothing up when it is not Slack's", async () => {
    const desk = registrar();
    await deciderOf(envelope({ ...proofOf(BUTTON), signature: "v0=0" }), desk, NOW_MS);
    expect(desk.used.size).toBe(0);
    expect(await deciderOf(envelope(), desk, NOW_MS)).toMatchObject({ ok: true });
  });

  it("is not believed where no secret is named, nor decided upon while the secret can't be read", async () => {
    expect(
      await deciderOf(
        envelope(),
        registrar(async () => undefined),
        NOW_MS,
      ),
    ).toEqual({
      ok: false,
      reason: "CORDON_SLACK_SECRET is not set, so that nothing of Slack's is believed",
    });
    const unread = async () => {
      throw new CordonError("unavailable", "the secret can't be read");
    };
    await expect(deciderOf(envelope(), registrar(unread), NOW_MS)).rejects.toMatchObject({ kind: "unavailable" });
  });

  it.each<[string, readonly object[], string | undefined]>([
    ["whom policy maps", [{ name: "ann", slack: [MEMBER] }], undefined],
    [
      "whom nobody has mapped",
      [],
      "found member T012AB3CD/U045EF6GH of Slack, expected one of those who may decide by policy",
    ],
    [
      "of another workspace, with the same id",
      [{ name: "ann", slack: ["T999/U045EF6GH"] }],
      "found member T012AB3CD/U045EF6GH of Slack",
    ],
  ])("is decided by a member %s, or not", async (_, people, objection) => {
    const principals = ["arn:aws:iam::111122223333:user/ann"];
    const policy = policyWith({
      people: people.map((each) => ({ ...each, principals })),
      limits: { approvals: { by: principals } },
    });
    const registered = await deciderOf(envelope(), registrar(), NOW_MS);
    if (!registered.ok) throw new Error(registered.reason);
    const causes = { known: [{ arn: "arn:aws:iam::111122223333:user/developer" }], areAll: true };
    const why = objectionTo(registered.decider, causes, policy, false);
    if (objection === undefined) expect(why).toBeUndefined();
    else expect(why).toContain(objection);
  });

  it("is decided by nobody who can't be told, even where anybody may decide", async () => {
    const registered = await deciderOf(envelope(), registrar(), NOW_MS);
    if (!registered.ok) throw new Error(registered.reason);
    const causes = { known: [{ arn: "arn:aws:iam::111122223333:user/developer" }], areAll: true };
    expect(objectionTo(registered.decider, causes, policyWith({ limits: { approvals: { by: null } } }), false)).toMatch(
      /^who is behind member T012AB3CD\/U045EF6GH of Slack can't be told/,
    );
  });
});
