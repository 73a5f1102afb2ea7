import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accessKeyRules } from "../../shared/policy/access-keys.ts";
import { DAY_MS } from "../../shared/policy/judge-key-age.ts";
import type { PolicyInForce } from "../../shared/policy/policy.ts";
import { keyOf, keyPolicy, NEW, OLD, userInMemory } from "./keys-in-memory.ts";

const POLICIES: readonly PolicyInForce[] = [
  keyPolicy(),
  keyPolicy({ warnDays: 5, deactivateDays: 40, neverUsedDays: 10, recentDays: 3 }),
  keyPolicy({ minWarningDays: 20, recentDays: 90, deletion: "enforce", deleteAfterDays: 10 }),
  keyPolicy({ breakGlass: [{ names: ["reporting"] }] }),
];

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("days" as const), days: fc.integer({ min: 1, max: 30 }) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("use" as const), key: fc.constantFrom(OLD, NEW) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("switch" as const),
        key: fc.constantFrom(OLD, NEW),
        status: fc.constantFrom("Active" as const, "Inactive" as const),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("policy" as const), policy: fc.nat(POLICIES.length - 1) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("report" as const), key: fc.constantFrom(OLD, NEW) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("roll-back" as const), key: fc.constantFrom(OLD, NEW) }) },
  ),
  { minLength: 4, maxLength: 14 },
);
const ages = fc
  .tuple(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 200 }))
  .map(([a, b]) => [Math.max(a, b) + 1, Math.min(a, b)] as const);
const uses = fc.constantFrom("never" as const, undefined);

describe("whatever happens, however time passes and policy changes", () => {
  it("no key is deactivated for its age that is exempt, within its warning, or newer than another that is active; each stale one is at the next look, or waits for a person; an exposed one at its event", async () => {
    await fc.assert(
      fc.asyncProperty(ages, uses, steps, async ([older, newer], used, story) => {
        const lastUsed = used === undefined ? {} : { lastUsed: used };
        const set = userInMemory([keyOf(older, lastUsed), keyOf(newer, { id: NEW, ...lastUsed })]);
        let policy = POLICIES[0] as PolicyInForce;
        for (const step of story) {
          // Longer than Cordon waits for AWS to show what was written, and than it remembers a tug of war.
          set.advance(0.05);
          if (step.kind === "days") set.advance(step.days);
          if (step.kind === "use" && set.statusOf(step.key) === "Active") set.use(step.key);
          if (step.kind === "switch") set.switch(step.key, step.status);
          if (step.kind === "policy") policy = POLICIES[step.policy] as PolicyInForce;
          if (step.kind === "roll-back" && (await set.journal.readFinding(set.idOf("age", step.key))) !== undefined)
            await set.rollBack("age", "owner", step.key);
          if (step.kind === "report" && set.statusOf(step.key) !== undefined) {
            await set.report(step.key, { id: `report-${set.clock.nowMs()}-${step.key}` });
            expect(set.statusOf(step.key)).toBe("Inactive");
          }
          await lookAndCheck(set, policy);
        }
      }),
      { numRuns: 40 },
    );
  });
});

type Set = ReturnType<typeof userInMemory>;

async function lookAndCheck(set: Set, policy: PolicyInForce): Promise<void> {
  const { limits, breakGlass, deletion } = accessKeyRules(policy);
  const keys = [OLD, NEW];
  const statuses = () => keys.map((key) => set.statusOf(key));
  const before = statuses();
  const { record } = await set.journal.open(set.user, "test-key-is-rotated");
  const nowMs = set.clock.nowMs();
  await set.look("age", "enforce", policy);
  const after = statuses();
  keys.forEach((key, index) => {
    const { warnedAtMs, exception } = record.findings[set.idOf("age", key)] ?? {};
    if (before[index] === "Active" && after[index] === "Inactive") {
      expect(breakGlass).toEqual([]);
      expect(Date.parse(exception?.expiresAt ?? "1970-01-01")).toBeLessThanOrEqual(nowMs);
      if (key === NEW) expect(before[0]).not.toBe("Active");
      if (warnedAtMs !== undefined) expect(nowMs - warnedAtMs).toBeGreaterThanOrEqual(limits.minWarningDays * DAY_MS);
    }
    if (before[index] === "Inactive" && after[index] === undefined) expect(deletion).toBe("enforce");
  });
  for (const [index, key] of keys.entries()) {
    const held = set.held(key);
    if (held === undefined || held.status !== "Active" || breakGlass.length > 0) continue;
    const mostDays = held.lastUsed === "never" ? limits.neverUsedDays : limits.deactivateDays;
    const isStale = nowMs - Date.parse(held.createdAt) >= mostDays * DAY_MS;
    const isSecond = index === 1 && before[0] === "Active";
    if (!isStale || isSecond) continue;
    const { status } = await set.findingOf("age", key);
    expect(["awaiting-approval", "exempt"]).toContain(status);
  }
}
