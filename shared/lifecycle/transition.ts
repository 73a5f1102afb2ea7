import { shortHash, subjectOf } from "../ids.ts";
import { type FindingState, KEPT_CONTAINMENTS } from "../journal/journal.ts";
import type { Decision, Facts, Finding, FindingStatus, ResultStatus } from "../types.ts";
import { remembering } from "./key-memory.ts";
import type { Judged } from "./run.ts";

/** How the brake is called as what gives a mode. */
export const BRAKE_RULE = "the brake";

/** What a look at live state makes of a finding's journalled state; `next` is absent when there is nothing to record. */
export interface Transition {
  readonly status: ResultStatus;
  readonly occurrence: number;
  readonly next?: FindingState;
  /** `next` is only to be known: how the finding stands is no news to anybody. */
  readonly isMemory?: true;
}

/** While a finding stands so, its data moves or may move: the same occurrence goes on. */
const VIOLATING: readonly FindingStatus[] = [
  "observed",
  "awaiting-approval",
  "containing",
  "inconclusive",
  "waiting",
  "exempt",
];

const RECORDED_AS: Readonly<Record<"observe" | "approve" | "exempt", FindingStatus & ResultStatus>> = {
  observe: "observed",
  approve: "awaiting-approval",
  exempt: "exempt",
};

/** The number of the occurrence that a violation seen now belongs to. */
export function occurrenceOf(previous: FindingState | undefined): number {
  if (previous === undefined) return 1;
  return VIOLATING.includes(previous.status) ? previous.occurrence : previous.occurrence + 1;
}

/** The state before anything is known of a finding, or what the journal has. */
export function stateOf(previous: FindingState | undefined, nowMs: number): FindingState {
  return (
    previous ?? {
      status: "resolved",
      occurrence: 0,
      firstSeenAt: new Date(nowMs).toISOString(),
      changedAtMs: nowMs,
      basis: "",
      containedAtMs: [],
    }
  );
}

/** What a decision rests on, and the plan that a person is asked about: when this stays the same, the same finding seen again is not news. */
export function basisOf(finding: Finding, decision: Decision, plan?: string): string {
  const asked = plan === undefined ? "" : `/${plan}`;
  return shortHash(`${decision.kind}/${decision.rule}/${subjectOf(finding.facts) ?? "-"}${asked}`);
}

/**
 * The transition for every decision that changes nothing in AWS. Pure.
 *
 * @param plan what a person is asked about: another plan is another question, and one that nobody has answered in time is asked again
 */
export function transition(
  previous: FindingState | undefined,
  finding: Finding,
  decision: Decision & { readonly kind: Exclude<Decision["kind"], "contain"> },
  nowMs: number,
  plan?: string,
): Transition {
  const step = withoutMemory(previous, finding, decision, nowMs, plan);
  const base = step.next ?? previous;
  if (base === undefined) return step;
  const next = remembering(base, finding, decision, nowMs);
  // That its key is active again is worth keeping, though nothing else has changed.
  const isActiveAgain = base.deactivatedAtMs !== undefined && next.deactivatedAtMs === undefined;
  if (step.next !== undefined || isActiveAgain) return { ...step, next };
  // So is when it stopped: seen later once more, it would seem to have stopped later.
  return base.keyOffAtMs === next.keyOffAtMs ? step : { ...step, next, isMemory: true };
}

function withoutMemory(
  previous: FindingState | undefined,
  finding: Finding,
  decision: Decision & { readonly kind: Exclude<Decision["kind"], "contain"> },
  nowMs: number,
  plan?: string,
): Transition {
  if (decision.kind === "compliant") return compliant(previous, finding, decision, nowMs);
  const status = RECORDED_AS[decision.kind];
  const basis = basisOf(finding, decision, plan);
  const occurrence = occurrenceOf(previous);
  const untilMs = endOf(decision, plan, nowMs);
  const dueMs = dueOf(decision, untilMs);
  const isPast = (previous?.lookAtMs ?? Infinity) <= nowMs && (dueMs ?? 0) > nowMs;
  const isMoved = (status === "exempt" && untilMs !== previous?.untilMs) || isPast;
  const isSame = previous?.status === status && previous.basis === basis && !isMoved;
  const isUnanswered = isSame && status === "awaiting-approval" && (previous.untilMs ?? Infinity) <= nowMs;
  if (isSame && !isUnanswered) return { status, occurrence };
  const next = reached(stateOf(previous, nowMs), status, nowMs, {
    occurrence,
    basis,
    ...(untilMs !== undefined && { untilMs }),
    ...(isUnanswered && { unanswered: (previous.unanswered ?? 0) + 1 }),
    ...(dueMs !== undefined && { lookAtMs: dueMs }),
    ...(isBraked(decision) && { lookAtMs: nowMs + BRAKED_LOOK_MS }),
    ...(finding.facts.kind === "unreadable" && { lookAtMs: nowMs + UNREADABLE_LOOK_MS }),
  });
  return { status, occurrence, next };
}

/** What AWS would not show a minute ago it may show soon, and nothing tells of that: whatever it hid goes on meanwhile. */
const UNREADABLE_LOOK_MS = 5 * 60_000;

/** What the brake holds is looked at again soon: off, it must not take an event to have it contained. */
const BRAKED_LOOK_MS = 5 * 60_000;

function isBraked({ kind, explanation }: Decision): boolean {
  return kind === "observe" && explanation.modeRule?.startsWith(BRAKE_RULE) === true;
}

/** When the status ends by itself. */
function endOf({ until, approval }: Decision, plan: string | undefined, nowMs: number): number | undefined {
  if (until !== undefined) return Date.parse(until);
  return plan === undefined || approval === undefined ? undefined : nowMs + approval.validMs;
}

