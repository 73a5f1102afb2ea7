import type { HttpAnswer } from "./tracker.ts";

/** What proves whose a request is, for as long as it does: a header's value. */
export interface Proof {
  readonly header: string;
  /** Left out: asked for each time, for it costs nothing. */
  readonly untilMs?: number;
}

interface Flight {
  readonly isStale: boolean;
  readonly proof: Promise<Proof | HttpAnswer>;
}

/** Carries a request out with a proof. */
type Attempt = (header: string) => Promise<HttpAnswer>;

/**
 * Proofs that all requests of a route share: many at once ask for one, and one that was not given is not kept. Where a request is refused (401) with a proof that somebody
 * else has replaced meanwhile it goes out again with the new one; otherwise one is asked for, once, with credentials that are read again. A second refusal is the
 * answer.
 *
 * @param ask for a proof; the tracker's answer where that is refused. `isStale`: what was known is not to be trusted
 */
export function sharedHeader(
  ask: (isStale: boolean) => Promise<Proof | HttpAnswer>,
  nowMs: () => number,
): (attempt: Attempt) => Promise<HttpAnswer> {
  let kept: Required<Proof> | undefined;
  let flight: Flight | undefined;

  const proofBut = (refused: string | undefined, isStale: boolean): Promise<Proof | HttpAnswer> => {
    if (kept !== undefined && kept.header !== refused && kept.untilMs > nowMs()) return Promise.resolve(kept);
    // One that began with credentials that may be old does not do for who was refused.
    if (flight !== undefined && (flight.isStale || !isStale)) return flight.proof;
    kept = undefined;
    const own: Flight = {
      isStale,
      proof: ask(isStale)
        .then((proof) => {
          if (flight === own && "header" in proof && proof.untilMs !== undefined)
            kept = { header: proof.header, untilMs: proof.untilMs };
          return proof;
        })
        .finally(() => {
          if (flight === own) flight = undefined;
        }),
    };
    flight = own;
    return own.proof;
  };

  return async (attempt) => {
    const first = await proofBut(undefined, false);
    const answer = "header" in first ? await attempt(first.header) : first;
    if (answer.status !== 401) return answer;
    const second = await proofBut("header" in first ? first.header : undefined, true);
    return "header" in second ? attempt(second.header) : second;
  };
}
