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
  | { readonly ok: true; readonly chain: string | undefined; readonly head: Head }
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
  const chain = expected.chain ?? parseObjectKey(sorted[0]?.key ?? "")?.chain;
  const { head } = expected;
  const known = new Map<string, string>();
  let previous: Head = GENESIS;
  for (const [index, { key, body }] of sorted.entries()) {
    const wrong = (problem: Problem, reason: string, where = key): Verdict => ({
      ok: false,
      problem,
      key: where,
      reason,
    });
    const place = parseObjectKey(key);
    if (place === undefined || chain === undefined || place.chain !== chain) {
      return wrong("foreign", `it does not lie in the chain ${chain ?? "that is verified"}`);
    }
    const next = previous.sequence + 1;
    if (place.sequence < next) return wrong("duplicated", `there is another object numbered ${place.sequence}`);
    if (place.sequence > next)
      return wrong("missing", "there is no such entry, and a later one", objectKey(chain, next));

    const parsed = parseLink(key, body);
    if (!parsed.ok) return wrong("edited", parsed.reason);
    const { link } = parsed;
    if (link.chain !== chain) return wrong("foreign", `it is of the chain ${link.chain}`);
    if (link.sequence !== next) {
      const twin = sorted.find((other, at) => at !== index && other.body === body);
      return twin === undefined
        ? wrong("reordered", `it is number ${link.sequence} of the chain`)
        : wrong("duplicated", `it is the entry at ${twin.key}`);
    }
    if (link.previousHash !== previous.hash) {
      // Of two neighbours that don't fit, the one that was sealed anew fits its other neighbour neither.
      const isThisOne = previous.sequence === 0 || !isConfirmed(link, sorted[index + 1], head);
      return wrong(
        "edited",
        "it was sealed anew: its neighbour was made for another",
        isThisOne ? key : objectKey(chain, previous.sequence),
      );
    }
    const id = entryId(link.entry);
    const twin = known.get(id);
    if (twin !== undefined) return wrong("duplicated", `it is the entry at ${twin}`);
    known.set(id, key);
    if (head?.sequence === link.sequence && head.hash !== link.hash) {
      return wrong("edited", "it was sealed anew: the chain's head has another hash");
    }
    previous = link;
  }
  if (head !== undefined && head.sequence > previous.sequence) {
    const key = chain === undefined ? "" : objectKey(chain, previous.sequence + 1);
    return { ok: false, problem: "missing", key, reason: `the chain's head is number ${head.sequence}` };
  }
  return { ok: true, chain, head: { sequence: previous.sequence, hash: previous.hash } };
}

/** Whether what comes after a link was made for it. At the chain's end, only its head can say. */
function isConfirmed(link: Link, next: EvidenceObject | undefined, head: Head | undefined): boolean {
  if (next !== undefined) {
    const parsed = parseLink(next.key, next.body);
    return !parsed.ok || parsed.link.sequence !== link.sequence + 1 || parsed.link.previousHash === link.hash;
  }
  return head === undefined || head.sequence !== link.sequence || head.hash === link.hash;
}