/** When it has to be looked at though its status does not end: the earlier of the two counts. */
function dueOf({ dueAt }: Decision, untilMs = Infinity): number | undefined {
  return dueAt === undefined ? undefined : Math.min(Date.parse(dueAt), untilMs);
}

function compliant(
  previous: FindingState | undefined,
  finding: Finding,
  decision: Decision,
  nowMs: number,
): Transition {
  const { facts } = finding;
  if (isReportedOff(facts)) return reportedOff(previous, dueOf(decision), nowMs);
  if (previous === undefined || previous.status === "resolved") {
    return { status: "compliant", occurrence: previous?.occurrence ?? 0 };
  }
  const { occurrence } = previous;
  // As a part that is switched off, an object that carries its tag is as a containment leaves it.
  const isOff =
    (facts.kind === "transfer" && !facts.active) ||
    facts.kind === "object" ||
    (facts.kind === "access-key" && facts.status === "Inactive");
  if (isOff && previous.status === "contained") return { status: "already-contained", occurrence };
  // A run that could not be verified, or that somebody wrote over, and whose part is switched off all the same.
  if (isOff && previous.run !== undefined && (previous.status === "inconclusive" || previous.status === "containing")) {
    return { status: "contained", occurrence, next: reached(previous, "contained", nowMs) };
  }
  return { status: "compliant", occurrence, next: reached(previous, "resolved", nowMs) };
}

/** A key that was reported and is off, or whose sessions are denied. */
function isReportedOff(facts: Facts): boolean {
  if (facts.kind === "sessions") return facts.reported !== undefined && facts.deniedBefore !== undefined;
  return facts.kind === "access-key" && facts.reported !== undefined && facts.status === "Inactive";
}

/** Whoever has stopped it, it stays watched for as long as it is there: a report holds for a key's life, and what is resolved is forgotten some day. */
function reportedOff(previous: FindingState | undefined, dueMs: number | undefined, nowMs: number): Transition {
  const state = stateOf(previous, nowMs);
  const look = dueMs === undefined ? {} : { lookAtMs: dueMs };
  if (state.status === "contained") {
    const { lookAtMs, ...rest } = state;
    const isPlanned = dueMs === undefined ? lookAtMs === undefined : lookAtMs !== undefined && lookAtMs > nowMs;
    const { occurrence } = state;
    return {
      status: "already-contained",
      occurrence,
      ...(!isPlanned && { next: { ...rest, ...look }, isMemory: true }),
    };
  }
  const isRun = state.run !== undefined && (state.status === "inconclusive" || state.status === "containing");
  const occurrence = Math.max(1, state.occurrence);
  const status = isRun ? "contained" : "already-contained";
  return { status, occurrence, next: reached(state, "contained", nowMs, { occurrence, ...look }) };
}

/** The transition of a finding of which AWS gave no answer: it is told of, not concluded, and the event comes again. Pure. */
export function unansweredTransition(
  previous: FindingState | undefined,
  finding: Finding,
  nowMs: number,
  settleWindowMs: number,
): Transition {
  const occurrence = occurrenceOf(previous);
  // The state seen may be from before a containment just made.
  const last = previous?.containedAtMs.at(-1);
  if (previous?.status === "contained" && last !== undefined && nowMs < last + settleWindowMs) {
    return { status: "inconclusive", occurrence: previous.occurrence };
  }
  const basis = shortHash(`unanswered/${finding.part}`);
  if (previous !== undefined && VIOLATING.includes(previous.status)) return { status: "inconclusive", occurrence };
  const state = stateOf(previous, nowMs);
  return { status: "inconclusive", occurrence, next: reached(state, "inconclusive", nowMs, { occurrence, basis }) };
}

/**
 * The transition of a finding whose part is no longer there. Pure.
 *
 * @param isNothingLeft nothing at all is configured: what Cordon itself took away is then as Cordon left it
 */
export function gone(previous: FindingState, nowMs: number, isNothingLeft: boolean): Transition {
  const { occurrence, status } = previous;
  if (status === "resolved") return { status: "compliant", occurrence };
  if (status === "contained" && previous.removed === true && isNothingLeft)
    return { status: "already-contained", occurrence };
  return { status: "compliant", occurrence, next: reached(previous, "resolved", nowMs) };
}

/** `previous` in another status. */
export function reached(
  previous: FindingState,
  status: FindingStatus,
  nowMs: number,
  more: Partial<FindingState> = {},
): FindingState {
  const {
    refused: _refused,
    untilMs: _untilMs,
    unanswered: _unanswered,
    lookAtMs: _lookAtMs,
    isChecked: _isChecked,
    isHeld: _isHeld,
    ...kept
  } = previous;
  return { ...kept, status, changedAtMs: nowMs, ...more };
}

/** What is violating in another status, in the same occurrence, with what has to be known of it when it is seen next. Pure. */
export function violatingIn(
  { finding, decision, previous }: Judged,
  status: FindingStatus,
  nowMs: number,
  more: Partial<FindingState> = {},
): FindingState {
  const state = reached(stateOf(previous, nowMs), status, nowMs, {
    occurrence: occurrenceOf(previous),
    basis: basisOf(finding, decision),
    ...more,
  });
  return remembering(state, finding, decision, nowMs);
}

/** `previous` with one more write that AWS took, for the flip guard. */
export function withWrite(previous: FindingState, nowMs: number): FindingState {
  return { ...previous, containedAtMs: [...previous.containedAtMs, nowMs].slice(-KEPT_CONTAINMENTS) };
}
