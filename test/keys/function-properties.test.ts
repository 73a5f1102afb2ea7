import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { meta as exposed } from "../../controls/iam-access-key-is-not-exposed/meta.ts";
import { meta as rotated } from "../../controls/iam-access-key-is-rotated/meta.ts";
import { findingId } from "../../shared/ids.ts";
import { accessKeyRules } from "../../shared/policy/access-keys.ts";
import { DAY_MS } from "../../shared/policy/judge-key-age.ts";
import type { PolicyInForce } from "../../shared/policy/policy.ts";
import { shownKeyId } from "../../shared/shown.ts";
import { keyPolicy } from "../lifecycle/keys-in-memory.ts";
import { at } from "../policy/policy-stage.ts";
import { cloudTrailRecord, eventBridge, START_MS } from "../support/events.ts";
import { exposedByGuardDuty, exposedByHealth, userRecord } from "../support/iam-cases.ts";
import { ACCOUNT, functionInMemory, type Key, type User } from "./function-in-memory.ts";

const EXEMPT_UNTIL_MS = START_MS + 28 * DAY_MS;
const EXCEPTION = {
  id: "migration",
  control: rotated.id,
  resources: [`arn:aws:iam::${ACCOUNT}:user/service/*`],
  reason: "it is being moved",
  approver: `arn:aws:iam::${ACCOUNT}:role/owner`,
  ticket: "T-1",
  grantedAt: at(START_MS - DAY_MS),
  expiresAt: at(EXEMPT_UNTIL_MS),
};
const enforced = { [rotated.id]: { mode: "enforce" }, [exposed.id]: { mode: "enforce" } };
const policyOf = (accessKeys: object = {}): PolicyInForce =>
  keyPolicy(
    { breakGlass: [{ paths: ["/break-glass/"] }], ...accessKeys },
    { controls: enforced, exceptions: [EXCEPTION] },
  );
const POLICIES = [
  policyOf(),
  policyOf({ warnDays: 5, deactivateDays: 40, neverUsedDays: 10, recentDays: 3 }),
  policyOf({ minWarningDays: 20, recentDays: 90, deletion: "enforce", deleteAfterDays: 10 }),
  policyOf({ deniedBursts: { count: 1, do: "deactivate" } }),
];

const OWNERS = ["ann", "ann", "emergency", "ci", "ci"] as const;
const IDS = [
  "AKIAIOSFODNN7EXAMPL1",
  "AKIAIOSFODNN7EXAMPL2",
  "AKIAIOSFODNN7EXAMPL3",
  "AKIAIOSFODNN7EXAMPL4",
  "AKIAIOSFODNN7EXAMPL5",
];
const index = fc.nat(IDS.length - 1);
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("days" as const), days: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("use" as const), index }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("switch" as const),
      index,
      status: fc.constantFrom("Active" as const, "Inactive" as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("policy" as const), policy: fc.nat(POLICIES.length - 1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("health" as const, "guardduty" as const), index }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("denied" as const), index }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const) }) },
);
const ages = fc.array(fc.record({ days: fc.integer({ min: 0, max: 200 }), isUsed: fc.boolean() }), {
  minLength: IDS.length,
  maxLength: IDS.length,
});

/** `ann` and `ci` have two keys each, of which the first is the older; `emergency` has one. */
function usersOf(drawn: readonly { readonly days: number; readonly isUsed: boolean }[]): readonly User[] {
  const keys = drawn.map(({ days, isUsed }, each): Key => {
    const isOlder = each === 0 || each === 3;
    const createdMs = START_MS - (isOlder ? 200 + days : days) * DAY_MS;
    const used = {
      at: new Date(Math.max(createdMs, START_MS - 60 * DAY_MS)).toISOString(),
      service: "s3",
      region: "eu-central-1",
    };
    return {
      id: IDS[each] ?? "",
      createdMs,
      changedMs: createdMs,
      status: "Active",
      lastUsed: isUsed ? used : "never",
    };
  });
  return [
    { name: "ann", path: "/", keys: keys.slice(0, 2) },
    { name: "emergency", path: "/break-glass/", keys: keys.slice(2, 3) },
    { name: "ci", path: "/service/", keys: keys.slice(3) },
  ];
}

