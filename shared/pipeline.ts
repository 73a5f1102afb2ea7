/**
 * START HERE. One signal, left to right:
 *
 *   Signal -> Finding -> Decision -> Plan -> Receipt -> Verification -> Evidence -> Ticket
 *             detect     decide      plan    apply      verify          record      notify
 *
 * Everything up to `plan` only reads. `contain` (lifecycle/contain.ts) is the one place that changes a customer's resource. What is recorded
 * goes out through the table's stream: tickets are opened by functions/open-tickets, so that a state change and its ticket can't part.
 */
import { type Classified, classifyBucket, type JournalledClass } from "./classification/classify.ts";
import type { Detection } from "./control.ts";
import type { Cordon } from "./cordon.ts";
import { CordonError } from "./errors.ts";
import { findingId } from "./ids.ts";
import type { Brake, FindingState, ResourceRecord } from "./journal/journal.ts";
import { contain } from "./lifecycle/contain.ts";
import { hesitate } from "./lifecycle/hesitate.ts";
import { recordTransitions } from "./lifecycle/record.ts";
import { recoverRun } from "./lifecycle/recover.ts";
import { decide } from "./policy/decide.ts";
import type { ResidencyPolicy } from "./policy/policy.ts";
import type { Decision, Finding, Result, ResultStatus, Signal } from "./types.ts";

/** One finding with what policy says of it and how the journal knows it. */
export interface Judged {
  readonly finding: Finding;
  readonly decision: Decision;
  readonly previous?: FindingState;
}

/** One look at live state, judged. */
export interface View<State> {
  readonly detection: Extract<Detection<State>, { kind: "present" }>;
  readonly classified: Classified;
  readonly judged: readonly Judged[];
  /** Findings of which nothing can be said yet, because AWS did not answer. */
  readonly unanswered: readonly Judged[];
  /** False when AWS would not show the state: what is not seen is not gone then. */
  readonly isReadable: boolean;
}

/** What one run knows throughout. */
export interface Run<State> {
  readonly signal: Signal;
  readonly cordon: Cordon<State>;
  readonly heardAtMs: number;
  /** By then the run has to be over. */
  readonly deadlineMs: number;
}

/** One pass over a resource: its results, and whether live state has to be looked at again. */
export interface Pass {
  readonly results: readonly Result[];
  readonly again: boolean;
  /** Some results are not final: the event has to be delivered again then. */
  readonly retryAtMs?: number;
}

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
export async function handleSignal<State>(signal: Signal, cordon: Cordon<State>, deadlineMs: number): Promise<Handled> {
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
  throw new CordonError("conflict", `${signal.resource.arn} keeps changing; the event has to be delivered again`);
}

async function passOver<State>(run: Run<State>): Promise<Pass> {
  const { signal, cordon } = run;
  const { control, ports, policy, journal, clock } = cordon;
  const { resource } = signal;

  // The common event needs one update: nothing is wrong, and the journal knows no better.
  const known = journal.known(resource);
  let detection = await control.detect(resource, ports);
  if (known.openFindings === 0 && detection.kind === "present") {
    const view = judge(run, detection, known);
    if (view.judged.every(({ decision }) => decision.kind === "compliant")) {
      const seen = { ...classOf(view.classified), notAbove: notAbove(view.classified, policy), atMs: clock.nowMs() };
      if (await journal.recordQuiet(resource, seen)) return quiet(run, view);
    }
  }

  const { record, brake } = await journal.open(resource);
  if (record.leaseUntilMs > clock.nowMs()) throw leaseHeld(record);
  // Live state has to be read after the item. A version that has not moved since before the first look proves that order all the same, because
  // versions only rise (docs/adr/0003); otherwise look again.
  if (record.version !== known.version) detection = await control.detect(resource, ports);
  if (detection.kind === "absent") return absent(run, record, detection.reason);

  const view = judge(run, detection, record, brake);
  if (view.isReadable && record.unfinishedRun !== undefined) return recoverRun(run, record, view);

  const offending = view.judged.filter(({ decision }) => decision.kind === "contain");
  const { ready, ...held } = await hesitate(run, record, view, offending);
  const settled = await recordTransitions(run, record, view, held.news);
  const open = [...settled.results, ...held.results, ...unanswered(run, view)];
  const later =
    view.unanswered.length > 0
      ? { retryAtMs: clock.nowMs() }
      : held.retryAtMs === undefined
        ? {}
        : { retryAtMs: held.retryAtMs };
  if (ready.length === 0) return { results: open, again: false, ...later };
  const contained = await contain(run, settled.record, view, ready);
  return { results: [...open, ...contained.results], again: contained.again, ...later };
}

/** Nothing is wrong; but a look that is too early sees what was before the call, and has to be taken again. */
function quiet<State>(run: Run<State>, view: View<State>): Pass {
  const { signal, cordon } = run;
  const results = compliantResults(run, view);
  const settledMs = Date.parse(signal.at) + cordon.policy.limits.settleWindowMs;
  const isYoung = cordon.clock.nowMs() < settledMs;
  if (!isYoung || signal.request === undefined || cordon.control.shows(signal.request, view.detection)) {
    return { results, again: false };
  }
  const reason = `live state doesn't show yet what ${signal.name} wrote; looked at again after ${new Date(settledMs).toISOString()}`;
  const early = results.map(
    (result): Result => ({ ...result, status: "inconclusive", reasons: [...result.reasons, reason] }),
  );
  return { results: early, again: false, retryAtMs: settledMs };
}

