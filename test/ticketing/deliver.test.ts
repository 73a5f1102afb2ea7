import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FindingRecord } from "../../shared/journal/journal.ts";
import { deliver } from "../../shared/ticketing/deliver.ts";
import { openTown, type Trouble } from "./town.ts";

const ID = "f-0123456789abcdef0123";
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe("a ticket is kept true", () => {
  it("one is opened for a violation, and resolved with the evidence when it is gone (N3)", async () => {
    const town = openTown();
    town.write({ id: ID });
    await town.settle();
    expect(town.tickets).toMatchObject([{ key: ID, state: "open", title: expect.stringContaining("[CONTAINED]") }]);
    town.write({ id: ID, status: "resolved", evidence: ["EVIDENCE#00000009#x"] });
    await town.settle();
    expect(town.tickets).toMatchObject([
      { state: "resolved", notes: [expect.stringContaining("EVIDENCE#00000009#x")] },
    ]);
  });

  it("the same violation again is told in the same ticket, with count and last seen, at most once an hour (N2)", async () => {
    const town = openTown();
    town.write({ id: ID });
    await town.settle();
    const began = town.nowMs;
    for (let occurrence = 2; occurrence <= 30; occurrence++) {
      town.nowMs += 60_000;
      town.write({ id: ID, occurrence });
      await town.step();
    }
    expect(town.tickets[0]?.notes).toEqual([]);
    await town.settle();
    expect(town.nowMs).toBe(began + HOUR_MS);
    expect(town.tickets).toHaveLength(1);
    expect(town.tickets[0]?.notes).toEqual([expect.stringMatching(/occurrence 30, last seen 2026-11-27T09:29/)]);
    // One opening, one note.
    expect(town.calls).toBe(2);
  });

  it("what changes its state is told at once", async () => {
    const town = openTown();
    town.write({ id: ID, status: "awaiting-approval" });
    await town.settle();
    town.nowMs += 1_000;
    town.write({ id: ID, status: "contained" });
    await town.settle();
    expect(town.tickets[0]?.notes).toEqual([expect.stringContaining("[CONTAINED]")]);
    expect(town.nowMs).toBe(Date.parse("2026-11-27T09:00:01Z"));
  });

  it("the same problem within the window opens the same ticket again, and a new one after it", async () => {
    const town = openTown();
    const again = async (afterMs: number, occurrence: number) => {
      town.write({ id: ID, status: "resolved" });
      await town.settle();
      town.nowMs += afterMs;
      town.write({ id: ID, status: "contained", occurrence });
      await town.settle();
    };
    town.write({ id: ID });
    await town.settle();
    await again(29 * DAY_MS, 2);
    expect(town.tickets).toMatchObject([{ key: ID, state: "open" }]);
    await again(31 * DAY_MS, 3);
    expect(town.tickets).toMatchObject([
      { key: ID, state: "resolved" },
      { key: `${ID}-2`, state: "open" },
    ]);
  });

  it("one that the tracker does not open again is followed by a new one", async () => {
    const town = openTown();
    town.write({ id: ID });
    await town.settle();
    town.write({ id: ID, status: "resolved" });
    await town.settle();
    town.troubles.push("refused");
    town.write({ id: ID, status: "contained", occurrence: 2 });
    await town.settle();
    expect(town.tickets).toMatchObject([
      { key: ID, state: "resolved" },
      { key: `${ID}-2`, state: "open" },
    ]);
  });

  it("one whose link the table has lost is found again, and not doubled", async () => {
    const town = openTown();
    town.write({ id: ID });
    await town.settle();
    town.links.clear();
    town.nowMs += 1_000;
    town.write({ id: ID, status: "awaiting-approval" });
    await town.settle();
    expect(town.tickets).toMatchObject([{ key: ID, notes: [expect.stringContaining("[NEEDS A DECISION]")] }]);
  });

  it("what was over before anybody heard of it opens nothing", async () => {
    const town = openTown();
    town.write({ id: ID, status: "resolved" });
    await town.settle();
    expect(town.calls).toBe(0);
  });

  it("parts of a storm are told by one ticket, however few they are, and it is linked to the storm's own", async () => {
    const town = openTown();
    for (const id of ["f-1", "f-2"]) town.write({ id, parent: "f-storm" });
    for (let step = 0; step < 3; step++) await town.step();
    expect(town.tickets).toMatchObject([{ key: expect.stringMatching(/^g-/), state: "open" }]);
    // It may be heard of later than its parts.
    town.write({ id: "f-storm", controlId: "cordon-storm" });
    await town.settle();
    expect(town.tickets).toHaveLength(2);
    expect(town.joined).toEqual([`${town.tickets[0]?.key} < f-storm`]);
  });

  it("a ticket that had been opened for a finding before it became a part of a storm is linked to the storm's", async () => {
    const town = openTown();
    town.write({ id: ID });
    town.write({ id: "f-storm", controlId: "cordon-storm" });
    await town.settle();
    town.write({ id: ID, status: "awaiting-approval", parent: "f-storm" });
    await town.settle();
    expect(town.joined).toEqual([`${ID} < f-storm`]);
  });

  describe("links between tickets", () => {
    /** A storm whose first findings have tickets, and whose group's has just been opened. */
    const stormOf = (count: number, town = openTown({ storm: { count, windowMs: 600_000 } })) => {
      const ids = Array.from({ length: count + 1 }, (_, index) => `f-${index}`);
      for (const id of ids) town.write({ id });
      const untilGroup = async () => {
        while (!town.tickets.some(({ key }) => key.startsWith("g-"))) await town.step();
      };
      const own = ids.slice(0, count);
      return { town, own, untilGroup };
    };
    const children = ({ joined }: { readonly joined: readonly string[] }) => joined.map((each) => each.split(" < ")[0]);

    it("are made one after the other in a time that the function has, however slow the tracker is, each once", async () => {
      const { town, own } = stormOf(20);
      town.linkMs = 4_000;
      await town.settle();
      expect(children(town)).toEqual(own);
      expect(town.longestMs).toBeLessThanOrEqual(15_000);
    });

    it.each<Trouble>(["death-before", "lost-before"])("go on where they were interrupted: %s", async (trouble) => {
      const { town, own, untilGroup } = stormOf(4);
      await untilGroup();
      town.troubles.push("none", "none", trouble);
      await town.settle();
      expect(children(town)).toEqual(own);
    });

    it.each<Trouble>(["refused", "forbidden", "gone"])(
      "one that is %s is told once, and keeps no other from being made",
      async (no) => {
        const { town, own, untilGroup } = stormOf(4);
        await untilGroup();
        town.troubles.push(no);
        const beganMs = town.nowMs;
        await town.settle();
        town.send(town.tickets.at(-1)?.key ?? "");
        await town.settle();
        expect(children(town)).toEqual(own.slice(1));
        expect(town.reasons).toEqual([expect.stringContaining("unlinked")]);
        expect(town.nowMs - beganMs).toBeLessThan(60_000);
      },
    );

    it("are made when credentials are put right that were refused", async () => {
      const { town, own, untilGroup } = stormOf(4);
      await untilGroup();
      town.troubles.push("none", "unproved");
      await town.settle();
      expect(children(town)).toEqual(own);
      expect(town.reasons).toEqual([]);
    });

    it("are waited for a day, ever more seldom, and made should the other ticket come later", async () => {
      const town = openTown();
      town.write({ id: ID });
      await town.settle();
      town.receives = 0;
      town.write({ id: ID, status: "awaiting-approval", parent: "f-storm" });
      await town.settle();
      expect(town.receives).toBeLessThan(20);
      town.write({ id: "f-storm", controlId: "cordon-storm" });
      await town.settle();
      expect(town.joined).toEqual([]);
      town.write({ id: ID, status: "contained" });
      await town.settle();
      expect(town.joined).toEqual([`${ID} < f-storm`]);
    });

    it("are waited for however long ago the ticket was told of last", async () => {
      const town = openTown();
      town.write({ id: ID });
      await town.settle();
      town.nowMs += 2 * DAY_MS;
      town.write({ id: ID, parent: "f-storm" });
      for (let step = 0; step < 3; step++) await town.step();
      town.write({ id: "f-storm", controlId: "cordon-storm" });
      await town.settle();
      expect(town.joined).toEqual([`${ID} < f-storm`]);
    });

    it("are made again for a later ticket of the same finding", async () => {
      const town = openTown();
      town.write({ id: "f-storm", controlId: "cordon-storm" });
      town.write({ id: ID });
      await town.settle();
      town.write({ id: ID, parent: "f-storm" });
      await town.settle();
      town.write({ id: ID, status: "resolved" });
      await town.settle();
      town.nowMs += 40 * DAY_MS;
      town.write({ id: ID, status: "contained", parent: undefined as never, occurrence: 2 });
      await town.settle();
      town.write({ id: ID, status: "awaiting-approval", parent: "f-storm" });
      await town.settle();
      expect(town.joined).toEqual([`${ID} < f-storm`, `${ID}-2 < f-storm`]);
    });
  });

  it("findings that come back at once after the window are a storm as new ones are", async () => {
    const town = openTown({ storm: { count: 2, windowMs: 600_000 } });
    const ids = Array.from({ length: 6 }, (_, index) => `f-${index}`);
    for (const id of ids) {
      town.write({ id });
      await town.settle();
      town.write({ id, status: "resolved" });
      await town.settle();
      town.nowMs += HOUR_MS;
    }
    expect(town.tickets).toHaveLength(6);
    town.nowMs += 40 * DAY_MS;
    for (const id of ids) town.write({ id, status: "contained", occurrence: 2 });
    await town.settle();
    const opened = town.tickets.slice(6).map(({ key }) => key);
    expect(opened).toEqual(["f-0-2", "f-1-2", expect.stringMatching(/^g-/)]);
    expect([...town.groups.values()]).toMatchObject([{ members: 4, over: 0 }]);
  });

  it("a finding that was counted in an earlier window is counted in a later one", async () => {
    const town = openTown({ storm: { count: 2, windowMs: 600_000 } });
    town.deaths.push(2);
    town.write({ id: "f-1" });
    await town.step();
    town.write({ id: "f-1", status: "resolved" });
    await town.settle();
    town.nowMs += DAY_MS;
    for (const id of ["f-1", "f-2", "f-3"]) town.write({ id, status: "contained" });
    await town.settle();
    expect(town.tickets.map(({ key }) => key)).toEqual(["f-1", "f-2", expect.stringMatching(/^g-/)]);
  });

  it("a finding that two containers count is counted once", async () => {
    const town = openTown({ storm: { count: 1, windowMs: 600_000 } });
    // The first dies between counting and claiming: of its writes the cause's is the first.
    town.deaths.push(2);
    town.write({ id: "f-1" });
    await town.settle();
    expect(town.tickets.map(({ key }) => key)).toEqual(["f-1"]);
  });

  it("one that rises to critical is told at once, and one that comes back opens a ticket that a person has closed", async () => {
    const town = openTown();
    town.write({ id: ID });
    await town.settle();
    town.write({ id: ID, severity: "critical" });
    await town.step();
    expect(town.tickets[0]?.notes).toHaveLength(1);
    if (town.tickets[0]) town.tickets[0].state = "resolved";
    town.write({ id: ID, occurrence: 2 });
    await town.settle();
    expect(town.tickets).toMatchObject([{ state: "open" }]);
  });

  it("one that is not there any more is followed by a new one, unless it is over", async () => {
    const town = openTown();
    town.write({ id: ID, status: "awaiting-approval" });
    await town.settle();
    town.troubles.push("gone");
    town.write({ id: ID, status: "contained" });
    await town.settle();
    expect(town.tickets.map(({ key }) => key)).toEqual([ID, `${ID}-2`]);
    town.troubles.push("gone");
    town.write({ id: ID, status: "resolved" });
    await town.settle();
    expect(town.tickets).toHaveLength(2);
  });

  it("a second opening whose answer is lost too is looked for as long as the first", async () => {
    const town = openTown({ lagMs: 120_000 });
    town.troubles.push("lost-before", "none", "lost-after");
    town.write({ id: ID });
    await town.settle();
    expect(town.tickets).toHaveLength(1);
  });

  it("a member that comes back long after its storm has a ticket of its own", async () => {
    const town = openTown({ storm: { count: 0, windowMs: 600_000 } });
    town.write({ id: "f-1" });
    await town.settle();
    town.write({ id: "f-1", status: "resolved" });
    await town.settle();
    town.nowMs += DAY_MS;
    town.office.storm = { count: 5, windowMs: 600_000 };
    town.write({ id: "f-1", status: "contained" });
    await town.settle();
    expect(town.tickets.map(({ key, state }) => [key.slice(0, 2), state])).toEqual([
      ["g-", "resolved"],
      ["f-", "open"],
    ]);
  });

  it("asked for by hand it swallows nothing that waits", async () => {
    const town = openTown();
    town.write({ id: ID });
    await town.settle();
    town.nowMs += 1_000;
    town.write({ id: ID, occurrence: 2 });
    await deliver({ key: ID, routeId: "r" }, town.office);
    await town.settle();
    expect(town.tickets[0]?.notes).toEqual([expect.stringContaining("occurrence 2")]);
  });

  it("messages come twice, late and after newer ones, and nothing more is told", async () => {
    const town = openTown();
    town.write({ id: ID });
    town.send(ID);
    await town.settle();
    town.send(ID);
    await town.settle();
    expect(town.calls).toBe(1);
  });

  it.each<[string, Trouble]>([
    ["the tracker's answer and our record", "death-after"],
    ["our claim and the tracker", "death-before"],
    ["the tracker's deed and its answer", "lost-after"],
  ])("a crash between %s doubles nothing", async (_, trouble) => {
    const town = openTown();
    town.troubles.push(trouble);
    town.write({ id: ID });
    await town.settle();
    expect(town.tickets).toMatchObject([{ key: ID, state: "open" }]);
  });

  it("a tracker that says when to come again is asked then, without a search", async () => {
    const town = openTown();
    town.troubles.push("busy");
    town.write({ id: ID });
    const began = town.nowMs;
    await town.settle();
    expect(town.nowMs - began).toBe(7_000);
    expect(town.calls).toBe(2);
  });

  it("500 findings from one cause are five tickets and one more that tells the rest; it is resolved when they are (N7)", async () => {
    const town = openTown();
    const ids = Array.from({ length: 500 }, (_, index) => `f-${String(index).padStart(20, "0")}`);
    for (const id of ids) town.write({ id });
    await town.settle();
    expect(town.tickets.map(({ key }) => key)).toEqual([...ids.slice(0, 5), expect.stringMatching(/^g-[0-9a-f]{20}$/)]);
    const parent = town.tickets.at(-1);
    expect([...town.groups.values()][0]?.before).toEqual(ids.slice(0, 5));
    expect([...town.groups.values()]).toMatchObject([{ members: 495, over: 0 }]);
    // The five that were there are linked to it, each once.
    expect(town.joined).toEqual(ids.slice(0, 5).map((id) => `${id} < ${parent?.key}`));
    expect(town.calls).toBeLessThanOrEqual(13);
    for (const id of ids.slice(5)) town.write({ id, status: "resolved" });
    await town.settle();
    expect(parent).toMatchObject({ state: "resolved", title: expect.stringContaining("[RESOLVED]") });
    town.nowMs += 60_000;
    town.write({ id: ids[7] as string, status: "contained" });
    await town.settle();
    expect(parent).toMatchObject({ state: "open" });
  });

  it("another cause, or the same after the window, has tickets of its own", async () => {
    const town = openTown();
    const by = (arn: string) => ({ principal: { type: "IAMUser", arn } });
    for (let index = 0; index < 5; index++)
      town.write({ id: `f-a${index}`, ...by("arn:aws:iam::111122223333:user/a") });
    for (let index = 0; index < 5; index++)
      town.write({ id: `f-b${index}`, ...by("arn:aws:iam::111122223333:user/b") });
    await town.settle();
    town.nowMs += DAY_MS;
    town.write({ id: "f-a9", ...by("arn:aws:iam::111122223333:user/a") });
    await town.settle();
    expect(town.tickets).toHaveLength(11);
  });
});

