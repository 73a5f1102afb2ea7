import { describe, expect, it } from "vitest";
import { DAY_MS } from "../../shared/policy/judge-key-age.ts";
import { at } from "../policy/policy-stage.ts";
import { START_MS } from "../support/events.ts";
import {
  arnOf,
  daysAgo,
  type HeldKey,
  keyOf,
  keyPolicy,
  NEW,
  OLD,
  usedToday,
  userInMemory,
  userRef,
} from "./keys-in-memory.ts";

const SHOWN = "AKIA...MPLE";
const OWNERS = { approvals: { by: [arnOf("owner"), arnOf("reporting")], validHours: 72 } };

describe("the life of a key", () => {
  it("K1 warned at 80 days, deactivated at 90, deleted on a person's word after 30 more", async () => {
    const set = userInMemory([keyOf(79)]);
    expect(await set.look()).toMatchObject([{ status: "compliant" }]);

    set.advance(1);
    expect(await set.look()).toMatchObject([{ decision: "observe", status: "observed" }]);
    expect(await set.findingOf("age")).toMatchObject({
      decision: { rule: "built-in:key-warning", dueAt: daysAgo(-11), explanation: { verdict: "announced" } },
    });
    expect((await set.findingOf("age")).decision.reasons.join()).toContain(`it is deactivated at ${daysAgo(-11)}`);

    set.advance(10);
    expect(set.statusOf()).toBe("Active");
    expect(await set.look()).toMatchObject([{ status: "contained", changes: [{ path: `keys[${SHOWN}].status` }] }]);
    expect(set.statusOf()).toBe("Inactive");

    set.advance(29);
    expect(await set.look()).toMatchObject([{ status: "already-contained" }]);
    set.advance(1);
    expect(await set.look()).toMatchObject([{ status: "awaiting-approval" }]);
    expect(await set.findingOf("age")).toMatchObject({
      reversible: "a deleted key can't come back",
      pending: { reversible: "a deleted key can't come back" },
      decision: { rule: "access-keys:delete" },
    });
    expect(set.statusOf()).toBe("Inactive");

    expect(await set.approve("age", "owner")).toMatchObject({ status: "contained" });
    expect(set.statusOf()).toBeUndefined();
    expect(await set.rollBack("age", "owner")).toMatchObject({
      status: "refused",
      reasons: [expect.stringContaining("a deleted key can't come back")],
    });
    await set.look();
    expect((await set.findingOf("age")).status).toBe("resolved");
  });

  it("K1 by days that policy sets, and deleted by itself where policy says so", async () => {
    const policy = keyPolicy({
      warnDays: 10,
      deactivateDays: 20,
      deleteAfterDays: 5,
      minWarningDays: 1,
      deletion: "enforce",
    });
    const set = userInMemory([keyOf(9)], { policy });
    set.advance(2);
    expect(await set.look()).toMatchObject([{ status: "observed" }]);
    set.advance(9);
    expect(await set.look()).toMatchObject([{ status: "contained" }]);
    set.advance(5);
    expect(await set.look()).toMatchObject([{ status: "contained" }]);
    expect(set.statusOf()).toBeUndefined();
  });

  it("K1 the warning is told once, and a look is due when it ends", async () => {
    const set = userInMemory([keyOf(85)]);
    await set.look();
    const first = await set.findingOf("age");
    set.advance(1);
    await set.look();
    expect(await set.findingOf("age")).toEqual(first);
    expect(set.writes).toEqual([]);
    const { record } = await set.journal.open(set.user, "test-key-is-rotated");
    expect(record.findings[set.idOf("age")]).toMatchObject({
      lookAtMs: Date.parse(daysAgo(-5)),
      warnedAtMs: Date.parse(daysAgo(0)),
    });
  });

  it("K2 old but used today needs approval, and no outage; a week after the warning it is deactivated", async () => {
    const set = userInMemory([keyOf(200, { lastUsed: usedToday })], {
      tags: [{ key: "owner", value: "team-reports" }],
    });
    expect(await set.look()).toMatchObject([{ status: "awaiting-approval" }]);
    const asked = await set.findingOf("age");
    expect(asked).toMatchObject({
      facts: { owner: "team-reports" },
      decision: { rule: "access-keys:warn-first" },
      pending: { steps: [{ changes: [{ path: `keys[${SHOWN}].status`, before: "Active", after: "Inactive" }] }] },
    });
    for (let day = 1; day < 7; day++) {
      set.advance(1);
      set.use(OLD);
      expect(await set.look()).toMatchObject([{ status: "awaiting-approval" }]);
    }
    expect(set.statusOf()).toBe("Active");
    set.advance(1);
    set.use(OLD);
    expect(await set.look()).toMatchObject([{ status: "contained" }]);
  });

  it("K2 a warning that was only observed warned nobody: enforced later, it is given anew", async () => {
    const set = userInMemory([keyOf(82)]);
    await set.look("age", "observe");
    set.advance(60);
    set.use(OLD);
    expect(await set.look()).toMatchObject([{ status: "awaiting-approval" }]);
    expect(set.statusOf()).toBe("Active");
  });

  it("K2 a person may have it deactivated at once, and not whose key it is", async () => {
    const set = userInMemory([keyOf(200, { lastUsed: usedToday })], { policy: keyPolicy({}, { limits: OWNERS }) });
    await set.look();
    expect(await set.approve("age", "reporting")).toMatchObject({ status: "refused" });
    expect(await set.approve("age", { kind: "unproved", said: "owner" })).toMatchObject({
      status: "awaiting-approval",
    });
    expect(set.statusOf()).toBe("Active");
    expect(await set.approve("age", "owner")).toMatchObject({ status: "contained" });
    expect(set.statusOf()).toBe("Inactive");
  });

  it("K2 a person may let it be for a time: then it is asked anew", async () => {
    const set = userInMemory([keyOf(200, { lastUsed: usedToday })]);
    await set.look();
    expect(await set.reject("age", "owner")).toMatchObject({ status: "exempt" });
    expect(await set.look()).toMatchObject([{ status: "exempt" }]);
    set.advance(2);
    set.use(OLD);
    expect(await set.look()).toMatchObject([{ status: "awaiting-approval" }]);
  });

  it("K3 never used, it is warned of and deactivated sooner", async () => {
    const set = userInMemory([keyOf(19, { lastUsed: "never" })]);
    expect(await set.look()).toMatchObject([{ status: "compliant" }]);
    set.advance(1);
    expect(await set.look()).toMatchObject([{ status: "observed" }]);
    set.advance(10);
    expect(await set.look()).toMatchObject([{ status: "contained" }]);
  });

  it("K4 of two keys the older is treated first, and the newer untouched until it is", async () => {
    const set = userInMemory([keyOf(300), keyOf(120, { id: NEW })]);
    await set.look();
    expect([set.statusOf(OLD), set.statusOf(NEW)]).toEqual(["Inactive", "Active"]);
    expect(await set.findingOf("age", NEW)).toMatchObject({
      status: "observed",
      decision: { rule: "built-in:older-first" },
    });
    await set.look();
    expect([set.statusOf(OLD), set.statusOf(NEW)]).toEqual(["Inactive", "Inactive"]);
  });

  it("K4 a newer key that is young is none of its business", async () => {
    const set = userInMemory([keyOf(300), keyOf(10, { id: NEW, lastUsed: usedToday })]);
    await set.look();
    expect([set.statusOf(OLD), set.statusOf(NEW)]).toEqual(["Inactive", "Active"]);
  });

  it("K5 a user for emergencies is never treated; a service user's exception holds until it ends", async () => {
    const policy = keyPolicy(
      { breakGlass: [{ paths: ["/break-glass/"] }] },
      {
        exceptions: [
          {
            id: "migration",
            control: "test-key-is-rotated",
            resources: ["arn:aws:iam::111122223333:user/service/*"],
            reason: "it is being moved",
            approver: "arn:aws:iam::111122223333:role/owner",
            ticket: "T-1",
            grantedAt: at(START_MS - DAY_MS),
            expiresAt: at(START_MS + DAY_MS),
          },
        ],
      },
    );
    const glass = userInMemory([keyOf(900)], { user: userRef("/break-glass/", "emergency"), policy });
    expect(await glass.look()).toMatchObject([{ status: "compliant" }]);
    const service = userInMemory([keyOf(900)], { user: userRef("/service/", "reporting"), policy });
    expect(await service.look()).toMatchObject([{ status: "exempt" }]);
    expect(service.statusOf()).toBe("Active");
    service.advance(1);
    expect(await service.look()).toMatchObject([{ status: "contained" }]);
  });

  it("observes where it only may: the use of a key is no matter then", async () => {
    const set = userInMemory([keyOf(200)]);
    expect(await set.look("age", "observe")).toMatchObject([{ decision: "observe", status: "observed" }]);
    expect(set.writes).toEqual([]);
  });

  it("switched on again after Cordon deactivated it, it is deactivated again, and deletion counts anew", async () => {
    const set = userInMemory([keyOf(100)]);
    await set.look();
    set.advance(20);
    set.switch(OLD, "Active");
    expect(await set.look()).toMatchObject([{ status: "contained" }]);
    set.advance(29);
    expect(await set.look()).toMatchObject([{ status: "already-contained" }]);
    set.advance(1);
    expect(await set.look()).toMatchObject([{ status: "awaiting-approval" }]);
  });

  it("switched off by somebody else, it waits for a person once it is old, and is never deleted by itself", async () => {
    const set = userInMemory([keyOf(100, { status: "Inactive" })], { policy: keyPolicy({ deletion: "enforce" }) });
    expect(await set.look()).toMatchObject([{ status: "compliant" }]);
    set.advance(20);
    expect(await set.look()).toMatchObject([{ status: "awaiting-approval" }]);
    expect(set.writes).toEqual([]);
  });
});

