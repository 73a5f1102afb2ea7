/**
 * START HERE. One signal, left to right:
 *
 *   Signal -> Finding -> Decision -> Plan -> Receipt -> Verification -> Evidence -> Ticket
 *             detect     decide      plan    apply      verify          record      notify
 *
 * Everything up to `plan` only reads. `contain` plans; `runPlan` (lifecycle/run-plan.ts) claims, applies by `port.write`, verifies and records, and is
 * the one place that changes a customer's resource. What is recorded
 * goes out through the table's stream: tickets are opened by functions/open-tickets, so that a state change and its ticket can't part.
 */
import type { AnyControl } from "./control.ts";
import type { Cordon } from "./cordon.ts";
import { CordonError } from "./errors.ts";
import { shortHash } from "./ids.ts";
import type { ResourceRecord, Storm } from "./journal/journal.ts";
import { isOwnCall } from "./journal/own-calls.ts";
import { scopeOf } from "./lifecycle/blast-radius.ts";
import { hear, isCauseNews, withCauses, withoutSelfGranted } from "./lifecycle/causes.ts";
import { contain } from "./lifecycle/contain.ts";
import { hesitate } from "./lifecycle/hesitate.ts";
import { classOf, judge, notAbove, presentOrUnreadable } from "./lifecycle/judge.ts";
import { needsOthers } from "./lifecycle/key-memory.ts";
import { leaseHeld } from "./lifecycle/lease.ts";
import { quietOf, sentToBy } from "./lifecycle/look.ts";
import { recordTransitions } from "./lifecycle/record.ts";
import { recoverRun } from "./lifecycle/recover.ts";
import { compliantResults, resultOf } from "./lifecycle/results.ts";
import { askedBy, canChange, type Pass, type Run, type View } from "./lifecycle/run.ts";
import { shownArn } from "./shown.ts";
import { isCreation } from "./signals/s3-object-events.ts";
import type { ResourceRef, Result, Signal } from "./types.ts";

/** The outcome of one signal. */
export type Handled = Omit<Pass, "again">;

/** Lost races, writes without an answer and writes that somebody wrote over: so many looks before the event goes back to the queue. */
const MAX_LOOKS = 8;
const MAX_LOST_RACES = 3;
/** Another run is mostly over within a second: a short wait is quicker than another delivery. A dead holder's lease is waited for in the queue. */
const WAITS_MS = [250, 500, 1_000];

/**
 * Judges one resource by its live state and contains what policy says to contain.
 *
 * Side effects: reads and may change the customer's resource; writes the journal.
 * @returns a result per finding; `inconclusive` ones have to be delivered again, at `retryAtMs` if that is known
 * @throws CordonError `unavailable`, `lease-held` or `conflict` when the event has to be delivered again
 */
export async function handleSignal<State>(
  signal: Signal,
  cordon: Cordon<State, AnyControl<State>>,
  deadlineMs: number,
): Promise<Handled> {
  const run: Run<State> = { signal, cordon, heardAtMs: cordon.clock.nowMs(), deadlineMs };
  const results = new Map<string | null, Result>();
  for (let looks = 1, lostRaces = 0, waits = 0; looks <= MAX_LOOKS; looks++) {
    try {
      const { again, ...pass } = await passOver(run);
      // What this invocation contained stays "contained" in its answer when a later pass sees it so.
      for (const result of pass.results) {
        const isEcho = result.status === "already-contained" && results.get(result.findingId)?.status === "contained";
        if (!isEcho) results.set(result.findingId, result);
      }
      if (!again) return { ...pass, results: [...results.values()] };
    } catch (error) {
      if (!(error instanceof CordonError)) throw error;
      const isHeld = error.kind === "lease-held";
      const waitMs = isHeld ? WAITS_MS[waits++] : WAITS_MS[0];
      const isLost = error.kind === "conflict" && ++lostRaces < MAX_LOST_RACES;
      if (waitMs === undefined || (!isHeld && !isLost)) throw error;
      await cordon.clock.sleep(waitMs);
    }
  }
  throw new CordonError("conflict", `${shownArn(signal.resource)} keeps changing; the event has to be delivered again`);
}

