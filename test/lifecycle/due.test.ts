import { describe, expect, it } from "vitest";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import { CordonError } from "../../shared/errors.ts";
import { CHECK_AFTER_MS, dueAtMs, dueOf } from "../../shared/journal/due.ts";
import type { FindingState } from "../../shared/journal/journal.ts";
import { rollBack } from "../../shared/lifecycle/roll-back.ts";
import { type Due, type Looks, sweepLooks } from "../../shared/outbox/sweep-looks.ts";
import type { Outbox, Waiting } from "../../shared/outbox/sweep-outbox.ts";
import { lookEvent, parseLook } from "../../shared/signals/look.ts";
import type { Exposure } from "../../shared/types.ts";
import { START_MS } from "../support/events.ts";
import { policyWith } from "../support/stage.ts";
import { accountInMemory, arnOf, configurationOf, proved, refOf } from "./account-in-memory.ts";

const HOUR_MS = 3_600_000;
const STATE: FindingState = {
  status: "contained",
  occurrence: 1,
  firstSeenAt: "",
  changedAtMs: 1_000,
  basis: "",
  containedAtMs: [],
};
const ENFORCE = policyWith({
  controls: { [control.meta.id]: { mode: "enforce" } },
  limits: { approvals: { by: [arnOf("owner")] } },
});

describe("when a finding has to be looked at again", () => {
  it.each<readonly [string, Partial<FindingState>, number | undefined]>([
    ["contained, and not seen so once more", {}, 1_000 + CHECK_AFTER_MS],
    ["contained, and seen so", { isChecked: true }, undefined],
    ["being contained", { status: "containing" }, 1_000 + CHECK_AFTER_MS],
    ["being rolled back", { status: "rolling-back" }, 1_000 + CHECK_AFTER_MS],
    ["not certain", { status: "inconclusive" }, 1_000 + CHECK_AFTER_MS],
    ["waiting for its turn", { status: "waiting", lookAtMs: 9_000 }, 9_000],
    ["observed while the brake is on", { status: "observed", lookAtMs: 9_000 }, 9_000],
    ["refused by AWS", { status: "awaiting-approval", refused: true, lookAtMs: 9_000 }, 9_000],
    ["waiting for a person", { status: "awaiting-approval", untilMs: 5_000 }, 5_000],
    ["for a person to put right", { status: "awaiting-approval" }, undefined],
    ["exempt for a time", { status: "exempt", untilMs: 7_000 }, 7_000],
    ["observed", { status: "observed" }, undefined],
    ["resolved", { status: "resolved" }, undefined],
  ])("%s", (_, more, expected) => {
    expect(dueOf({ findings: { f: { ...STATE, ...more } } }, 0)).toBe(expected);
  });

  it("is the soonest of all, of every control, and a run that was left is due when its lease is over", () => {
    const findings = { f: STATE, g: { ...STATE, status: "exempt" as const, untilMs: 2_000 } };
    const record = {
      resource: refOf("orders"),
      controlId: "one",
      others: { other: { findings, unfinishedRun: 3 } },
      findings: {},
      version: 1,
      leaseUntilMs: 1_500,
      runs: 3,
      ownRequests: [],
    };
    expect(dueAtMs(record)).toBe(1_500);
    expect(dueAtMs({ ...record, leaseUntilMs: 0 })).toBe(2_000);
    expect(dueAtMs({ ...record, others: {} })).toBeUndefined();
  });
});

describe("what comes to be looked at by itself", () => {
  it("what AWS would not show for a moment, and what goes on behind it", async () => {
    let isShut = true;
    const set = accountInMemory((journal, s3) => ({
      journal,
      s3: {
        ...s3,
        replication: {
          ...s3.replication,
          operation: () => "PutBucketReplication",
          read: async (ref) => (isShut ? { kind: "unreadable", reason: "denied" } : s3.replication.read(ref)),
          write: (ref, next) => s3.replication.write(ref, next),
        },
      },
    }));
    const cordon = set.cordonOf(ENFORCE);
    const event = set.put("orders", "developer");
    set.advance(2 * 60_000);
    await set.handle(event, cordon);
    isShut = false;
    const { record } = await set.journal.open(refOf("orders"), control.meta.id);
    expect(dueAtMs(record)).toBeLessThanOrEqual(set.clock.nowMs() + 5 * 60_000);
    set.advance(5 * 60_000);
    await set.handle(set.look("orders"), cordon);
    expect(set.statusOf("orders")).toBe("Disabled");
  });

  it("what the brake has held, also where a scope is in doubt, with the brake as what holds it", async () => {
    const set = accountInMemory();
    const scopes = [{ id: "pilot", to: ["us-west-2"], mode: "approve" }];
    const policy = policyWith({ controls: { [control.meta.id]: { mode: "enforce", scopes } } });
    const cordon = set.cordonOf(policy);
    await set.journal.switchBrake({ isOn: true, reason: "looking", by: "on-call" });
    await set.handle(set.put("orders", "developer", configurationOf("Enabled", "nowhere")), cordon);
    expect(await set.findingOf("orders")).toMatchObject({ status: "observed", holds: [{ limit: "brake" }] });
    const { record } = await set.journal.open(refOf("orders"), control.meta.id);
    expect(dueAtMs(record)).toBe(set.clock.nowMs() + 5 * 60_000);
  });
});

