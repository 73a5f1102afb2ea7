import { classifyBucket } from "../../shared/classification/classify.ts";
import { findingId } from "../../shared/ids.ts";
import type { DecisionContext } from "../../shared/policy/decide.ts";
import type { PolicyInForce } from "../../shared/policy/policy.ts";
import type { DecisionKind, Facts, Finding, Tag, TransferFacts } from "../../shared/types.ts";
import { ACCOUNTS, bucketArn, CELL_CONTROL, CONTROL, KEY, NOW_MS, UNITS } from "./cast.ts";

/** A finding as the pipeline hands it to `decide`, and what has to come out. */
export interface Situation {
  readonly finding: Finding;
  readonly context: DecisionContext;
  readonly expected: { readonly kind: DecisionKind; readonly rule: string };
}

type UntransferredFacts = Exclude<Facts, TransferFacts>;

/** What differs from: personal data of production in Frankfurt that is replicated to Oregon. */
interface Case {
  readonly kind: DecisionKind;
  readonly rule: string;
  readonly name?: string;
  readonly unit?: keyof typeof UNITS;
  readonly tags?: readonly Tag[] | { readonly unreadable: string };
  readonly facts?: Partial<TransferFacts> | UntransferredFacts | "unknown destination";
  readonly isOfCell?: true;
}

const classed = (value: string, ...more: readonly Tag[]): readonly Tag[] => [{ key: "class", value }, ...more];
const transfer = (id: string) => `transfer:${id}`;
const PERSONAL = "classification:personal";

const DRIFT: UntransferredFacts = {
  kind: "condition",
  holds: false,
  expected: "the rule is enabled",
  found: "it is disabled",
  consequence: "events are lost",
  remedy: "enable it",
};

const CASES: readonly Case[] = [
  { kind: "compliant", rule: PERSONAL, facts: { to: "eu-west-1" } },
  { kind: "compliant", rule: "built-in:same-region", facts: { to: "eu-central-1" } },
  { kind: "compliant", rule: "built-in:inactive", facts: { active: false } },
  { kind: "compliant", rule: "classification:public", tags: classed("public") },
  { kind: "compliant", rule: transfer("released"), facts: { tags: [{ key: "Sovereignty", value: "Global" }] } },
  { kind: "compliant", rule: transfer("under-key"), facts: { to: "us-east-1", replicaKey: KEY } },
  { kind: "contain", rule: PERSONAL },
  { kind: "contain", rule: PERSONAL, tags: [] },
  { kind: "contain", rule: PERSONAL, facts: { to: "ap-south-1" } },
  { kind: "contain", rule: "classification:secret", tags: classed("secret"), facts: { to: "eu-west-1" } },
  { kind: "exempt", rule: "exception:waived", name: "waived" },
  { kind: "observe", rule: PERSONAL, name: "archive" },
  { kind: "observe", rule: PERSONAL, unit: "lab" },
  { kind: "observe", rule: PERSONAL, tags: classed("personal", { key: "env", value: "dev" }) },
  { kind: "approve", rule: PERSONAL, unit: "staging" },
  { kind: "approve", rule: transfer("asked"), facts: { to: "ca-central-1" } },
  { kind: "approve", rule: "built-in:destination-unknown", facts: "unknown destination" },
  {
    kind: "approve",
    rule: "parameter:destinationAccounts",
    name: "partner",
    facts: { to: "eu-west-1", destinationAccount: "999999999999" },
  },
  { kind: "approve", rule: "built-in:unreadable", facts: { kind: "unreadable", reason: "AccessDenied" } },
  { kind: "approve", rule: "built-in:drift", facts: DRIFT, isOfCell: true },
];

/** Every rule that names a tag or a class can match it. */
const UNTOLD: Case = { kind: "approve", rule: "built-in:unclassified", tags: { unreadable: "AccessDenied" } };

/**
 * The situations decided upon, each in several accounts.
 *
 * @param which `known`: those whose facts are all known, so that rules about other things can't match; `unreadable`: those whose tags are not
 */
export function situationsFor(policy: PolicyInForce, which: "all" | "known" | "unreadable"): readonly Situation[] {
  const cases = { all: [...CASES, UNTOLD], known: CASES, unreadable: [UNTOLD] }[which];
  return Array.from({ length: ACCOUNTS }, (_, number) => cases.map((each) => situationOf(each, number, policy))).flat();
}

function situationOf(
  { kind, rule, name = "orders", unit = "production", tags = classed("personal"), facts = {}, isOfCell }: Case,
  number: number,
  policy: PolicyInForce,
): Situation {
  const bucket = `${name}-${number}`;
  const account = UNITS[unit][number] ?? "";
  const resource = { type: "AWS::S3::Bucket", arn: bucketArn(bucket), name: bucket, account, region: "eu-central-1" };
  const controlId = isOfCell ? CELL_CONTROL : CONTROL;
  const part = "to-there";
  const finding = { id: findingId(controlId, resource, part), controlId, resource, part, title: "t" };
  return {
    finding: { ...finding, facts: factsOf(facts) },
    context: {
      classified: isOfCell ? { kind: "not-applicable", reason: "no data is judged" } : classifyBucket(tags, {}, policy),
      resourceTags: tags,
      defaultMode: "observe",
      ceiling: { mode: "enforce", reason: "CORDON_MODE=enforce" },
      nowMs: NOW_MS,
    },
    expected: { kind, rule },
  };
}

function factsOf(told: NonNullable<Case["facts"]>): Facts {
  const transfer: TransferFacts = {
    kind: "transfer",
    active: true,
    from: "eu-central-1",
    destination: "arn:aws:s3:::copies",
    destinationAccount: "100000000000",
    tags: [],
  };
  if (told === "unknown destination") return { ...transfer, toUnknown: "AccessDenied" };
  return isUntransferred(told) ? told : { ...transfer, to: "us-west-2", ...told };
}

function isUntransferred(told: object): told is UntransferredFacts {
  return "kind" in told;
}