async function passOver<State>(run: Run<State>): Promise<Pass> {
  const { signal, cordon } = run;
  const { control, ports, policy, journal, clock } = cordon;
  const { resource } = signal;
  const { id } = control.meta;

  if (control.meta.isRoutine === true && (await isEcho(run)))
    return { results: [resultOf(run, "ignored", ["it is the echo of a call of Cordon's own"])], again: false };
  // The common event needs one update: nothing is wrong, and the journal knows no better.
  const known = journal.known(resource, id);
  let readAtMs = clock.nowMs();
  let detection = await control.detect(resource, ports, askedBy(run));
  // What is reported of a key has to be remembered, also of one on which nothing is wrong now; and that one was deactivated as exposed, another control has.
  const isToRemember = signal.report !== undefined || (detection.kind === "present" && needsOthers(detection.findings));
  if (known.openFindings === 0 && detection.kind === "present" && !isToRemember) {
    const view = judge(run, detection, readAtMs, known);
    if (view.unanswered.length === 0 && view.judged.every(({ decision }) => decision.kind === "compliant")) {
      const sentTo = view.isReadable ? sentToBy(view, { findings: {} }) : undefined;
      const seen = {
        ...classOf(view.classified),
        notAbove: notAbove(view.classified, policy),
        atMs: clock.nowMs(),
        ...(sentTo !== undefined && { sentTo }),
        ...quietOf(view),
      };
      if (lookTooEarly(run, view) === undefined && (await journal.recordQuiet(resource, id, seen))) {
        return { results: compliantResults(run, view), again: false };
      }
    }
  }

  const scope = canChange(run) && control.meta.isRoutine !== true ? scopeOf(run) : undefined;
  const opened = await journal.open(resource, id, scope);
  if (opened.record.leaseUntilMs > clock.nowMs()) throw leaseHeld(opened.record);
  // Live state has to be read after the item. A version that has not moved since before the first look proves that order all the same, because
  // versions only rise (docs/adr/0003); otherwise look again.
  if (opened.record.version !== known.version) {
    readAtMs = clock.nowMs();
    detection = await control.detect(resource, ports, askedBy(run));
  }
  if (detection.kind === "absent" && detection.instead !== undefined)
    return passOverInstead(run, detection.instead, opened.record);
  if (detection.kind === "absent") return absent(run, opened.record, detection.reason);

  const heard = await hear(run, opened.record, presentOrUnreadable(run, detection));
  const record = withoutSelfGranted(run, opened.record, heard);
  const view = { ...judge(run, detection, readAtMs, record, opened.brake), ...(heard !== undefined && { heard }) };
  if (view.isReadable && record.unfinishedRun !== undefined) return recoverRun(run, record, view);
  const early = lookTooEarly(run, view, record);
  if (early !== undefined) {
    // Too early to conclude, and late enough to know who has called.
    if (isCauseNews(run, record, view)) await journal.save(record, withCauses(run, record, record, view), {});
    return early;
  }

  if (!canChange(run)) return { results: (await recordTransitions(run, record, view)).results, again: false };
  const offending = view.judged.filter(({ decision }) => decision.kind === "contain");
  const isOfScope = offending.length === 0 || scope === undefined || scopeOf(run, record) === scope;
  const storm = isOfScope ? opened.storm : await stormOf(run, record);
  const { ready, news, turn, ...held } = await hesitate(run, record, view, offending, storm);
  const turned = turn === undefined ? record : { ...record, ...turn };
  const contained = await contain(run, turned, view, ready, held.storm);
  if (contained.again) return contained;
  // What data does counts before what is written about it.
  const settled = await recordTransitions(run, contained.record, view, news);
  const times = [held.retryAtMs, contained.retryAtMs].filter((time) => time !== undefined);
  return {
    results: [...contained.results, ...held.results, ...settled.results],
    again: false,
    ...(times.length > 0 && { retryAtMs: Math.min(...times) }),
  };
}

/** What is current, and what was before there were versions, as long as something is open on it: it is still there, and no event will name it again. */
async function passOverInstead<State>(
  run: Run<State>,
  current: ResourceRef,
  { findings }: ResourceRecord,
): Promise<Pass> {
  const instead = await passOver(about(run, current));
  if (Object.values(findings).every(({ status }) => status === "resolved")) return instead;
  const before = await passOver(about(run, { ...run.signal.resource, version: "null" }));
  const times = [instead.retryAtMs, before.retryAtMs].filter((time) => time !== undefined);
  return {
    results: [...instead.results, ...before.results],
    again: instead.again || before.again,
    ...(times.length > 0 && { retryAtMs: Math.min(...times) }),
  };
}

/** The same event, about what has taken the place of what it names. Whether its call made that very version it does not say: nobody is named for it. */
function about<State>(run: Run<State>, resource: Run<State>["signal"]["resource"]): Run<State> {
  const { principal, ...signal } = run.signal;
  const isNamed = principal !== undefined && !isCreation(signal);
  return { ...run, signal: { ...signal, resource, ...(isNamed && { principal }) } };
}