describe("an exposed key", () => {
  it.each<readonly [string, readonly HeldKey[], string]>([
    ["the newest and young", [keyOf(300), keyOf(1, { id: NEW, lastUsed: usedToday })], NEW],
    ["used today", [keyOf(10, { lastUsed: usedToday })], OLD],
    ["never used", [keyOf(1, { lastUsed: "never" })], OLD],
  ])("K7 is deactivated at once: %s", async (_, keys, exposed) => {
    const set = userInMemory(keys);
    const results = await set.report(exposed);
    expect(results).toContainEqual(expect.objectContaining({ status: "contained" }));
    expect(set.statusOf(exposed)).toBe("Inactive");
    expect(keys.filter(({ id }) => id !== exposed && set.statusOf(id) !== "Active")).toEqual([]);
  });

  it("K7 of a user for emergencies waits for a person, with the plan", async () => {
    const policy = keyPolicy({ breakGlass: [{ names: ["emergency-*"] }] });
    const set = userInMemory([keyOf(10)], { user: userRef("/", "emergency-1"), policy });
    expect(await set.report(OLD)).toMatchObject([{ status: "awaiting-approval" }]);
    expect(set.statusOf()).toBe("Active");
    expect(await set.findingOf("exposure")).toMatchObject({ decision: { rule: "built-in:break-glass" }, pending: {} });
    expect(await set.approve("exposure", "owner")).toMatchObject({ status: "contained" });
    expect(set.statusOf()).toBe("Inactive");
  });

  it("K7 stays exposed for its life: switched on again, it is deactivated again", async () => {
    const set = userInMemory([keyOf(10)]);
    await set.report(OLD);
    set.advance(40);
    set.switch(OLD, "Active");
    expect(await set.look("exposure")).toMatchObject([{ status: "contained" }]);
  });

  it("K7 that was off when it was reported is watched: switched on, it is deactivated", async () => {
    const set = userInMemory([keyOf(10, { status: "Inactive" })]);
    expect(await set.report(OLD)).toMatchObject([{ status: "already-contained" }]);
    expect(set.writes).toEqual([]);
    expect(await set.rollBack("exposure", "owner")).toMatchObject({ status: "refused" });
    set.advance(1);
    set.switch(OLD, "Active");
    expect(await set.look("exposure")).toMatchObject([{ status: "contained" }]);
  });

  it("K7 reported twice by the same report is one matter", async () => {
    const set = userInMemory([keyOf(10)]);
    await set.report(OLD, { id: "same", at: daysAgo(0) });
    const { evidence, ...first } = await set.findingOf("exposure");
    set.advance(0.001);
    expect(await set.report(OLD, { id: "same", at: daysAgo(0) })).toMatchObject([{ status: "already-contained" }]);
    expect(await set.findingOf("exposure")).toMatchObject(first);
    expect(set.writes).toHaveLength(1);
  });

  it("K7 whose full id is told by the report is recorded, planned and told only as it is shown", async () => {
    const set = userInMemory([keyOf(10)]);
    await set.report(OLD);
    const { record } = await set.journal.open(set.user, "test-key-is-not-exposed");
    const run = await set.journal.readRun(set.user, 1);
    const everything = JSON.stringify([record, run, await set.findingOf("exposure"), set.evidence]);
    expect(set.evidence.map(({ kind }) => kind)).toContain("contained");
    expect(everything).toContain(SHOWN);
    expect(everything).not.toContain(OLD);
  });

  it("K8 by a burst of denied calls is told of, and by policy waits for a person", async () => {
    const burst = { by: "cloudtrail", id: "burst-1", type: "denied-burst" } as const;
    const told = userInMemory([keyOf(10)]);
    expect(await told.report(OLD, burst)).toMatchObject([{ decision: "observe", status: "observed" }]);
    expect(told.statusOf()).toBe("Active");
    told.advance(7);
    expect(await told.look("exposure")).toMatchObject([{ status: "compliant" }]);
    expect((await told.findingOf("exposure")).status).toBe("resolved");

    const policy = keyPolicy({ deniedBursts: { do: "deactivate" } });
    const asked = userInMemory([keyOf(10)], { policy });
    expect(await asked.report(OLD, burst)).toMatchObject([{ status: "awaiting-approval" }]);
    expect(await asked.approve("exposure", "owner")).toMatchObject({ status: "contained" });
  });

  it("K8 told by calls that changed nothing, nobody has caused it: a person may have it deactivated", async () => {
    const set = userInMemory([keyOf(10)], {
      policy: keyPolicy({ deniedBursts: { do: "deactivate" } }, { limits: OWNERS }),
    });
    const report = { by: "cloudtrail", id: "burst-1", type: "denied-burst", at: daysAgo(0) } as const;
    const call = {
      id: "denied",
      source: "cloudtrail",
      name: "ListBuckets",
      at: daysAgo(0),
      resource: set.user,
    } as const;
    await set.handle("exposure", { ...call, denied: true, report, keyId: OLD });
    expect(await set.approve("exposure", "reporting")).toMatchObject({ status: "refused" });
    expect(await set.approve("exposure", "owner")).toMatchObject({ status: "contained" });
  });

  it("K8 is no less exposed for calls that are denied after it was reported", async () => {
    const set = userInMemory([keyOf(10)]);
    await set.report(OLD, {}, "observe");
    set.advance(1);
    expect(await set.report(OLD, { by: "cloudtrail", id: "burst-1", type: "denied-burst" })).toMatchObject([
      { status: "contained" },
    ]);
  });
});

