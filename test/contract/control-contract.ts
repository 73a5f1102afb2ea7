/**
 * The contract of a control. `describeContract` runs it for one control, from that control's own cases; test/contract/contract.test.ts runs it
 * for every control in the registry, so that a new control gets all of it by having cases. The numbers are DESIGN's invariants.
 */
import { describe, expect, it } from "vitest";
import type { Control } from "../../shared/control.ts";
import { contentHash } from "../../shared/ids.ts";
import { differences } from "../../shared/lifecycle/difference.ts";
import type { Change, Result } from "../../shared/types.ts";
import {
  type Case,
  casesOf,
  delivered,
  eventOf,
  findingIdOf,
  itemOf,
  nudgeOf,
  subjectRef,
  writeCallOf,
} from "../support/cases.ts";
import { START_MS, sqs, WRAPPERS } from "../support/events.ts";
import { withoutTimes } from "../support/iam-cases.ts";
import { callsOf, policyDocument, policyWith, stage } from "../support/stage.ts";
import { deathAfter, failingWrites, portOf, readState, staleReads } from "./ports.ts";

/** Rules of Cordon's own by which something is right. */
const COMPLIANT: ReadonlySet<string> = new Set([
  "built-in:inactive",
  "built-in:same-region",
  "built-in:tagged",
  "built-in:young",
  "built-in:unreported",
  "built-in:break-glass",
  // Nothing is to be done yet, so that nobody is asked.
  "built-in:key-warning",
  "built-in:older-first",
]);

const turned = ({ path, before, after }: Change): Change => ({ path, before: after, after: before });