describe("revoke-stale-keys, whatever it is told, however time passes and policy changes", () => {
  it("deactivates for its age no key that is exempt, within its warning or newer than another that is active; each stale one by the day's look, or a person is asked; an exposed one at its event", async () => {
    await fc.assert(
      fc.asyncProperty(ages, fc.array(step, { minLength: 3, maxLength: 10 }), async (drawn, story) => {
        const world = functionInMemory(usersOf(drawn));
        const told = new Set<string>();
        let policy = POLICIES[0] as PolicyInForce;
        const each = (treat: () => Promise<unknown>) => checked(world, policy, told, treat);
        let hear = world.container(policy, each);
        for (const next of story) {
          // Longer than Cordon waits for AWS to show what was written, and than it remembers a tug of war.
          world.advance(0.05);
          const which = "index" in next ? next.index : 0;
          const [owner, id] = [OWNERS[which] ?? "ann", IDS[which] ?? ""];
          const key = world.keysOf(owner).find((held) => held.id === id);
          const atMs = Math.floor(world.clock.nowMs() / 1_000) * 1_000;
          if (next.kind === "days") world.advance(next.days);
          if (next.kind === "policy") policy = POLICIES[next.policy] as PolicyInForce;
          if (next.kind === "policy" || next.kind === "restart") hear = world.container(policy, each);
          if (key !== undefined && next.kind === "use" && key.status === "Active")
            world.change(owner, id, {
              lastUsed: { at: new Date(atMs).toISOString(), service: "s3", region: "eu-central-1" },
            });
          if (key !== undefined && next.kind === "switch") {
            world.change(owner, id, { status: next.status });
            await hear(
              eventBridge(userRecord({ name: owner, keys: [] }, { name: "UpdateAccessKey", atMs, id: `${atMs}` })),
            );
          }
          if (key !== undefined && (next.kind === "health" || next.kind === "guardduty")) {
            told.add(id);
            await hear(next.kind === "health" ? exposedByHealth(id, { atMs }) : exposedByGuardDuty(id, atMs));
            await expectEnded(world, owner, id);
          }
          if (key !== undefined && next.kind === "denied") await hear(deniedCall(owner, id, atMs));
          await hear({ cordon: "keys", account: ACCOUNT, at: new Date(world.clock.nowMs()).toISOString() });
          await expectTreated(world, policy);
        }
      }),
      { numRuns: 25 },
    );
  });
});

type World = ReturnType<typeof functionInMemory>;
const NAMES = ["ann", "emergency", "ci"];

function deniedCall(owner: string, accessKeyId: string, atMs: number): unknown {
  const record = cloudTrailRecord("data", {
    name: "ListObjects",
    errorCode: "AccessDenied",
    by: owner,
    atMs,
    id: `${atMs}`,
  });
  return eventBridge({ ...record, userIdentity: { ...(record.userIdentity as object), accessKeyId } });
}

/** Whatever one signal led to. */
async function checked(
  world: World,
  policy: PolicyInForce,
  told: ReadonlySet<string>,
  treat: () => Promise<unknown>,
): Promise<void> {
  const { limits, deletion } = accessKeyRules(policy);
  const nowMs = world.clock.nowMs();
  const before = new Map<string, readonly Key[]>();
  const warned = new Map<string, number | undefined>();
  for (const name of NAMES) {
    before.set(name, world.keysOf(name));
    const { record } = await world.journal.open(world.refOf(name), rotated.id);
    for (const { id } of world.keysOf(name)) warned.set(id, record.findings[ageOf(world, name, id)]?.warnedAtMs);
  }
  await treat();
  for (const name of NAMES) {
    for (const was of before.get(name) ?? []) {
      const is = world.keysOf(name).find(({ id }) => id === was.id);
      if (is === undefined) {
        expect([deletion, was.status]).toEqual(["enforce", "Inactive"]);
        continue;
      }
      if (was.status === "Inactive") expect(is.status).toBe("Inactive");
      if (was.status === is.status) continue;
      expect(name).not.toBe("emergency");
      if (told.has(was.id)) continue;
      if (name === "ci") expect(nowMs).toBeGreaterThanOrEqual(EXEMPT_UNTIL_MS);
      const isOlderActive = (before.get(name) ?? []).some(
        (key) => key.createdMs < was.createdMs && key.status === "Active",
      );
      expect(isOlderActive).toBe(false);
      const warnedMs = warned.get(was.id);
      const usedMs = typeof was.lastUsed === "object" && "at" in was.lastUsed ? Date.parse(was.lastUsed.at) : 0;
      // Something depends on it: its owner hears of it first.
      if (nowMs - usedMs < limits.recentDays * DAY_MS) expect(warnedMs).toBeDefined();
      if (warnedMs !== undefined) expect(nowMs - warnedMs).toBeGreaterThanOrEqual(limits.minWarningDays * DAY_MS);
    }
  }
}

/** An exposed key works no longer, or a person is asked. */
async function expectEnded(world: World, name: string, id: string): Promise<void> {
  const status = world.keysOf(name).find((key) => key.id === id)?.status;
  if (name !== "emergency") return expect(status).toBe("Inactive");
  if (status !== "Active") return;
  const finding = await world.journal.readFinding(findingId(exposed.id, world.refOf(name), shownKeyId(id)));
  expect(finding?.status).toBe("awaiting-approval");
}

/** Of each user the oldest active key is young enough, exempt, or waits for a person. */
async function expectTreated(world: World, policy: PolicyInForce): Promise<void> {
  const { limits } = accessKeyRules(policy);
  const nowMs = world.clock.nowMs();
  for (const name of ["ann", "ci"]) {
    const [first, ...others] = world.keysOf(name).toSorted((a, b) => a.createdMs - b.createdMs);
    const key = first?.status === "Active" ? first : undefined;
    if (key === undefined || others.length > 1) continue;
    const mostDays = key.lastUsed === "never" ? limits.neverUsedDays : limits.deactivateDays;
    if (nowMs - key.createdMs < mostDays * DAY_MS) continue;
    const finding = await world.journal.readFinding(ageOf(world, name, key.id));
    expect(["awaiting-approval", "exempt"]).toContain(finding?.status);
  }
}

function ageOf(world: World, name: string, id: string): string {
  return findingId(rotated.id, world.refOf(name), shownKeyId(id));
}
