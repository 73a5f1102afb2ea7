/**
 * START HERE. One signal, left to right:
 *
 *   Signal -> Finding -> Decision -> Plan -> Receipt -> Verification -> Evidence -> Ticket
 *             detect     decide      plan    apply      verify          record      notify
 *
 * Everything up to `plan` only reads. `contain` (lifecycle/contain.ts) is the one place that changes a customer's resource. What is recorded
 * goes out through the table's stream: tickets are opened by functions/open-tickets, so that a state change and its ticket can't part.
 */
import { type Classified, classifyBucket } from "./classification/classify.ts";
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
}

/** Lost races and interleaved writes are tried again this often before the event goes back to the queue. */
const MAX_LOST_RACES = 3;
/** A pass treats a slice of a resource's findings; S3 allows 1,000 rules. */
const MAX_PASSES = 60;

/**
 * Judges one resource by its live state and contains what policy says to contain.
 *
 * Side effects: reads and may change the customer's resource; writes the journal.
 * @returns a result per finding; `inconclusive` ones have to be delivered again
 * @throws CordonError `unavailable`, `lease-held` or `conflict` when the event has to be delivered again
 */
export async function handleSignal<State>(
  signal: Signal,
  cordon: Cordon<State>,
  deadlineMs: number,
): Promise<readonly Result[]> {
  const run: Run<State> = { signal, cordon, heardAtMs: cordon.clock.nowMs(), deadlineMs };
  const results = new Map<string | null, Result>();
  for (let pass = 1, lostRaces = 0; pass <= MAX_PASSES; pass++) {
    try {
      const done = await passOver(run);
      // What this invocation contained stays "contained" in its answer when a later pass sees it so.
      for (const result of done.results) {
        if (results.get(result.findingId)?.status !== "contained") results.set(result.findingId, result);
      }
      if (!done.again) return [...results.values()];
    } catch (error) {
      const isLostRace = error instanceof CordonError && error.kind === "conflict";
      if (!isLostRace || ++lostRaces >= MAX_LOST_RACES) throw error;
    }
  }
  throw new CordonError("conflict", `${signal.resource.arn} keeps changing; the event has to be delivered again`);
}

async function passOver<State>(run: Run<State>): Promise<Pass> {
  const { signal, cordon } = run;
  const { control, ports, journal } = cordon;
  const { resource } = signal;

  // The common event needs one update: nothing is wrong, and the journal knows no better.
  const known = journal.known(resource);
  let detection = await control.detect(resource, ports);
  if (known.openFindings === 0 && detection.kind === "present") {
    const view = judge(run, detection, { classification: known.classification });
    if (view.judged.every(({ decision }) => decision.kind === "compliant")) {
      const atMs = cordon.clock.nowMs();
      if (await journal.recordQuiet(resource, { ...classOf(view.classified), atMs })) {
        return { results: compliantResults(run, view), again: false };
      }
    }
  }

  const { record, brake } = await journal.open(resource);
  if (record.leaseUntilMs > cordon.clock.nowMs()) {
    throw new CordonError(
      "lease-held",
      `another run works on ${resource.arn} until ${new Date(record.leaseUntilMs).toISOString()}`,
    );
  }
  // Live state has to be read after the item. A version that has not moved since before the first look proves that order all the same, because
  // versions only rise (docs/adr/0003); otherwise look again.
  if (record.version !== known.version) detection = await control.detect(resource, ports);
  if (detection.kind === "absent") return absent(run, record, detection.reason);

  const isReadable = detection.kind === "present";
  const view = { ...judge(run, presentOrUnreadable(run, detection), record, brake), isReadable };
  if (isReadable && record.unfinishedRun !== undefined) return recoverRun(run, record, view);

  const offending = view.judged.filter(({ decision }) => decision.kind === "contain");
  const { waiting, ready } = await hesitate(run, record, view, offending);
  const settled = await recordTransitions(run, record, view, ready.length === 0);
  if (ready.length === 0) return { results: [...settled.results, ...waiting], again: settled.again };
  const contained = await contain(run, settled.record, view, ready);
  return { results: [...settled.results, ...waiting, ...contained.results], again: contained.again || settled.again };
}

/** Detection -> decisions. Pure but for the clock. */
export function judge<State>(
  run: Run<State>,
  detection: View<State>["detection"],
  record: { readonly classification?: string | undefined; readonly findings?: ResourceRecord["findings"] },
  brake?: Brake,
): View<State> {
  const { control, policy, ceiling, clock } = run.cordon;
  const classified = classifyBucket(detection.tags, record.classification, policy);
  const held =
    brake === undefined ? ceiling : { mode: "observe" as const, reason: `the brake (${brake.by}: ${brake.reason})` };
  const judged = detection.findings.map((finding): Judged => {
    const previous = record.findings?.[finding.id];
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
  return { detection, classified, judged, isReadable: true };
}

/** A state that AWS won't show is a finding of its own: undecidable, so a person has to look. */
function presentOrUnreadable<State>(
  run: Run<State>,
  detection: Exclude<Detection<State>, { kind: "absent" }>,
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
  const { results } = await recordTransitions(run, record, judge(run, empty, record), true);
  return { results: [...results, resultOf(run, "ignored", [reason])], again: false };
}

export function classOf(classified: Classified): { readonly classification?: string; readonly rank: number } {
  if (classified.kind === "undecided") return { rank: -1 };
  return { classification: classified.classification.name, rank: classified.classification.rank };
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
