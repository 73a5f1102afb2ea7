import type { Archive, Archiver, EntryState, StoredHead } from "../../shared/evidence/archive.ts";
import { GENESIS, type Head, objectKey } from "../../shared/evidence/chain.ts";
import { type Entry, entryId } from "../../shared/evidence/entry.ts";
import type { EvidenceObject } from "../../shared/evidence/verify-chain.ts";

/** A table with entries in its outbox and a bucket with locked objects, in memory. */
export function archiveWorld() {
  const objects = new Map<string, string>();
  const heads = new Map<string, StoredHead>();
  /** What the table has, with the number under which it was acknowledged. */
  const items = new Map<string, number | undefined>();

  /** As AWS does it: each call in one go. */
  const archive: Archive = {
    readHead: async (chain) => heads.get(chain) ?? GENESIS,
    readStates: async (entries) =>
      new Map(
        entries
          .filter((entry) => items.has(entryId(entry)))
          .map((entry): [string, EntryState] => {
            const id = entryId(entry);
            return [id, items.get(id) === undefined ? "waiting" : "archived"];
          }),
      ),
    append: async ({ key, body }) => {
      if (objects.has(key)) return false;
      objects.set(key, body);
      return true;
    },
    read: async (key) => objects.get(key),
    acknowledge: async (chain, from, to, links) => {
      const head: StoredHead = heads.get(chain) ?? GENESIS;
      if (links.length > 99) throw new Error("a transaction takes 100 items");
      const isWaiting = (id: string) => items.has(id) && items.get(id) === undefined;
      const isBeginning = from.sequence === GENESIS.sequence && from.raw === undefined;
      if (head.sequence !== from.sequence || head.raw !== from.raw || (head.hash !== from.hash && !isBeginning))
        return false;
      if (!links.every(({ entry }) => isWaiting(entryId(entry)))) return false;
      heads.set(chain, { sequence: to.sequence, hash: to.hash });
      for (const { entry, sequence } of links) items.set(entryId(entry), sequence);
      return true;
    },
  };
  return {
    objects,
    heads,
    items,
    archive,
    /** The journal writes entries. */
    emit: (...entries: readonly Entry[]) => {
      for (const entry of entries) if (!items.has(entryId(entry))) items.set(entryId(entry), undefined);
    },
    /** The table is lost, with all it knew. */
    forget: () => {
      items.clear();
      heads.clear();
    },
    all: (): EvidenceObject[] => [...objects].map(([key, body]) => ({ key, body })),
    bodyAt: (chain: string, sequence: number) => objects.get(objectKey(chain, sequence)),
  };
}

/** One container: what it remembers outlives an invocation. What it tells of heads is kept in `mistrusted`. */
export function container(isTimeUp: () => boolean = () => false) {
  const mistrusted: { readonly head: StoredHead; readonly reason: string }[] = [];
  const archiver: Archiver = {
    heads: new Map<string, Head>(),
    isTimeUp,
    mistrust: (_, head, reason) => mistrusted.push({ head, reason }),
  };
  return { ...archiver, mistrusted };
}

/** A container's death. */
export class Death extends Error {}

/** Every call of an archiver goes through `intercept`. */
export function interceptedArchive(
  archive: Archive,
  intercept: <Answer>(name: keyof Archive, call: () => Promise<Answer>) => Promise<Answer>,
): Archive {
  return {
    readHead: (...args) => intercept("readHead", () => archive.readHead(...args)),
    readStates: (...args) => intercept("readStates", () => archive.readStates(...args)),
    append: (...args) => intercept("append", () => archive.append(...args)),
    read: (...args) => intercept("read", () => archive.read(...args)),
    acknowledge: (...args) => intercept("acknowledge", () => archive.acknowledge(...args)),
  };
}

/** A container that dies before or after its nth call, and calls nothing from then on. */
export function mortal(archive: Archive, call: number, when: "before" | "after") {
  const life = { calls: 0, isOver: false };
  const mortalArchive = interceptedArchive(archive, async (_, ask) => {
    if (life.isOver) throw new Death();
    life.calls++;
    if (life.calls !== call) return ask();
    if (when === "after") await ask();
    life.isOver = true;
    throw new Death();
  });
  return { archive: mortalArchive, life };
}
