import { describe, expect, it } from "vitest";
import { control as exposed } from "../../controls/iam-access-key-is-not-exposed/control.ts";
import { isOfExposure } from "../../functions/revoke-stale-keys/stray.ts";
import type { AnyControl } from "../../shared/control.ts";
import { carryOut } from "../../shared/decisions/carry-out.ts";
import type { KeyReport, Result } from "../../shared/types.ts";
import { proved } from "../lifecycle/account-in-memory.ts";
import { exposedByGuardDuty, exposedByHealth } from "../support/iam-cases.ts";
import { type KeysStage, keysStage } from "./keys-stage.ts";

const NOBODYS = "AKIANOBODYNOBODYWXYZ";
const EXPOSURE = exposed.meta.id;
const ROOT = "iam-root-has-no-access-key";
const HOUR_MS = 3_600_000;
/** Told so long ago that IAM shows whatever was made before. */
const health = (key = NOBODYS, atMs = Date.now() - HOUR_MS) => exposedByHealth(key, { atMs });
const roots = (keyId: string, updatedAt?: string): Record<string, unknown> => {
  const event = exposedByGuardDuty(keyId, Date.now() - HOUR_MS) as { detail: Record<string, unknown> };
  const accessKeyDetails = { accessKeyId: keyId, principalId: "111122223333", userName: "Root", userType: "Root" };
  const detail = { ...event.detail, resource: { resourceType: "AccessKey", accessKeyDetails } };
  return { ...event, detail: { ...detail, ...(updatedAt && { updatedAt }) } };
};
const ofExposure = (results: readonly Result[], controlId = EXPOSURE) =>
  results.filter((each) => each.controlId === controlId);

async function close(set: KeysStage, findingId: string, action: "close" | "approve" = "close", by = "owner") {
  const cordon = await set.connection();
  const cell = {
    type: "AWS::::Account",
    arn: "arn:aws:cordon:::x",
    name: "x",
    account: "111122223333",
    region: "eu-central-1",
  };
  const controls = [exposed as unknown as AnyControl<unknown>];
  return carryOut(
    { action, findingId, reason: "it was deleted" },
    proved(by),
    { cordon, controls, cell },
    Date.now() + 20_000,
  );
}