export function describeContract<State>(control: Control<State>): void {
  const { id } = control.meta;
  const cases = casesOf(id);
  const containing = cases.filter((each) => each.expect.changes.length > 0);
  const undecidable = cases.filter(({ expect: { findings } }) =>
    Object.values(findings).some(
      ({ rule }) => rule.startsWith("built-in:") && !COMPLIANT.has(rule) && rule !== "built-in:tagged",
    ),
  );
  const first = containing[0];
  if (first === undefined) throw new Error(`${id} has no case in which anything is contained`);
  const writeCall = writeCallOf(first);
  const written = writeCall === undefined ? {} : { name: writeCall };
  /** IAM's calls that name nobody are about their caller: no other user's key follows from one. */
  const isUser = control.meta.resourceType === "AWS::IAM::User";
  /** A user or role with its keys: it has no class of data. */
  const isIdentity = control.meta.subject === "identity";
  /** AWS shows at once what it has taken. */
  const isConsistent = first.subject.includes("/");

  describe(`${id}: its cases`, () => {
    it.each(cases.map((each) => [`${each.scenario}: ${each.title}`, each] as const))("%s", async (_, each) => {
      const set = await stage(control, each);
      const before = await readState(control, set, each);

      const results = await set.container().results(eventOf(each));

      const wanted = each.expect.findings;
      const told = Object.fromEntries(
        results.filter(({ findingId }) => findingId !== null).map((result) => [result.findingId, result]),
      );
      for (const [part, expected] of Object.entries(wanted)) {
        const result = told[findingIdOf(each, id, part)];
        expect({ part, decision: result?.decision, status: result?.status }).toEqual({
          part,
          decision: expected.decision,
          status: expected.status,
        });
      }
      expect(Object.keys(told)).toHaveLength(Object.keys(wanted).length);
      expect(await changesOf(set, before, each)).toEqual(each.expect.changes);
      for (const finding of set.journal.findings()) expect(finding.decision.rule).toBe(wanted[finding.part]?.rule);
    });
  });

  describe(`${id}: the call budget`, () => {
    it.each(cases.filter((each) => each.expect.calls !== undefined).map((each) => [each.title, each] as const))(
      "%s",
      async (_, each) => {
        const set = await stage(control, each);
        const container = set.container();

        await container.results(eventOf(each));

        const { s3, iam, table } = callsOf(set.sandbox);
        const made = [s3, iam, table].map((calls) => calls.join(" ")).join(" | ");
        const counted = { s3: s3.length, iam: iam.length, table: table.length };
        expect(counted, made).toEqual({ s3: 0, iam: 0, ...each.expect.calls });
      },
    );

    it.each(
      cases
        .filter((each) => each.expect.changes.length === 0 && each.expect.calls?.table === 1)
        .map((each) => [each.title, each] as const),
    )("is no more, and one update still, when the container knows the matter: %s", async (_, each) => {
      const set = await stage(control, each);
      const container = set.container();
      await container.results(eventOf(each));
      set.sandbox.clearCalls();

      await container.results(eventOf(each));

      const { s3, iam, table } = callsOf(set.sandbox);
      const most = { s3: 0, iam: 0, ...each.expect.calls };
      expect(table).toHaveLength(1);
      expect(s3.length).toBeLessThanOrEqual(most.s3);
      expect(iam.length).toBeLessThanOrEqual(most.iam);
    });
  });

  describe(`${id}: invariant 1, undecidable is never compliant and never changed`, () => {
    it.each(undecidable.map((each) => [each.title, each] as const))("%s", async (_, each) => {
      const set = await stage(control, each);
      const results = await set.container().results(eventOf(each));
      expect(results.some(({ status }) => status === "awaiting-approval")).toBe(true);
      expect(callsOf(set.sandbox).writes).toEqual([]);
    });

    it.each(control.meta.iam.read)(
      "when %s is denied, nothing is found compliant or changed but what is known all the same",
      async (action) => {
        const set = await stage(control, first);
        set.sandbox.deny({ principal: set.role.arn, action });

        const results = await set.container().results(eventOf(first));

        // S3, say, tells a bucket's Region also to those it denies: what is decided then has to be what is right.
        const expected = Object.fromEntries(
          Object.entries(first.expect.findings).map(([part, { status }]) => [findingIdOf(first, id, part), status]),
        );
        expect(results.length).toBeGreaterThan(0);
        for (const { findingId, status } of results) {
          // Nothing is found, and that is told: a user whom IAM doesn't name, for one.
          if (findingId === null) expect(["refused", "failed"]).toContain(status);
          else expect(["awaiting-approval", expected[findingId]]).toContain(status);
        }
        const isDecided = results.some(({ status }) => status === "contained");
        if (!isDecided) expect(callsOf(set.sandbox).writes).toEqual([]);
      },
    );
  });

  describe(`${id}: invariant 2, live state decides and events only point`, () => {
    it("a failed call is ignored without a single AWS call, also when it carries responseElements", async () => {
      const set = await stage(control, first);
      const event = { ...eventOf(first, { errorCode: "AccessDenied" }), responseElements: { some: "thing" } };
      const [result] = await set.container().results(event);
      expect(result?.status).toBe("ignored");
      expect(set.sandbox.calls).toEqual([]);
    });

    it.skipIf(isUser)("an event whose request is null still points, and gives the same result", async () => {
      const set = await stage(control, first);
      const results = await set.container().results({ ...eventOf(first), requestParameters: null });
      expect(results.filter(({ status }) => status === "contained")).toHaveLength(
        Object.values(first.expect.findings).filter(({ status }) => status === "contained").length,
      );
    });

    it.each(Object.entries(WRAPPERS))("%s is understood", async (_, wrap) => {
      const set = await stage(control, first);
      const before = await readState(control, set, first);
      await set.container().send(wrap(eventOf(first)));
      expect(await changesOf(set, before, first)).toEqual(first.expect.changes);
    });
  });

  describe(`${id}: invariant 3, write ahead`, () => {
    it("plan, state before and inverse are in the journal before the first mutating call", async () => {
      const set = await stage(control, first);
      const before = await readState(control, set, first);

      // No write gets through: what is in the table then was there before it.
      const [result] = await set.container({ wrap: failingWrites }).results(eventOf(first));

      expect(result?.status).toBe("inconclusive");
      const [run] = set.journal.runs();
      const plan = JSON.parse(String(run?.content)).plan;
      expect(["claimed", "unknown", "abandoned"]).toContain(run?.status);
      expect(plan.before).toEqual(before);
      expect(withoutTimes(plan.steps[0].inverse.changes.map(turned), START_MS, set.clock.nowMs())).toEqual(
        first.expect.changes,
      );
      expect(plan.permissions).toEqual(expect.arrayContaining([...control.meta.iam.write]));
      expect(await changesOf(set, before, first)).toEqual([]);
    });
  });

  describe(`${id}: invariant 5, verified or not done`, () => {
    it.skipIf(isConsistent)("a stale read after the write is read again", async () => {
      const set = await stage(control, first);
      const results = await set.container(staleReads(2)).results(eventOf(first));
      expect(results.find(({ status }) => status === "contained")).toBeDefined();
      expect(set.journal.evidence().at(-1)?.content).toMatchObject({
        run: { verification: { kind: "verified", reads: 3 } },
      });
    });

    it.skipIf(isConsistent)(
      "one that stays stale is inconclusive, goes back to the queue, and is verified later without a second write",
      async () => {
        const set = await stage(control, first);

        const answer = await set.container(staleReads(100)).send(sqs(delivered(eventOf(first))));
        expect(answer.batchItemFailures).toEqual([{ itemIdentifier: "message-1" }]);
        expect(set.journal.evidence().filter(({ kind }) => kind === "contained")).toEqual([]);

        set.advance(180_000);
        const again = await set.container().results(eventOf(first));
        expect(again.some(({ status }) => status === "contained")).toBe(true);
        expect(callsOf(set.sandbox).writes).toHaveLength(1);
        expect(set.journal.evidence().filter(({ kind }) => kind === "contained")).toHaveLength(containedIn(first));
      },
    );
  });

  describe(`${id}: invariants 4 and 6, only what offends changes, and rollback restores exactly`, () => {
    it.each(containing.map((each) => [each.title, each] as const))("%s", async (_, each) => {
      const set = await stage(control, each);
      const container = set.container();
      const before = await readState(control, set, each);
      const results = await container.results(eventOf(each));

      for (const { findingId } of results.filter(({ status }) => status === "contained")) {
        const restored = await container.rollBack(String(findingId));
        expect(restored.status).toBe("exempt");
      }
      expect(await readState(control, set, each)).toEqual(before);

      // While the exceptions last, nothing contains it again.
      const later = await set.container().results(eventOf(each, { name: nudgeOf(each) }));
      for (const result of later) expect(["exempt", "compliant"]).toContain(result.status);
      expect(await readState(control, set, each)).toEqual(before);

      // The second they end, it is contained.
      set.advance(24 * 3_600_000);
      const endedMs = set.clock.nowMs();
      await set.container().results(eventOf(each, { name: nudgeOf(each) }));
      expect(await changesOf(set, before, each, endedMs)).toEqual(each.expect.changes);
    });

    it("the exception is in the journal before the rollback's first mutating call", async () => {
      const set = await stage(control, first);
      const [result] = await set.container().results(eventOf(first));
      const container = set.container({ wrap: failingWrites });
      await expect(container.rollBack(String(result?.findingId))).rejects.toThrow("AWS gave no usable answer");
      expect(set.journal.resource().findings[String(result?.findingId)]).toMatchObject({
        status: "rolling-back",
        exception: { approver: expect.stringContaining("data-protection-officer") },
      });
      expect(set.journal.evidence().at(-1)?.kind).toBe("exception-granted");
    });

    it("is refused, with the difference, once somebody else has changed the resource", async () => {
      const set = await stage(control, first);
      const container = set.container();
      const [result] = await container.results(eventOf(first));
      const before = JSON.parse(String(set.journal.runs()[0]?.content)).plan.before;
      await portOf(control, set).write(subjectRef(first), before);
      set.sandbox.clearCalls();

      const refused = await container.rollBack(String(result?.findingId));

      expect(refused.status).toBe("refused");
      expect(withoutTimes(refused.changes.map(turned), START_MS, set.clock.nowMs())).toEqual(first.expect.changes);
      expect(callsOf(set.sandbox).writes).toEqual([]);
    });

    it("asking twice changes nothing the second time", async () => {
      const set = await stage(control, first);
      const container = set.container();
      const [result] = await container.results(eventOf(first));
      await container.rollBack(String(result?.findingId));
      set.sandbox.clearCalls();
      expect((await container.rollBack(String(result?.findingId))).status).toBe("exempt");
      expect(callsOf(set.sandbox).writes).toEqual([]);
    });
  });

  describe(`${id}: invariant 7, at least once in, exactly once out`, () => {
    it.each(containing.map((each) => [each.title, each] as const))("%s", async (_, each) => {
      const set = await stage(control, each);
      const event = eventOf(each);
      const warm = set.container();

      await warm.results(event);
      await warm.results(event);
      await set.container().results(itemOf(each));
      await set.container().send(sqs(delivered(event), delivered(event)));
      set.advance(600_000);
      await set.container().results(event);

      expect(callsOf(set.sandbox).writes).toHaveLength(1);
      const contained = set.journal.evidence().filter(({ kind }) => kind === "contained");
      expect(contained).toHaveLength(containedIn(each));
      expect(new Set(contained.map(({ findingId, occurrence }) => `${findingId}/${occurrence}`)).size).toBe(
        contained.length,
      );
      expect(set.journal.findings().filter(({ status }) => status === "contained")).toHaveLength(containedIn(each));
    });

    it.skipIf(isConsistent)(
      "state equal to the one before, read within the settle window, is no new occurrence",
      async () => {
        const set = await stage(control, first);
        const lag = staleReads(1);
        const container = set.container(lag);
        await container.results(eventOf(first));
        // The next look is as stale as the state before the write was.
        lag.left = 2;
        const results = await container.results(eventOf(first));
        expect(results.map(({ status }) => status)).toContain("inconclusive");
        expect(callsOf(set.sandbox).writes).toHaveLength(1);
      },
    );
  });

  describe(`${id}: invariant 8, one at a time`, () => {
    it("of eight containers with the same event one writes", async () => {
      const set = await stage(control, first);
      const containers = Array.from({ length: 8 }, () => set.container());
      const answers = await Promise.all(containers.map((container) => container.results(eventOf(first))));
      expect(callsOf(set.sandbox).writes).toHaveLength(1);
      expect(answers.flat().filter(({ status }) => status === "failed")).toEqual([]);
      expect(answers.flat().filter(({ status }) => status === "contained").length).toBeGreaterThanOrEqual(1);
      expect(set.journal.evidence().filter(({ kind }) => kind === "contained")).toHaveLength(containedIn(first));
    });
  });

  describe(`${id}: invariant 9, death at any call loses nothing`, () => {
    it("dying before the first call of a containment, and after each in turn", async () => {
      for (let call = 0; ; call++) {
        const set = await stage(control, first);
        const before = await readState(control, set, first);
        const death = deathAfter(call);
        await set
          .container({ wrap: death.wrap })
          .results(eventOf(first))
          .catch((error) => {
            if (!death.isCause(error)) throw error;
          });
        if (!death.struck) {
          expect(call).toBeGreaterThan(isConsistent ? 6 : 7);
          return;
        }
        // The lease runs out, the queue delivers again.
        set.advance(180_000);
        const results = await set.container().results(eventOf(first));

        expect(await changesOf(set, before, first), `after call ${call} (${death.name})`).toEqual(first.expect.changes);
        expect(
          results.every(({ status }) => ["contained", "already-contained", "compliant"].includes(status)),
          `after call ${call} (${death.name})`,
        ).toBe(true);
        assertTruth(set.journal, first);
      }
    });

    it("dying before the first call of a rollback, and after each in turn", async () => {
      for (let call = 0; ; call++) {
        const set = await stage(control, first);
        const before = await readState(control, set, first);
        const [result] = await set.container().results(eventOf(first));
        const death = deathAfter(call);
        await set
          .container({ wrap: death.wrap })
          .rollBack(String(result?.findingId))
          .catch((error) => {
            if (!death.isCause(error)) throw error;
          });
        if (!death.struck) {
          expect(call).toBeGreaterThan(5);
          return;
        }
        set.advance(180_000);
        await set.container().results(eventOf(first, { name: nudgeOf(first) }));
        const again = await set.container().rollBack(String(result?.findingId));

        expect(again.status, `after call ${call} (${death.name}): ${again.reasons.join("; ")}`).toBe("exempt");
        expect(await readState(control, set, first), `after call ${call} (${death.name})`).toEqual(before);
        expect(set.journal.resource().unfinishedRun).toBeUndefined();
      }
    });
  });

  describe(`${id}: invariant 10, its own calls and tugs of war`, () => {
    it("the echo of its own call is no new occurrence and names nobody", async () => {
      const set = await stage(control, first);
      const container = set.container();
      await container.results(eventOf(first));
      const own = set.sandbox.calls.find((call) => call.service !== "dynamodb" && call.mutating);
      const results = await container.results(
        eventOf(first, { ...written, requestId: String(own?.requestId), by: "cordon", id: "echo" }),
      );
      const isEcho = ({ status, reasons }: Result) => status === "already-contained" || reasons.join().includes("echo");
      expect(results.some(isEcho)).toBe(true);
      expect(callsOf(set.sandbox).writes).toHaveLength(1);
      expect(set.journal.findings().every(({ principal }) => principal?.arn?.endsWith("developer"))).toBe(true);
    });

    it("switched back again and again, it is contained at a capped rate, escalated by name, and never left offending", async () => {
      const set = await stage(control, first);
      const container = set.container();
      const ref = subjectRef(first);
      const before = await readState(control, set, first);
      const user = portOf(control, set);
      let writes = 0;
      for (let flip = 1; flip <= 6; flip++) {
        set.advance(2_000);
        const now = await user.read(ref);
        // A key that is active already is not switched on: what is first heard is the case's own event.
        const isAsBefore = isUser && now.kind === "present" && differences(before, now.state).length === 0;
        if (!isAsBefore) await user.write(ref, before);
        const again = flip === 1 ? {} : { name: nudgeOf(first) };
        const call = isAsBefore ? again : written;
        set.sandbox.clearCalls();
        await container.results(
          eventOf(first, { ...call, atMs: set.clock.nowMs(), id: `flip-${flip}`, requestId: `USERREQUEST${flip}` }),
        );
        writes += callsOf(set.sandbox).writes.length;
      }
      expect(writes).toBe(3);
      const worst = set.journal.findings().find(({ status }) => status === "waiting");
      expect(worst).toMatchObject({ severity: "critical", principal: { arn: expect.stringContaining("developer") } });
      expect(worst?.notes.join()).toContain("user/developer with aws-cli/2.31 after being contained 3 times");

      set.advance(60_000);
      await container.results(eventOf(first, { ...written, atMs: set.clock.nowMs(), id: "redelivered" }));
      expect(await changesOf(set, before, first)).toEqual(first.expect.changes);
    });
  });

  describe(`${id}: invariant 13, observing`, () => {
    it.each(containing.map((each) => [each.title, each] as const))(
      "CORDON_MODE=observe makes every read and no write: %s",
      async (_, each) => {
        const set = await stage(control, { ...each, mode: "observe" });
        const container = set.container();
        await container.results(eventOf(each));
        const results = await container.results(eventOf(each));
        expect(callsOf(set.sandbox).writes).toEqual([]);
        expect(results.filter(({ status }) => status === "observed")).toHaveLength(containedIn(each));
        expect(set.journal.findings().filter(({ status }) => status === "observed")).toHaveLength(containedIn(each));
        expect(set.journal.evidence().filter(({ kind }) => kind === "observed")).toHaveLength(containedIn(each));
      },
    );

    it("the brake in the table does the same at the next event", async () => {
      const set = await stage(control, first);
      await set.putItem({ pk: "BRAKE", sk: "BRAKE", on: true, reason: "incident", by: "on-call" });
      const results = await set.container().results(eventOf(first));
      expect(results.some(({ status }) => status === "observed")).toBe(true);
      expect(results.flatMap(({ reasons }) => reasons).join()).toContain("on-call");
      expect(callsOf(set.sandbox).writes).toEqual([]);
    });
  });

  describe(`${id}: invariant 15, trust is earned by evidence`, () => {
    const freed = cases.filter(({ expect: { findings } }) =>
      Object.values(findings).some(({ rule, status }) => rule.startsWith("transfer:") && status === "compliant"),
    );
    it.each(freed.map((each) => [each.title, each] as const))(
      "a tag that widens counts for nothing while nobody vouches for it and nothing proves it: %s",
      async (_, each) => {
        const doubted = JSON.stringify(policyDocument(each.policy)).replaceAll('"declared"', '"verify"');
        const set = await stage(control, { ...each, policy: JSON.parse(doubted) });
        const results = await set.container().results(eventOf(each));
        expect(results.map(({ status }) => status)).toContain("awaiting-approval");
        expect(callsOf(set.sandbox).writes).toEqual([]);
      },
    );

    it.skipIf(isConsistent || isIdentity)("a class once seen holds when its tag is taken away", async () => {
      const set = await stage(control, first);
      await set.container({ mode: "observe" }).results(eventOf(first));
      const seed = first.world.buckets.find(({ name }) => name === first.subject);
      if (seed === undefined) throw new Error("the subject is not in the world");
      set.sandbox.createBucket({ ...seed, tags: {} });
      const lenient = policyWith({ unclassified: { treatAs: "public" } });
      const results = await set.container({ policy: lenient }).results(eventOf(first, { name: "DeleteBucketTagging" }));
      expect(results.filter(({ status }) => status === "contained")).toHaveLength(containedIn(first));
    });
  });

  describe(`${id}: evidence`, () => {
    it("is sealed by the hash of its content and says what was called", async () => {
      const set = await stage(control, first);
      await set.container().results(eventOf(first));
      const entries = set.journal.evidence();
      expect(entries.length).toBeGreaterThan(0);
      for (const entry of entries) expect(entry.contentHash).toBe(contentHash(entry.content));
      const own = set.sandbox.calls.find((call) => call.service !== "dynamodb" && call.mutating);
      expect(entries.at(-1)?.content).toMatchObject({
        run: { receipts: [{ requestId: own?.requestId, outcome: "accepted" }] },
      });
    });
  });

  /** What has become of the resource since; sessions denied since `sinceMs` are told as a case tells them. */
  async function changesOf(
    set: Awaited<ReturnType<typeof stage>>,
    before: State,
    each: Case,
    sinceMs = START_MS,
  ): Promise<readonly Change[]> {
    return withoutTimes(differences(before, await readState(control, set, each)), sinceMs, set.clock.nowMs());
  }

  function containedIn(each: Case): number {
    return Object.values(each.expect.findings).filter(({ status }) => status === "contained").length;
  }

  function assertTruth(journal: Awaited<ReturnType<typeof stage>>["journal"], each: Case): void {
    const contained = journal.evidence().filter(({ kind }) => kind === "contained");
    expect(contained).toHaveLength(containedIn(each));
    expect(journal.findings().filter(({ status }) => status === "contained")).toHaveLength(containedIn(each));
    expect(journal.resource().unfinishedRun).toBeUndefined();
    expect(journal.runs().filter(({ status }) => status === "claimed")).toEqual([]);
  }
}
