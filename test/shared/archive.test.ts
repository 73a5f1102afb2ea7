import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { StoredHead } from "../../shared/evidence/archive.ts";
import { archiveEntries } from "../../shared/evidence/archive.ts";
import { GENESIS, type Head, objectKey, parseLink, sealLink } from "../../shared/evidence/chain.ts";
import { type Entry, entryId } from "../../shared/evidence/entry.ts";
import { verifyChain } from "../../shared/evidence/verify-chain.ts";
import { archiveWorld, container, Death, interceptedArchive, mortal } from "../support/archive.ts";
import { entryOf } from "../support/evidence.ts";

const CHAIN = "111122223333/eu-central-1/a-control-id";
type World = ReturnType<typeof archiveWorld>;

const entry = (number: number) => entryOf({ number });
const entries = (...numbers: readonly number[]) => numbers.map(entry);
const range = (length: number, from = 1) => Array.from({ length }, (_, index) => from + index);

/** Object by object: the numbers of the entries archived, in the chain's order. */
const archived = (world: World) =>
  [...world.objects]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, body]) => {
      const parsed = parseLink(key, body);
      return parsed.ok ? parsed.link.entry.record.occurrence : parsed.reason;
    });

/** Every entry once, no gap, and bucket, head and table tell the same. */
function assertWhole(world: World, numbers: readonly number[]) {
  expect(archived(world).sort((a, b) => Number(a) - Number(b))).toEqual([...numbers].sort((a, b) => a - b));
  const head = world.heads.get(CHAIN) ?? GENESIS;
  expect(verifyChain(world.all(), { chain: CHAIN, head })).toEqual({ ok: true, chain: CHAIN, head });
  for (const [id, sequence] of world.items) {
    const parsed = parseLink("", world.bodyAt(CHAIN, sequence ?? 0) ?? "");
    expect(parsed.ok && entryId(parsed.link.entry)).toBe(id);
  }
}

async function worldWith(...numbers: readonly number[]) {
  const world = archiveWorld();
  world.emit(...entries(...numbers));
  return world;
}

/** An archiver that put the objects of entries and died before it acknowledged them. */
async function diedBeforeAcknowledging(world: World, ...numbers: readonly number[]) {
  const dying = interceptedArchive(world.archive, async (name, ask) => {
    if (name === "acknowledge") throw new Death();
    return ask();
  });
  await expect(archiveEntries(CHAIN, entries(...numbers), dying, container())).rejects.toThrow(Death);
}