describe("a look at what is contained", () => {
  const EXPOSURE: Exposure = { from: "a", to: "b", objects: 3, bytes: 4_000, isAll: true, basis: "counted" };
  const contained = async (exposure?: () => Promise<Exposure | undefined>) => {
    const set = accountInMemory();
    const windows: unknown[] = [];
    const its = {
      ...control,
      ...(exposure && {
        exposure: async (_: unknown, __: unknown, window: unknown) => {
          windows.push(window);
          return exposure();
        },
      }),
    };
    const cordon = set.cordonOf(ENFORCE, "enforce", its);
    await set.handle(set.put("orders", "developer"), cordon);
    set.advance(CHECK_AFTER_MS);
    return { ...set, cordon, windows };
  };

  it("some minutes later says so once, with an estimate of what had crossed, in finding and evidence", async () => {
    const set = await contained(async () => EXPOSURE);
    const before = await set.findingOf("orders");
    await set.handle(set.look("orders"), set.cordon);
    const after = await set.findingOf("orders");
    expect(after).toMatchObject({
      status: "contained",
      exposure: EXPOSURE,
      timings: { ...before?.timings, checkedAt: new Date(set.clock.nowMs()).toISOString() },
      changes: before?.changes,
    });
    expect(set.windows).toMatchObject([{ fromMs: START_MS, toMs: START_MS }]);

    set.advance(HOUR_MS);
    await set.handle(set.look("orders"), set.cordon);
    expect(await set.findingOf("orders")).toEqual(after);
    expect(set.windows).toHaveLength(1);
  });

  it("holds, whether or not the estimate can be made, and says that it can't", async () => {
    const set = await contained(async () => {
      throw new CordonError("unavailable", "S3 gave no answer");
    });
    await set.handle(set.look("orders"), set.cordon);
    expect(await set.findingOf("orders")).toMatchObject({
      status: "contained",
      notes: ["what had crossed before could not be estimated: S3 gave no answer"],
      timings: { checkedAt: expect.any(String) },
    });
  });

  it("finds what was switched on again unheard, and contains it", async () => {
    const set = await contained();
    set.put("orders", "developer");
    await set.handle(set.look("orders"), set.cordon);
    expect(set.statusOf("orders")).toBe("Disabled");
    expect(await set.findingOf("orders")).toMatchObject({ status: "contained", occurrence: 2 });
  });

  it("after an exception's end contains it again, without any event", async () => {
    const set = await contained();
    const finding = await set.findingOf("orders");
    if (finding === undefined) throw new Error("there is no finding");
    const untilMs = set.clock.nowMs() + HOUR_MS;
    await rollBack(
      { action: "roll-back", finding, reason: "r", decider: proved("owner"), expiresAtMs: untilMs },
      set.cordon,
      set.deadlineMs(),
    );
    expect(set.statusOf("orders")).toBe("Enabled");
    set.advance(HOUR_MS);
    await set.handle(set.look("orders"), set.cordon);
    expect(set.statusOf("orders")).toBe("Disabled");
  });
});

