import { describe, expect, it } from "vitest";
import { HIDDEN, redactFinding } from "../../cli/redact.ts";
import { previewOf } from "../../cli/rollback-preview.ts";
import type { FindingRecord } from "../../shared/journal/journal.ts";
import type { AccessKeyFacts } from "../../shared/types.ts";
import { daysAgo, keyOf, keyPolicy, OLD, userInMemory, userRef } from "../lifecycle/keys-in-memory.ts";
import { START_MS } from "../support/events.ts";
import { findingOf } from "../support/finding.ts";

const facts: AccessKeyFacts = {
  kind: "access-key",
  about: "exposure",
  key: "AKIA...MPLE",
  status: "Active",
  createdAt: daysAgo(10),
  lastUsed: "never",
  owner: "alice-of-reports",
  reported: { by: "aws-health", id: "h1", type: "AWS_RISK_CREDENTIALS_EXPOSED", at: daysAgo(1) },
};
const record: FindingRecord = findingOf({
  resource: userRef(),
  facts,
  notes: ["ask alice-of-reports about it"],
  changes: [{ path: "keys[AKIA...MPLE].status", before: "Active", after: "Inactive" }],
});

describe("a key as commands show it", () => {
  it("K10 is said to work again, and to be known to others, before it is given back", () => {
    const order = { reason: "a test", hours: 4 } as Parameters<typeof previewOf>[1];
    const { consequences, puttingBack } = previewOf(record, order, keyPolicy(), START_MS);
    expect(puttingBack).toEqual([{ path: "keys[AKIA...MPLE].status", before: "Inactive", after: "Active" }]);
    expect(consequences[0]).toBe(
      `whoever has AKIA...MPLE can use it again: it was reported to be known to others (AWS_RISK_CREDENTIALS_EXPOSED at ${daysAgo(1)})`,
    );
  });

  it("has its owner hidden, wherever he is named, and its status shown", () => {
    const shown = redactFinding(record);
    expect(shown.facts).toMatchObject({ key: "AKIA...MPLE", owner: HIDDEN });
    expect(shown.notes).toEqual([`ask ${HIDDEN} about it`]);
    expect(shown.changes).toEqual(record.changes);
  });

  it("K10 hides on whose word an exposed one works again", async () => {
    const set = userInMemory([keyOf(10)]);
    await set.report(OLD);
    await set.rollBack("exposure", "owner");
    const shown = redactFinding(await set.findingOf("exposure"));
    expect(shown.notes).toEqual([
      expect.stringContaining(`works again on the word of ${HIDDEN}, though it was reported`),
    ]);
    expect(JSON.stringify(shown)).not.toContain("user/owner");
  });
});
