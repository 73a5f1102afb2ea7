import type { Classified } from "../classification/classify.ts";
import { joinClasses } from "../classification/classify.ts";
import { contentHash, subjectOf } from "../ids.ts";
import type { PolicyInForce } from "../policy/policy.ts";
import type { Decision, Exception, Finding } from "../types.ts";

/** What an exception is granted on. */
export interface Grant {
  readonly finding: Finding;
  readonly classified: Classified;
  readonly reason: string;
  readonly approver: string;
  readonly nowMs: number;
  /** Policy's default when left out. */
  readonly expiresAtMs?: number | undefined;
}

/** An exception, bound to what it is granted for (docs/adr/0004); undefined when the destination or the class is not known, for nobody can mean that. Pure. */
export function exceptionFor(
  { finding, classified, reason, approver, nowMs, expiresAtMs }: Grant,
  { limits }: PolicyInForce,
): Exception | undefined {
  const subject = subjectOf(finding.facts);
  // Keys and sessions hold no data, so that no class binds what is granted of them; their report does.
  const isIdentity = finding.facts.kind === "access-key" || finding.facts.kind === "sessions";
  if (subject === undefined || !(classified.kind === "classified" || isIdentity)) return undefined;
  return {
    findingId: finding.id,
    reason,
    approver,
    grantedAt: new Date(nowMs).toISOString(),
    expiresAt: new Date(expiresAtMs ?? nowMs + limits.exception.defaultMs).toISOString(),
    subject,
    classification:
      classified.kind === "classified" ? joinClasses([classified.classification, ...(classified.also ?? [])]) : "",
  };
}

/** The decision that an exception has just made. Pure. */
export function exemptBy(exception: Exception, last: Decision, how: string, { digest }: PolicyInForce): Decision {
  const { findingId, approver, expiresAt, reason } = exception;
  const rule = `exception:${findingId}`;
  return {
    kind: "exempt",
    rule,
    reasons: [`${how} by ${approver} until ${expiresAt}: ${reason}`],
    policyDigest: digest,
    digest: contentHash([digest, exception]),
    citations: last.citations,
    until: expiresAt,
    explanation: {
      verdict: "violating",
      facts: last.explanation.facts,
      considered: [{ rule, applies: "yes", why: `a person granted it: ${how}` }],
    },
  };
}
