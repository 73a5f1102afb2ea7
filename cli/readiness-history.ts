import type { FindingRecord } from "../shared/journal/journal.ts";
import type { ReachedState } from "../shared/journal/records.ts";
import type { PolicyException, ResidencyPolicy } from "../shared/policy/policy.ts";
import type { FindingStatus, Principal, ResourceRef } from "../shared/types.ts";
import { identityOf } from "./readiness-principals.ts";
import { type ModeRule, ruleOf } from "./readiness-rules.ts";

/** The evidence that readiness is told by. */
export const KINDS_READ = ["observed", "awaiting-approval", "contained", "exempt", "exception-granted"] as const;

/** One passage of a finding from compliant to violating that nothing was done about, as it was recorded last. */
export interface Observed {
  readonly rule: string;
  readonly state: ReachedState;
  /** By its own verdict: whether enforcing changes it, or a person has to decide. */
  readonly would: "contain" | "wait";
  /** What a person would have been waited for, or the rule that decided. */
  readonly because: string;
  /** The same principal had caused it before, and it had ended in between. */
  readonly isAgain: boolean;
  /** How it stands: `resolved` where a later occurrence has followed, `unknown` where the finding's record is gone. */
  readonly now: FindingStatus | "unknown";
}

/** One containment. */
export interface Contained {
  readonly rule: string;
  readonly state: ReachedState;
  /** It had been contained or had ended before, and was switched on again; `same`: by who had caused it before. */
  readonly again?: "same" | "other";
}

/** A containment taken back, or an exception granted. */
export interface TakenBack {
  /** Undefined where no state in the time tells it: it may have been any of the control's. */
  readonly rule: string | undefined;
  readonly how: "rolled-back" | "exception-granted" | "exception-of-policy";
  readonly state: ReachedState;
  readonly reason: string;
  readonly by: string;
  readonly expiresAt?: string;
}

export interface History {
  readonly observed: readonly Observed[];
  readonly contained: readonly Contained[];
  readonly takenBack: readonly TakenBack[];
}

const OPEN: readonly string[] = ["observed", "awaiting-approval"];

/**
 * The states that findings reached in the time, with what still stands from before it -> what was observed, contained and taken back. Judges nothing
 * anew. Pure.
 *
 * @param known every rule of the policy at hand that gives a mode
 */
export function historyOf(
  evidence: readonly ReachedState[],
  findings: readonly FindingRecord[],
  known: readonly ModeRule[],
  policy: ResidencyPolicy,
): History {
  // Where both tell of the same state, evidence comes last and counts: it knows of the run.
  const states = [...findings.filter(({ status }) => OPEN.includes(status)).map(stateOfRecord), ...evidence];
  states.sort((one, other) => one.at.localeCompare(other.at));
  const latest = new Map(findings.map((finding) => [finding.id, finding]));
  const began = beginningsOf(states);
  const ruled = (state: ReachedState) =>
    state.decision === undefined ? undefined : ruleOf(state.controlId, state.decision.explanation, known);

  const observed = [...lastOf(states, ({ kind }) => OPEN.includes(kind)).values()].flatMap((state): Observed[] => {
    const rule = ruled(state);
    if (rule === undefined) return [];
    const now = standing(state, latest.get(state.findingId));
    return [{ rule, state, ...wouldBe(state), isAgain: began.again(state) === "same", now }];
  });
  const contained = [...lastOf(states, ({ kind }) => kind === "contained").values()].flatMap((state): Contained[] => {
    const rule = ruled(state);
    const again = began.again(state);
    return rule === undefined ? [] : [{ rule, state, ...(again !== undefined && { again }) }];
  });

  const ruledBefore = new Map<string, string>();
  const takenBack = new Map<string, TakenBack>();
  for (const state of states) {
    const { kind, findingId, run } = state;
    if (kind === "exempt" || kind === "exception-granted") {
      const isRollback = run === "roll-back" || kind === "exception-granted";
      const rule = ruledBefore.get(findingId) ?? (isRollback ? undefined : ruled(state));
      const { key, ...taken } = takenBackBy(state, rule, policy);
      // The roll-back tells more than the exception that was granted for it.
      if (takenBack.get(key)?.how !== "rolled-back") takenBack.set(key, taken);
    } else {
      const rule = ruled(state);
      if (rule !== undefined) ruledBefore.set(findingId, rule);
    }
  }
  return { observed, contained, takenBack: [...takenBack.values()] };
}

