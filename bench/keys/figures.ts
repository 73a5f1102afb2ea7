import type { Both } from "../measure.ts";
import { median } from "../statistics.ts";
import type { Users } from "./users.ts";

/** What looking through one account took. */
export interface LookedThrough {
  /** To AWS, without the table's. */
  readonly calls: number;
  readonly tableCalls: number;
  /** Of the whole process, its start included. */
  readonly cpuMs: number;
  readonly peakMb: number;
}

/** An account's figures: medians, and the most calls that one of them took. */
export interface KeysCase extends Users {
  readonly cordon: LookedThrough;
  readonly scan: LookedThrough;
  /** The most that Cordon may call, without the table's. */
  readonly mostCalls: number;
  /** Cordon's calls, the table's included, over the scan's. */
  readonly callsRatio: number;
  readonly cpuRatio: number;
}

/** The credential report: asked for until it is there, and read. */
const OF_ACCOUNT = 4;
/** The keys, the user's tags and the last use; the change; the keys once more. */
const OF_STALE_KEY = 5;
/** The keys, and where one is old enough to be due if it was never used, the tags and the last use of both. */
const IN_TURN = 4;
/** Days in which all come once whose keys may be older than the report can tell. */
const TURN_DAYS = 30;
/** Turns are by a hash: about as many each day. */
const UNEVEN = 1.3;
/** So many users are looked at by the invocation that chose them; more are put into messages of ten, and ten of these are sent at once. */
const AT_ONCE = 50;
const OF_MESSAGE = 10;

/** Resident at most. */
export const MEMORY_MB = 200;
/** Of the scan's calls, at most: the fewer of an account's keys are stale, the less it is. */
export const CALLS_RATIO = 0.5;
/** Of the scan's CPU, though it records, verifies and can undo what it does, and the scan does not. */
export const CPU_RATIO = 1.3;

/** The most calls that looking through an account may take, the table's left out. Pure. */
export function mostCalls({ stale, rotating }: Users): number {
  const inTurn = Math.ceil((rotating / TURN_DAYS) * UNEVEN);
  const looked = stale + inTurn;
  const messages = looked > AT_ONCE ? Math.ceil(looked / OF_MESSAGE) : 0;
  // One call finds the queue; each message is acknowledged by itself.
  const ofQueue = messages === 0 ? 0 : 1 + Math.ceil(messages / OF_MESSAGE) + messages;
  return OF_ACCOUNT + OF_STALE_KEY * stale + IN_TURN * inTurn + ofQueue;
}

/** Pure. */
export function keysCase(users: Users, { cordon, floor }: Both<readonly LookedThrough[]>): KeysCase {
  const [ours, theirs] = [middle(cordon), middle(floor)];
  return {
    ...users,
    cordon: ours,
    scan: theirs,
    mostCalls: mostCalls(users),
    callsRatio: (ours.calls + ours.tableCalls) / (theirs.calls + theirs.tableCalls),
    cpuRatio: ours.cpuMs / theirs.cpuMs,
  };
}

function middle(all: readonly LookedThrough[]): LookedThrough {
  const most = (name: "calls" | "tableCalls" | "peakMb") => Math.max(...all.map((each) => each[name]));
  return {
    calls: most("calls"),
    tableCalls: most("tableCalls"),
    peakMb: most("peakMb"),
    cpuMs: median(all.map(({ cpuMs }) => cpuMs)),
  };
}

/** What is counted: exact, and judged however few the runs. Pure. */
export function isWithinKeys({ cordon, mostCalls, callsRatio }: KeysCase): boolean {
  return cordon.calls <= mostCalls && callsRatio <= CALLS_RATIO && cordon.peakMb < MEMORY_MB;
}

/** CPU. A ratio that is no number keeps no limit. Pure. */
export const isCheap = ({ cpuRatio }: KeysCase): boolean => cpuRatio <= CPU_RATIO;
