import { accountRegionRef, serves } from "../../shared/deployment/account-region.ts";
import { isOfDeployment } from "../../shared/deployment/deployments.ts";
import { handleSignal } from "../../shared/pipeline.ts";
import type { Listening } from "../../shared/runtime/handler.ts";
import { parseSignals } from "../../shared/signals/parse-signals.ts";
import type { Parsed } from "../../shared/signals/parsed.ts";
import type { Signal } from "../../shared/types.ts";
import type { Guard } from "./guard.ts";
import { isOpen } from "./open-findings.ts";
import { parseScheduled } from "./schedules.ts";

const HEARTBEAT = "Heartbeat";
/** What an account and Region is as a resource (shared/deployment/account-region.ts). */
const ACCOUNT = "AWS::::Account";

/** The guard's ears: a forwarder's heartbeat, and calls on what either of its controls judges. */
export function listenWith(guard: Guard): Listening {
  const { clock, messages, cell, coverage } = guard;
  const noted = new Set<string>();
  return {
    clock,
    messages,
    hear: (event) =>
      heartbeatIn(event, guard) ?? together(parseSignals(event, cell.events), parseSignals(event, coverage.events)),
    async handle(signal, deadlineMs) {
      await remember(signal, guard);
      const { cordon } = signal.resource.type === ACCOUNT ? coverage : cell;
      if (signal.source === "cloudtrail") guard.ports.coverage.forget();
      const handled = await handleSignal(signal, cordon, deadlineMs);
      const { resource } = signal;
      if (handled.results.some(isOpen) && !noted.has(resource.arn)) {
        await guard.troubles.note(resource, new Date(clock.nowMs()).toISOString());
        noted.add(resource.arn);
      }
      return handled;
    },
  };
}

/** A beat is a reason to look: what else is missing there, besides silence, is found within 15 minutes. */
function heartbeatIn(event: unknown, { stackName, names }: Guard): readonly Parsed[] | undefined {
  const scheduled = parseScheduled(event, stackName, names.home);
  if (scheduled?.kind !== "heartbeat" || !serves(names, scheduled.place.account)) return undefined;
  const resource = accountRegionRef(scheduled.place, names.partition);
  if (resource === undefined) return undefined;
  const { id, at } = scheduled;
  return [{ kind: "signal", signal: { id, source: "schedule", name: HEARTBEAT, at, resource } }];
}

/** One event for both controls: what either of them hears, and else why neither does. */
function together(one: readonly Parsed[], other: readonly Parsed[]): readonly Parsed[] {
  const all = [...one, ...other];
  const signals = all.filter(({ kind }) => kind === "signal");
  if (signals.length > 0) return signals;
  const refused = all.find(({ kind }) => kind === "refused");
  return [refused ?? all[0]].filter((each) => each !== undefined);
}

/** What live state doesn't show later is kept before it is judged: that a forwarder was heard, and who put code there. */
async function remember(signal: Signal, { heartbeats, codeChanges, rounds }: Guard): Promise<void> {
  const { name, at, resource, principal } = signal;
  if (name === HEARTBEAT) await heartbeats.record({ account: resource.account, region: resource.region, at });
  if (isOfDeployment(signal) && resource.type !== ACCOUNT) await rounds.deployment(at);
  if (!/^(Create|Update)Function(Code)?\d/.test(name)) return;
  if (isOfDeployment(signal)) await codeChanges.settle(resource.name, at);
  else await codeChanges.record({ functionName: resource.name, by: principal?.arn ?? "somebody unnamed", at });
}
