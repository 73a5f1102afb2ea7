import { CordonError } from "../errors.ts";
import { type Head, type Link, parseLink, reasonNotNext, sealLink } from "./chain.ts";
import { type Entry, entryId } from "./entry.ts";

/** What the table knows of an entry: not archived yet, or archived. Nothing is known of one that it doesn't have. */
export type EntryState = "waiting" | "archived";

/**
 * The locked bucket and the table's account of it. Every method throws CordonError: `unavailable` when AWS gives no usable answer, `denied` or
 * `misconfigured` when it is no use to ask again.
 */
export interface Archive {
  /** The head of a chain, by a consistent read. */
  readHead(chain: string): Promise<Head>;
  /** How entries stand, by their `entryId`, by a consistent read. */
  readStates(entries: readonly Entry[]): Promise<ReadonlyMap<string, EntryState>>;
  /** Writes an object where there is none. False when there is one already. */
  append(link: Link): Promise<boolean>;
  read(key: string): Promise<string>;
  /**
   * One transaction: the chain's head goes on from one place to another, and the entries of `links`, which lie in between, leave the outbox.
   *
   * @returns false when the head has moved or an entry is no longer waiting
   */
  acknowledge(chain: string, from: Head, to: Head, links: readonly Link[]): Promise<boolean>;
}

/** A transaction takes 100 items and 4 MB; AWS doesn't say whether an update counts as the whole item, so it is held to. */
const MAX_LINKS = 45;
const MAX_BYTES = 3_000_000;
/** Each lost race means that somebody else got on. */
const MAX_PASSES = 10;

/**
 * Brings entries into their chain: each gets the next number and an object of its own in the locked bucket, exactly once, whoever else does the same
 * at the same time and wherever a container dies.
 *
 * The objects are the truth, and the head in the table follows. An object that was written and not acknowledged is found by whoever comes next, in
 * the place he wanted to write to; he acknowledges it as if it were his own, and goes on behind it. An entry can't get a second number, because
 *
 * - it is written at the end of the chain only, past every object since the head;
 * - the head goes past an object only in the transaction that acknowledges its entry;
 * - what is acknowledged is asked for after the head is known: what is before the head is told by the table, what is after it by the objects.
 *
 * Side effects: writes objects, moves the chain's head, acknowledges entries.
 * @param entries of one chain
 * @param heads what this container knows of chains' heads, only ever behind
 * @returns how many entries were acknowledged, those found included
 * @throws CordonError as `Archive`; `malformed` when an object in the chain's place is not its continuation; `conflict` when others were always faster
 */
export async function archiveEntries(
  chain: string,
  entries: readonly Entry[],
  archive: Archive,
  heads: Map<string, Head>,
): Promise<number> {
  const seen = new Map<string, Link>();
  let acknowledged = 0;
  for (let pass = 1; pass <= MAX_PASSES; pass++) {
    const remembered = heads.get(chain);
    heads.delete(chain);
    const head = remembered ?? (await archive.readHead(chain));
    const states = await archive.readStates(entries);
    const links = await extendChain(chain, entries, head, states, archive, seen, remembered !== undefined);
    if (links === "behind") continue;

    const waiting = await waitingOf(links, entries, states, archive);
    let from = head;
    let isMoved = false;
    for (const part of partsOf(links)) {
      const to = part.at(-1) ?? from;
      const own = part.filter(({ entry }) => waiting.has(entryId(entry)));
      isMoved = !(await archive.acknowledge(chain, from, to, own));
      if (isMoved) break;
      acknowledged += own.length;
      from = to;
    }
    if (isMoved) continue;
    heads.set(chain, { sequence: from.sequence, hash: from.hash });
    return acknowledged;
  }
  throw new CordonError(
    "conflict",
    `others were always faster at the end of the chain ${chain}; the batch comes again`,
  );
}

/**
 * Walks from the head to the chain's end, and writes behind it what is not archived.
 *
 * @returns every link after the head; "behind" when the first place is taken and the head was only remembered: the chain may have grown by thousands
 */
async function extendChain(
  chain: string,
  entries: readonly Entry[],
  head: Head,
  states: ReadonlyMap<string, EntryState>,
  archive: Archive,
  seen: Map<string, Link>,
  isRemembered: boolean,
): Promise<readonly Link[] | "behind"> {
  const links: Link[] = [];
  const placed = new Set(entries.map(entryId).filter((id) => states.get(id) === "archived"));
  for (const entry of entries) {
    while (!placed.has(entryId(entry))) {
      const last = links.at(-1) ?? head;
      const own = sealLink(entry, chain, last);
      let link = seen.get(own.key);
      if (link === undefined && (await archive.append(own))) link = own;
      if (link === undefined && isRemembered && links.length === 0) return "behind";
      link ??= continuation(await archive.read(own.key), own.key, chain, last);
      // A locked object stays as it is.
      seen.set(own.key, link);
      links.push(link);
      placed.add(entryId(link.entry));
    }
  }
  return links;
}

/** What lies where the chain goes on. */
function continuation(body: string, key: string, chain: string, last: Head): Link {
  const parsed = parseLink(key, body);
  const reason = parsed.ok ? reasonNotNext(parsed.link, chain, last) : parsed.reason;
  if (parsed.ok && reason === undefined) return parsed.link;
  throw new CordonError(
    "malformed",
    `The object ${key} is not what comes next in its chain: ${reason}. Nothing is archived behind it. Somebody else has written to the evidence bucket, or the table's head (${last.sequence}) was altered: compare them, see docs/evidence.md.`,
  );
}

/** The ids of entries that the table waits to have acknowledged; of those found in the bucket, it has to be asked. */
async function waitingOf(
  links: readonly Link[],
  entries: readonly Entry[],
  states: ReadonlyMap<string, EntryState>,
  archive: Archive,
): Promise<ReadonlySet<string>> {
  const own = new Set(entries.map(entryId));
  const found = links.map(({ entry }) => entry).filter((entry) => !own.has(entryId(entry)));
  const more = found.length > 0 ? await archive.readStates(found) : new Map<string, EntryState>();
  return new Set([...states, ...more].filter(([, state]) => state === "waiting").map(([id]) => id));
}

/** Links in as many parts as it takes transactions to acknowledge them. */
function partsOf(links: readonly Link[]): readonly (readonly Link[])[] {
  const parts: Link[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const link of links) {
    const part = parts.at(-1);
    if (part === undefined || part.length >= MAX_LINKS || bytes + sizeOf(link) > MAX_BYTES) {
      parts.push([link]);
      bytes = sizeOf(link);
    } else {
      part.push(link);
      bytes += sizeOf(link);
    }
  }
  return parts;
}

const sizeOf = ({ body }: Link): number => Buffer.byteLength(body);
