import { type Classified, joinClasses } from "../classification/classify.ts";
import type { ControlMeta } from "../control.ts";
import { contentHash } from "../ids.ts";
import type {
  EvidenceRecord,
  FindingRecord,
  FindingState,
  ResourceRecord,
  RunRecord,
  Timings,
} from "../journal/journal.ts";
import { evidenceKey } from "../journal/keys.ts";
import { isOwnCall } from "../journal/own-calls.ts";
import type {
  Change,
  Decision,
  Finding,
  Hold,
  PendingPlan,
  Plan,
  Receipt,
  Severity,
  Signal,
  Tag,
  Verification,
} from "../types.ts";
import { differences } from "./difference.ts";
import type { Judged, Run, View } from "./run.ts";

/** All that is worth telling about one finding at the end of a run; what is recorded and what is proved are made from the same. */
export interface Account {
  readonly meta: ControlMeta;
  readonly finding: Finding;
  readonly decision: Decision;
  readonly state: FindingState;
  readonly classified: Classified;
  readonly resourceTags: readonly Tag[] | { readonly unreadable: string };
  readonly signal: Signal;
  /** True when the signal is the echo of a call of Cordon's own. */
  readonly isOwn: boolean;
  readonly nowMs: number;
  readonly severity?: Severity;
  readonly notes?: readonly string[];
  readonly timings?: Timings;
  readonly run?: SealedRun;
  readonly holds?: readonly Hold[];
  /** The finding of the storm it is a part of. */
  readonly parent?: string;
  readonly pending?: PendingPlan;
  /** The finding as it was recorded last: what is still true of the same occurrence is told on. */
  readonly last?: FindingRecord;
  /** What the evidence is of, where it is not simply how the finding now stands. */
  readonly evidenceOf?: "rollback-not-applied";
}

/** What every account of a finding says, at whatever stage. Pure. */
export function accountBase<State>(
  { cordon, signal }: Run<State>,
  record: ResourceRecord,
  view: View<State>,
  { finding, decision }: Judged,
  nowMs: number,
) {
  const isOwn = isOwnCall(signal, record);
  return {
    meta: cordon.control.meta,
    finding,
    decision,
    classified: view.classified,
    resourceTags: view.detection.tags,
    signal,
    isOwn,
    nowMs,
  };
}

/** When the offending call was made: what Config or a schedule tells is when somebody looked. Pure. */
export function calledAt({ source, at }: Signal): { readonly calledAt?: string } {
  return source === "cloudtrail" && at !== "" ? { calledAt: at } : {};
}

/** A run with the hashes of its states, made once for all findings it treated. */
export interface SealedRun {
  readonly number: number;
  readonly plan: Plan;
  readonly usedFallback: boolean;
  readonly receipts: readonly Receipt[];
  readonly verification?: Verification;
  readonly beforeHash: string;
  readonly afterHash: string;
}

/** Hashes a run's states before and after. Pure. */
export function sealRun(run: Omit<SealedRun, "beforeHash" | "afterHash">): SealedRun {
  const after = run.usedFallback ? run.plan.fallback?.after : run.plan.after;
  return { ...run, beforeHash: contentHash(run.plan.before), afterHash: contentHash(after) };
}

/** The finding's record and the evidence for it. Pure. */
export function recordsOf(account: Account, version: number): { finding: FindingRecord; evidence: EvidenceRecord } {
  const changes = changesFor(account.run, account.finding.part);
  const evidence = evidenceOf(account, version, changes);
  return { finding: findingRecordOf(account, evidence.key, changes), evidence };
}

/** The finding's record alone, where its evidence is not written yet. Pure. */
export function findingRecord(account: Account, version: number): FindingRecord {
  const { finding, run } = account;
  return findingRecordOf(account, evidenceKey(version, finding.id), changesFor(run, finding.part));
}

/** The changes of a run that concern one part. */
export function changesFor(run: Pick<RunRecord, "plan" | "usedFallback"> | undefined, part: string): readonly Change[] {
  if (run === undefined) return [];
  return differences(run.plan.before, run.usedFallback ? run.plan.fallback?.after : run.plan.after, part);
}

