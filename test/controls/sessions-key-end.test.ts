import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DENIAL_POLICY, parseDenials } from "../../shared/keys/denial-policy.ts";
import { KEY_END_SPREADS_MS } from "../../shared/policy/judge-key.ts";
import type { KeyReport } from "../../shared/types.ts";
import { KEY, OTHER, sessionsStage } from "./sessions-stage.ts";

type Stage = Awaited<ReturnType<typeof sessionsStage>>;

const MINUTE_MS = 60_000;

/** Before when sessions of the user are denied, of whichever key. */
function deniedMs(set: Stage): number {
  const denied = parseDenials(JSON.stringify(set.inline()[DENIAL_POLICY]), "inline") ?? [];
  return Math.max(...denied.map(({ before }) => Date.parse(before)));
}

const minutes = fc.integer({ min: 0, max: 20 });
const story = fc.record({
  steps: fc.array(
    fc.record({
      minutes,
      kind: fc.constantFrom("report" as const, "repeat" as const, "session" as const, "look" as const),
    }),
    { minLength: 1, maxLength: 8 },
  ),
  /** After how many of the steps the key stops, by whom, and whether that is heard. */
  stopAfter: fc.nat(8),
  by: fc.constantFrom("cordon" as const, "person" as const, "deletion" as const),
  isHeard: fc.boolean(),
  looksAfter: fc.array(minutes, { maxLength: 3 }),
});