describe("one archiver", () => {
  it("gives each entry the next number, and the table's head follows", async () => {
    const world = await worldWith(1, 2, 3);
    const { acknowledged, left } = await archiveEntries(CHAIN, entries(1, 2, 3), world.archive, container());
    expect(acknowledged).toBe(3);
    expect(left.size).toBe(0);
    expect(archived(world)).toEqual([1, 2, 3]);
    assertWhole(world, [1, 2, 3]);
  });

  it("needs three calls for an entry when it knows the head, four when it doesn't", async () => {
    const world = await worldWith(1, 2);
    const calls: string[] = [];
    const recorded = interceptedArchive(world.archive, (name, ask) => {
      calls.push(name);
      return ask();
    });
    const memory = container();
    await archiveEntries(CHAIN, entries(1), recorded, memory);
    expect(calls).toEqual(["readHead", "readStates", "append", "acknowledge"]);
    calls.length = 0;
    await archiveEntries(CHAIN, entries(2), recorded, memory);
    expect(calls).toEqual(["readStates", "append", "acknowledge"]);
  });

  it("passes over what is archived: a duplicate or a re-emission gets no second number", async () => {
    const world = await worldWith(1, 2);
    const memory = container();
    await archiveEntries(CHAIN, entries(1), world.archive, memory);
    expect((await archiveEntries(CHAIN, entries(1, 2, 1, 2), world.archive, memory)).acknowledged).toBe(1);
    expect((await archiveEntries(CHAIN, entries(2, 1), world.archive, container())).acknowledged).toBe(0);
    assertWhole(world, [1, 2]);
  });

  it("acknowledges more than a transaction takes in several", async () => {
    const numbers = range(250);
    const world = await worldWith(...numbers);
    await archiveEntries(CHAIN, entries(...numbers), world.archive, container());
    assertWhole(world, numbers);
  });

  it("acknowledges large entries in transactions within 4 MB", async () => {
    const large = range(12).map((number) => entryOf({ number, kind: "x".repeat(300_000) }));
    const world = archiveWorld();
    world.emit(...large);
    const sizes: number[] = [];
    const recorded = interceptedArchive(
      {
        ...world.archive,
        acknowledge: (chain, from, to, links) => {
          sizes.push(links.reduce((sum, { body }) => sum + body.length, 0));
          return world.archive.acknowledge(chain, from, to, links);
        },
      },
      (_, ask) => ask(),
    );
    await archiveEntries(CHAIN, large, recorded, container());
    expect(sizes.length).toBeGreaterThan(1);
    expect(Math.max(...sizes)).toBeLessThan(4_000_000);
    assertWhole(world, range(12));
  });

  it("gives no number to an entry that the table does not have, and however often it comes, tells that it is left", async () => {
    const world = await worldWith(1, 3);
    for (const attempt of [1, 2]) {
      const { acknowledged, left } = await archiveEntries(CHAIN, entries(1, 2, 3), world.archive, container());
      expect(acknowledged).toBe(attempt === 1 ? 2 : 0);
      expect([...left]).toEqual([[entryId(entry(2)), expect.stringContaining("the table does not have it")]]);
    }
    assertWhole(world, [1, 3]);
  });
});

describe("what an archiver left behind is taken up by the next", () => {
  it("its own entry, at the number it had", async () => {
    const world = await worldWith(1);
    await diedBeforeAcknowledging(world, 1);
    await archiveEntries(CHAIN, entries(1), world.archive, container());
    assertWhole(world, [1]);
  });

  it("another's, which is acknowledged for him, and is no news when he comes again", async () => {
    const world = await worldWith(1, 2, 3);
    await diedBeforeAcknowledging(world, 1, 2);
    expect((await archiveEntries(CHAIN, entries(3), world.archive, container())).acknowledged).toBe(3);
    assertWhole(world, [1, 2, 3]);
    expect((await archiveEntries(CHAIN, entries(1, 2), world.archive, container())).acknowledged).toBe(0);
    assertWhole(world, [1, 2, 3]);
  });

  it("more of it than a transaction takes", async () => {
    const numbers = range(130);
    const world = await worldWith(...numbers);
    await archiveEntries(CHAIN, entries(...numbers), world.archive, container());
    world.forget();
    world.emit(...entries(...numbers, 999));
    await archiveEntries(CHAIN, entries(999), world.archive, container());
    assertWhole(world, [...numbers, 999]);
  });

  it("when a container has remembered a head from long ago, without a walk through all that came since", async () => {
    const numbers = range(60, 10);
    const world = await worldWith(1, 2, ...numbers);
    const old = container();
    await archiveEntries(CHAIN, entries(1), world.archive, old);
    await archiveEntries(CHAIN, entries(...numbers), world.archive, container());
    let calls = 0;
    const counted = interceptedArchive(world.archive, (_, ask) => {
      calls++;
      return ask();
    });
    await archiveEntries(CHAIN, entries(2), counted, old);
    expect(calls).toBeLessThan(8);
    assertWhole(world, [1, 2, ...numbers]);
  });
});