/** Another run has the resource; the error says until when at the latest. */
export function leaseHeld({ resource, leaseUntilMs }: ResourceRecord): CordonError {
  const until = new Date(leaseUntilMs).toISOString();
  return new CordonError("lease-held", `another run works on ${resource.arn}, until ${until} at the latest`, {
    retryAtMs: leaseUntilMs,
  });
}

/** Detection -> decisions. Pure but for the clock. */
export function judge<State>(
  run: Run<State>,
  detection: Exclude<Detection<State>, { readonly kind: "absent" }>,
  journalled: JournalledClass & { readonly findings?: ResourceRecord["findings"] },
  brake?: Brake,
): View<State> {
  const { control, policy, ceiling, clock } = run.cordon;
  const present = presentOrUnreadable(run, detection);
  const classified = classifyBucket(present.tags, journalled, policy);
  const held =
    brake === undefined ? ceiling : { mode: "observe" as const, reason: `the brake (${brake.by}: ${brake.reason})` };
  const all = present.findings.map((finding): Judged => {
    const previous = journalled.findings?.[finding.id];
    const exception = previous?.exception;
    const decision = decide(finding, policy, {
      classified,
      defaultMode: control.meta.defaultMode,
      ceiling: held,
      nowMs: clock.nowMs(),
      ...(exception !== undefined && { exception }),
    });
    return { finding, decision, ...(previous !== undefined && { previous }) };
  });
  const isUnanswered = ({ finding: { facts } }: Judged) => facts.kind === "transfer" && facts.isTransient === true;
  return {
    detection: present,
    classified,
    judged: all.filter((each) => !isUnanswered(each)),
    unanswered: all.filter(isUnanswered),
    isReadable: detection.kind === "present",
  };
}

/** A state that AWS won't show is a finding of its own: undecidable, so a person has to look. */
function presentOrUnreadable<State>(
  run: Run<State>,
  detection: Exclude<Detection<State>, { readonly kind: "absent" }>,
): View<State>["detection"] {
  if (detection.kind === "present") return detection;
  const { resource } = run.signal;
  const { meta } = run.cordon.control;
  const part = "(configuration)";
  const finding: Finding = {
    id: findingId(meta.id, resource, part),
    controlId: meta.id,
    resource,
    part,
    title: `The configuration of ${resource.name} can't be read`,
    facts: { kind: "unreadable", reason: detection.reason },
  };
  // Nothing is known of the state, so nothing may be planned on it; findings with facts of this kind are never contained.
  return { kind: "present", state: undefined as State, tags: { unreadable: detection.reason }, findings: [finding] };
}

/** The resource is gone, and with it whatever was wrong with it. */
async function absent<State>(run: Run<State>, record: ResourceRecord, reason: string): Promise<Pass> {
  const empty = { kind: "present", state: undefined as State, tags: [], findings: [] } as const;
  const isOpen = Object.values(record.findings).some(({ status }) => status !== "resolved");
  const { results } = isOpen ? await recordTransitions(run, record, judge(run, empty, record)) : { results: [] };
  return { results: [...results, resultOf(run, "ignored", [reason])], again: false };
}

/** What of the class is journalled: a tag's, the journal's own, or how policy's default has it treated. */
export function classOf(classified: Classified): {
  readonly classification?: string;
  readonly classSource?: "tag" | "default";
} {
  if (classified.kind === "undecided") return {};
  const classSource = classified.source === "default" ? "default" : "tag";
  return { classification: classified.classification.name, classSource };
}

function notAbove(classified: Classified, { classifications }: ResidencyPolicy): readonly string[] {
  if (classified.kind === "undecided") return [];
  return classifications.filter(({ rank }) => rank <= classified.classification.rank).map(({ name }) => name);
}

/** Parts of which nothing can be said because AWS did not answer. */
function unanswered<State>(run: Run<State>, view: View<State>): readonly Result[] {
  return view.unanswered.map((each) => resultFor(run, each, "inconclusive", each.previous?.occurrence ?? 0));
}

/** What is answered when every part is compliant, or there is none. */
export function compliantResults<State>(run: Run<State>, view: View<State>): readonly Result[] {
  if (view.judged.length > 0) return view.judged.map((each) => resultFor(run, each, "compliant", 0));
  return [resultOf(run, "compliant", ["nothing is configured that could move data"])];
}

/** A result about the resource as a whole. */
function resultOf<State>(run: Run<State>, status: ResultStatus, reasons: readonly string[]): Result {
  const { arn, account, region, type } = run.signal.resource;
  const controlId = run.cordon.control.meta.id;
  const decision = status === "compliant" ? "compliant" : null;
  return {
    findingId: null,
    occurrence: 0,
    controlId,
    resource: { arn, account, region, type },
    decision,
    status,
    reasons,
    changes: [],
  };
}

/** A result about one finding. */
export function resultFor<State>(
  run: Run<State>,
  { finding, decision }: Judged,
  status: ResultStatus,
  occurrence: number,
  more: { readonly reasons?: readonly string[]; readonly changes?: Result["changes"] } = {},
): Result {
  const reasons = [...decision.reasons, ...(more.reasons ?? [])];
  return {
    ...resultOf(run, status, reasons),
    findingId: finding.id,
    occurrence,
    decision: decision.kind,
    changes: more.changes ?? [],
  };
}