const trouble = fc.constantFrom<Trouble>(
  "lost-late",
  "none",
  "none",
  "busy",
  "lost-before",
  "lost-after",
  "refused",
  "death-before",
  "death-after",
);
const event = fc.oneof(
  fc.record({
    kind: fc.constant("write" as const),
    which: fc.nat({ max: 3 }),
    status: fc.constantFrom<FindingRecord["status"]>(
      "contained",
      "awaiting-approval",
      "resolved",
      "exempt",
      "observed",
    ),
  }),
  fc.record({ kind: fc.constant("send" as const), which: fc.nat({ max: 3 }) }),
  fc.record({ kind: fc.constant("step" as const), pick: fc.nat({ max: 9 }) }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(1_000, 40_000, 2 * HOUR_MS) }),
);

describe("whatever happens in whatever order", () => {
  it.each([true, false])(
    "there is one ticket a finding, in the right state (the tracker can be searched: %s)",
    async (canFind) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(event, { maxLength: 40 }),
          fc.array(trouble, { maxLength: 15 }),
          fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 4 }),
          fc.constantFrom(0, 120_000),
          async (events, troubles, deaths, lagMs) => {
            const town = openTown({ canFind, lagMs, storm: { count: 100, windowMs: 600_000 } });
            town.troubles.push(...troubles);
            town.deaths.push(...deaths);
            const state = new Map<string, FindingRecord["status"]>();
            for (const each of events) {
              if (each.kind === "write") {
                const id = `f-${each.which}`;
                state.set(id, each.status);
                town.write({ id, status: each.status });
              } else if (each.kind === "send") town.send(`f-${each.which}`);
              else if (each.kind === "step") await town.step(each.pick);
              else town.nowMs += each.ms;
            }
            await town.settle();
            for (const [id, status] of state) {
              const its = town.tickets.filter(({ key }) => key === id);
              const isOver = status === "resolved" || status === "exempt";
              expect(its.length).toBeLessThanOrEqual(1);
              if (its[0] === undefined) expect(isOver).toBe(true);
              else expect(its[0].state).toBe(isOver ? "resolved" : "open");
            }
          },
        ),
        { numRuns: 300 },
      );
    },
  );

  it("in storms every finding is told: by its own ticket, or by its group's, which is open as long as one of them is", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 40 }),
        fc.array(trouble, { maxLength: 10 }),
        fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 4 }),
        async (events, troubles, deaths) => {
          const town = openTown({ storm: { count: 1, windowMs: 600_000 } });
          town.troubles.push(...troubles);
          town.deaths.push(...deaths);
          const state = new Map<string, FindingRecord["status"]>();
          for (const each of events) {
            if (each.kind === "write") {
              const id = `f-${each.which}`;
              state.set(id, each.status);
              town.write({ id, status: each.status });
            } else if (each.kind === "step") await town.step(each.pick);
            else if (each.kind === "wait") town.nowMs += each.ms;
          }
          await town.settle();
          const openIn = new Map<string, boolean>();
          for (const [id, status] of state) {
            const isOpen = status !== "resolved" && status !== "exempt";
            const group = town.links.get(`${id} r`)?.group;
            if (group !== undefined) openIn.set(group, openIn.get(group) === true || isOpen);
            else if (isOpen) expect(town.tickets).toContainEqual(expect.objectContaining({ key: id, state: "open" }));
          }
          expect(new Set(town.joined).size).toBeLessThanOrEqual(town.tickets.length);
          for (const [group, isOpen] of openIn) {
            const its = town.tickets.filter(({ key }) => key === group);
            if (isOpen) expect(its).toMatchObject([{ state: "open" }]);
            else for (const each of its) expect(each.state).toBe("resolved");
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("in storms each ticket that was there before is linked to the group's, whatever is lost or dies on the way", async () => {
    const passing = fc.constantFrom<Trouble>(
      "none",
      "busy",
      "unproved",
      "lost-before",
      "lost-after",
      "lost-late",
      "death-before",
      "death-after",
    );
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(passing, { maxLength: 15 }),
        fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 4 }),
        fc.array(fc.nat({ max: 9 }), { maxLength: 30 }),
        async (count, troubles, deaths, picks) => {
          const town = openTown({ storm: { count, windowMs: 600_000 } });
          town.linkMs = 1_000;
          town.troubles.push(...troubles);
          town.deaths.push(...deaths);
          for (let index = 0; index < count + 3; index++) town.write({ id: `f-${index}` });
          for (const pick of picks) await town.step(pick);
          await town.settle();
          for (const { key, before } of town.groups.values())
            for (const child of before) expect(town.joined).toContain(`${child} < ${key}`);
          expect(town.reasons).toEqual([]);
          for (const { leaseUntilMs } of town.links.values()) expect(leaseUntilMs).toBeLessThanOrEqual(town.nowMs);
        },
      ),
      { numRuns: 200 },
    );
  });
});
