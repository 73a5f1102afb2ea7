import type { Classified } from "../classification/classify.ts";
import { isWithin } from "../classification/order.ts";
import type { ConditionFacts, TransferFacts } from "../types.ts";
import { judgeAccessKey, judgeSessions, reportInWords } from "./judge-key.ts";
import { judgeObject } from "./judge-object.ts";
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
  switch (facts.kind) {
    case "unreadable":
      return { kind: "undecidable", rule: "built-in:unreadable", reasons: [facts.reason] };
    case "condition":
      return judgeCondition(facts);
    case "object":
      return judgeObject(facts, classified, policy);
    case "access-key":
      return judgeAccessKey(facts, subject, policy, nowMs);
    case "sessions":
      return judgeSessions(facts, subject, policy, nowMs);
    case "transfer":
      return judgeMovement(facts, subject, policy, classified, parameters, nowMs);
  }
}

function judgeMovement(
  facts: TransferFacts,
  subject: Subject,
  policy: PolicyInForce,
  classified: Classified,
  parameters: Parameters,
  nowMs: number,
): Verdict {
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
  const verdict: Verdict =
    facts.to === facts.from
      ? { kind: "compliant", rule: "built-in:same-region", reasons: [`the data stays in ${facts.from}`] }
      : judgeMove({ ...facts, to: facts.to }, subject, policy, classified, nowMs);
  const stranger = strangerOf(facts.destinationAccount, parameters.destinationAccounts);
  // What violates is stopped whoever it goes to.
  if (stranger === undefined || verdict.kind !== "compliant") return verdict;
  const rule = "parameter:destinationAccounts";
  return { ...verdict, kind: "undecidable", rule, reasons: [...verdict.reasons, stranger] };
}

/** Cordon's own state is nothing that policy could allow to be otherwise. */
function judgeCondition({ holds, expected, found, consequence, reported }: ConditionFacts): Verdict {
  if (holds) return { kind: "compliant", rule: "built-in:as-expected", reasons: [found] };
  return {
    kind: "for-a-person",
    rule: "built-in:drift",
    reasons: [
      ...(reported === undefined ? [] : [reportInWords(reported)]),
      consequence,
      `expected: ${expected}`,
      `found: ${found}`,
    ],
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
    const possible = policy.classifications.filter((each) => atLeast.every((known) => isWithin(each, known)));
    // Under two laws no class may be within both; then each of them holds.
    const verdicts = (possible.length > 0 ? possible : atLeast).map((each) =>
      judgeTransfer(facts, each, policy, subject, nowMs),
    );
    const isNever = possible.length > 0 ? verdicts.every(isViolating) : verdicts.some(isViolating);
    const [highest] = atLeast;
    if (isNever && highest !== undefined) {
      const known = atLeast.map(({ name }) => `"${name}"`).join(" and ");
      const reasons = [
        classified.reason,
        `it is at least ${known} by the journal, and no such data may go to ${facts.to}`,
      ];
      const citations = atLeast.flatMap((each) => each.citations);
      return { kind: "violating", rule: `classification:${highest.name}`, reasons, citations };
    }
  }
  return { kind: "undecidable", rule: "built-in:unclassified", reasons: [classified.reason] };
}

function isViolating({ kind }: Verdict): boolean {
  return kind === "violating";
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
    ...(verdicts.some(({ isFailed }) => isFailed === true) && { isFailed: true }),
  };
}
