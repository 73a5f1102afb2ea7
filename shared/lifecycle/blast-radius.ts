import type { ResourceRecord, Storm } from "../journal/journal.ts";
import type { Limits } from "../policy/policy.ts";
import type { Hold, Signal } from "../types.ts";
import type { Run } from "./run.ts";
import { beginStorm, causeOf, scopeFor, stormId } from "./storm.ts";

/**
 * How far automatic changes may reach (invariant 11). They are counted per control, account and causing principal; more than policy lets through in a window are a storm
 * (storm.ts). In it what only stops data from leaving goes on, one change at a time, and what could break an application waits for a person.
 */

/**
 * What a run's changes are counted under. By principal, so that noise in one's name never holds back the containment of another's. Pure.
 *
 * @param record where it is read already: an event that names nobody is counted for whoever is known to have caused what it tells of
 */
export function scopeOf<State>({ cordon, signal }: Run<State>, record?: ResourceRecord): string {
  return scopeFor(cordon.control.meta.id, signal.resource.account, causeFor(signal, record));
}

/** Config, a schedule and a look name nobody: they must not be another way to the same change, past the limit of whoever caused it. */
function causeFor(signal: Signal, { turnCause, causes = [] }: Partial<ResourceRecord> = {}): string {
  const { arn, invokedBy, account } = signal.principal ?? {};
  const isNamed = (arn ?? invokedBy ?? account) !== undefined;
  if (isNamed || signal.source === "cloudtrail") return causeOf(signal);
  const last = causes.findLast((each) => each.arn !== undefined);
  return (
    turnCause ??
    (last?.arn === undefined ? causeOf(signal) : causeOf({ ...signal, principal: { type: "", arn: last.arn } }))
  );
}

/** Whether a storm is still on: nobody has ended it, and a change was wanted not long ago. Pure. */
export function isStormOn(storm: Storm | undefined, nowMs: number, { quietMs }: Limits["automaticChanges"]): boolean {
  return storm?.isOn === true && nowMs < storm.lastAtMs + quietMs;
}

/** What a run may do now. */
export type Leave =
  | { readonly kind: "go"; readonly parent?: string; readonly note?: string }
  /** It is the turn of others: contained then. */
  | {
      readonly kind: "later";
      readonly atMs: number;
      readonly parent: string;
      readonly hold: Hold;
      readonly cause: string;
    }
  /** It could break an application, and a person has to say. */
  | { readonly kind: "ask"; readonly parent: string; readonly hold: Hold; readonly cause: string };

/**
 * Asks whether one more change may be made. Outside a storm that is one update; in it, one or two more, and none for a resource that has its turn already: however
 * often it is rewritten, it has one.
 *
 * @param storm the storm of the run's scope
 * @param isAsked a storm has had a person asked about it already: nothing but his answer has it changed
 * @throws CordonError `unavailable`
 */
export async function askLeave<State>(
  run: Run<State>,
  record: ResourceRecord,
  storm: Storm | undefined,
  isAsked: boolean,
): Promise<Leave> {
  const { journal, policy, control, clock } = run.cordon;
  const { automaticChanges: limits } = policy.limits;
  const nowMs = clock.nowMs();
  // A turn that nobody took is forgotten.
  const turnMs = (record.turnMs ?? 0) > nowMs - limits.windowMs ? record.turnMs : undefined;
  const most = limits.count + (control.meta.severity === "critical" ? limits.reserve : 0);
  const cause = causeFor(run.signal, record);
  const scope = scopeOf(run, record);
  const whose = `${control.meta.id} in account ${run.signal.resource.account} on account of ${cause}`;
  const ask = (parent: string): Leave => ({ kind: "ask", parent, cause, hold: { limit: "blast-radius", whose, most } });
  if (isAsked) return ask(stormId(control.meta.id, run.signal.resource, cause));
  const parent = isStormOn(storm, nowMs, limits) ? storm?.findingId : undefined;
  const later = (atMs: number, parent: string): Leave => {
    const hold: Hold = { limit: "blast-radius", whose, most, until: new Date(atMs).toISOString() };
    return { kind: "later", atMs, parent, hold, cause };
  };
  if (turnMs !== undefined && turnMs <= nowMs) return { kind: "go", ...(parent && { parent }) };
  if (turnMs !== undefined && parent !== undefined) return later(turnMs, parent);

  let generation = storm?.generation ?? 0;
  let told = parent;
  if (told === undefined) {
    if (storm !== undefined) generation++;
    const changes = await journal.count(`${scope}#${generation}`, limits.windowMs, nowMs);
    if (changes <= most) return { kind: "go" };
    told = await beginStorm(run, scope, generation, { most, whose, nowMs, cause });
  }
  const mayBreak = control.meta.mayBreakApplications === true;
  // Asking is wanting, too: it keeps the storm on.
  const intervalMs = mayBreak ? 0 : intervalIn(parent === undefined ? 0 : (storm?.nextAtMs ?? 0) - nowMs, limits);
  const atMs = await journal.takeTurn(scope, { generation, nowMs, intervalMs });
  if (mayBreak) return ask(told);
  const note = `more than ${most} automatic changes of ${whose} within ${limits.windowMs / 60_000} minutes: one each ${limits.cappedIntervalMs / 1000} seconds from now on (storm ${told})`;
  // Ended at this very moment: the next look finds it so.
  if (atMs === undefined || atMs <= nowMs) return { kind: "go", parent: told, note };
  return later(Math.min(atMs, nowMs + limits.quietMs), told);
}

/**
 * How far the next turn is from the last. However long the line, nobody buys a quiet hour by joining it a thousand times: once it takes half of the quiet time it goes
 * the quicker the longer it is, so that nobody in it waits longer than that time and they don't come all at once in the end.
 */
function intervalIn(lineMs: number, { cappedIntervalMs, quietMs }: Limits["automaticChanges"]): number {
  const left = Math.max(0, 1 - lineMs / quietMs);
  return Math.ceil(cappedIntervalMs * Math.min(1, 2 * left));
}