describe("dying before or after any call loses nothing and doubles nothing", () => {
  const deaths = range(12).flatMap((call) => (["before", "after"] as const).map((when) => ({ call, when })));

  it.each(deaths)("$when call $call, with an object of another's in the way", async ({ call, when }) => {
    const world = await worldWith(1, 2, 3, 4);
    await diedBeforeAcknowledging(world, 1);
    const { archive, life } = mortal(world.archive, call, when);

    const died = await archiveEntries(CHAIN, entries(2, 1, 3), archive, container()).catch((error) => error);
    await archiveEntries(CHAIN, entries(2, 1, 3), world.archive, container());
    await archiveEntries(CHAIN, entries(4), world.archive, container());

    expect(died instanceof Death).toBe(life.isOver);
    assertWhole(world, [1, 2, 3, 4]);
  });

  it("covers every call that is made", async () => {
    const world = await worldWith(1, 2, 3);
    await diedBeforeAcknowledging(world, 1);
    const { archive, life } = mortal(world.archive, Number.POSITIVE_INFINITY, "before");
    await archiveEntries(CHAIN, entries(2, 1, 3), archive, container());
    expect(deaths.at(-1)?.call).toBeGreaterThanOrEqual(life.calls);
  });
});

describe("an object that is not the chain's continuation stops it, loudly", () => {
  const next = objectKey(CHAIN, 2);
  const sealed = (chain: string, previous: Head) => sealLink(entry(9), chain, previous).body;
  it.each([
    ["text", () => "tampered"],
    ["an entry of another chain", (head: Head) => sealed("111122223333/eu-central-1/another-control-id", head)],
    ["an entry that follows another", () => sealed(CHAIN, { sequence: 1, hash: "f".repeat(64) })],
    ["an entry of another number", () => sealed(CHAIN, GENESIS)],
  ])("%s", async (_, bodyAfter) => {
    const world = await worldWith(1, 2);
    await archiveEntries(CHAIN, entries(1), world.archive, container());
    world.objects.set(next, bodyAfter(world.heads.get(CHAIN) ?? GENESIS));

    const attempt = archiveEntries(CHAIN, entries(2), world.archive, container());

    await expect(attempt).rejects.toMatchObject({ kind: "malformed", message: expect.stringContaining(next) });
    expect(world.objects.size).toBe(2);
    expect(world.items.get(entryId(entry(2)))).toBeUndefined();
  });
});

it("an object that stops the chain holds up nothing that is before it", async () => {
  const world = await worldWith(1, 2, 3);
  await archiveEntries(CHAIN, entries(1), world.archive, container());
  world.objects.set(objectKey(CHAIN, 3), "tampered");

  const attempt = archiveEntries(CHAIN, entries(2, 3), world.archive, container());

  await expect(attempt).rejects.toMatchObject({ kind: "malformed" });
  expect(world.items.get(entryId(entry(2)))).toBe(2);
  expect(world.items.get(entryId(entry(3)))).toBeUndefined();
  expect(world.heads.get(CHAIN)?.sequence).toBe(2);
});

it("an archiver that always comes second gives the batch back", async () => {
  const world = await worldWith(1);
  const late = { ...world.archive, acknowledge: async () => false };
  const attempt = archiveEntries(CHAIN, entries(1), late, container());
  await expect(attempt).rejects.toMatchObject({ kind: "conflict", retry: true });
});

/** Calls of one invocation, after which a container dies. */
async function invoke(world: World, numbers: readonly number[], most: number, isTimeUp?: (calls: number) => boolean) {
  let calls = 0;
  const names: string[] = [];
  const counted = interceptedArchive(world.archive, async (name, ask) => {
    if (++calls > most) throw new Death();
    names.push(name);
    return ask();
  });
  const archiver = container(() => isTimeUp?.(calls) ?? false);
  const result = await archiveEntries(CHAIN, entries(...numbers), counted, archiver).catch((error) => {
    if (!(error instanceof Death)) throw error;
    return undefined;
  });
  return { result, names, archiver };
}

