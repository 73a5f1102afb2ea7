import type { Classified } from "../classification/classify.ts";
import { isWithin } from "../classification/order.ts";
import type { ConditionFacts } from "../types.ts";
import { judgeTransfer, type KnownTransfer } from "./judge-transfer.ts";
import type { Parameters, PolicyInForce } from "./policy.ts";
import type { Subject } from "./subject.ts";
import type { Verdict } from "./verdict.ts";

/**
 * What policy says of the matter itself. What can't be decided is never compliant (invariant 1). Pure.
 *
 * @param parameters what policy tells the control here
 */
export function judgeFacts(
  subject: Subject,
  policy: PolicyInForce,
  classified: Classified,
  parameters: Parameters,
  nowMs: number,
): Verdict {
  const { facts } = subject.finding;
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
  const stranger = strangerOf(facts.destinationAccount, parameters.destinationAccounts);
  if (stranger !== undefined)
    return { kind: "undecidable", rule: "parameter:destinationAccounts", reasons: [stranger] };
  if (facts.to === facts.from) {
    return { kind: "compliant", rule: "built-in:same-region", reasons: [`the data stays in ${facts.from}`] };
  }
  return judgeMove({ ...facts, to: facts.to }, subject, policy, classified, nowMs);
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

/** Why the destination may be a stranger's; nothing where policy names no accounts. */
function strangerOf(account: string | undefined, allowed: Parameters[string] | undefined): string | undefined {
  if (!Array.isArray(allowed)) return undefined;
  const listed = `policy names the accounts that data may go to (${allowed.join(", ")})`;
  if (account === undefined) return `${listed}, and it does not say whose its destination is`;
  return allowed.includes(account) ? undefined : `${listed}, and its destination is of account ${account}`;
}

function judgeMove(
  facts: KnownTransfer,
  subject: Subject,
  policy: PolicyInForce,
  classified: Classified,
  nowMs: number,
): Verdict {
  if (classified.kind === "classified") {
    const classes = subject.classes ?? [];
    const verdicts = classes.map((each) => judgeTransfer(facts, each, policy, subject, nowMs));
    return together(verdicts, classified.reason);
  }
  // Hiding the tags must not switch off what the journal knows: no class that it could have may go there.
  const atLeast = classified.kind === "undecided" ? classified.atLeast : undefined;
  if (atLeast !== undefined) {
    const possible = policy.classifications.filter((each) => isWithin(each, atLeast));
    const verdicts = possible.map((each) => judgeTransfer(facts, each, policy, subject, nowMs));
    if (verdicts.every(({ kind }) => kind === "violating")) {
      const reasons = [
        classified.reason,
        `it is at least "${atLeast.name}" by the journal, and no such data may go to ${facts.to}`,
      ];
      return { kind: "violating", rule: `classification:${atLeast.name}`, reasons, citations: atLeast.citations };
    }
  }
  return { kind: "undecidable", rule: "built-in:unclassified", reasons: [classified.reason] };
}

/** Data of several classes may go where each of them may. */
function together(verdicts: readonly Verdict[], reason: string): Verdict {
  const deciding =
    verdicts.find(({ kind }) => kind === "violating") ??
    verdicts.find(({ kind }) => kind === "undecidable") ??
    verdicts[0];
  if (deciding === undefined) return { kind: "undecidable", rule: "built-in:unclassified", reasons: [reason] };
  const told = deciding.kind === "compliant" ? verdicts : [deciding];
  return {
    ...deciding,
    reasons: [reason, ...told.flatMap(({ reasons }) => reasons)],
    citations: told.flatMap(({ citations = [] }) => citations),
    considered: verdicts.flatMap(({ considered = [] }) => considered),
  };
}
