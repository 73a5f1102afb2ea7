import type { Classified } from "../classification/classify.ts";
import type { Finding, Tag, TransferFacts } from "../types.ts";
import type { Classification, ConditionContext, PolicyInForce } from "./policy.ts";

/** What a finding is about, as rules ask for it. What is undefined is not known; a rule that rests on it can't be told to apply or not. */
export interface Subject {
  readonly finding: Finding;
  readonly units: readonly string[];
  readonly tags: ReadonlyMap<string, string> | undefined;
  /** The class of the data, and any other that it has to be treated as as well; none where no data is judged. */
  readonly classes: readonly Classification[] | undefined;
  readonly transfer: TransferFacts | undefined;
  /** For `when:`, made only where there is one; about one of the classes, the first unless told another. */
  context(classification?: Classification): ConditionContext;
}

/** Gathers what rules ask for. Pure. */
export function subjectFor(
  finding: Finding,
  policy: PolicyInForce,
  classified: Classified,
  resourceTags: readonly Tag[] | { readonly unreadable: string },
): Subject {
  const tags = "unreadable" in resourceTags ? undefined : new Map(resourceTags.map(({ key, value }) => [key, value]));
  const transfer = finding.facts.kind === "transfer" ? finding.facts : undefined;
  const { account } = finding.resource;
  const units = (Object.hasOwn(policy.units, account) && policy.units[account]) || [];
  const classes = classesOf(classified);
  const contexts = new Map<Classification | undefined, ConditionContext>();
  return {
    finding,
    units,
    tags,
    classes,
    transfer,
    context(classification = classes?.[0]) {
      const context = contexts.get(classification) ?? contextOf(finding, units, tags, classification, transfer);
      contexts.set(classification, context);
      return context;
    },
  };
}

function classesOf(classified: Classified): readonly Classification[] | undefined {
  switch (classified.kind) {
    case "classified":
      return [classified.classification, ...(classified.also ?? [])];
    case "not-applicable":
      return [];
    case "undecided":
      return undefined;
  }
}

function contextOf(
  { resource, part }: Finding,
  units: readonly string[],
  tags: ReadonlyMap<string, string> | undefined,
  classification: Classification | undefined,
  transfer: TransferFacts | undefined,
): ConditionContext {
  const { arn, name, account, region, type } = resource;
  return {
    resource: { arn, name, account, region, type },
    units,
    part,
    ...(tags !== undefined && { tags: Object.fromEntries(tags) }),
    ...(classification !== undefined && {
      classification: { name: classification.name, rank: classification.rank },
    }),
    ...(transfer !== undefined && {
      transfer: {
        from: transfer.from,
        ...(transfer.to !== undefined && { to: transfer.to }),
        destination: transfer.destination,
        ...(transfer.destinationAccount !== undefined && { destinationAccount: transfer.destinationAccount }),
        prefix: transfer.prefix ?? "",
        replicaKey: transfer.replicaKey ?? "",
        tags: Object.fromEntries(transfer.tags.map(({ key, value }) => [key, value])),
      },
    }),
  };
}
