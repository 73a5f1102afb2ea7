import { CordonError } from "../errors.ts";
import type { Head, Link } from "./chain.ts";
import { type Entry, entryId } from "./entry.ts";
import { extendChain } from "./extend-chain.ts";

/** What the table knows of an entry: not archived yet, or archived. Nothing is known of one that it doesn't have. */
export type EntryState = "waiting" | "archived";

/** A chain's head as the table has it, which anybody may have made up who may write the table. */
export interface StoredHead extends Head {
  /** What the table has instead, when it can't be a head at all: `acknowledge` moves the head only from what was read. */
  readonly raw?: unknown;
}

/**
 * The locked bucket and the table's account of it. Every method throws CordonError: `unavailable` when AWS gives no usable answer, `denied` or
 * `misconfigured` when it is no use to ask again.
 */
export interface Archive {
  /** The head of a chain, by a consistent read; `GENESIS` when there is none. */
  readHead(chain: string): Promise<StoredHead>;
  /** How entries stand, by their `entryId`, by a consistent read. */
  readStates(entries: readonly Entry[]): Promise<ReadonlyMap<string, EntryState>>;
  /** Writes an object where there is none. False when there is one already. */
  append(link: Link): Promise<boolean>;
  /** An object's text; undefined when there is none, or none that may be read: S3 tells these apart only to who may list the bucket. */
  read(key: string): Promise<string | undefined>;
  /**
   * One transaction: the chain's head goes on from one place to another, and the entries of `links`, which lie in between, leave the outbox.
   *
   * @returns false when the head has moved or an entry is no longer waiting
   */
  acknowledge(chain: string, from: StoredHead, to: Head, links: readonly Link[]): Promise<boolean>;
}

/** What an archiver works with, besides the archive. */
export interface Archiver {
  /** What this container knows of chains' heads, only ever behind, and only what it has seen for itself. */
  readonly heads: Map<string, Head>;
  /** Whether it has to stop now, with enough time left for one acknowledgement. */
  isTimeUp(): boolean;
  /** Tells that the table's head of a chain is not what the objects say. */
  mistrust(chain: string, head: StoredHead, reason: string): void;
}

/** What became of entries. */
export interface Archived {
  /** How many were acknowledged, those found included. */
  readonly acknowledged: number;
  /** Why entries have to come again, by their `entryId`. */
  readonly left: ReadonlyMap<string, string>;
}

/** Each lost race means that somebody else got on. */
const MAX_PASSES = 10;
const ABSENT = "the table does not have it: it was deleted or altered, and may be archived already";
const TIME_IS_UP = "the time was up while the chain's head caught up with its objects";

/**
 * Brings entries into their chain: each gets the next number and an object of its own in the locked bucket, exactly once, whoever else does the same
 * at the same time and wherever a container dies.
 *
 * The objects are the truth, and the head in the table follows. An object that was written and not acknowledged is found by whoever comes next, in
 * the place he wanted to write to; he acknowledges it as if it were his own, and goes on behind it. However many lie there, as they do behind a table
 * that was restored from a backup, the head follows every few of them, so that the next one goes on where this one had to stop. An entry can't get a
 * second number, because
 *
 * - it is written at the end of the chain only, past every object since the head;
 * - the head goes past an object only in the transaction that acknowledges its entry;
 * - what is acknowledged is asked for after the head is known: what is before the head is told by the table, what is after it by the objects.
 *
 * The third needs the table to know the entry. One that it doesn't have, because somebody has deleted it, could be archived again each time it is
 * delivered; a number that is given away twice can't be taken back, so it gets none, and comes again until somebody has looked.
 *
 * A head that was read is believed only if the object of its number carries its hash. Otherwise the walk begins at number 1: whatever else the table
 * may say, nothing is written but behind an unbroken row of objects.
 *
 * Side effects: writes objects, moves the chain's head, acknowledges entries.
 * @param entries of one chain
 * @throws CordonError as `Archive`; `malformed` when an object in the chain's place is not its continuation; `conflict` when others were always faster.
 * What was acknowledged until then stays so.
 */
export async function archiveEntries(
  chain: string,
  entries: readonly Entry[],
  archive: Archive,
  archiver: Archiver,
): Promise<Archived> {
  const seen = new Map<string, Link>();
  let acknowledged = 0;
  for (let pass = 1; pass <= MAX_PASSES; pass++) {
    const remembered = archiver.heads.get(chain);
    archiver.heads.delete(chain);
    const stored = remembered ?? (await archive.readHead(chain));
    const states = await archive.readStates(entries);
    const start = { chain, stored, isRemembered: remembered !== undefined, states, seen };
    const walked = await extendChain(start, entries, archive, archiver);
    acknowledged += walked.acknowledged;
    if (walked.end === "behind") continue;
    if (walked.end !== undefined) archiver.heads.set(chain, walked.end);
    const absent = entries.map(entryId).filter((id) => !states.has(id));
    const left = new Map(absent.map((id) => [id, ABSENT]));
    for (const id of walked.unplaced) left.set(id, TIME_IS_UP);
    return { acknowledged, left };
  }
  throw new CordonError(
    "conflict",
    `others were always faster at the end of the chain ${chain}; the batch comes again`,
  );
}
