import { shortHash } from "../ids.ts";
import type { Journal } from "../journal/journal.ts";
import type { KeyReport, Signal } from "../types.ts";

/** How many denied calls of one key within which time are a burst. */
export interface BurstLimits {
  readonly count: number;
  readonly windowMs: number;
}

/** Counts the calls that AWS denied to a key, and tells when they are a burst. */
export interface DeniedBursts {
  /**
   * One update of a counter, and none once the window's burst was told.
   *
   * @returns the report, from the call on that makes it a burst until it is `told`; always under one id in one window
   * @throws CordonError `unavailable` when the table gives no answer
   */
  count(signal: Signal, nowMs: number): Promise<KeyReport | undefined>;
  /** The burst was treated: the window's further calls count for nothing. Should that fail, the next call reports it again. */
  told(report: KeyReport): void;
}

/** What a container remembers of bursts that it has told; beyond it a burst is reported again, under the same id. */
const MAX_TOLD = 1_000;

/**
 * Windows follow each other, so that a burst over the end of one is seen when either part is large enough by itself: at twice the limit at the latest. Events come twice at times,
 * which counts as two. A window is the call's own: what was kept back and comes all at once is no burst.
 */
export function deniedBursts(journal: Pick<Journal, "count">, { count: most, windowMs }: BurstLimits): DeniedBursts {
  const told = new Set<string>();
  return {
    async count(signal, nowMs) {
      const { keyId, resource, denied } = signal;
      if (denied !== true || keyId === undefined) return undefined;
      const calledMs = Date.parse(signal.at);
      const atMs = Number.isNaN(calledMs) ? nowMs : calledMs;
      const window = Math.floor(atMs / windowMs);
      // The counter's name is in the table: of the key it has a hash.
      const scope = `denied:${resource.account}:${shortHash(keyId)}`;
      const id = `${scope}:${new Date(window * windowMs).toISOString()}`;
      if (told.has(id)) return undefined;
      const counted = await journal.count(scope, windowMs, atMs);
      if (counted < most) return undefined;
      return { by: "cloudtrail", id, type: "denied-burst", at: new Date(atMs).toISOString() };
    },
    told({ id }) {
      if (told.size >= MAX_TOLD) told.clear();
      told.add(id);
    },
  };
}
