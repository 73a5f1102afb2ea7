import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { catalogue } from "../../controls/catalogue.ts";
import { type Classified, classifyBucket, type JournalledClass } from "../../shared/classification/classify.ts";
import { findingId } from "../../shared/ids.ts";
import { type DecisionContext, decide } from "../../shared/policy/decide.ts";
import { formatPolicyErrors, parsePolicy } from "../../shared/policy/language/parse-policy.ts";
import { inForce } from "../../shared/policy/load-policy.ts";
import type { PolicyInForce, ResidencyPolicy } from "../../shared/policy/policy.ts";
import type { Decision, Facts, Finding, Tag, TransferFacts } from "../../shared/types.ts";
import { START_MS } from "../support/events.ts";

export const CONTROL = "s3-replication-stays-in-jurisdiction";
export const DATA_OWNER = "arn:aws:iam::*:role/data-owner";
export const at = (ms: number) => new Date(ms).toISOString().replace(".000", "");

/** A policy in few words, to which a test adds what it is about. */
export const BASE = {
  version: 1,
  name: "test",
  classifications: [
    {
      name: "public",
      rank: 0,
      residency: "anywhere",
      recognisedBy: [{ tag: { key: "class", value: "public" } }],
      setBy: { principals: [DATA_OWNER], enforcement: "declared" },
    },
    {
      name: "personal",
      rank: 50,
      residency: ["eu"],
      recognisedBy: [{ tag: { key: "class", value: "personal" } }],
      setBy: { principals: [DATA_OWNER], enforcement: "declared" },
      citations: ["GDPR Art. 44"],
    },
    {
      name: "secret",
      rank: 90,
      residency: ["eu-central-1"],
      recognisedBy: [{ tag: { key: "class", value: "secret" } }],
      setBy: { principals: [DATA_OWNER], enforcement: "declared" },
    },
  ],
  unclassified: { treatAs: "personal" },
  controls: { [CONTROL]: { mode: "enforce" } },
};

/** A document -> its errors as `line: message`, none when it is right. JSON is YAML: each key stands where it stands in the document. */
export function errorsOf(document: unknown): readonly string[] {
  const parsed = parsePolicy(typeof document === "string" ? document : JSON.stringify(document), "p", catalogue);
  return parsed.ok ? [] : parsed.errors.map(({ message }) => message);
}

/** A document that has to be right -> the compiled policy. */
export function compiled(document: unknown = BASE): ResidencyPolicy {
  const parsed = parsePolicy(JSON.stringify(document), "p", catalogue);
  if (!parsed.ok) throw new Error(formatPolicyErrors(parsed.errors));
  return parsed.policy;
}

export function policyOf(more: object = {}): Promise<PolicyInForce> {
  return inForce(compiled({ ...BASE, ...more }));
}

export const shipped = (file: string) => readFileSync(new URL(`../../policies/${file}`, import.meta.url), "utf8");
export const shippedDocument = (file: string) => parse(shipped(file)) as Record<string, unknown>;

export const resource = {
  type: "AWS::S3::Bucket",
  arn: "arn:aws:s3:::orders",
  name: "orders",
  account: "111122223333",
  region: "eu-central-1",
};

export function transferTo(to: string | undefined, more: Partial<TransferFacts> = {}): TransferFacts {
  return {
    kind: "transfer",
    active: true,
    from: "eu-central-1",
    destination: "arn:aws:s3:::copies",
    tags: [],
    ...(to !== undefined && { to }),
    ...more,
  };
}

export function findingOf(facts: Facts, more: Partial<Finding> = {}): Finding {
  const { resource: about = resource, part = "to-there", controlId = CONTROL } = more;
  return { id: findingId(controlId, about, part), controlId, resource: about, part, title: "t", facts, ...more };
}

export const PERSONAL: readonly Tag[] = [{ key: "class", value: "personal" }];

/** What differs from: a replication of personal data from Frankfurt, decided now, in a deployment that may enforce. */
export interface Given extends Partial<Omit<DecisionContext, "resourceTags" | "classified">> {
  readonly facts?: Facts;
  readonly finding?: Partial<Finding>;
  readonly tags?: readonly Tag[] | { readonly unreadable: string };
  readonly journalled?: JournalledClass;
  readonly classified?: Classified;
}

export function decisionOf(policy: PolicyInForce, given: Given = {}): Decision {
  const { facts = transferTo("us-west-2"), finding, tags = PERSONAL, journalled = {}, classified, ...context } = given;
  return decide(findingOf(facts, finding), policy, {
    classified: classified ?? classifyBucket(tags, journalled, policy),
    resourceTags: tags,
    defaultMode: "observe",
    ceiling: { mode: "enforce", reason: "CORDON_MODE=enforce" },
    nowMs: START_MS,
    ...context,
  });
}

/** A rule with the word of its author on who sets the tags that it asks for. */
export function trusting<Rule extends object>(rule: Rule): Rule {
  return JSON.stringify(rule).includes("tags")
    ? { tagsSetBy: { principals: [DATA_OWNER], enforcement: "declared" }, ...rule }
    : rule;
}