describe("sessions begun with a reported key, in whatever order it is reported, stopped, used and looked at", () => {
  it("are all denied in the end if they were begun until it stopped, or while that spread; with two writes a report at most", async () => {
    await fc.assert(
      fc.asyncProperty(story, async ({ steps, stopAfter, by, isHeard, looksAfter }) => {
        const set = await sessionsStage({}, { isShared: true });
        try {
          const sessions: string[] = [];
          const reports: Pick<KeyReport, "id" | "at">[] = [];
          const repeat = async () => {
            const last = reports.at(-1);
            if (last !== undefined) await set.report(set.user, KEY, last);
          };
          let stoppedMs: number | undefined;
          const stop = async () => {
            stoppedMs = set.clock.nowMs();
            const id = `for-the-key-${stoppedMs}`;
            const report = { by: "aws-health", id, type: "AWS_RISK_CREDENTIALS_EXPOSED", at: at(set) } as const;
            if (by === "cordon") await set.deactivate(set.signalOf(set.user, { source: "health", report, keyId: KEY }));
            else {
              const heard = await set.switchKey(by === "deletion" ? "deleted" : "Inactive");
              if (isHeard) await set.handle(heard);
            }
          };
          for (const [index, step] of steps.entries()) {
            set.sandbox.clock.advance(step.minutes * MINUTE_MS);
            if (index === stopAfter) await stop();
            if (step.kind === "session" && stoppedMs === undefined) sessions.push(await set.session());
            if (step.kind === "report") reports.push({ id: `report-${reports.length}`, at: at(set) });
            if (step.kind === "report" || step.kind === "repeat") await repeat();
            if (step.kind === "look") await set.look(set.user);
          }
          if (stoppedMs === undefined) await stop();
          for (const after of looksAfter) {
            set.sandbox.clock.advance(after * MINUTE_MS);
            await set.look(set.user);
          }
          set.sandbox.clock.advance(60 * MINUTE_MS);
          await set.look(set.user);

          const writes = set.writes().filter((operation) => operation === "PutUserPolicy");
          expect(writes.length).toBeLessThanOrEqual(2 * reports.length);
          if (reports.length === 0) return;
          expect(deniedMs(set)).toBeGreaterThanOrEqual((stoppedMs ?? Number.NaN) + KEY_END_SPREADS_MS);
          for (const session of sessions) expect(await set.refusalOf(session)).toBe("AccessDenied");
          // It is final: nobody's later look writes it anew.
          set.sandbox.clearCalls();
          for (let looks = 0; looks < 3; looks++) {
            set.sandbox.clock.advance(24 * 60 * MINUTE_MS);
            await set.look(set.user);
            await repeat();
          }
          expect(set.writes()).toEqual([]);
        } finally {
          await set.close();
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe("sessions begun between the denial and the key's end", () => {
  it("are denied once its end is heard, by another date and no other policy", async () => {
    const set = await sessionsStage();
    expect(await set.report(set.user)).toMatchObject([{ status: "contained" }]);
    set.sandbox.clock.advance(20 * MINUTE_MS);
    const between = await set.session();
    expect(await set.refusalOf(between)).toBeUndefined();
    set.sandbox.clock.advance(MINUTE_MS);
    expect(await set.handle(await set.switchKey("Inactive"))).toMatchObject([{ status: "contained" }]);
    expect(await set.refusalOf(between)).toBe("AccessDenied");
    expect(set.inline()[DENIAL_POLICY]?.Statement).toHaveLength(1);
    expect((await set.findingOf(set.user)).decision.reasons.join()).toContain("those begun in between go on");
    expect(set.writes().filter((operation) => operation === "PutUserPolicy")).toHaveLength(2);
  });

  it("are found by a look within the hour, should its end not be heard; and there are no looks for it any more then", async () => {
    const set = await sessionsStage();
    await set.report(set.user);
    set.sandbox.clock.advance(6 * MINUTE_MS);
    await set.look(set.user);
    const dueMs = () => set.journal.recordOf(set.user, CONTROL).findings[set.idOf(set.user, KEY)]?.lookAtMs;
    expect(dueMs()).toBe(set.clock.nowMs() + 60 * MINUTE_MS);
    set.sandbox.clock.advance(60 * MINUTE_MS);
    await set.look(set.user);
    expect(dueMs()).toBe(set.clock.nowMs() + 60 * MINUTE_MS);
    await set.switchKey("deleted");
    set.sandbox.clock.advance(60 * MINUTE_MS);
    expect(await set.look(set.user)).toMatchObject([{ status: "contained" }]);
    await set.look(set.user);
    expect(dueMs()).toBeUndefined();
  });

  it("are denied anew though the key was switched on and off unseen: the call that switched it on is heard late", async () => {
    const set = await sessionsStage();
    await set.switchKey("Inactive");
    await set.report(set.user);
    set.sandbox.clock.advance(20 * MINUTE_MS);
    const on = await set.switchKey("Active");
    const between = await set.session();
    set.sandbox.clock.advance(MINUTE_MS);
    await set.switchKey("Inactive");
    expect(await set.look(set.user)).toMatchObject([{ status: "already-contained" }]);
    expect(await set.handle(on)).toMatchObject([{ status: "contained" }]);
    expect(await set.refusalOf(between)).toBe("AccessDenied");
    set.sandbox.clearCalls();
    for (let times = 0; times < 3; times++) await set.handle({ ...on, id: `again-${times}` });
    expect(set.writes()).toEqual([]);
  });

  it("are denied anew after the key was seen to work again", async () => {
    const set = await sessionsStage();
    await set.switchKey("Inactive");
    await set.report(set.user);
    set.sandbox.clock.advance(20 * MINUTE_MS);
    await set.switchKey("Active");
    await set.look(set.user);
    const between = await set.session();
    set.sandbox.clock.advance(20 * MINUTE_MS);
    await set.switchKey("Inactive");
    expect(await set.look(set.user)).toMatchObject([{ status: "contained" }]);
    expect(await set.refusalOf(between)).toBe("AccessDenied");
  });

  it("are not taken for denied because the user's other key was stopped, or a read was a write behind", async () => {
    const set = await sessionsStage();
    await set.report(set.user);
    set.sandbox.clock.advance(20 * MINUTE_MS);
    await set.handle(await set.switchKey("Inactive", OTHER));
    const between = await set.session();
    set.sandbox.clock.advance(MINUTE_MS);
    const off = await set.switchKey("Inactive");
    set.sandbox.stale({ user: "ann", operation: "ListAccessKeys", times: 1 });
    expect(await set.handle(off)).toMatchObject([{ status: "inconclusive" }]);
    set.sandbox.clock.advance(MINUTE_MS);
    expect(await set.handle(off)).toMatchObject([{ status: "contained" }]);
    expect(await set.refusalOf(between)).toBe("AccessDenied");
  });

  it("are not called ended where AWS won't say how the key stands: it is looked at again", async () => {
    const set = await sessionsStage();
    set.sandbox.deny({ action: "iam:ListAccessKeys", resource: "ann" });
    expect(await set.report(set.user)).toMatchObject([{ status: "contained" }]);
    set.sandbox.clock.advance(6 * MINUTE_MS);
    await set.look(set.user);
    expect(set.journal.recordOf(set.user, CONTROL).findings[set.idOf(set.user, KEY)]?.lookAtMs).toBeGreaterThan(
      set.clock.nowMs(),
    );
  });

  it("are denied by one write where Cordon stops the key first, as it does", async () => {
    const set = await sessionsStage();
    const report = { by: "aws-health", id: "h", type: "AWS_RISK_CREDENTIALS_EXPOSED", at: at(set) } as const;
    const signal = set.signalOf(set.user, { source: "health", name: report.type, report, keyId: KEY });
    const statuses = (await set.hear(signal)).map(({ status }) => status);
    expect(statuses).toEqual(["contained", "compliant", "contained", "awaiting-approval"]);
    set.sandbox.clock.advance(24 * 60 * MINUTE_MS);
    await set.look(set.user);
    expect(set.writes()).toEqual(["UpdateAccessKey", "PutUserPolicy"]);
  });

  it("are denied now, and not for ever, by a report that says it is from the future", async () => {
    const set = await sessionsStage();
    await set.switchKey("Inactive");
    await set.report(set.user, KEY, { at: "2099-01-01T00:00:00Z" });
    expect(deniedMs(set)).toBeLessThan(set.clock.nowMs() + 10 * MINUTE_MS);
    set.sandbox.clock.advance(MINUTE_MS);
    expect(await set.look(set.user)).toMatchObject([{ status: "already-contained" }]);
  });
});

describe("a role's sessions begun between its denial and the key's end", () => {
  const approvedBeforeTheEnd = async () => {
    const set = await sessionsStage({}, { policy: { accessKeys: { breakGlass: [{ names: ["ann"] }] } } });
    const report = { by: "guardduty", id: "g", type: "UnauthorizedAccess:IAMUser/TorIPCaller", at: at(set) } as const;
    const signal = set.signalOf(set.user, { source: "guardduty", name: report.type, report, keyId: KEY });
    await set.hear(signal);
    set.sandbox.clock.advance(MINUTE_MS);
    expect(await set.approve(set.role)).toMatchObject({ status: "contained" });
    set.sandbox.clock.advance(20 * MINUTE_MS);
    return { set, signal };
  };

  it("are a person's to end once the key's end is heard; that ended, nobody is asked again", async () => {
    const { set, signal } = await approvedBeforeTheEnd();
    const between = await set.assume();
    expect(await set.refusalOf(between)).toBeUndefined();
    const off = await set.switchKey("Inactive");
    const ofRole = (results: Awaited<ReturnType<Stage["hear"]>>) =>
      results.filter(({ resource }) => resource?.arn === set.role.arn);
    expect(ofRole(await set.hear(off))).toMatchObject([{ status: "awaiting-approval" }]);
    // Whoever stopped the key has caused nothing of the role's.
    expect(set.journal.recordOf(set.role, ROLE_CONTROL).causes).toBeUndefined();
    set.sandbox.clock.advance(20 * MINUTE_MS);
    expect(await set.approve(set.role)).toMatchObject({ status: "contained" });
    expect(await set.refusalOf(between)).toBe("AccessDenied");
    // Nobody who begins anew is kept waiting when the key's end is long past.
    set.sandbox.clock.advance(2_000);
    expect(await set.refusalOf(await set.assume(OTHER))).toBeUndefined();
    for (const again of [off, signal])
      expect(ofRole(await set.hear({ ...again, id: `${again.id}-again` }))).toMatchObject([
        { status: "already-contained" },
      ]);
  });

  it("approved while that still spreads, are denied until it has spread", async () => {
    const set = await sessionsStage();
    await set.switchKey("Inactive");
    const report = { by: "aws-health", id: "h", type: "AWS_RISK_CREDENTIALS_EXPOSED", at: at(set) } as const;
    await set.hear(set.signalOf(set.user, { source: "health", name: report.type, report, keyId: KEY }));
    const stoppedMs = set.clock.nowMs();
    set.sandbox.clock.advance(MINUTE_MS);
    expect(await set.approve(set.role)).toMatchObject({ status: "contained" });
    const { Statement } = (await set.denialOnRole()) as { Statement: [{ Condition: { DateLessThan: object } }] };
    const [before] = Object.values(Statement[0].Condition.DateLessThan);
    expect(Date.parse(before)).toBeGreaterThanOrEqual(stoppedMs + KEY_END_SPREADS_MS - MINUTE_MS);
    expect(Date.parse(before)).toBeLessThanOrEqual(stoppedMs + KEY_END_SPREADS_MS + 1_000);
    expect(await set.look(set.role)).toMatchObject([{ status: "already-contained" }]);
  });
});

const CONTROL = "iam-user-has-no-session-of-exposed-key";
const ROLE_CONTROL = "iam-role-has-no-session-of-exposed-key";
const at = (set: Stage) => new Date(set.clock.nowMs()).toISOString();
