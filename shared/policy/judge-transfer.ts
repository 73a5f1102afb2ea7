import type { Consideration, TransferFacts } from "../types.ts";
import { indexesOf } from "./indexes.ts";
import { type Match, matchWhen, unproved } from "./match-scope.ts";
import type {
  Classification,
  LegalBasis,
  PolicyInForce,
  Transfer,
  TransferCondition,
  TrustedSetters,
} from "./policy.ts";
import type { Subject } from "./subject.ts";
import type { Verdict } from "./verdict.ts";

/** A transfer whose destination is known. */
export type KnownTransfer = TransferFacts & { readonly to: string };

/** So many transfers that don't cover it are told in the reasons; `considered` has more. */
const TOLD = 3;

/**
 * Whether data of one class may go where it would go: within its residency, or beyond it by a transfer that policy allows. A transfer that can't be
 * evaluated leaves it undecided, whatever the others say. Pure.
 */
export function judgeTransfer(
  facts: KnownTransfer,
  classification: Classification,
  policy: PolicyInForce,
  subject: Subject,
  nowMs: number,
): Verdict {
  const { name, citations } = classification;
  const rule = `classification:${name}`;
  if (classification.anywhere) {
    return { kind: "compliant", rule, reasons: [`"${name}" may live anywhere`], citations };
  }
  const home = classification.residency.join(", ");
  if (classification.places.includes(facts.to)) {
    return { kind: "compliant", rule, reasons: [`${facts.to} is in ${home}`], citations };
  }
  const outside = `${facts.to} is outside ${home}, where "${name}" has to stay`;
  const considered = indexesOf(policy)
    .transfers(name, facts.to)
    .map((transfer) => ({ transfer, ...coverage(transfer, facts, classification, policy, subject, nowMs) }));
  const told: readonly Consideration[] = considered.map(({ transfer, applies, why }) => ({
    rule: `transfer:${transfer.id}`,
    applies,
    why,
  }));
  const failed = considered.find(({ isFailure }) => isFailure);
  const granting = considered.find(({ applies }) => applies === "yes");
  const open = considered.find(({ applies }) => applies === "unknown");
  if (failed === undefined && granting !== undefined) {
    const { transfer, why } = granting;
    const allowed = `${facts.to} is outside ${home}, and transfer "${transfer.id}" allows it: ${describeBasis(transfer.basis)}`;
    const cited = [...citations, ...transfer.citations];
    return {
      kind: "compliant",
      rule: `transfer:${transfer.id}`,
      reasons: [allowed, why],
      citations: cited,
      considered: told,
    };
  }
  const undecided = failed ?? open;
  if (undecided !== undefined) {
    const reasons = [outside, `transfer "${undecided.transfer.id}" may allow it: ${undecided.why}`];
    const rule = `transfer:${undecided.transfer.id}`;
    return { kind: "undecidable", rule, reasons, citations, considered: told, ...(failed && { isFailed: true }) };
  }
  const not = considered
    .slice(0, TOLD)
    .map(({ transfer, why }) => `transfer "${transfer.id}" does not cover it: ${why}`);
  return { kind: "violating", rule, reasons: [outside, ...not], citations, considered: told };
}

/** `isFailure`: it could not be evaluated, which is more than not being told. */
type Coverage = Match & { readonly isFailure: boolean };

function coverage(
  transfer: Transfer,
  facts: KnownTransfer,
  classification: Classification,
  policy: PolicyInForce,
  subject: Subject,
  nowMs: number,
): Coverage {
  const { from = classification.places, validFromMs, validUntilMs, conditions, when, tagsSetBy } = transfer;
  const no = (why: string): Coverage => ({ applies: "no", why, isFailure: false });
  if (!from.includes(facts.from)) return no(`it does not allow data to leave ${facts.from}`);
  // Written the other way round: at a time that is none nothing is valid.
  if (validFromMs !== undefined && !(nowMs >= validFromMs)) return no(`it is valid from ${iso(validFromMs)}`);
  if (validUntilMs !== undefined && !(nowMs < validUntilMs)) return no(`it was valid until ${iso(validUntilMs)}`);
  const matches = conditions.map((condition) => meets(condition, facts));
  const unmet = matches.find(({ applies }) => applies === "no");
  if (unmet !== undefined) return no(unmet.why);
  const condition = when === undefined ? undefined : matchWhen(when, subject, policy.conditions, classification);
  if (condition?.applies === "no") return no(condition.why);
  if (condition?.applies === "unknown") return { ...condition, isFailure: true };
  if (tagsSetBy?.enforcement === "verify") matches.push(unproved(tagsSetBy));
  const open = matches.filter(({ applies }) => applies === "unknown");
  const deciding = open.length > 0 ? open : matches;
  const why = deciding.map((match) => match.why).join("; ") || "it has no further conditions";
  return { applies: open.length > 0 ? "unknown" : "yes", why, isFailure: false };
}

/** Whether a transfer's condition holds, by the settings of what moves the data. */
function meets(condition: TransferCondition, facts: KnownTransfer): Match {
  switch (condition.kind) {
    case "trusted-tag":
    case "pseudonymised-tag": {
      const { key, value } = condition.tag;
      if (!facts.tags.some((tag) => tag.key === key && tag.value === value)) {
        return { applies: "no", why: `data without the tag ${key}=${value} moves too` };
      }
      return trusted(`only data tagged ${key}=${value} moves`, condition.setBy);
    }
    case "replica-key": {
      const { replicaKey } = facts;
      if (replicaKey === undefined) return { applies: "no", why: "it does not encrypt the copies with a customer key" };
      if (condition.keys.includes(replicaKey))
        return { applies: "yes", why: `it encrypts the copies with ${replicaKey}` };
      // By an alias, which can be pointed elsewhere, or by a bare id, which is one in each account.
      if (!KEY_ARN.test(replicaKey)) {
        return { applies: "unknown", why: `it names the key by ${replicaKey}, and which key that is can't be told` };
      }
      return { applies: "no", why: `it encrypts the copies with ${replicaKey}, which is none of the keys named` };
    }
    case "pseudonymised-prefix": {
      const { prefix = "" } = facts;
      const within = condition.prefixes.find((each) => prefix.startsWith(each));
      if (within !== undefined) return { applies: "yes", why: `only pseudonymised data, below ${within}, moves` };
      return { applies: "no", why: `data that is not below ${condition.prefixes.join(" or ")} moves too` };
    }
    case "approval":
      return { applies: "unknown", why: "a person has to approve it each time" };
  }
}

const KEY_ARN = /^arn:[^:]+:kms:[^:]+:[^:]+:key\//;

function trusted(what: string, { principals, enforcement }: TrustedSetters): Match {
  const who = principals.join(", ");
  if (enforcement === "declared")
    return { applies: "yes", why: `${what}; policy declares that tag trusted, set by ${who}` };
  return {
    applies: "unknown",
    why: `${what}, but that live policies deny the tag to everybody but ${who} has not been proved`,
  };
}

const BASES: Readonly<Record<LegalBasis["kind"], string>> = {
  adequacy: "adequacy decision",
  scc: "standard contractual clauses",
  bcr: "binding corporate rules",
  derogation: "derogation",
};

function describeBasis({ kind, document }: LegalBasis): string {
  return `${BASES[kind]}, ${document}`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
