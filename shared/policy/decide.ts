import type { Classified } from "../classification/classify.ts";
import { subjectOf } from "../ids.ts";
import type { ConditionFacts, Decision, DecisionKind, Exception, Finding, Mode, TransferFacts } from "../types.ts";
import type { ResidencyPolicy, TrustedTag } from "./policy.ts";

/** All that a decision rests on besides the finding and the policy. */
export interface DecisionContext {
  readonly classified: Classified;
  /** The run-time exception recorded for this finding, in force or not. */
  readonly exception?: Exception;
  /** The mode the control would have without the policy's say. */
  readonly defaultMode: Mode;
  /** The most that is allowed now, whatever policy says: `CORDON_MODE` and the brake. */
  readonly ceiling: { readonly mode: Mode; readonly reason: string };
  readonly nowMs: number;
}

/** What policy says of the matter itself, before exceptions and modes. `for-a-person`: wrong, and nothing that Cordon changes by itself. */
type Verdict = {
  readonly kind: "compliant" | "violating" | "undecidable" | "for-a-person";
  readonly rule: string;
  readonly reasons: readonly string[];
};

const MODE_ORDER: readonly Mode[] = ["observe", "approve", "enforce"];

/**
 * Finding + policy -> decision. Pure, total and deterministic.
 *
 * What can't be decided is never compliant and never an automatic change (invariant 1): it needs approval, or is observed in observe mode.
 */
export function decide(finding: Finding, policy: ResidencyPolicy, context: DecisionContext): Decision {
  const verdict = judge(finding, policy, context.classified);
  const decision = (kind: DecisionKind, rule: string, ...more: string[]): Decision => ({
    kind,
    rule,
    reasons: [...verdict.reasons, ...more],
    policyDigest: policy.digest,
  });
  if (verdict.kind === "compliant") return decision("compliant", verdict.rule);

  const waiver = considerException(finding, policy, context);
  if (waiver?.applies === true) return decision("exempt", `exception:${finding.id}`, waiver.reason);
  const because = waiver === undefined ? [] : [waiver.reason];

  const wanted = policy.modes[finding.controlId] ?? context.defaultMode;
  const capped = MODE_ORDER.indexOf(context.ceiling.mode) < MODE_ORDER.indexOf(wanted);
  const mode = capped ? context.ceiling.mode : wanted;
  if (capped) because.push(`held to "${mode}" by ${context.ceiling.reason}`);
  if (mode === "observe") return decision("observe", verdict.rule, ...because);
  const isUndecidable = verdict.kind !== "violating" || (waiver !== undefined && waiver.applies === undefined);
  if (isUndecidable || mode === "approve") return decision("approve", verdict.rule, ...because);
  return decision("contain", verdict.rule, ...because);
}

function judge(finding: Finding, policy: ResidencyPolicy, classified: Classified): Verdict {
  const { facts } = finding;
  if (facts.kind === "unreadable") return { kind: "undecidable", rule: "built-in:unreadable", reasons: [facts.reason] };
  if (facts.kind === "condition") return judgeCondition(facts);
  if (!facts.active)
    return { kind: "compliant", rule: "built-in:inactive", reasons: ["it is switched off and moves no data"] };
  if (facts.to === undefined) {
    const why = facts.toUnknown ?? "no reason given";
    return {
      kind: "undecidable",
      rule: "built-in:destination-unknown",
      reasons: [`where ${facts.destination} lies is unknown: ${why}`],
    };
  }
  if (facts.to === facts.from) {
    return { kind: "compliant", rule: "built-in:same-region", reasons: [`the data stays in ${facts.from}`] };
  }
  const transfer = { ...facts, to: facts.to };
  if (classified.kind === "classified") return judgeTransfer(transfer, policy, classified);
  // Hiding the tags must not switch off what the journal knows: no class that it could have may go there.
  const atLeast = classified.kind === "undecided" ? classified.atLeast : undefined;
  const possible = policy.classifications.filter(({ rank }) => atLeast !== undefined && rank >= atLeast.rank);
  const verdicts = possible.map((classification) =>
    judgeTransfer(transfer, policy, {
      kind: "classified",
      classification,
      source: "journal",
      reason: classified.reason,
    }),
  );
  if (atLeast !== undefined && verdicts.every(({ kind }) => kind === "violating")) {
    const reasons = [
      classified.reason,
      `it is at least "${atLeast.name}" by the journal, and no such data may go to ${facts.to}`,
    ];
    return { kind: "violating", rule: `classification:${atLeast.name}`, reasons };
  }
  return { kind: "undecidable", rule: "built-in:unclassified", reasons: [classified.reason] };
}

