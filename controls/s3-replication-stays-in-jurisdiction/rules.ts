import type { ReplicationConfiguration, ReplicationRule } from "../../shared/resources/s3-buckets.ts";
import type { Tag } from "../../shared/types.ts";

/** Rules with their ids; S3 gives every rule one, the position stands in for it should one ever lack it. */
export function rulesOf(state: ReplicationConfiguration | null): readonly (readonly [ReplicationRule, string])[] {
  return (state?.Rules ?? []).map((rule, index) => [rule, rule.ID ?? `#${index + 1}`] as const);
}

/** Anything but "Disabled" counts as enabled: an unknown status must not pass for harmless. */
export function isEnabled(rule: ReplicationRule): boolean {
  return rule.Status !== "Disabled";
}

export function destinationOf(rule: ReplicationRule): string {
  return rule.Destination?.Bucket ?? "";
}

/** V1 rules have `Prefix`, V2 rules a `Filter`, alone or with tags in `And`. */
export function prefixOf(rule: ReplicationRule): string {
  return rule.Filter?.And?.Prefix ?? rule.Filter?.Prefix ?? rule.Prefix ?? "";
}

export function tagsOf(rule: ReplicationRule): readonly Tag[] {
  const tags = rule.Filter?.And?.Tags ?? (rule.Filter?.Tag === undefined ? [] : [rule.Filter.Tag]);
  return tags.map((tag) => ({ key: tag.Key ?? "", value: tag.Value ?? "" }));
}

/** The KMS key of the copies, as the rule names it; S3 uses it for objects that are encrypted with KMS at their source. */
export function replicaKeyOf(rule: ReplicationRule): string | undefined {
  return rule.Destination?.EncryptionConfiguration?.ReplicaKmsKeyID;
}
