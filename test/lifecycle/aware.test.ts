import { describe, expect, it } from "vitest";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import { parseOrder } from "../../shared/decisions/order.ts";
import { CordonError } from "../../shared/errors.ts";
import { KEPT_SAYINGS } from "../../shared/journal/journal.ts";
import { approve } from "../../shared/lifecycle/approve.ts";
import { aware } from "../../shared/lifecycle/aware.ts";
import { saidSoFar } from "../../shared/lifecycle/said.ts";
import type { Decider } from "../../shared/policy/may-decide.ts";
import { ticketOf } from "../../shared/ticketing/ticket.ts";
import type { Mode, Saying } from "../../shared/types.ts";
import { findingOf } from "../support/finding.ts";
import { policyWith } from "../support/stage.ts";
import { accountInMemory, arnOf, proved } from "./account-in-memory.ts";

const HOUR_MS = 3_600_000;
const TICKETS = { clocks: [{ classifications: ["eu-only"], hours: 72, citation: "GDPR Art. 33" }] };

/** A finding of the developer's, in whichever mode. */
async function found(mode: Mode = "enforce", tickets: object | null = TICKETS) {
  const set = accountInMemory();
  const cordon = set.cordonOf(
    policyWith({
      controls: { [control.meta.id]: { mode } },
      limits: { approvals: { by: [arnOf("owner"), arnOf("developer")] } },
      ...(tickets && { tickets }),
    }),
  );
  await set.handle(set.put("orders", "developer"), cordon);
  const finding = async () => {
    const its = await set.findingOf("orders");
    if (its === undefined) throw new Error("there is no finding");
    return its;
  };
  const say = async (decider: Decider, reason = "customers are concerned") =>
    aware({ action: "aware", finding: await finding(), reason, decider }, cordon, set.deadlineMs());
  return { ...set, cordon, finding, say };
}

describe("that somebody is aware of a breach", () => {
  it.each(["enforce", "approve", "observe"] as const)(
    "is kept with time and person, as evidence, and moves nothing else (%s)",
    async (mode) => {
      const set = await found(mode);
      const before = await set.finding();
      const writes = set.writes.length;
      set.advance(HOUR_MS);
      const at = new Date(set.clock.nowMs()).toISOString();
      const ends = new Date(set.clock.nowMs() + 72 * HOUR_MS).toISOString();

      const result = await set.say(proved("owner"));

      const said = {
        action: "aware",
        at,
        by: arnOf("owner"),
        how: expect.any(String),
        reason: "customers are concerned",
      };
      expect(result).toMatchObject({
        findingId: before.id,
        status: before.status,
        reasons: [`GDPR Art. 33: 72 h end ${ends}`, `aware since ${at} by ${arnOf("owner")}: customers are concerned`],
      });
      const after = await set.finding();
      expect(after).toEqual({
        ...before,
        lastSeenAt: at,
        sayings: [{ ...said, outcome: "done" }],
        evidence: [expect.not.stringMatching(before.evidence[0] ?? "")],
      });
      expect(set.writes).toHaveLength(writes);
      expect(ticketOf(after, 0, set.cordon.policy).body).toContain(`GDPR Art. 33: 72 h end ${ends}`);
    },
  );

  it("counts once: later words change nothing, whoever says them", async () => {
    const set = await found();
    await set.say(proved("owner"));
    const first = await set.finding();
    set.advance(50 * HOUR_MS);
    const again = await set.say(proved("developer"), "now it is sure");
    expect(again).toMatchObject({
      status: "contained",
      reasons: [
        expect.stringMatching(/^GDPR Art\. 33: 72 h end /),
        `confirmed already, and the first time counts: aware since ${first.sayings?.[0]?.at} by ${arnOf("owner")}: customers are concerned`,
      ],
    });
    expect(await set.finding()).toEqual(first);
  });

  it("may be said by whoever caused it", async () => {
    const set = await found("approve");
    expect(await set.say(proved("developer"))).toMatchObject({ status: "awaiting-approval" });
    expect((await set.finding()).sayings).toMatchObject([{ by: arnOf("developer"), outcome: "done" }]);
  });

  it("is not said by others than policy names, nor by who is not proved", async () => {
    const set = await found();
    expect(await set.say(proved("stranger"))).toMatchObject({
      status: "refused",
      reasons: [expect.stringContaining("expected one of those who may decide by policy")],
    });
    set.advance(HOUR_MS);
    expect(await set.say({ kind: "unproved", said: "somebody" })).toMatchObject({
      status: "awaiting-approval",
      reasons: [expect.stringContaining("proposed, and nothing was done: who asks is not proved")],
    });
    expect((await set.finding()).sayings?.map(({ outcome }) => outcome)).toEqual(["refused", "proposed"]);
    expect(ticketOf(await set.finding(), 0, set.cordon.policy).body).toContain("If it is: cordon aware");
    expect(await set.say(proved("owner"))).toMatchObject({ status: "contained" });
  });

  it.each([
    ["no clock at all", null],
    ["none for its class", { clocks: [{ ...TICKETS.clocks[0], classifications: ["public"] }] }],
  ])("is refused where policy has %s", async (_, tickets) => {
    const set = await found("enforce", tickets);
    expect(await set.say(proved("owner"))).toMatchObject({
      status: "refused",
      reasons: [expect.stringContaining("no clock runs for it")],
    });
  });

  it("stays said while the matter goes on", async () => {
    const set = await found("approve");
    await set.say(proved("owner"));
    const finding = await set.finding();
    await approve({ action: "approve", finding, reason: "r", decider: proved("owner") }, set.cordon, set.deadlineMs());
    expect(await set.finding()).toMatchObject({
      status: "contained",
      sayings: [{ action: "aware" }, { action: "approve" }],
    });
  });

  it("is said once when two say it at the same time: one is told to come again", async () => {
    const set = await found();
    const answers = await Promise.allSettled([set.say(proved("owner")), set.say(proved("developer"))]);
    for (const answer of answers) if (answer.status === "rejected") expect(answer.reason).toBeInstanceOf(CordonError);
    await set.say(proved("owner"));
    expect((await set.finding()).sayings).toHaveLength(1);
  });
});

describe("what is kept of what was said", () => {
  const saying = (action: Saying["action"], outcome: Saying["outcome"], reason: string): Saying => ({
    action,
    at: "",
    by: "",
    how: "",
    reason,
    outcome,
  });
  it("loses what was only said first, then what is oldest, and never who was aware", () => {
    let sayings: readonly Saying[] = [saying("aware", "done", "first"), saying("approve", "refused", "idle")];
    for (let index = 0; index < 10; index++)
      sayings = saidSoFar(findingOf({ sayings }), saying("extend", "done", String(index)));
    expect(sayings).toHaveLength(KEPT_SAYINGS);
    expect(sayings.map(({ reason }) => reason)).toEqual(["first", "6", "7", "8", "9"]);
  });
});

it("is ordered by a finding and a reason", () => {
  const limits = { exception: { defaultMs: 1, maxMs: 1 }, approvals: { by: [], validMs: 1 } };
  const order = { action: "aware", findingId: "f-0123456789abcdef0123", reason: "so" };
  expect(parseOrder(order, limits, 0)).toEqual({ ok: true, order });
  expect(parseOrder({ action: "aware" }, limits, 0)).toMatchObject({
    ok: false,
    reasons: [expect.stringContaining("findingId"), expect.stringContaining("reason")],
  });
});
