import { CordonError } from "../errors.ts";
import type { Archive, Archiver, EntryState, StoredHead } from "./archive.ts";
import { GENESIS, type Head, type Link, objectKey, parseLink, reasonNotNext, sealLink } from "./chain.ts";
import { type Entry, entryId } from "./entry.ts";

/** Where a walk along a chain begins. */
export interface Start {
  readonly chain: string;
  readonly stored: StoredHead;
  /** Whether this container remembers the head: the chain may have grown by thousands since. */
  readonly isRemembered: boolean;
  /** How the entries stand, asked for after the head was known. */
  readonly states: ReadonlyMap<string, EntryState>;
  /** Links that earlier walks found and nobody has acknowledged; a locked object stays as it is. */
  readonly seen: Map<string, Link>;
}

export interface Walked {
  /** The end of the chain; undefined when it was not looked for, "behind" when the head is out of date: the walk has to begin anew. */
  readonly end: Head | "behind" | undefined;
  readonly acknowledged: number;
  /** The ids of entries that have no place yet, because the time is up. */
  readonly unplaced: readonly string[];
}

/** A transaction takes 100 items and 4 MB; AWS doesn't say whether an update counts as the whole item, so it is held to. */
const MAX_LINKS = 45;
const MAX_BYTES = 3_000_000;
/** Objects read at once, when there are many in the way. */
const MAX_AHEAD = 16;

/** Walks from the head to the chain's end and writes behind it what waits. What it passes is acknowledged every few links. */
export async function extendChain(
  { chain, stored, isRemembered, states, seen }: Start,
  entries: readonly Entry[],
  archive: Archive,
  archiver: Archiver,
): Promise<Walked> {
  const waiting = entries.filter((entry) => states.get(entryId(entry)) === "waiting");
  if (waiting.length === 0) return { end: isRemembered ? stored : undefined, acknowledged: 0, unplaced: [] };

  let from = stored;
  let last: Head = isRemembered ? stored : await believedHead(chain, stored, archive, archiver, seen);
  let pending: Link[] = [];
  let pendingBytes = 0;
  let acknowledged = 0;
  /** Acknowledges what was passed. False when somebody else has moved the head. */
  const settle = async (): Promise<boolean> => {
    const to = pending.at(-1);
    if (to === undefined) return true;
    const own = await waitingOf(pending, states, archive);
    if (!(await archive.acknowledge(chain, from, to, own))) return false;
    for (const { key } of pending) seen.delete(key);
    acknowledged += own.length;
    from = { sequence: to.sequence, hash: to.hash };
    pending = [];
    pendingBytes = 0;
    return true;
  };
  const behind = () => ({ end: "behind", acknowledged, unplaced: [] }) as const;

  const placed = new Set<string>();
  let ahead = 1;
  for (const entry of waiting) {
    while (!placed.has(entryId(entry)) && !archiver.isTimeUp()) {
      const own = sealLink(entry, chain, last);
      const known = seen.get(own.key);
      let next: readonly Link[] = [known ?? own];
      if (known === undefined && !(await archive.append(own))) {
        if (isRemembered && last === stored) return behind();
        try {
          next = await readAhead(chain, last, ahead, archive);
        } catch (error) {
          // What can't be passed doesn't hold up what is before it.
          await settle();
          throw error;
        }
        ahead = Math.min(2 * ahead, MAX_AHEAD);
      }
      for (const link of next) {
        seen.set(link.key, link);
        const bytes = Buffer.byteLength(link.body);
        const isFull = pending.length >= MAX_LINKS || pendingBytes + bytes > MAX_BYTES;
        if (isFull && !(await settle())) return behind();
        pending.push(link);
        pendingBytes += bytes;
        placed.add(entryId(link.entry));
        last = link;
      }
    }
  }
  if (!(await settle())) return behind();
  const unplaced = waiting.map(entryId).filter((id) => !placed.has(id));
  return { end: { sequence: from.sequence, hash: from.hash }, acknowledged, unplaced };
}

/** The table's head, if the object of its number bears it out; otherwise the beginning, for then only the objects can tell where the chain ends. */
async function believedHead(
  chain: string,
  stored: StoredHead,
  archive: Archive,
  { mistrust }: Archiver,
  seen: ReadonlyMap<string, Link>,
): Promise<Head> {
  const { sequence, hash, raw } = stored;
  if (raw === undefined && sequence === GENESIS.sequence) return GENESIS;
  if (raw !== undefined) {
    mistrust(chain, stored, "what the table has is none");
    return GENESIS;
  }
  const key = objectKey(chain, sequence);
  const body = seen.get(key)?.body ?? (await archive.read(key));
  const parsed = body === undefined ? undefined : parseLink(key, body);
  if (parsed?.ok && parsed.link.chain === chain && parsed.link.sequence === sequence && parsed.link.hash === hash) {
    return stored;
  }
  mistrust(chain, stored, body === undefined ? "no such object can be read" : "the object of its number is another");
  return GENESIS;
}

/**
 * The links that lie where the chain goes on, as far as they are there and good. There is one at least: its place was found taken.
 *
 * @throws CordonError `malformed` when the first is not the chain's continuation, `denied` when it can't be read
 */
async function readAhead(chain: string, from: Head, count: number, archive: Archive): Promise<readonly Link[]> {
  const keys = Array.from({ length: count }, (_, index) => objectKey(chain, from.sequence + 1 + index));
  const bodies = await Promise.all(keys.map((key) => archive.read(key)));
  const links: Link[] = [];
  for (const [index, key] of keys.entries()) {
    const body = bodies[index];
    const last = links.at(-1) ?? from;
    const parsed = body === undefined ? undefined : parseLink(key, body);
    const reason = parsed?.ok ? reasonNotNext(parsed.link, chain, last) : parsed?.reason;
    if (parsed?.ok && reason === undefined) {
      links.push(parsed.link);
      continue;
    }
    if (links.length > 0) break;
    if (body === undefined) throw new CordonError("denied", `The object ${key} is there, and S3 lets nobody read it.`);
    throw new CordonError(
      "malformed",
      `The object ${key} is not what comes next in its chain: ${reason}. Nothing is archived behind it. Somebody else has written to the evidence bucket: see "A chain that stopped" in docs/evidence.md.`,
    );
  }
  return links;
}

/** Of links, those whose entries the table waits to have acknowledged; of entries that were found in the bucket, it has to be asked. */
async function waitingOf(
  links: readonly Link[],
  states: ReadonlyMap<string, EntryState>,
  archive: Archive,
): Promise<readonly Link[]> {
  const found = links.map(({ entry }) => entry).filter((entry) => !states.has(entryId(entry)));
  const more = found.length > 0 ? await archive.readStates(found) : new Map<string, EntryState>();
  return links.filter(({ entry }) => (states.get(entryId(entry)) ?? more.get(entryId(entry))) === "waiting");
}
