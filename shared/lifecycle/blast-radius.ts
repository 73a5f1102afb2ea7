import type { Storm } from "../journal/journal.ts";
import type { Limits } from "../policy/policy.ts";
import type { Hold } from "../types.ts";
import type { Judged, Run } from "./run.ts";
import { beginStorm, causeOf, scopeFor } from "./storm.ts";

/**
 * How far automatic changes may reach (invariant 11). They are counted per control, account and causing principal; more than policy lets through in a window are a storm
 * (storm.ts). In it what only stops data from leaving goes on, one change at a time, and what could break an application waits for a person.
 */

/** What a run's changes are counted under. By principal, so that noise in one's name never holds back the containment of another's. Pure. */
export function scopeOf<State>({ cordon, signal }: Run<State>): string {
  return scopeFor(cordon.control.meta.id, signal.resource.account, causeOf(signal));
}

/** Whether a storm is still on: nobody has ended it, and a change was wanted not long ago. Pure. */
export function isStormOn(storm: Storm | undefined, nowMs: number, { quietMs }: Limits["automaticChanges"]): boolean {
  return storm?.isOn === true && nowMs < storm.lastAtMs + quietMs;
}

/** What a run may do now. */
export type Leave =
  | { readonly kind: "go"; readonly parent?: string; readonly note?: string }
  /** It is the turn of others: contained then. */
  | { readonly kind: "later"; readonly atMs: number; readonly parent: string; readonly hold: Hold }
  /** It could break an application, and a person has to say. */
  | { readonly kind: "ask"; readonly parent: string; readonly hold: Hold };

/**
 * Asks whether one more change may be made. Outside a storm that is one update; in it, one or two more, and none for what has its turn already.
 *
 * @param storm the storm of the run's scope as it was read with the resource
 * @throws CordonError `unavailable`
 */
export async function askLeave<State>(
  run: Run<State>,
  storm: Storm | undefined,
  ready: readonly Judged[],
): Promise<Leave> {
  const { journal, policy, control, clock } = run.cordon;
  const { automaticChanges: limits } = policy.limits;
  const nowMs = clock.nowMs();
  const most = limits.count + (control.meta.severity === "critical" ? limits.reserve : 0);
  const scope = scopeOf(run);
  const whose = `${control.meta.id} in account ${run.signal.resource.account} on account of ${causeOf(run.signal)}`;

  const turns = ready.map(({ previous }) => previous?.turnMs).filter((turnMs) => turnMs !== undefined);
  const isOn = isStormOn(storm, nowMs, limits);
  const parent = isOn ? storm?.findingId : undefined;
  const holdUntil = (untilMs: number): Hold => ({
    limit: "blast-radius",
    whose,
    most,
    until: new Date(untilMs).toISOString(),
  });
  if (turns.some((turnMs) => turnMs <= nowMs)) return { kind: "go", ...(parent && { parent }) };
  const [turn] = turns.sort((a, b) => a - b);
  if (turn !== undefined && parent !== undefined) return { kind: "later", atMs: turn, parent, hold: holdUntil(turn) };

  let generation = storm?.generation ?? 0;
  let told = parent;
  if (told === undefined) {
    if (storm !== undefined) generation++;
    const changes = await journal.count(`${scope}#${generation}`, limits.windowMs, nowMs);
    if (changes <= most) return { kind: "go" };
    told = await beginStorm(run, scope, generation, { most, whose, nowMs });
  }
  if (control.meta.mayBreakApplications === true) {
    return { kind: "ask", parent: told, hold: { limit: "blast-radius", whose, most } };
  }
  const atMs = await journal.takeTurn(scope, { generation, nowMs, intervalMs: limits.cappedIntervalMs });
  const note = `more than ${most} automatic changes of ${whose} within ${limits.windowMs / 60_000} minutes: one each ${limits.cappedIntervalMs / 1000} seconds from now on (storm ${told})`;
  // Ended at this very moment: the next look finds it so.
  if (atMs === undefined || atMs <= nowMs) return { kind: "go", parent: told, note };
  return { kind: "later", atMs, parent: told, hold: holdUntil(atMs) };
}