/** Cordon's own state is nothing that policy could allow to be otherwise. */
function judgeCondition({ holds, expected, found, consequence }: ConditionFacts): Verdict {
  if (holds) return { kind: "compliant", rule: "built-in:as-expected", reasons: [found] };
  return {
    kind: "for-a-person",
    rule: "built-in:drift",
    reasons: [consequence, `expected: ${expected}`, `found: ${found}`],
  };
}

function judgeTransfer(
  facts: TransferFacts & { readonly to: string },
  policy: ResidencyPolicy,
  classified: Extract<Classified, { kind: "classified" }>,
): Verdict {
  const { classification } = classified;
  const rule = `classification:${classification.name}`;
  if (classification.anywhere) {
    return { kind: "compliant", rule, reasons: [classified.reason, `"${classification.name}" may live anywhere`] };
  }
  const home = classification.residency.join(", ");
  if (classification.regions.includes(facts.to)) {
    return { kind: "compliant", rule, reasons: [classified.reason, `${facts.to} is in ${home}`] };
  }
  const outside = `${facts.to} is outside ${home}, where "${classification.name}" has to stay`;
  const freeing = policy.trustedTags.filter((entry) => frees(entry, classification.name, facts));
  const trusted = freeing.find((entry) => entry.enforcement === "declared");
  if (trusted !== undefined) {
    return {
      kind: "compliant",
      rule: `trusted-tag:${trusted.id}`,
      reasons: [
        classified.reason,
        `only data tagged ${trusted.tag.key}=${trusted.tag.value} moves to ${facts.to}; policy declares that tag trusted, set by ${trusted.setBy.join(", ")}`,
      ],
    };
  }
  const unproved = freeing[0];
  if (unproved !== undefined) {
    return {
      kind: "undecidable",
      rule: `trusted-tag:${unproved.id}`,
      reasons: [
        classified.reason,
        outside,
        `the tag ${unproved.tag.key}=${unproved.tag.value} would allow it, but that live policies deny the tag to everybody but ${unproved.setBy.join(", ")} has not been proved`,
      ],
    };
  }
  return { kind: "violating", rule, reasons: [classified.reason, outside] };
}

function frees(entry: TrustedTag, classification: string, facts: TransferFacts & { readonly to: string }): boolean {
  return (
    entry.classifications.includes(classification) &&
    entry.regions.includes(facts.to) &&
    facts.tags.some((tag) => tag.key === entry.tag.key && tag.value === entry.tag.value)
  );
}

/** Whether the recorded exception covers the finding as it now is (`applies` undefined: that can't be told); undefined when there is none. */
function considerException(
  finding: Finding,
  policy: ResidencyPolicy,
  context: DecisionContext,
): { readonly applies: boolean | undefined; readonly reason: string } | undefined {
  const { exception } = context;
  if (exception === undefined) return undefined;
  if (context.nowMs >= Date.parse(exception.expiresAt)) {
    return { applies: false, reason: `the exception by ${exception.approver} expired at ${exception.expiresAt}` };
  }
  if (exception.subject !== subjectOf(finding.facts)) {
    return {
      applies: false,
      reason: `the exception by ${exception.approver} was granted for another destination or other data`,
    };
  }
  const granted = policy.classifications.find(({ name }) => name === exception.classification);
  const { classified } = context;
  const highest = policy.classifications.at(-1);
  const rank = classified.kind === "classified" ? classified.classification.rank : highest?.rank;
  if (granted === undefined || rank === undefined || rank > granted.rank) {
    // Whether it still covers the data can't be told while the class can't: then nothing is changed on its account.
    const applies = classified.kind === "undecided" && granted !== undefined ? undefined : false;
    return {
      applies,
      reason: `the exception by ${exception.approver} was granted for "${exception.classification}" data`,
    };
  }
  return {
    applies: true,
    reason: `exception by ${exception.approver} until ${exception.expiresAt}: ${exception.reason}`,
  };
}