/** Each change comes back as an event. What is costly to read is not read again for that: one read of the journal, where the event names its call. */
async function isEcho<State>({ signal, cordon }: Run<State>): Promise<boolean> {
  const { journal, control } = cordon;
  if (signal.requestId === undefined || isCreation(signal)) return false;
  const { record } = await journal.open(signal.resource, control.meta.id);
  return isOwnCall(signal, record) && record.unfinishedRun === undefined;
}

/** The storm of whoever is known to have caused it, where the event names nobody. One read. */
async function stormOf<State>(run: Run<State>, record: ResourceRecord): Promise<Storm | undefined> {
  const { journal, control } = run.cordon;
  return (await journal.open(run.signal.resource, control.meta.id, scopeOf(run, record))).storm;
}

/**
 * A look right after a call may still see what was before it. Nothing is concluded from it, and nothing written on it, when live state doesn't show
 * what the event says was written; the event comes again once the settle window is over.
 *
 * @param record when given, what the journal knows: an event that was contained already is no news
 */
function lookTooEarly<State>(run: Run<State>, view: View<State>, record?: ResourceRecord): Pass | undefined {
  const { signal, cordon } = run;
  const { stateCalls } = cordon.control.meta;
  if (!isYoung(run)) return undefined;
  // What is gone or shut for a moment may be on its way, where more is being done than one call.
  if (!view.isReadable && cordon.control.settlesMs?.(signal) === undefined) return undefined;
  const isAnswered = Object.values(record?.findings ?? {}).some(({ claim }) => claim?.signal === shortHash(signal.id));
  const isKnown = isAnswered || (record !== undefined && isOwnCall(signal, record));
  const shown = isKnown || cordon.control.shows(signal, view.detection, "at least");
  if (shown === true) return undefined;
  // What offends by what is seen is stopped at once, unless the very state to be written is seen too early.
  const decisions = view.judged.map(({ decision }) => decision.kind);
  const isStale = stateCalls.includes(signal.name) && cordon.control.shows(signal, view.detection, "roughly") === false;
  if (decisions.includes("contain") && !isStale) return undefined;
  // When it can't be told, only "nothing is wrong" is worth a second look.
  if (shown === undefined && decisions.some((kind) => kind !== "compliant")) return undefined;

  const settledMs = Date.parse(signal.at) + settleWindowMs(run);
  const reason = `live state doesn't show yet what ${signal.name} wrote; looked at again after ${new Date(settledMs).toISOString()}`;
  const results = compliantResults(run, view).map(
    (result): Result => ({ ...result, decision: null, status: "inconclusive", reasons: [reason] }),
  );
  return { results, again: false, retryAtMs: settledMs };
}

/** Whether the call was so short ago that S3 may not show it yet. */
function isYoung<State>(run: Run<State>): boolean {
  const { signal, cordon } = run;
  const ageMs = cordon.clock.nowMs() - Date.parse(signal.at);
  return signal.source === "cloudtrail" && Math.abs(ageMs) < settleWindowMs(run);
}

/** AWS shows at once what it has taken, and that something is gone. */
function isConsistent<State>(run: Run<State>): boolean {
  return canChange(run) && run.cordon.control.port(run.cordon.ports).isConsistent === true;
}

function settleWindowMs<State>({ signal, cordon }: Run<State>): number {
  const { settleWindowMs } = cordon.policy.limits;
  return Math.max(settleWindowMs, cordon.control.settlesMs?.(signal) ?? 0);
}

/** The resource is gone, and with it whatever was wrong with it. */
async function absent<State>(run: Run<State>, record: ResourceRecord, reason: string): Promise<Pass> {
  if (isYoung(run) && !isConsistent(run)) {
    const retryAtMs = Date.parse(run.signal.at) + settleWindowMs(run);
    const doubt = `${reason}, or not to be seen yet; looked at again after ${new Date(retryAtMs).toISOString()}`;
    return { results: [resultOf(run, "inconclusive", [doubt])], again: false, retryAtMs };
  }
  const empty = { kind: "present", state: undefined as State, tags: [], findings: [] } as const;
  const isOpen = Object.values(record.findings).some(({ status }) => status !== "resolved");
  const view = judge(run, empty, run.cordon.clock.nowMs(), record);
  // What is no longer there sends nothing any more.
  const isSending = (record.sentTo ?? []).length > 0;
  const settled = isOpen || isSending ? await recordTransitions(run, record, view) : undefined;
  const results = isOpen ? (settled?.results ?? []) : [];
  return { results: [...results, resultOf(run, "ignored", [reason])], again: false };
}
