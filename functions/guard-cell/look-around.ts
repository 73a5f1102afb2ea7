import { accountRegionRef, serves } from "../../shared/deployment/account-region.ts";
import { placesToCover } from "../../shared/deployment/places.ts";
import { CordonError, describeError } from "../../shared/errors.ts";
import type { Result, Signal } from "../../shared/types.ts";
import type { Guard } from "./guard.ts";

/** Looks under way at a time: AWS's control planes take a few calls a second. */
const AT_A_TIME = 6;
/** Less time than this before the deadline, and no further look is begun. */
const MIN_LOOK_MS = 5_000;
/** A forwarder that beat this recently brought about a look of its own. */
const LOOKED_AT_MS = 20 * 60_000;
const TICK_MS = 15 * 60_000;

/** What one round of looks came to. */
export interface LookedAround {
  readonly results: readonly Result[];
  readonly failures: readonly { readonly resource: string; readonly reason: string }[];
  /** Looks there was no time for; another round begins elsewhere and comes to them. */
  readonly left: number;
}

/**
 * Looks at every resource of the cell's own and at every account and Region, whatever was heard of them: what no event told of is found all the same. One that fails
 * holds up no other.
 *
 * @param handle one signal through the pipeline
 */
export async function lookAround(
  guard: Guard,
  tick: { readonly id: string; readonly at: string },
  handle: (signal: Signal) => Promise<{ readonly results: readonly Result[] }>,
  deadlineMs: number,
): Promise<LookedAround> {
  const signals = await signalsOf(guard, tick);
  // Where a round begins moves on, so that the last are not always those there is no time for.
  const start = signals.length === 0 ? 0 : Math.floor(Date.parse(tick.at) / TICK_MS) % signals.length;
  const queue = [...signals.slice(start), ...signals.slice(0, start)];
  const results: Result[] = [];
  const failures: { resource: string; reason: string }[] = [];
  const work = async (): Promise<void> => {
    while (guard.clock.nowMs() + MIN_LOOK_MS < deadlineMs) {
      const signal = queue.shift();
      if (signal === undefined) return;
      try {
        results.push(...(await handle(signal)).results);
      } catch (error) {
        if (!(error instanceof CordonError) || error.kind === "misconfigured") throw error;
        failures.push({ resource: signal.resource.arn, reason: describeError(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return { results, failures, left: queue.length };
}

async function signalsOf(guard: Guard, { id, at }: { id: string; at: string }): Promise<readonly Signal[]> {
  const { members, heartbeats, ports, clock } = guard;
  const { home, partition } = guard.names;
  const heard = (await heartbeats.all()).filter(({ account }) => serves(guard.names, account));
  const places = await placesToCover(ports.coverage, home, members, heard);
  const isFresh = ({ account, region }: { account: string; region: string }) =>
    heard.some(
      (each) =>
        each.account === account && each.region === region && clock.nowMs() - Date.parse(each.at) < LOOKED_AT_MS,
    );
  const regions = places.filter((place) => !isFresh(place)).map((place) => accountRegionRef(place, partition));
  const resources = [...ports.cell.own.map(({ ref }) => ref), ...regions.filter((ref) => ref !== undefined)];
  return resources.map((resource) => ({
    id: `${id}:${resource.arn}`,
    source: "schedule",
    name: "LookAround",
    at,
    resource,
  }));
}