describe("a head far behind its objects, as a table restored from a backup has it", () => {
  const numbers = range(2_000);
  /** Everything archived, and a table that remembers nothing: all waits to be archived, and one new entry. */
  const objects = new Map<string, string>();
  beforeAll(async () => {
    const before = await worldWith(...numbers);
    await archiveEntries(CHAIN, entries(...numbers), before.archive, container());
    for (const [key, body] of before.objects) objects.set(key, body);
  });
  async function restored() {
    const world = await worldWith(...numbers, 5_000);
    for (const [key, body] of objects) world.objects.set(key, body);
    return world;
  }

  it("catches up though each invocation dies after 300 calls: it goes on where the one before has come to", async () => {
    const world = await restored();
    const reached: number[] = [];
    for (let invocation = 1; invocation <= 20; invocation++) {
      const { result } = await invoke(world, [5_000], 300);
      reached.push(world.heads.get(CHAIN)?.sequence ?? 0);
      if (result !== undefined) break;
    }
    expect(reached.at(-1)).toBe(2_001);
    expect(reached).toEqual([...new Set(reached)].sort((a, b) => a - b));
    assertWhole(world, [...numbers, 5_000]);
  });

  it("stops in time, with what it reached acknowledged and the entry left to come again", async () => {
    const world = await restored();
    const { result, archiver } = await invoke(world, [5_000], 400, (calls) => calls > 300);
    expect([...(result?.left.keys() ?? [])]).toEqual([entryId(entry(5_000))]);
    const { sequence = 0 } = world.heads.get(CHAIN) ?? {};
    expect(sequence).toBeGreaterThan(150);
    expect(result?.acknowledged).toBe(sequence);
    expect(archiver.heads.get(CHAIN)).toEqual(world.heads.get(CHAIN));
  });

  it("reads what lies there, instead of trying to write each", async () => {
    const world = await restored();
    const { names } = await invoke(world, [5_000], Number.POSITIVE_INFINITY);
    expect(names.filter((name) => name === "append").length).toBeLessThan(150);
    expect(names.filter((name) => name === "read").length).toBeLessThan(2_050);
  });
});

describe("a head that the objects don't bear out", () => {
  /** Five entries archived, the last of them not acknowledged; then somebody has set the head. */
  async function forged(head: StoredHead) {
    const world = await worldWith(1, 2, 3, 4, 5, 6);
    await archiveEntries(CHAIN, entries(1, 2, 3, 4), world.archive, container());
    await diedBeforeAcknowledging(world, 5);
    world.heads.set(CHAIN, head);
    return world;
  }

  it.each<readonly [string, StoredHead, string]>([
    ["ahead of the objects", { sequence: 9, hash: "f".repeat(64) }, "no such object can be read"],
    ["of another hash", { sequence: 3, hash: "f".repeat(64) }, "the object of its number is another"],
    ["that is none", { ...GENESIS, raw: { sequence: "many" } }, "what the table has is none"],
  ])("%s is told, and found anew from the objects without a hole", async (_, head, reason) => {
    const world = await forged(head);
    const archiver = container();
    const { left } = await archiveEntries(CHAIN, entries(6), world.archive, archiver);
    expect(left.size).toBe(0);
    expect(archiver.mistrusted).toEqual([{ head, reason }]);
    assertWhole(world, range(6));
  });

  it("of number 0 is moved like any other", async () => {
    const world = await forged({ sequence: 0, hash: "f".repeat(64) });
    await archiveEntries(CHAIN, entries(6), world.archive, container());
    assertWhole(world, range(6));
  });

  it("is told when there are no objects at all", async () => {
    const world = await worldWith(1);
    world.heads.set(CHAIN, { sequence: 9, hash: "f".repeat(64) });
    const archiver = container();
    await archiveEntries(CHAIN, entries(1), world.archive, archiver);
    expect(archiver.mistrusted).toHaveLength(1);
    assertWhole(world, [1]);
  });

  it("stays as it is while no object may be read", async () => {
    const head = { sequence: 9, hash: "f".repeat(64) };
    const world = await forged(head);
    const blind = { ...world.archive, read: async () => undefined };
    const attempt = archiveEntries(CHAIN, entries(6), blind, container());
    await expect(attempt).rejects.toMatchObject({ kind: "denied" });
    expect(world.heads.get(CHAIN)).toEqual(head);
    expect(world.objects.size).toBe(5);
  });

  it("is not remembered when nothing had to be archived", async () => {
    const world = await forged({ sequence: 9, hash: "f".repeat(64) });
    const archiver = container();
    await archiveEntries(CHAIN, entries(1), world.archive, archiver);
    await archiveEntries(CHAIN, entries(6), world.archive, archiver);
    assertWhole(world, range(6));
  });
});

