import { describe, expect, it } from "vitest";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import { approve } from "../../shared/lifecycle/approve.ts";
import { containParts } from "../../shared/lifecycle/contain.ts";
import { DATA_PROTECTION_OFFICER, policyWith } from "../support/stage.ts";
import { accountInMemory, configurationOf } from "./account-in-memory.ts";

/** A control that knows no change that would mend what it finds. */
const helpless = { ...control, comply: <State>(state: State) => state } as typeof control;
const approvals = { by: [DATA_PROTECTION_OFFICER.caller.arn] };
const policyIn = (mode: string) => policyWith({ controls: { [control.meta.id]: { mode } }, limits: { approvals } });

describe("a violation that no change would mend", () => {
  it("is never called contained: nothing is written, and a person is asked, without a plan to approve", async () => {
    const set = accountInMemory();
    const cordon = set.cordonOf(policyIn("enforce"), "enforce", helpless);
    const { results } = await set.handle(set.put("orders", "developer"), cordon);
    expect(results[0]).toMatchObject({ status: "awaiting-approval", decision: "approve", changes: [] });
    expect(results[0]?.reasons.at(-1)).toBe("there is no change of Cordon's that would mend it");
    expect(set.writes).toEqual([]);
    const finding = await set.findingOf("orders");
    expect(finding).toMatchObject({ status: "awaiting-approval", decision: { rule: "built-in:no-change" } });
    expect(finding).not.toHaveProperty("pending");
  });

  it.each(["enforce", "approve"])("is not contained by a person's word either, in mode %s", async (mode) => {
    const set = accountInMemory();
    const cordon = set.cordonOf(policyIn(mode), "enforce", helpless);
    await set.handle(set.put("orders", "developer"), cordon);
    const finding = await set.findingOf("orders");
    if (finding === undefined) throw new Error("it was found");
    const request = { action: "approve" as const, finding, reason: "do it", decider: DATA_PROTECTION_OFFICER };
    const result = await approve(request, cordon, set.deadlineMs());
    expect(result.status).not.toBe("contained");
    expect(result.reasons[0]).toContain("there is nothing that Cordon could do about it");
    expect(set.writes).toEqual([]);
    expect((await set.findingOf("orders"))?.status).toBe("awaiting-approval");
  });

  it("that came to a containment all the same is a mistake in Cordon, and told as one", async () => {
    const set = accountInMemory();
    const cordon = set.cordonOf(policyIn("enforce"), "enforce", helpless);
    const run = { signal: set.look("orders"), cordon, heardAtMs: 0, deadlineMs: set.deadlineMs() };
    const view = { detection: { state: configurationOf("Enabled") } };
    await expect(containParts(run, {} as never, view as never, [], {})).rejects.toThrow("changes nothing");
  });
});