describe("a revoked key that must come back", () => {
  it("K10 is activated again, once, on the word of a person who is proved, with evidence", async () => {
    const set = userInMemory([keyOf(100)], { policy: keyPolicy({}, { limits: OWNERS }) });
    await set.look();
    expect(await set.rollBack("age", { kind: "unproved", said: "owner" })).toMatchObject({
      status: "awaiting-approval",
    });
    expect(await set.rollBack("age", "reporting")).toMatchObject({ status: "refused" });
    expect(set.statusOf()).toBe("Inactive");

    expect(await set.rollBack("age", "owner")).toMatchObject({ status: "exempt" });
    expect(set.statusOf()).toBe("Active");
    expect(set.evidence.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["exception-granted", "exempt"]));
    expect(await set.findingOf("age")).toMatchObject({
      status: "exempt",
      exception: { approver: arnOf("owner"), expiresAt: daysAgo(-1) },
    });

    // Once: a second time nothing is done, while it is let be and when that is over.
    const writes = set.writes.length;
    expect(await set.rollBack("age", "owner")).toMatchObject({ status: "exempt" });
    set.advance(1);
    expect(await set.rollBack("age", "owner")).toMatchObject({ status: "refused" });
    expect(set.writes).toHaveLength(writes);
    expect(await set.look()).toMatchObject([{ status: "contained" }]);
  });

  it("K10 that was exposed says so, and is deactivated again by the next report", async () => {
    const set = userInMemory([keyOf(10)]);
    await set.report(OLD);
    expect(await set.rollBack("exposure", "owner")).toMatchObject({
      status: "exempt",
      reasons: expect.arrayContaining([expect.stringContaining("though it was reported to be known to others")]),
    });
    expect(set.statusOf()).toBe("Active");
    expect(await set.report(OLD, { at: daysAgo(0) })).toMatchObject([{ status: "exempt" }]);
    set.advance(0.1);
    expect(
      await set.report(OLD, { by: "guardduty", id: "finding-2", type: "UnauthorizedAccess:IAMUser/TorIPCaller" }),
    ).toMatchObject([{ status: "contained" }]);
    expect(set.statusOf()).toBe("Inactive");
  });

  it("K10 that somebody else has switched on meanwhile is not Cordon's to put back", async () => {
    const set = userInMemory([keyOf(100)]);
    await set.look();
    set.advance(1);
    set.switch(OLD, "Active");
    expect(await set.rollBack("age", "owner")).toMatchObject({
      status: "refused",
      reasons: [expect.stringContaining("somebody has changed the configuration since")],
    });
  });
});