/** A container with its batches, each delivered until it is done; it dies at some of its calls, and the next one remembers nothing. */
interface Plan {
  readonly batches: readonly (readonly number[])[];
  readonly deaths: readonly { readonly call: number; readonly when: "before" | "after" }[];
}

const MOST = 8;
const plan: fc.Arbitrary<Plan> = fc.record({
  batches: fc.array(fc.array(fc.integer({ min: 1, max: MOST }), { minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 3,
  }),
  deaths: fc.array(fc.record({ call: fc.integer({ min: 1, max: 8 }), when: fc.constantFrom("before", "after") }), {
    maxLength: 3,
  }),
});

describe("archivers at the same time", () => {
  it("while somebody sets the head to what it never was: no gap, and each entry once", async () => {
    const set = fc.constantFrom<StoredHead | undefined>(
      undefined,
      { sequence: 0, hash: "f".repeat(64) },
      { sequence: 2, hash: "f".repeat(64) },
      { sequence: 900, hash: "f".repeat(64) },
      { ...GENESIS, raw: { sequence: "many" } },
    );
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(set, { minLength: 1, maxLength: 3 }), async (scheduler, forgeries) => {
        const world = await worldWith(...range(7));
        const shared = interceptedArchive(world.archive, async (name, ask) => {
          await scheduler.schedule(Promise.resolve(), name);
          return ask();
        });
        const forge = forgeries.map((head) =>
          scheduler.schedule(Promise.resolve(), "forge").then(() => {
            if (head === undefined) world.heads.delete(CHAIN);
            else world.heads.set(CHAIN, head);
          }),
        );
        const batches = [[1, 2], [3, 4, 5], [6]].map((batch) =>
          archiveEntries(CHAIN, entries(...batch), shared, container()),
        );
        await scheduler.waitFor(Promise.all([...forge, ...batches]));
        await archiveEntries(CHAIN, entries(7), world.archive, container());
        assertWhole(world, range(7));
      }),
      { numRuns: 100 },
    );
  });

  it("whatever the order of their calls and wherever they die: no gap, each entry once, and the chain verifies", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(plan, { minLength: 2, maxLength: 3 }), async (scheduler, plans) => {
        const numbers = [...new Set(plans.flatMap(({ batches }) => batches.flat()))];
        const world = await worldWith(...numbers);
        // The other may come in before each call and after it.
        const shared = interceptedArchive(world.archive, async (name, ask) => {
          await scheduler.schedule(Promise.resolve(), `before ${name}`);
          const answer = await ask();
          await scheduler.schedule(Promise.resolve(), `after ${name}`);
          return answer;
        });
        const live = async ({ batches, deaths }: Plan) => {
          const left = [...deaths];
          let memory = container();
          for (const batch of batches) {
            for (;;) {
              const death = left.shift();
              const { archive } = death === undefined ? { archive: shared } : mortal(shared, death.call, death.when);
              try {
                await archiveEntries(CHAIN, entries(...batch), archive, memory);
                break;
              } catch (error) {
                if (!(error instanceof Death)) throw error;
                memory = container();
              }
            }
          }
        };
        await scheduler.waitFor(Promise.all(plans.map(live)));
        assertWhole(world, numbers);
      }),
      { numRuns: 100 },
    );
  });
});

it("a table restored from a backup, which lacks entries that are archived, holds nothing up", async () => {
  const world = await worldWith(1, 2);
  await archiveEntries(CHAIN, entries(1, 2), world.archive, container());
  const again: Entry = { ...entry(3) };
  world.forget();
  world.emit(again);
  await archiveEntries(CHAIN, [again], world.archive, container());
  assertWhole(world, [1, 2, 3]);
});
