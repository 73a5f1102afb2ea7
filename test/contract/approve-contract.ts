/**
 * The contract of a control that changes nothing without a person's word, whatever policy says. What the other contract says of containing at once is said here of an approved
 * plan. Left out are tugs of war and echoes (invariant 10): it hears no calls, and what is taken away again a person is asked about anew, as the control's own tests say.
 */
import { describe, expect, it } from "vitest";
import type { Control } from "../../shared/control.ts";
import { contentHash } from "../../shared/ids.ts";
import { differences } from "../../shared/lifecycle/difference.ts";
import type { Change } from "../../shared/types.ts";
import { type Case, casesOf, delivered, eventOf, findingIdOf, subjectRef } from "../support/cases.ts";
import { START_MS, sqs } from "../support/events.ts";
import { withoutTimes } from "../support/iam-cases.ts";
import { callsOf, stage } from "../support/stage.ts";
import { deathAfter, failingWrites, portOf, readState, staleReads } from "./ports.ts";

const HOUR_MS = 3_600_000;

export function describeApproveContract<State>(control: Control<State>): void {
  const { id } = control.meta;
  const cases = casesOf(id);
  const approved = cases.filter((each) => each.expect.approved !== undefined);
  const first = approved[0];
  if (first === undefined) throw new Error(`${id} has no case of what an approval changes`);
  const named = (list: readonly Case[]) => list.map((each) => [`${each.scenario}: ${each.title}`, each] as const);
  const waitingOf = (each: Case) => {
    const waiting = Object.entries(each.expect.findings).filter(([, { status }]) => status === "awaiting-approval");
    return waiting.map(([part]) => findingIdOf(each, id, part));
  };
  const [asked = ""] = waitingOf(first);

  /** A stage on which a person has been asked. */
  const opened = async (each: Case) => {
    const set = await stage(control, each);
    const before = each.expect.approved && (await readState(control, set, each));
    await set.container().results(eventOf(each));
    return { ...set, before };
  };
  const changesOf = async (set: Awaited<ReturnType<typeof opened>>, each: Case): Promise<readonly Change[]> =>
    withoutTimes(differences(set.before, await readState(control, set, each)), START_MS, set.clock.nowMs());

  describe(`${id}: its cases`, () => {
    it.each(named(cases))("%s", async (_, each) => {
      const set = await stage(control, each);

      const results = await set.container().results(eventOf(each));

      const told = results.filter(({ findingId }) => findingId !== null);
      const wanted = Object.entries(each.expect.findings);
      expect(told.map(({ findingId, decision, status }) => ({ findingId, decision, status }))).toEqual(
        wanted.map(([part, { decision, status }]) => ({ findingId: findingIdOf(each, id, part), decision, status })),
      );
      for (const { part, decision } of set.journal.findings())
        expect(decision.rule).toBe(each.expect.findings[part]?.rule);
      expect(callsOf(set.sandbox).writes).toEqual([]);
      if (each.expect.calls === undefined) return;
      const { iam, table } = callsOf(set.sandbox);
      expect({ iam: iam.length, table: table.length }, iam.join(" ")).toEqual(each.expect.calls);
    });
  });

  describe(`${id}: invariant 1, undecidable is never compliant and never changed`, () => {
    it.each(control.meta.iam.read)("when %s is denied, a person is asked all the same", async (action) => {
      const set = await stage(control, first);
      set.sandbox.deny({ principal: set.role.arn, action });
      const results = await set.container().results(eventOf(first));
      expect(results.map(({ status }) => status)).toEqual(["awaiting-approval"]);
      expect(callsOf(set.sandbox).writes).toEqual([]);
    });

    const beyond = cases.filter((each) => each.expect.approved === undefined && waitingOf(each).length > 0);
    it.each(named(beyond))("what can't be done is not done on a person's word either: %s", async (_, each) => {
      const set = await opened(each);
      for (const findingId of waitingOf(each)) {
        expect(set.journal.finding(findingId)?.pending).toBeUndefined();
        expect((await set.container().approve(findingId)).status).toBe("refused");
      }
      expect(callsOf(set.sandbox).writes).toEqual([]);
    });
  });

  describe(`${id}: never without a person`, () => {
    it.each(named(approved))("however often it is told and looked at, with the same plan: %s", async (_, each) => {
      const set = await opened(each);
      const ids = waitingOf(each);
      const plans = () => ids.map((findingId) => set.journal.finding(findingId)?.pending?.id);
      const before = plans();
      expect(before.every((plan) => plan !== undefined)).toBe(true);
      await set.container().send(sqs(delivered(eventOf(each)), delivered(eventOf(each))));
      // Within the time there is to decide in; after it a person is asked again.
      for (let looks = 0; looks < 3; looks++) {
        set.advance(20 * HOUR_MS);
        await set.container().results(eventOf(each));
      }
      expect(plans()).toEqual(before);
      expect(callsOf(set.sandbox).writes).toEqual([]);
      expect(set.journal.evidence()).toHaveLength(ids.length);
    });
  });

  describe(`${id}: invariant 3, write ahead`, () => {
    it("plan, state before and inverse are in the journal before the first mutating call", async () => {
      const set = await opened(first);
      const dying = set.container({ wrap: failingWrites }).approve(asked);
      await expect(dying).rejects.toThrow("AWS gave no usable answer");
      const plan = JSON.parse(String(set.journal.runs()[0]?.content)).plan;
      expect(plan.before).toEqual(set.before);
      expect(plan.steps[0].inverse.changes.map(({ path }: Change) => path)).toEqual(
        first.expect.approved?.map(({ path }) => path),
      );
      expect(plan.permissions).toEqual(expect.arrayContaining([...control.meta.iam.write]));
      expect(await changesOf(set, first)).toEqual([]);
    });
  });

  describe(`${id}: invariant 5, verified or not done`, () => {
    it("a stale read after the write is read again", async () => {
      const set = await opened(first);
      expect((await set.container(staleReads(2)).approve(asked)).status).toBe("contained");
      expect(set.journal.evidence().find(({ kind }) => kind === "contained")?.content).toMatchObject({
        run: { verification: { kind: "verified", reads: 3 } },
      });
    });
  });

  describe(`${id}: invariants 4 and 6, only what offends changes, and rollback restores exactly`, () => {
    it.each(named(approved))("%s", async (_, each) => {
      const set = await opened(each);
      set.advance(HOUR_MS);
      for (const findingId of waitingOf(each))
        expect((await set.container().approve(findingId)).status).toBe("contained");
      expect(await changesOf(set, each)).toEqual(each.expect.approved);

      for (const findingId of waitingOf(each))
        expect((await set.container().rollBack(findingId)).status).toBe("exempt");
      expect(await changesOf(set, each)).toEqual([]);
    });

    it("is refused, with the difference, once somebody else has changed the resource", async () => {
      const set = await opened(first);
      await set.container().approve(asked);
      await portOf(control, set).write(subjectRef(first), set.before as State);
      set.sandbox.clearCalls();
      const refused = await set.container().rollBack(asked);
      expect(refused.status).toBe("refused");
      expect(refused.changes.map(({ path }) => path)).toEqual(first.expect.approved?.map(({ path }) => path));
      expect(callsOf(set.sandbox).writes).toEqual([]);
    });
  });

  describe(`${id}: invariants 7 and 8, once and one at a time`, () => {
    it("of eight containers that approve the same one writes, and asking again changes nothing", async () => {
      const set = await opened(first);
      const containers = Array.from({ length: 8 }, () => set.container());
      await Promise.allSettled(containers.map((each) => each.approve(asked)));
      // It doesn't wait any more.
      expect((await set.container().approve(asked)).status).toBe("refused");
      expect(set.journal.finding(asked)?.status).toBe("contained");
      await set.container().results(eventOf(first));
      expect(callsOf(set.sandbox).writes).toHaveLength(1);
      expect(set.journal.evidence().filter(({ kind }) => kind === "contained")).toHaveLength(1);

      await set.container().rollBack(asked);
      await set.container().rollBack(asked);
      expect(callsOf(set.sandbox).writes).toHaveLength(2);
    });
  });

  describe(`${id}: invariant 9, death at any call loses nothing`, () => {
    it.each(["approve", "rollBack"] as const)(
      "of %s, dying before the first and after each in turn",
      async (action) => {
        for (let call = 0, isOver = false; !isOver; call++) {
          const set = await opened(first);
          if (action === "rollBack") await set.container().approve(asked);
          const death = deathAfter(call);
          const dying = set.container({ wrap: death.wrap })[action](asked);
          await dying.catch((error) => {
            if (!death.isCause(error)) throw error;
          });
          isOver = !death.struck;
          set.advance(180_000);
          await set.container().results(eventOf(first));
          const again = await set.container()[action](asked);

          const where = `after call ${call} (${death.name}): ${again.reasons.join("; ")}`;
          expect(set.journal.finding(asked)?.status, where).toBe(action === "approve" ? "contained" : "exempt");
          expect(await changesOf(set, first), where).toEqual(action === "approve" ? first.expect.approved : []);
          expect(set.journal.resource().unfinishedRun, where).toBeUndefined();
          if (isOver) expect(call).toBeGreaterThan(5);
        }
      },
    );
  });

  describe(`${id}: invariant 13, observing, and evidence`, () => {
    it("CORDON_MODE=observe makes every read and no write, on a person's word either", async () => {
      const set = await stage(control, { ...first, mode: "observe" });
      const results = await set.container().results(eventOf(first));
      expect(results.map(({ status }) => status)).toEqual(["observed"]);
      expect((await set.container().approve(asked)).status).toBe("refused");
      expect(callsOf(set.sandbox).writes).toEqual([]);
    });

    it("the brake in the table does the same at the next word", async () => {
      const set = await opened(first);
      await set.putItem({ pk: "BRAKE", sk: "BRAKE", on: true, reason: "incident", by: "on-call" });
      expect((await set.container().approve(asked)).status).toBe("refused");
      expect(callsOf(set.sandbox).writes).toEqual([]);
    });

    it("evidence is sealed by the hash of its content and says what was called", async () => {
      const set = await opened(first);
      await set.container().approve(asked);
      const entries = set.journal.evidence();
      for (const entry of entries) expect(entry.contentHash).toBe(contentHash(entry.content));
      const own = set.sandbox.calls.find((call) => call.service !== "dynamodb" && call.mutating);
      const contained = entries.find(({ kind }) => kind === "contained");
      expect(contained?.content).toMatchObject({
        run: { receipts: [{ requestId: own?.requestId, outcome: "accepted" }] },
      });
    });
  });
}
