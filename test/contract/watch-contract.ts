/**
 * The contract of a control that changes nothing (`changes: "nothing"`): it tells, exactly once, by live state alone, and lets go when the matter is put right.
 * What the other contract says of writing doesn't concern it: it is given nothing to write with.
 */
import { describe, expect, it } from "vitest";
import type { WatchingControl } from "../../shared/control.ts";
import { contentHash } from "../../shared/ids.ts";
import { ticketOf } from "../../shared/ticketing/ticket.ts";
import { eventBridge, sqs, WRAPPERS } from "../support/events.ts";
import { recordOf, type WatchCase, watchCasesOf, watchStage } from "../support/watch-stage.ts";

export function describeWatchContract<State>(control: WatchingControl<State>): void {
  const { id } = control.meta;
  const cases = watchCasesOf(id);
  const isWrong = ({ expect: { findings } }: WatchCase) =>
    Object.values(findings).some(({ rule }) => rule === "built-in:drift");
  const wrong = cases.filter(isWrong);
  const mended = wrong.filter((each) => each.mended !== undefined);
  const first = mended[0];
  if (first === undefined) throw new Error(`${id} has no case of something wrong with how it is put right`);
  const open = (each: WatchCase) => watchStage(control, each.resource, each.world);
  const named = (list: readonly WatchCase[]) => list.map((each) => [`${each.scenario}: ${each.title}`, each] as const);

  describe(`${id}: its cases`, () => {
    it.each(named(cases))("%s", async (_, each) => {
      const set = await open(each);

      const results = await set.container().results(recordOf(each));

      const told = results.filter(({ status }) => status !== "compliant");
      const wanted = Object.entries(each.expect.findings);
      expect(Object.fromEntries(told.map(({ findingId, status }) => [findingId, status]))).toEqual(
        Object.fromEntries(wanted.map(([part, { status }]) => [set.idOf(part), status])),
      );
      for (const [part, { rule, found }] of wanted) {
        const finding = set.journal.finding(set.idOf(part));
        expect(finding).toMatchObject({ severity: "critical", decision: { rule }, part });
        if (found !== undefined) expect(finding?.facts).toMatchObject({ kind: "condition", found });
      }
    });
  });

  describe(`${id}: invariant 1, undecidable is never compliant`, () => {
    const unreadable = cases.filter(({ expect: { findings } }) =>
      Object.values(findings).some(({ rule }) => rule === "built-in:unreadable"),
    );
    it("has a case of what can't be read", () => expect(unreadable.length).toBeGreaterThan(0));
    it.each(named(unreadable))("and what was known to be wrong is not resolved by it: %s", async (_, each) => {
      const set = await watchStage(control, each.resource, wrongWorldFor(each, wrong));
      await set.container().results(recordOf(each));
      const parts = Object.keys(each.expect.findings);
      const before = set.journal
        .findings()
        .filter(({ part }) => parts.includes(part) || parts.includes("(configuration)"));
      expect(before.length).toBeGreaterThan(0);
      set.world.current = each.world;
      set.advance(900_000);
      await set.container().look();
      for (const { id } of before) expect(set.journal.finding(id)?.status).toBe("awaiting-approval");
    });
  });

  describe(`${id}: invariant 2, live state decides and events only point`, () => {
    it("a failed call is ignored and nothing is written", async () => {
      const set = await open(first);
      const [result] = await set.container().results(recordOf(first, { errorCode: "AccessDenied" }));
      expect(result?.status).toBe("ignored");
      expect(set.sandbox.calls).toEqual([]);
    });

    it("an event about what is right by now finds nothing", async () => {
      const set = await open({ ...first, world: first.mended ?? first.world });
      const results = await set.container().results(recordOf(first));
      expect(results.every(({ status }) => status === "compliant")).toBe(true);
      expect(set.journal.findings()).toEqual([]);
    });

    it("when nothing wrong shows yet, a young call is looked at again once it has had time", async () => {
      const set = await open({ ...first, world: first.mended ?? first.world });
      const event = recordOf(first, { atMs: set.clock.nowMs() });
      const early = await set.container().send(sqs(eventBridge(event)));
      expect(early.batchItemFailures).toHaveLength(1);
      expect(set.journal.findings()).toEqual([]);

      set.world.current = first.world;
      set.advance(60_000);
      const results = await set.container().results(event);
      expect(results.map(({ status }) => status)).toContain("awaiting-approval");
    });

    it.skipIf(control.settlesMs === undefined)("a deployment is given time, and no more than that", async () => {
      const set = await open(first);
      const event = recordOf(first, { atMs: set.clock.nowMs(), invokedBy: "cloudformation.amazonaws.com" });
      const early = await set.container().send(sqs(eventBridge(event)));
      expect(early.batchItemFailures).toHaveLength(1);
      expect(set.journal.findings()).toEqual([]);

      // Of several minutes, and of several calls.
      set.advance(300_000);
      const amidst = await set.container().send(sqs(eventBridge(event)));
      expect(amidst.batchItemFailures).toHaveLength(1);
      expect(set.journal.findings()).toEqual([]);

      set.advance(310_000);
      const results = await set.container().results(event);
      expect(results.map(({ status }) => status)).toContain("awaiting-approval");
    });

    it.each(Object.entries(WRAPPERS))("%s is understood", async (_, wrap) => {
      const set = await open(first);
      await set.container().send(wrap(recordOf(first)));
      expect(set.journal.findings().some(({ status }) => status === "awaiting-approval")).toBe(true);
    });
  });

  describe(`${id}: invariant 7, told exactly once for each time it goes wrong`, () => {
    it.each(named(mended))("and resolved when it is put right: %s", async (_, each) => {
      const set = await open(each);
      const parts = Object.keys(each.expect.findings);
      const warm = set.container();

      await warm.results(recordOf(each));
      await warm.results(recordOf(each));
      await set.container().send(sqs(eventBridge(recordOf(each)), eventBridge(recordOf(each))));
      set.advance(900_000);
      await set.container().look();
      expect(set.journal.evidence()).toHaveLength(parts.length);

      set.world.current = each.mended ?? each.world;
      set.advance(900_000);
      await set.container().look();
      for (const part of parts) {
        const finding = set.journal.finding(set.idOf(part));
        expect(finding).toMatchObject({ status: "resolved", occurrence: 1 });
        if (finding !== undefined) expect(ticketOf(finding).state).toBe("resolved");
      }

      set.world.current = each.world;
      set.advance(900_000);
      await set.container().results(recordOf(each, { id: "again", atMs: set.clock.nowMs() - 60_000 }));
      for (const part of parts)
        expect(set.journal.finding(set.idOf(part))).toMatchObject({ status: "awaiting-approval", occurrence: 2 });
      expect(new Set(set.journal.evidence().map(({ key }) => key)).size).toBe(set.journal.evidence().length);
    });

    it("of eight containers with the same event one tells", async () => {
      const set = await open(first);
      const containers = Array.from({ length: 8 }, () => set.container());
      await Promise.all(containers.map((each) => each.send(sqs(eventBridge(recordOf(first))))));
      expect(set.journal.evidence()).toHaveLength(Object.keys(first.expect.findings).length);
    });
  });

  describe(`${id}: who is named`, () => {
    it("whoever called, in the finding and in the ticket", async () => {
      const set = await open(first);
      await set.container().results(recordOf(first, { by: "mallory" }));
      const finding = set.journal.findings()[0];
      expect(finding?.principal?.arn).toContain("user/mallory");
      expect(finding && ticketOf(finding).body).toContain("user/mallory");
    });

    it("also when a look found it first and the call is heard later; another look takes no name away", async () => {
      const set = await open(first);
      await set.container().look("tick-1");
      expect(set.journal.findings()[0]?.principal).toBeUndefined();

      await set.container().results(recordOf(first, { by: "mallory" }));
      set.advance(900_000);
      await set.container().look("tick-2");

      expect(set.journal.findings()[0]?.principal?.arn).toContain("user/mallory");
      expect(set.journal.findings()[0]?.occurrence).toBe(1);
    });
  });

  describe(`${id}: invariant 13 and what is recorded`, () => {
    it("observing tells as well, marked so", async () => {
      const set = await open(first);
      await set.container({ mode: "observe" }).results(recordOf(first));
      const [finding] = set.journal.findings();
      expect(finding).toMatchObject({ status: "observed", severity: "critical" });
      expect(finding && ticketOf(finding).title).toContain("[OBSERVED]");
    });

    it("evidence is sealed, and neither it nor the ticket talks of classes of data", async () => {
      const set = await open(first);
      await set.container().results(recordOf(first));
      const [entry] = set.journal.evidence();
      expect(entry?.contentHash).toBe(contentHash(entry?.content));
      expect(set.journal.resource().classification).toBeUndefined();
      const [finding] = set.journal.findings();
      const text = `${JSON.stringify(finding?.decision)} ${finding && ticketOf(finding).body}`;
      expect(text).not.toMatch(/tag|classif|class unknown/i);
      expect(text).toContain("What to do");
    });
  });
}

/** A world in which something is wrong with what can't be read later: the same part, or anything where the whole can't be read. */
function wrongWorldFor(each: WatchCase, wrong: readonly WatchCase[]): WatchCase["world"] {
  const parts = Object.keys(each.expect.findings);
  const found = wrong.find(
    ({ resource, expect: { findings } }) =>
      resource.arn === each.resource.arn &&
      (parts.includes("(configuration)") || parts.some((part) => part in findings)),
  );
  if (found === undefined) throw new Error(`no case in which ${parts.join()} of ${each.resource.name} is wrong`);
  return found.world;
}
