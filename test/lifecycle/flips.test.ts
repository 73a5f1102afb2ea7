import fc from "fast-check";
import { expect, it } from "vitest";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import { policyWith } from "../support/stage.ts";
import { accountInMemory, configurationOf, queueOf } from "./account-in-memory.ts";

const MINUTE_MS = 60_000;
const FLIPS = { count: 3, windowMinutes: 60, cappedIntervalSeconds: 60 };
const policy = policyWith({ controls: { [control.meta.id]: { mode: "enforce" } }, limits: { flips: FLIPS } });

it("after any number of flips by anybody at any pace, the last state is never the offending one, and it was contained at a capped rate", async () => {
  const flip = fc.record({
    by: fc.constantFrom("developer", "arn:aws:sts::111122223333:assumed-role/deploy/nightly"),
    waitMs: fc.integer({ min: 1_000, max: 5 * MINUTE_MS }),
    isHeard: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(flip, { minLength: 1, maxLength: 15 }), async (flips) => {
      const set = accountInMemory();
      const { deliver, runUntil } = queueOf(set, set.cordonOf(policy));
      for (const [index, { by, waitMs, isHeard }] of flips.entries()) {
        const event = set.put("orders", by, configurationOf("Enabled"));
        // Of all but the last an event may be lost: the next one brings the state along.
        if (isHeard || index === flips.length - 1) await deliver(event);
        await runUntil(set.clock.nowMs() + waitMs);
      }
      await runUntil(set.clock.nowMs() + 10 * MINUTE_MS);

      expect(set.statusOf("orders")).toBe("Disabled");
      expect((await set.findingOf("orders"))?.status).toBe("contained");
      const at = set.writes.map(({ atMs }) => atMs);
      for (const [index, atMs] of at.entries()) {
        const recent = at.slice(0, index).filter((each) => atMs - each < 60 * MINUTE_MS);
        const last = recent.at(-1);
        if (recent.length >= FLIPS.count && last !== undefined) expect(atMs - last).toBeGreaterThanOrEqual(60_000);
      }
    }),
    { numRuns: 150 },
  );
});

it("whoever keeps switching it back is named, with the tool, and the hold says how often and until when", async () => {
  const set = accountInMemory();
  const { deliver } = queueOf(set, set.cordonOf(policy));
  for (let flip = 0; flip < 4; flip++) {
    const event = set.put("orders", "arn:aws:sts::111122223333:assumed-role/deploy/nightly");
    await deliver({
      ...event,
      principal: {
        type: "AssumedRole",
        arn: "arn:aws:sts::111122223333:assumed-role/deploy/nightly",
        agent: "Terraform/1.13",
      },
    });
    set.advance(2_000);
  }
  expect(await set.findingOf("orders")).toMatchObject({
    status: "waiting",
    severity: "critical",
    notes: [expect.stringContaining("by arn:aws:sts::111122223333:assumed-role/deploy/nightly with Terraform/1.13")],
    holds: [
      {
        limit: "flip-guard",
        whose: expect.stringContaining("assumed-role/deploy/nightly"),
        count: 3,
        most: 3,
        until: expect.any(String),
      },
    ],
  });
});
