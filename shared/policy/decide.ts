import type { Classified } from "../classification/classify.ts";
import { contentHash } from "../ids.ts";
import type {
  Citation,
  Consideration,
  Decision,
  DecisionKind,
  Exception,
  Explanation,
  Finding,
  Mode,
  Tag,
} from "../types.ts";
import { type RulesInForce, rulesInForce } from "./control-rules.ts";
import { factsUsed } from "./facts-used.ts";
import { judgeFacts } from "./judge.ts";
import type { PolicyInForce } from "./policy.ts";
import { type Subject, subjectFor } from "./subject.ts";
import type { Verdict } from "./verdict.ts";
import { considerExceptions, type Waivers } from "./waivers.ts";

/** All that a decision rests on besides the finding and the policy. */
export interface DecisionContext {
  readonly classified: Classified;
  /** The resource's own tags, or why they could not be read. */
  readonly resourceTags: readonly Tag[] | { readonly unreadable: string };
  /** The run-time exception recorded for this finding, in force or not. */
  readonly exception?: Exception;
  /** The mode the control would have without the policy's say. */
  readonly defaultMode: Mode;
  /** The most that is allowed now, whatever policy says: `CORDON_MODE` and the brake. */
  readonly ceiling: { readonly mode: Mode; readonly reason: string };
  readonly nowMs: number;
}

const MODE_ORDER: readonly Mode[] = ["observe", "approve", "enforce"];
/** So many rules that were considered are recorded with a decision. */
const LISTED = 20;
const WEIGHT = { yes: 2, unknown: 1, no: 0 } as const;

/**
 * Finding + policy -> decision: what the matter itself is, whether an exception lets it be, and what may then be done. Pure, total and deterministic.
 *
 * What can't be decided is never compliant and never an automatic change (invariant 1): it needs approval, or is observed in observe mode. So it is
 * when a rule that could count can't be evaluated.
 */
export function decide(finding: Finding, policy: PolicyInForce, context: DecisionContext): Decision {
  const { classified, resourceTags, exception, defaultMode, ceiling, nowMs } = context;
  const subject = subjectFor(finding, policy, classified, resourceTags);
  const rules = rulesInForce(finding.controlId, policy, subject, defaultMode);
  const verdict = doubted(judgeFacts(subject, policy, classified, rules.parameters, nowMs), rules);
  const matter: Matter = { subject, policy, context, rules, verdict };
  if (verdict.kind === "compliant") return decisionOf(matter, "compliant", verdict.rule);

  const waivers = considerExceptions(subject, policy, exception, nowMs);
  const { granted, doubt, remark } = waivers;
  if (granted !== undefined && verdict.isFailed !== true) {
    return decisionOf({ ...matter, waivers }, "exempt", granted.rule, granted.reason);
  }
  const wanted = wantedMode(rules);
  const isHeld = MODE_ORDER.indexOf(ceiling.mode) < MODE_ORDER.indexOf(wanted);
  const mode = isHeld ? ceiling.mode : wanted;
  // Nothing is done about it yet, whatever may be; and what is only observed is announced to nobody.
  if (verdict.kind === "announced")
    return decisionOf({ ...matter, waivers, mode }, "observe", verdict.rule, remark, doubt);
  const held = isHeld ? `held to "${mode}" by ${ceiling.reason}` : undefined;
  const isUndecidable = verdict.kind !== "violating" || doubt !== undefined;
  const kind = mode === "observe" ? "observe" : isUndecidable || mode === "approve" ? "approve" : "contain";
  return decisionOf({ ...matter, waivers, mode }, kind, verdict.rule, remark, doubt, rules.doubt, held);
}

/** What would be compliant if certain parameters hold is not known to be while others may; what is switched off is, whatever they say. */
function doubted(verdict: Verdict, { doubt, isParametersDoubtful }: RulesInForce): Verdict {
  if (!isParametersDoubtful || verdict.kind !== "compliant" || doubt === undefined) return verdict;
  if (verdict.rule === "built-in:inactive") return verdict;
  return { ...verdict, kind: "undecidable", reasons: [...verdict.reasons, doubt] };
}

/** All that was found out on the way to a decision. */
interface Matter {
  readonly subject: Subject;
  readonly policy: PolicyInForce;
  readonly context: DecisionContext;
  readonly rules: RulesInForce;
  readonly verdict: Verdict;
  readonly waivers?: Waivers;
  readonly mode?: Mode;
}

function decisionOf(
  matter: Matter,
  kind: DecisionKind,
  rule: string,
  ...because: readonly (string | undefined)[]
): Decision {
  const { policy, context, verdict, rules } = matter;
  const { exception } = context;
  return {
    kind,
    rule,
    reasons: [...new Set([...verdict.reasons, ...because.filter((reason) => reason !== undefined)])],
    policyDigest: policy.digest,
    digest: exception === undefined ? policy.digest : contentHash([policy.digest, exception]),
    citations: distinctCitations([...(verdict.citations ?? []), ...rules.citations]),
    explanation: explanationOf(matter),
    ...(kind === "exempt" && matter.waivers?.granted && { until: isoOf(matter.waivers.granted.untilMs) }),
    ...(kind !== "exempt" &&
      verdict.dueAtMs !== undefined &&
      !Number.isNaN(verdict.dueAtMs) && { dueAt: isoOf(verdict.dueAtMs) }),
    ...(kind === "approve" && { approval: policy.limits.approvals }),
  };
}

/** A scope that may apply, and may allow less, is not passed over. */
function wantedMode({ doubt, mode }: RulesInForce): Mode {
  return doubt === undefined ? mode : "approve";
}

function explanationOf({ subject, context, verdict, rules, waivers, mode }: Matter): Explanation {
  const all: readonly Consideration[] = [
    ...(verdict.considered ?? []),
    ...(waivers?.considered ?? []),
    ...(waivers === undefined ? [] : rules.considered),
  ];
  // Those that count come first, should there be more than are listed.
  const listed = all.length <= LISTED ? all : all.toSorted((a, b) => WEIGHT[b.applies] - WEIGHT[a.applies]);
  const isHeld = mode !== undefined && mode !== wantedMode(rules);
  return {
    verdict: verdict.kind,
    ...(mode !== undefined && { mode, modeRule: isHeld ? context.ceiling.reason : rules.modeRule }),
    facts: factsUsed(subject, context.classified),
    considered: listed.slice(0, LISTED),
    ...(all.length > LISTED && { unlisted: all.length - LISTED }),
  };
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

function distinctCitations(citations: readonly Citation[]): readonly Citation[] {
  if (citations.length < 2) return citations;
  return [...new Map(citations.map((each) => [`${each.framework} ${each.reference}`, each])).values()];
}