function findingRecordOf(account: Account, evidenceKey: string, changes: readonly Change[]): FindingRecord {
  const { meta, finding, decision, state, classified, resourceTags, signal, nowMs } = account;
  return {
    id: finding.id,
    controlId: meta.id,
    controlTitle: meta.title,
    why: meta.why,
    citations: [...meta.frameworks, ...decision.citations],
    severity: account.severity ?? meta.severity,
    title: finding.title,
    resource: finding.resource,
    part: finding.part,
    facts: finding.facts,
    classification: classNameOf(classified),
    ...(!("unreadable" in resourceTags) && { resourceTags }),
    status: state.status,
    occurrence: state.occurrence,
    firstSeenAt: state.firstSeenAt,
    lastSeenAt: new Date(nowMs).toISOString(),
    decision,
    changes,
    // Of the change that was made, or is asked about: what a control does can mostly be taken back, and now and then not.
    reversible: account.run?.plan.reversible ?? account.pending?.reversible ?? meta.reversible,
    notes: account.notes ?? [],
    signal: { id: signal.id, name: signal.name, source: signal.source },
    ...(state.run !== undefined && { run: state.run }),
    ...(state.exception !== undefined && { exception: state.exception }),
    ...(account.pending !== undefined && { pending: account.pending }),
    ...(account.holds !== undefined && account.holds.length > 0 && { holds: account.holds }),
    ...toldOn(account),
    ...(isQuiet(account) && { isQuiet: true as const }),
    evidence: [evidenceKey],
  };
}

/** What nobody has to see to, of a control whose changes are the course of things. */
const COURSE: ReadonlySet<FindingState["status"]> = new Set(["observed", "containing", "contained", "resolved"]);

/** Whether nobody has to be told of it, being the course of things. Pure. */
export function isQuiet({ meta, state, severity = meta.severity }: Account): boolean {
  return meta.isRoutine === true && COURSE.has(state.status) && state.isTold !== true && severity === meta.severity;
}

/** The state as it is kept: that people were told of it once is kept with it. Pure. */
export function keptState({ meta, state }: Pick<Account, "meta" | "state">): FindingState {
  return meta.isRoutine === true && !COURSE.has(state.status) ? { ...state, isTold: true } : state;
}

/**
 * Who caused it, when each stage was reached, what had crossed, what people said and which storm it is a part of, as they were and as they are now. A person's word, a
 * schedule or a restart tells nothing new of the cause. Pure.
 */
function toldOn({ signal, isOwn, last, state, timings = {}, parent }: Account) {
  const isSame = last !== undefined && (last.occurrence === state.occurrence || signal.source === "decision");
  const { principal: before, exposure, sayings } = isSame ? last : ({} as Partial<FindingRecord>);
  const storm = parent ?? (isSame && state.status !== "resolved" ? last.parent : undefined);
  const named = isOwn ? undefined : signal.principal;
  const isNews = !isSame || (signal.source === "cloudtrail" && named !== undefined);
  const principal = isNews ? named : before;
  return {
    ...(principal !== undefined && { principal }),
    ...(exposure !== undefined && { exposure }),
    ...(sayings !== undefined && { sayings }),
    ...(storm !== undefined && { parent: storm }),
    timings: isSame ? { ...last.timings, ...timings, ...firstOf(last.timings, timings) } : timings,
  };
}

/** The offending call is the first one of an occurrence, and so is when it was heard. */
function firstOf(one: Timings, other: Timings): Timings {
  const { calledAt = other.calledAt, heardAt = other.heardAt } = one;
  return { ...(calledAt !== undefined && { calledAt }), ...(heardAt !== undefined && { heardAt }) };
}

function classNameOf(classified: Classified): string {
  if (classified.kind === "classified") return joinClasses([classified.classification, ...(classified.also ?? [])]);
  return classified.kind === "undecided" ? "unknown" : "";
}

function evidenceOf(account: Account, version: number, changes: readonly Change[]): EvidenceRecord {
  const { finding, decision, state, classified, signal, isOwn, nowMs, run } = account;
  const at = new Date(nowMs).toISOString();
  const { request: _, report: __, keyId: ___, ...told } = signal;
  const content = {
    kind: account.evidenceOf ?? state.status,
    at,
    finding: {
      id: finding.id,
      controlId: finding.controlId,
      part: finding.part,
      title: finding.title,
      facts: finding.facts,
    },
    resource: finding.resource,
    occurrence: state.occurrence,
    class: classified.kind === "classified" ? classNameOf(classified) : null,
    classReason: classified.reason,
    decision,
    signal: { ...told, resource: signal.resource.arn, causedByCordon: isOwn },
    notes: account.notes ?? [],
    timings: account.timings ?? {},
    exception: state.exception ?? null,
    ...(account.pending !== undefined && { pending: account.pending }),
    ...(account.holds !== undefined && account.holds.length > 0 && { holds: account.holds }),
    ...(account.parent !== undefined && { parent: account.parent }),
    ...(signal.source === "decision" && account.last?.sayings !== undefined && { said: account.last.sayings.at(-1) }),
    run:
      run === undefined
        ? null
        : {
            number: run.number,
            kind: run.plan.kind,
            beforeHash: run.beforeHash,
            afterHash: run.afterHash,
            usedFallback: run.usedFallback,
            changes,
            receipts: run.receipts,
            verification: run.verification ?? null,
          },
  };
  return {
    key: evidenceKey(version, finding.id),
    findingId: finding.id,
    controlId: finding.controlId,
    occurrence: state.occurrence,
    kind: content.kind,
    at,
    content,
    contentHash: contentHash(content),
  };
}
