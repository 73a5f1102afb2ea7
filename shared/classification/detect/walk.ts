import { AT_SIGN, BETWEEN, classOf } from "./automaton.ts";

/**
 * Each step of a walk waits for the table's answer to the step before, so a processor spends most of it waiting. Four walks over four parts of a text, one step of
 * each in turn, wait together: that makes the pass twice as fast.
 */
const LANES = 4;

/** So much of a text is walked over at once. */
export const MAX_WALK_BYTES = 32_768;

/** Shorter parts are not worth parting. */
const MIN_LANE_BYTES = 256;

/** An event for each byte, and one more for an at sign that ends a run. */
const events = new Int32Array(MAX_WALK_BYTES + 4 * LANES);
/** Events are states below `BETWEEN`; the rest of a number is the place. */
const CODE_BITS = 10;
const CODE_MASK = (1 << CODE_BITS) - 1;

/** By lane: where its first event is in `events`, and where the next goes. */
const firsts = new Int32Array(LANES);
const ends = new Int32Array(LANES);

/** Where a walk stands. */
export interface Place {
  next: number;
  state: number;
}

/**
 * Walks from `place.next` to `stop` and stops at the first event before that.
 *
 * @returns whether there was one, which is then the state
 */
export function walkToEvent(place: Place, table: Uint16Array, bytes: Uint8Array, stop: number): boolean {
  let { next: i, state } = place;
  for (; i < stop; i++) {
    state = table[state + (classOf[bytes[i] as number] as number)] as number;
    if (state < BETWEEN) break;
  }
  place.next = i;
  place.state = state;
  return state < BETWEEN;
}

/**
 * Walks from `place.next` to `stop`, at most `MAX_WALK_BYTES`, as if nothing came of any event, and hands each to `look` in order. What `look` answers is
 * whether to go on.
 */
export function walkOver(
  place: Place,
  table: Uint16Array,
  bytes: Uint8Array,
  stop: number,
  look: (event: number, at: number) => boolean,
): void {
  const starts = laneStarts(bytes, place.next, stop);
  const state =
    starts.length < LANES
      ? walkAlone(0, place.state, place.next, stop, table, bytes, 0)
      : walkTogether(starts, place.state, stop, table, bytes);
  place.next = stop;
  place.state = state;
  for (let lane = 0; lane < Math.max(1, starts.length); lane++) {
    for (let index = firsts[lane] as number; index < (ends[lane] as number); index++) {
      const event = events[index] as number;
      if (!look(event & CODE_MASK, event >> CODE_BITS)) return;
    }
  }
}

/** Where four lanes begin: behind a byte that ends whatever was before it. None when the text has no such bytes, or is short. */
function laneStarts(bytes: Uint8Array, from: number, stop: number): readonly number[] {
  const length = (stop - from) >> 2;
  if (length < MIN_LANE_BYTES) return [];
  const starts = [from];
  for (let lane = 1; lane < LANES; lane++) {
    let at = from + lane * length;
    const last = at + (length >> 1);
    while (at < last && classOf[bytes[at - 1] as number] !== 0) at++;
    if (at === last) return [];
    starts.push(at);
  }
  return starts;
}

function walkTogether(
  starts: readonly number[],
  state: number,
  stop: number,
  table: Uint16Array,
  bytes: Uint8Array,
): number {
  const [from = 0, second = 0, third = 0, fourth = 0] = starts;
  const [b, c, d] = [second - from, third - from, fourth - from];
  for (const [lane, start] of starts.entries()) {
    firsts[lane] = start - from + 2 * lane;
    ends[lane] = firsts[lane] as number;
  }
  const shared = Math.min(b, c - b, d - c, stop - fourth);
  let [s0, s1, s2, s3] = [state, BETWEEN, BETWEEN, BETWEEN];
  const last = from + shared;
  for (let i = from; i < last; ) {
    for (; i < last; i++) {
      s0 = table[s0 + (classOf[bytes[i] as number] as number)] as number;
      s1 = table[s1 + (classOf[bytes[i + b] as number] as number)] as number;
      s2 = table[s2 + (classOf[bytes[i + c] as number] as number)] as number;
      s3 = table[s3 + (classOf[bytes[i + d] as number] as number)] as number;
      if (s0 < BETWEEN || s1 < BETWEEN || s2 < BETWEEN || s3 < BETWEEN) break;
    }
    if (i === last) break;
    if (s0 < BETWEEN) s0 = note(0, s0, i, table, bytes);
    if (s1 < BETWEEN) s1 = note(1, s1, i + b, table, bytes);
    if (s2 < BETWEEN) s2 = note(2, s2, i + c, table, bytes);
    if (s3 < BETWEEN) s3 = note(3, s3, i + d, table, bytes);
    i++;
  }
  walkAlone(0, s0, last, second, table, bytes);
  walkAlone(1, s1, last + b, third, table, bytes);
  walkAlone(2, s2, last + c, fourth, table, bytes);
  return walkAlone(3, s3, last + d, stop, table, bytes);
}

/** @param first where its events go, when it has none yet */
function walkAlone(
  lane: number,
  begin: number,
  from: number,
  to: number,
  table: Uint16Array,
  bytes: Uint8Array,
  first?: number,
): number {
  if (first !== undefined) {
    firsts[lane] = first;
    ends[lane] = first;
  }
  let state = begin;
  for (let i = from; i < to; i++) {
    state = table[state + (classOf[bytes[i] as number] as number)] as number;
    if (state < BETWEEN) state = note(lane, state, i, table, bytes);
  }
  return state;
}

/** @returns the state behind the byte of an event: the end of a run is also a byte between runs */
function note(lane: number, event: number, at: number, table: Uint16Array, bytes: Uint8Array): number {
  put(lane, event, at);
  if (event === AT_SIGN) return BETWEEN;
  const state = table[BETWEEN + (classOf[bytes[at] as number] as number)] as number;
  if (state >= BETWEEN) return state;
  put(lane, state, at);
  return BETWEEN;
}

function put(lane: number, event: number, at: number): void {
  const end = ends[lane] as number;
  events[end] = (at << CODE_BITS) | event;
  ends[lane] = end + 1;
}