/** What still stands, as the evidence of it said when it came to stand so. */
function stateOfRecord(record: FindingRecord): ReachedState {
  const { id, controlId, occurrence, status, lastSeenAt, resource, part, facts, decision, principal } = record;
  return {
    findingId: id,
    controlId,
    occurrence,
    kind: status,
    at: lastSeenAt,
    resource,
    part,
    facts,
    decision,
    ...(principal !== undefined && { principal }),
    // Asked of a person though it was to be contained: AWS refused.
    ...(decision.kind === "contain" && { run: "contain" as const }),
  };
}

/** The last state of each occurrence; who caused it is who is named first. */
function lastOf(
  states: readonly ReachedState[],
  isMeant: (state: ReachedState) => boolean,
): ReadonlyMap<string, ReachedState> {
  const last = new Map<string, ReachedState>();
  for (const state of states) {
    if (!isMeant(state)) continue;
    const key = occurrenceKey(state);
    const principal = last.get(key)?.principal ?? state.principal;
    last.set(key, principal === undefined ? state : { ...state, principal });
  }
  return last;
}

function occurrenceKey({ findingId, occurrence }: Pick<ReachedState, "findingId" | "occurrence">): string {
  return `${findingId} ${occurrence}`;
}

/** Who began which occurrence; a roll-back begins one too, which nobody switched on. */
function beginningsOf(states: readonly ReachedState[]) {
  const causes = new Map<string, Map<number, string>>();
  const rolledBack = new Set<string>();
  for (const state of states) {
    if (state.kind === "exempt" && state.run === "roll-back") rolledBack.add(occurrenceKey(state));
    const identity = causeOf(state.principal);
    if (identity === undefined || (!OPEN.includes(state.kind) && state.kind !== "contained")) continue;
    const ofFinding = causes.get(state.findingId) ?? new Map<number, string>();
    causes.set(state.findingId, ofFinding);
    if (!ofFinding.has(state.occurrence)) ofFinding.set(state.occurrence, identity);
  }
  return {
    again(state: ReachedState): "same" | "other" | undefined {
      if (state.occurrence < 2 || rolledBack.has(occurrenceKey(state))) return undefined;
      const ofFinding = causes.get(state.findingId) ?? new Map<number, string>();
      const cause = ofFinding.get(state.occurrence);
      const isSame = [...ofFinding].some(([number, by]) => number < state.occurrence && by === cause);
      return cause !== undefined && isSame ? "same" : "other";
    },
  };
}

function causeOf(principal: Principal | undefined): string | undefined {
  return principal?.type === "Approver" ? undefined : identityOf(principal);
}

function standing({ occurrence }: ReachedState, record: FindingRecord | undefined): FindingStatus | "unknown" {
  if (record === undefined) return "unknown";
  return record.occurrence > occurrence ? "resolved" : record.status;
}

/** As decide() says it where a scope or an exception may apply, which can't be told: such a matter is never changed. */
const DOUBT = /^whether (scope ".*"|exception:\S+) applies can't be told: /s;

function wouldBe({ decision, run }: ReachedState): Pick<Observed, "would" | "because"> {
  const { explanation, reasons = [], rule = "" } = decision ?? {};
  if (explanation?.verdict !== "violating") return { would: "wait", because: rule };
  if (run === "contain") return { would: "wait", because: "AWS refused the change" };
  if (reasons.some((reason) => DOUBT.test(reason)))
    return { would: "wait", because: "a scope or an exception in doubt" };
  return { would: "contain", because: rule };
}

function takenBackBy(
  state: ReachedState,
  rule: string | undefined,
  { exceptions }: Pick<ResidencyPolicy, "exceptions">,
): TakenBack & { readonly key: string } {
  const { findingId, kind, run, decision, exception } = state;
  const isOwn = kind === "exception-granted" || run === "roll-back" || decision?.rule === `exception:${findingId}`;
  if (isOwn && exception !== undefined) {
    const { reason, approver, expiresAt, grantedAt } = exception;
    const how = run === "roll-back" ? "rolled-back" : "exception-granted";
    return { key: `${findingId} ${grantedAt}`, rule, how, state, reason, by: approver, expiresAt };
  }
  const written = exceptions.find(({ id }) => `exception:${id}` === decision?.rule);
  return {
    key: `${findingId} ${decision?.rule}`,
    rule,
    how: "exception-of-policy",
    state,
    reason: reasonOf(written) ?? decision?.reasons.at(-1) ?? "",
    by: written?.approver ?? decision?.rule ?? "",
    ...(written !== undefined && { expiresAt: new Date(written.expiresAtMs).toISOString() }),
  };
}

function reasonOf(written: PolicyException | undefined): string | undefined {
  return written && `${written.reason} (${written.ticket})`;
}

/** Which resource, for counting: a bucket's name can pass to another account. Pure. */
export function resourceKeyOf({ account, arn }: ResourceRef): string {
  return `${account} ${arn}`;
}