describe("a report by key id that fits no user", () => {
  it("is a critical finding of the account that says so, with evidence, once for each report; root's keys are looked at", async () => {
    const set = await keysStage();
    const { look, batch } = set.container();
    const results = await look(health());
    const [told] = ofExposure(results);
    expect(told).toMatchObject({ status: "awaiting-approval", decision: "approve", occurrence: 1, changes: [] });
    expect(ofExposure(results, ROOT)).toMatchObject([{ status: "compliant" }]);
    const finding = await set.finding(told?.findingId);
    expect(finding).toMatchObject({
      severity: "critical",
      status: "awaiting-approval",
      title: "Key AKIA...WXYZ, reported exposed by AWS Health, fits no user of account 111122223333",
      facts: { kind: "condition", holds: false, found: "no user of the account has that key" },
      resource: { type: "AWS::::Account", account: "111122223333" },
      changes: [],
    });
    expect(finding?.evidence).toHaveLength(1);
    expect(JSON.stringify(set.sandbox.table("cordon").items())).not.toContain(NOBODYS);
    // The other Region's copy, and another container's.
    await batch({ ...health(), region: "us-west-2" });
    await set.container().batch(health());
    expect(await set.finding(told?.findingId)).toEqual(finding);
    const [other] = ofExposure(await look(exposedByGuardDuty(NOBODYS, Date.now() - HOUR_MS)));
    expect(other?.findingId).not.toBe(told?.findingId);
    expect(set.calls()).not.toHaveProperty("UpdateAccessKey");
  });

  it("is told whatever the mode, and also of a user who is gone", async () => {
    const set = await keysStage();
    const event = health();
    const detail = event.detail as Record<string, unknown>;
    const gone = {
      ...event,
      detail: { ...detail, affectedEntities: [{ entityValue: "arn:aws:iam::111122223333:user/gone" }] },
    };
    const [told] = ofExposure(await set.container().look(gone));
    expect(await set.finding(told?.findingId)).toMatchObject({
      title: "A key of gone, reported exposed by AWS Health, fits no user of account 111122223333",
      facts: { found: "there is no user gone" },
    });
  });

  it("stays until a person closes it; nothing else is to be decided; told again it goes on", async () => {
    const set = await keysStage();
    const { look } = set.container();
    const [told] = ofExposure(await look(exposedByGuardDuty(NOBODYS, Date.now() - HOUR_MS)));
    const id = told?.findingId ?? "";
    await look();
    expect(await set.finding(id)).toMatchObject({ status: "awaiting-approval" });
    expect(await close(set, id, "approve")).toMatchObject({
      status: "refused",
      reasons: [expect.stringContaining("cordon close ends it")],
    });
    expect(await close(set, id)).toMatchObject({ status: "compliant" });
    expect(await set.finding(id)).toMatchObject({
      status: "resolved",
      decision: { kind: "compliant", reasons: [expect.stringContaining("it was deleted")] },
      sayings: [{ action: "close", outcome: "done" }],
    });
    expect(await close(set, id)).toMatchObject({ status: "refused" });
    const again = exposedByGuardDuty(NOBODYS, Date.now() - HOUR_MS) as { detail: object };
    const later = { ...again, detail: { ...again.detail, updatedAt: new Date().toISOString() } };
    expect(ofExposure(await look(later))).toMatchObject([
      { status: "awaiting-approval", findingId: id, occurrence: 2 },
    ]);
  });

  it("comes again while IAM may not show yet what was just made, and is over when it fits a user then, whose key is deactivated", async () => {
    const set = await keysStage();
    const { batch, look } = set.container();
    const young = health(NOBODYS, Date.now());
    expect((await batch(young)).batchItemFailures).toHaveLength(1);
    const [told] = ofExposure(await look(young));
    set.sandbox.createUser({ name: "late", keys: [{ id: NOBODYS, createdAt: Date.now() }] });
    expect((await batch(young)).batchItemFailures).toEqual([]);
    expect(set.sandbox.user("late").keys[0]?.status).toBe("Inactive");
    expect(await set.finding(told?.findingId)).toMatchObject({
      status: "resolved",
      decision: { reasons: [expect.stringContaining("user/late")] },
    });
  });

  it("is told where AWS refuses to say whose key it is, as it does of another account's; once IAM has had its time no delivery would tell more", async () => {
    const set = await keysStage();
    set.sandbox.deny({ action: "iam:GetAccessKeyLastUsed" });
    const { batch } = set.container();
    expect((await batch(health(NOBODYS, Date.now()))).batchItemFailures).toHaveLength(1);
    expect((await batch(health())).batchItemFailures).toEqual([]);
    const items = JSON.stringify(set.sandbox.table("cordon").items());
    expect(items).toContain("can't be told whose it is in account 111122223333");
    expect(items).not.toContain(NOBODYS);
  });

  it("is none where calls were denied and nothing else, which anybody can bring about", () => {
    const resource = { type: "AWS::IAM::AccessKey", arn: "a", name: "k", account: "111122223333", region: "us-east-1" };
    const signal = { id: "s", source: "cloudtrail", name: "n", at: "", resource } as const;
    const by = (who: KeyReport["by"]) => ({ ...signal, report: { by: who, id: "r", type: "t", at: "" } });
    expect([by("cloudtrail"), signal, by("aws-quarantine"), by("operator")].map(isOfExposure)).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });
});

describe("a report of root's credential", () => {
  it("has root's keys judged at once; their finding tells the report, critical, and nothing is attempted", async () => {
    const set = await keysStage();
    set.sandbox.seedRoot({ keys: [{ id: "AKIAROOTROOTROOTROOT" }] });
    const { look } = set.container();
    const results = await look(roots("AKIAROOTROOTROOTROOT"));
    expect(results).toMatchObject([{ controlId: ROOT, status: "awaiting-approval" }]);
    const findingId = results[0]?.findingId;
    const reasons = async () => (await set.finding(findingId))?.decision.reasons.join();
    expect(await set.finding(findingId)).toMatchObject({ severity: "critical", changes: [] });
    expect(await reasons()).toContain("reported by GuardDuty");
    // A look that is told nothing keeps it.
    await look();
    expect(await reasons()).toContain("reported by GuardDuty");
    expect(set.sandbox.calls.filter(({ service, mutating }) => service === "iam" && mutating)).toEqual([]);
    set.sandbox.seedRoot({ keys: [] });
    await look(roots("AKIAROOTROOTROOTROOT"));
    expect(await set.finding(findingId)).toMatchObject({ status: "resolved" });
    set.sandbox.seedRoot({ keys: [{ id: "AKIANEWNEWNEWNEWNEW1" }] });
    await look({ cordon: "keys", account: "111122223333" });
    expect(await set.finding(findingId)).toMatchObject({ status: "awaiting-approval" });
    expect(await reasons()).not.toContain("reported");
  });

  it.each([
    ["a key that root no longer has", "AKIAROOTROOTROOTROOT", "root has no access key now"],
    ["a session of root's", "ASIAROOTROOTROOTROOT", "it is of a session of root's"],
  ])("is told of the account when it is %s", async (_, key, found) => {
    const set = await keysStage();
    const [told] = ofExposure(await set.container().look(roots(key)));
    expect(await set.finding(told?.findingId)).toMatchObject({
      severity: "critical",
      status: "awaiting-approval",
      title: expect.stringContaining("is of the root user of account 111122223333"),
      facts: { found },
    });
  });
});
