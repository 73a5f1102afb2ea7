import { GENESIS, type Head, type Link, objectKey, parseLink, parseObjectKey } from "./chain.ts";
import { entryId } from "./entry.ts";

/** An object of the evidence bucket. */
export interface EvidenceObject {
  readonly key: string;
  readonly body: string;
}

/**
 * What is wrong with an entry.
 *
 * - `edited`: its bytes are not those that were sealed, or were sealed anew
 * - `missing`: there is none where the chain goes on, or where its head says it ends
 * - `reordered`: a good one, in another's place
 * - `duplicated`: it is there already
 * - `foreign`: no entry, or one of another chain
 */
export type Problem = "edited" | "missing" | "reordered" | "duplicated" | "foreign";

export type Verdict =
  | { readonly ok: true; readonly chain: string; readonly head: Head }
  | { readonly ok: false; readonly problem: Problem; readonly key: string; readonly reason: string };

/**
 * Verifies one chain with nothing but its objects (S5): hashes, numbers and keys are recomputed from the first entry on, and the first one that is
 * wrong is named. Pure.
 *
 * The chain alone can't tell that its end was cut off, nor that all entries from one on were sealed anew; its head, which the table keeps, can.
 *
 * @param objects in any order
 * @param expected the chain, when it is known, and its head; entries after the head are fine, the table follows the bucket
 */
export function verifyChain(
  objects: readonly EvidenceObject[],
  expected: { readonly chain?: string; readonly head?: Head } = {},
): Verdict {
  const sorted = [...objects].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const chain = expected.chain ?? parseObjectKey(sorted[0]?.key ?? "")?.chain ?? "";
  const { head } = expected;
  const places = new Map<string, string>();
  let last: Head = GENESIS;
  for (const [index, object] of sorted.entries()) {
    const misplaced = problemOfPlace(object.key, chain, last);
    if (misplaced !== undefined) return misplaced;
    const parsed = parseLink(object.key, object.body);
    if (!parsed.ok) return wrong(object.key, "edited", parsed.reason);
    const { link } = parsed;
    const problem =
      problemOfNumber(link, chain, last, sorted) ??
      problemOfNeighbours(link, last, sorted[index + 1], head) ??
      problemOfRepetition(link, places);
    if (problem !== undefined) return problem;
    last = link;
  }
  if (head !== undefined && head.sequence > last.sequence) {
    return wrong(objectKey(chain, last.sequence + 1), "missing", `the chain's head is number ${head.sequence}`);
  }
  return { ok: true, chain, head: { sequence: last.sequence, hash: last.hash } };
}

function wrong(key: string, problem: Problem, reason: string): Verdict {
  return { ok: false, problem, key, reason };
}

/** Whether an object lies where the chain goes on. */
function problemOfPlace(key: string, chain: string, last: Head): Verdict | undefined {
  const place = parseObjectKey(key);
  const next = last.sequence + 1;
  if (place?.chain !== chain) return wrong(key, "foreign", `it does not lie in the chain ${chain}`);
  if (place.sequence < next) return wrong(key, "duplicated", `there is another object numbered ${place.sequence}`);
  if (place.sequence > next) return wrong(objectKey(chain, next), "missing", "there is no such entry, and a later one");
  return undefined;
}

/** Whether it is the link that was made for its place. */
function problemOfNumber(
  link: Link,
  chain: string,
  last: Head,
  objects: readonly EvidenceObject[],
): Verdict | undefined {
  if (link.chain !== chain) return wrong(link.key, "foreign", `it is of the chain ${link.chain}`);
  if (link.sequence === last.sequence + 1) return undefined;
  const twin = objects.find(({ key, body }) => key !== link.key && body === link.body);
  if (twin !== undefined) return wrong(link.key, "duplicated", `it is the entry at ${twin.key}`);
  return wrong(link.key, "reordered", `it is number ${link.sequence} of the chain`);
}

/** Whether links hold together. Of two that don't, the one that was sealed anew doesn't fit its other neighbour either. */
function problemOfNeighbours(
  link: Link,
  last: Head,
  next: EvidenceObject | undefined,
  head: Head | undefined,
): Verdict | undefined {
  if (link.previousHash !== last.hash) {
    const isThisOne = last.sequence === GENESIS.sequence || !isConfirmed(link, next, head);
    const key = isThisOne ? link.key : objectKey(link.chain, last.sequence);
    return wrong(key, "edited", "it was sealed anew: its neighbour was made for another");
  }
  if (head?.sequence === link.sequence && head.hash !== link.hash) {
    return wrong(link.key, "edited", "it was sealed anew: the chain's head has another hash");
  }
  return undefined;
}

/** Whether what comes after a link was made for it. At the chain's end, only its head can say. */
function isConfirmed(link: Link, next: EvidenceObject | undefined, head: Head | undefined): boolean {
  if (next === undefined) return head?.sequence !== link.sequence || head.hash === link.hash;
  const parsed = parseLink(next.key, next.body);
  return !parsed.ok || parsed.link.sequence !== link.sequence + 1 || parsed.link.previousHash === link.hash;
}

/** Whether an entry has a second number. */
function problemOfRepetition({ entry, key }: Link, places: Map<string, string>): Verdict | undefined {
  const id = entryId(entry);
  const place = places.get(id);
  places.set(id, key);
  return place === undefined ? undefined : wrong(key, "duplicated", `it is the entry at ${place}`);
}