describe("the age of a key that was deactivated as exposed", () => {
  const reasonsOf = async (user: ReturnType<typeof userInMemory>) => (await user.look())[0]?.reasons.join();

  it("is told as what it is, and as nobody else's doing; 30 days later its deletion is asked for", async () => {
    const user = userInMemory([keyOf(50)]);
    await user.report(OLD);
    expect(user.statusOf()).toBe("Inactive");
    expect(await reasonsOf(user)).toBe(
      `Cordon deactivated it at ${daysAgo(0)}, because it was reported to be known to others (AWS_RISK_CREDENTIALS_EXPOSED)`,
    );
    user.advance(29);
    expect(await user.look()).toMatchObject([{ status: "compliant" }]);
    user.advance(1);
    expect(await user.look()).toMatchObject([{ status: "awaiting-approval" }]);
    expect(await user.findingOf("age")).toMatchObject({
      decision: { rule: "access-keys:delete" },
      facts: { deactivatedFor: { id: "health-1" } },
    });
  });

  it("closes what was said of it before", async () => {
    const user = userInMemory([keyOf(100, { lastUsed: usedToday })]);
    expect(await user.look()).toMatchObject([{ status: "awaiting-approval" }]);
    await user.report(OLD);
    expect(await user.look()).toMatchObject([{ status: "compliant" }]);
    expect(await user.findingOf("age")).toMatchObject({
      status: "resolved",
      decision: { reasons: [expect.stringContaining("because it was reported")] },
    });
  });

  it("is somebody else's doing when Cordon gave it back, and when it was off before the report", async () => {
    const back = userInMemory([keyOf(50)]);
    await back.report(OLD);
    expect(await back.rollBack("exposure", "owner")).toMatchObject({ status: "exempt" });
    back.advance(1);
    back.switch(OLD, "Inactive");
    await back.look("exposure");
    const off = userInMemory([keyOf(50, { status: "Inactive" })]);
    await off.report(OLD);
    for (const user of [back, off]) expect(await reasonsOf(user)).toBe("somebody else than Cordon has deactivated it");
  });
});
