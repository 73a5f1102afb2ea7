import { accountRegionRef, serves } from "../../shared/deployment/account-region.ts";
import { mayGoOn } from "../../shared/deployment/deployments.ts";
import { placesToCover } from "../../shared/deployment/places.ts";
import { CordonError, describeError } from "../../shared/errors.ts";
import type { AccountRegion } from "../../shared/resources/account-coverage.ts";
import type { ResourceRef, Result, Signal } from "../../shared/types.ts";
import type { Guard } from "./guard.ts";
import { isOpen } from "./open-findings.ts";

/** Looks under way at a time: AWS's control planes take a few calls a second. */
const AT_A_TIME = 6;
/** Less time than this before the deadline, and no further look is begun. */
const MIN_LOOK_MS = 5_000;
/** A forwarder that beat this recently brought about a look of its own. */
const LOOKED_AT_MS = 20 * 60_000;

/** What one round of looks came to. */
export interface LookedAround {
  readonly results: readonly Result[];
  readonly failures: readonly { readonly resource: string; readonly reason: string }[];
  /** Looks there was no time for; the next round begins with them. */
  readonly left: number;
  /** Whether all that is Cordon's own was looked at and judged. */
  readonly isOwnWhole: boolean;
  /** A mistake in Cordon itself or its settings, which a round outlasts and its caller must not hide. */
  readonly mistake?: unknown;
}

/** What an account and Region is as a resource (shared/deployment/account-region.ts). */
const ACCOUNT = "AWS::::Account";

interface Known {
  readonly all: readonly AccountRegion[];
  /** Those to look at, in this round's order. */
  readonly stale: readonly AccountRegion[];
  /** Accounts whose Regions can't be told. */
  readonly unread: ReadonlySet<string>;
}
type Handle = (signal: Signal) => Promise<{ readonly results: readonly Result[] }>;
type Round = {
  readonly results: Result[];
  readonly failures: { resource: string; reason: string }[];
  mistake?: unknown;
};

/**
 * Looks at every resource of the cell's own and then at every account and Region, whatever was heard of them: what no event told of is found all the same. Nothing that
 * fails, and no account that gives no answer, holds up another.
 *
 * @param handle one signal through the pipeline
 */
export async function lookAround(
  guard: Guard,
  tick: { readonly id: string; readonly at: string },
  handle: Handle,
  deadlineMs: number,
): Promise<LookedAround> {
  const { ports, names, clock } = guard;
  const round: Round = { results: [], failures: [] };
  const look = lookWith(round, tick, handle, () => clock.nowMs(), deadlineMs);
  // Cordon's own come first in every round, before anybody else is asked for anything. Amidst a deployment they are neither the old nor the new: what it changes is looked
  // at ten minutes later. Rounds that pass them over are not whole, so that one which never ends raises an alarm.
  const isDeploying = mayGoOn(await guard.rounds.lastDeployment().catch(() => undefined), clock.nowMs());
  const refsOfOwn = isDeploying ? [] : ports.cell.own.map(({ ref }) => ref);
  const own = await look(refsOfOwn);
  const isOwnWhole = own === ports.cell.own.length && round.failures.length === 0;

  const places = await inTime(() => placesOf(guard, round), clock.nowMs(), deadlineMs).catch((error: unknown) => {
    noteFailure(round, "accounts and Regions", error);
    return undefined;
  });
  const refs = (places?.stale ?? [])
    .map((place) => accountRegionRef(place, names.partition))
    .filter((ref) => ref !== undefined);
  // Few, and looked at for the last time: before the many.
  const gone = await inTime(() => unlistedOf(guard, places), clock.nowMs(), deadlineMs).catch((error: unknown) => {
    noteFailure(round, "what is no longer looked at", error);
    return [];
  });
  await look(gone);
  for (const resource of gone) {
    const isOver = !round.results.some((result) => result.resource?.arn === resource.arn && isOpen(result));
    const isLookedAt = !round.failures.some((failure) => failure.resource === resource.arn);
    if (isOver && isLookedAt)
      await guard.troubles.over(resource, new Date(clock.nowMs()).toISOString()).catch(() => undefined);
  }
  const done = await look(refs);
  // Where there was no time for all of them, the next round goes on behind the last.
  const next = refs[done % Math.max(refs.length, 1)];
  if (next !== undefined)
    await guard.rounds.end({ account: next.account, region: next.region, at: tick.at }).catch(() => undefined);
  const left = refsOfOwn.length - own + refs.length - done;
  const { results, failures, mistake } = round;
  return { results, failures, left, isOwnWhole, ...(mistake !== undefined && { mistake }) };
}