describe("the sweep's looks", () => {
  const entry = (name: string): Waiting => ({
    pk: `RESOURCE#111122223333#arn:aws:s3:::${name}`,
    sk: "RESOURCE",
    outboxAt: "2026-03-01T08:00:00.000Z",
  });
  const due = (name: string, more: Partial<Due> = {}): Due => ({
    resource: refOf(name),
    leaseUntilMs: 0,
    byControl: { [control.meta.id]: { findings: { f: { ...STATE, status: "exempt", untilMs: START_MS } } } },
    ...more,
  });
  const sweep = async (items: Readonly<Record<string, Due | "fails" | "gone">>, more: Partial<Looks> = {}) => {
    const sent: string[] = [];
    const moved: string[] = [];
    const times: string[] = [];
    let isFirst = true;
    const outbox: Outbox = {
      async readWaiting() {
        const waiting = isFirst ? Object.keys(items).map(entry) : [];
        isFirst = false;
        return { waiting, isMore: false };
      },
      async reEmit({ pk }, at) {
        moved.push(pk.split(":::")[1] ?? "");
        times.push(at);
        return at;
      },
    };
    const looks: Looks = {
      async read({ pk }) {
        const item = items[pk.split(":::")[1] ?? ""];
        if (item === "fails") throw new CordonError("unavailable", "no answer");
        return item === "gone" ? undefined : item;
      },
      async send(controlId, resource, dueAt) {
        sent.push(`${controlId} ${resource.name} ${dueAt}`);
        return true;
      },
      settle: async () => false,
      ...more,
    };
    const clock = { nowMs: () => START_MS, sleep: async () => {} };
    const swept = await sweepLooks(outbox, looks, clock, START_MS + 60_000).catch((error: unknown) => error);
    return { swept, sent, moved, times };
  };

  it("have what is due looked at by the function that runs the control, and due again should the look get lost", async () => {
    const { swept, sent, moved } = await sweep({ orders: due("orders") });
    expect(swept).toEqual({ sent: 1, settled: 0, isLeft: false });
    expect(sent).toEqual([`${control.meta.id} orders 2026-03-01T09:00:00.000Z`]);
    expect(moved).toEqual(["orders"]);
  });

  it("leave alone what is not due any more, or gone", async () => {
    const later = due("letters", {
      byControl: { [control.meta.id]: { findings: { f: { ...STATE, status: "exempt", untilMs: START_MS + 1 } } } },
    });
    expect((await sweep({ letters: later, other: "gone" })).sent).toEqual([]);
  });

  it("are put off the longer the less they can be settled, and no further than the next matter of the same resource ends", async () => {
    const stuck: FindingState = { ...STATE, status: "inconclusive", changedAtMs: START_MS - 96 * HOUR_MS };
    const ending: FindingState = { ...STATE, status: "exempt", untilMs: START_MS + HOUR_MS };
    const timesOf = async (findings: Readonly<Record<string, FindingState>>) =>
      (await sweep({ orders: due("orders", { byControl: { [control.meta.id]: { findings } } }) })).times;
    const [alone] = await timesOf({ stuck });
    expect(Date.parse(alone ?? "") - START_MS).toBeGreaterThan(20 * HOUR_MS);
    expect(await timesOf({ stuck, ending })).toEqual([new Date(START_MS + HOUR_MS).toISOString()]);
  });

  it("are not held up by one that fails, which is told in the end", async () => {
    const { swept, sent } = await sweep({ broken: "fails", orders: due("orders") });
    expect(swept).toMatchObject({ kind: "unavailable" });
    expect(sent).toHaveLength(1);
  });

  it("of Cordon's own matters are settled on the spot", async () => {
    const { swept, sent } = await sweep({ orders: due("orders") }, { settle: async () => true });
    expect(swept).toMatchObject({ sent: 0, settled: 1 });
    expect(sent).toEqual([]);
  });

  it("are heard as signals that name nobody, and only of the control and type they are for", () => {
    const event = lookEvent(control.meta.id, refOf("orders"), "2026-03-01T09:00:00.000Z");
    expect(parseLook(event, control.meta)).toMatchObject({
      kind: "signal",
      signal: { source: "schedule", name: "Look", resource: refOf("orders") },
    });
    expect(parseLook({ ...event, source: "aws.s3" }, control.meta)).toBeUndefined();
    expect(parseLook(lookEvent("other", refOf("orders"), ""), control.meta)).toMatchObject({ kind: "ignored" });
    for (const wrong of [
      { type: "AWS::IAM::User" },
      { account: "1" },
      { region: "nowhere" },
      { arn: "orders" },
      { name: "other" },
      { name: "" },
    ])
      expect(
        parseLook(
          lookEvent(control.meta.id, { ...refOf("orders"), ...wrong }, "2026-03-01T09:00:00.000Z"),
          control.meta,
        ),
        JSON.stringify(wrong),
      ).toMatchObject({ kind: "refused" });
    expect(parseLook(lookEvent(control.meta.id, refOf("orders"), "soon"), control.meta)).toMatchObject({
      kind: "refused",
    });
  });
});
