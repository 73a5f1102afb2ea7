import type { ReplicationConfiguration, ReplicationRule } from "@aws-sdk/client-s3";
import { ServiceError } from "../errors.ts";
import type { Bucket, S3State } from "./state.ts";
import { malformedXml } from "./wire.ts";

const MAX_RULES = 1000;
const MAX_ID_LENGTH = 255;
const SEE_GUIDE =
  "of Cross Region Replication configuration schema. Please refer to S3 Developer Guide for more information.";

/**
 * Refuse the replication configurations AWS refuses, as far as its documents and error messages tell, and give every
 * rule an ID. What is not documented is let through. Throws ServiceError; changes nothing.
 */
export function checkReplication(
  state: S3State,
  source: Bucket,
  configuration: ReplicationConfiguration | undefined,
  createId: () => string,
): ReplicationConfiguration {
  const rules = configuration?.Rules ?? [];
  if (!configuration?.Role || rules.length === 0) throw malformedXml();
  if (rules.length > MAX_RULES)
    throw invalidRequest(`The number of rules must not exceed the allowed limit of ${MAX_RULES} rules`);
  for (const rule of rules) checkShape(rule);
  checkIds(rules);
  if (rules.every((rule) => rule.Filter === undefined)) checkFirstVersion(rules);
  else checkSecondVersion(rules);
  if (source.versioning !== "Enabled") {
    throw invalidRequest("Versioning must be 'Enabled' on the bucket to apply a replication configuration");
  }
  for (const rule of rules) checkDestination(state, source, rule);
  return { ...configuration, Rules: rules.map((rule) => ({ ...rule, ID: rule.ID || createId() })) };
}

function checkShape(rule: ReplicationRule): void {
  const isStatus = (status: unknown): boolean => status === "Enabled" || status === "Disabled";
  if (!isStatus(rule.Status) || !rule.Destination?.Bucket) throw malformedXml();
  const { Filter: filter } = rule;
  if (filter && [filter.Prefix, filter.Tag, filter.And].filter((part) => part !== undefined).length > 1)
    throw malformedXml();
  if (filter && rule.Prefix !== undefined) throw malformedXml();
  if (rule.DeleteMarkerReplication && !isStatus(rule.DeleteMarkerReplication.Status)) throw malformedXml();
}

function checkIds(rules: ReplicationRule[]): void {
  const ids = rules.flatMap((rule) => (rule.ID ? [rule.ID] : []));
  if (ids.some((id) => id.length > MAX_ID_LENGTH)) {
    throw new ServiceError("InvalidArgument", `ID length should not exceed allowed limit of ${MAX_ID_LENGTH}`, 400);
  }
  if (new Set(ids).size < ids.length) {
    throw new ServiceError("InvalidArgument", "Rule Id must be unique. Found same Id for more than one rule", 400);
  }
}

function checkFirstVersion(rules: ReplicationRule[]): void {
  for (const rule of rules) {
    if (rule.DeleteMarkerReplication)
      throw invalidRequest(`DeleteMarkerReplication cannot be used for this version ${SEE_GUIDE}`);
    if (rule.Priority !== undefined) throw invalidRequest(`Priority cannot be used for this version ${SEE_GUIDE}`);
  }
  if (new Set(rules.map((rule) => rule.Destination?.Bucket)).size > 1) {
    throw invalidRequest("Number of distinct destination bucket ARNs cannot exceed 1");
  }
}

function checkSecondVersion(rules: ReplicationRule[]): void {
  const taken = new Set<string>();
  for (const rule of rules) {
    // AWS's wording for a mixture is not documented; that it refuses one is.
    if (rule.Filter === undefined) throw invalidRequest(`Filter must be specified for this version ${SEE_GUIDE}`);
    if (!rule.DeleteMarkerReplication)
      throw invalidRequest(`DeleteMarkerReplication must be specified for this version ${SEE_GUIDE}`);
    if (rule.Priority === undefined) throw invalidRequest(`Priority must be specified for this version ${SEE_GUIDE}`);
    const hasTag = rule.Filter.Tag !== undefined || (rule.Filter.And?.Tags?.length ?? 0) > 0;
    if (hasTag && rule.DeleteMarkerReplication.Status === "Enabled") {
      throw invalidRequest(
        "Delete marker replication is not supported if any Tag filter is specified. Please refer to S3 Developer Guide for more information.",
      );
    }
    // Priorities decide between rules for one destination only, so only there can two be in each other's way.
    const place = `${rule.Priority} ${rule.Destination?.Bucket}`;
    if (taken.has(place)) throw invalidRequest(`Found duplicate priority ${rule.Priority}`);
    taken.add(place);
  }
}

function checkDestination(state: S3State, source: Bucket, rule: ReplicationRule): void {
  const { Destination: destination } = rule;
  const [, name] = /^arn:aws[a-z-]*:s3:::([^/:]+)$/.exec(destination?.Bucket ?? "") ?? [];
  if (!destination || name === undefined) throw new ServiceError("InvalidArgument", "Invalid bucket ARN.", 400);
  if (name === source.name) throw invalidRequest("Destination bucket cannot be the same as the source bucket.");
  const target = state.buckets.get(name);
  if (!target) throw invalidRequest("Destination bucket must exist.");
  if (target.versioning !== "Enabled") throw invalidRequest("Destination bucket must have versioning enabled.");
  if (destination.AccessControlTranslation && !destination.Account) {
    throw invalidRequest("Account must be specified if AccessControlTranslation is specified");
  }
  if (destination.ReplicationTime && !destination.Metrics) {
    throw invalidRequest("Replication destination must contain both ReplicationTime and Metrics or neither.");
  }
  const selectsKms = rule.SourceSelectionCriteria?.SseKmsEncryptedObjects?.Status === "Enabled";
  if (selectsKms && !destination.EncryptionConfiguration?.ReplicaKmsKeyID) {
    throw invalidRequest("ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects is enabled");
  }
}

function invalidRequest(message: string): ServiceError {
  return new ServiceError("InvalidRequest", message, 400);
}