/** Looks at some resources, a few at a time, and answers how many were begun before the time was up. */
function lookWith(
  round: Round,
  tick: { readonly id: string; readonly at: string },
  handle: Handle,
  now: () => number,
  deadlineMs: number,
) {
  return async (refs: readonly ResourceRef[]): Promise<number> => {
    let begun = 0;
    const work = async (): Promise<void> => {
      while (now() + MIN_LOOK_MS < deadlineMs) {
        const resource = refs[begun];
        if (resource === undefined) return;
        begun++;
        const { id, at } = tick;
        const signal: Signal = { id: `${id}:${resource.arn}`, source: "schedule", name: "LookAround", at, resource };
        try {
          round.results.push(...(await inTime(() => handle(signal), now(), deadlineMs)).results);
        } catch (error) {
          noteFailure(round, resource.arn, error);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, work));
    return begun;
  };
}

function noteFailure(round: Round, resource: string, error: unknown): void {
  round.failures.push({ resource, reason: describeError(error) });
  if (!(error instanceof CordonError) || error.kind === "misconfigured") round.mistake ??= error;
}

/** What AWS never answers must not take the round's end with it. */
async function inTime<Answer>(ask: () => Promise<Answer>, nowMs: number, deadlineMs: number): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const give = () => reject(new CordonError("unavailable", "AWS gave no answer before the time was up"));
    timer = setTimeout(give, Math.max(0, deadlineMs - nowMs));
  });
  try {
    return await Promise.race([ask(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Every account and Region that was not just looked at because its forwarder beat, beginning where the last round ended. */
async function placesOf(guard: Guard, round: Round): Promise<Known> {
  const { members, heartbeats, ports, clock, names, rounds } = guard;
  const heard = (await heartbeats.all()).filter(({ account }) => serves(names, account));
  const { places, unlisted } = await placesToCover(ports.coverage, names.home, members, heard);
  for (const { account, reason, isUnanswered } of unlisted)
    if (isUnanswered) round.failures.push({ resource: `the Regions of ${account}`, reason });
  const freshSince = clock.nowMs() - LOOKED_AT_MS;
  const fresh = new Set(heard.filter(({ at }) => Date.parse(at) > freshSince).map(keyOf));
  const stale = places.filter((place) => !fresh.has(keyOf(place)));
  const begin = await rounds.begin().catch(() => undefined);
  const start =
    begin === undefined
      ? 0
      : Math.max(
          0,
          stale.findIndex((place) => keyOf(place) >= keyOf(begin)),
        );
  const unread = new Set(unlisted.map(({ account }) => account));
  return { all: places, stale: [...stale.slice(start), ...stale.slice(0, start)], unread };
}

/**
 * What something was found wrong with and is no longer to be looked at: a resource of an earlier deployment, an account that is no longer served, a Region that was disabled.
 * Of an account whose Regions can't be told nothing is given up.
 */
async function unlistedOf(guard: Guard, known: Known | undefined): Promise<readonly ResourceRef[]> {
  const { ports, troubles } = guard;
  const own = new Set(ports.cell.own.map(({ ref }) => ref.arn));
  const all = new Set(known?.all.map(keyOf));
  const accounts = new Set(known?.all.map(({ account }) => account));
  const left = new Map<string, string>();
  const gone = (await troubles.all()).filter((resource) => {
    if (resource.type !== ACCOUNT) return !own.has(resource.arn);
    if (known === undefined || known.unread.has(resource.account) || all.has(keyOf(resource))) return false;
    const isServed = accounts.has(resource.account);
    left.set(
      keyOf(resource),
      isServed ? `${resource.region} is not enabled` : `${resource.account} is no longer served`,
    );
    return true;
  });
  ports.coverage.leave(left);
  return gone;
}

function keyOf({ account, region }: AccountRegion): string {
  return `${account}#${region}`;
}
