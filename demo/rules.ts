import type { ReplicationConfiguration, ReplicationRule } from "@aws-sdk/client-s3";

/** The replication that the demo's user switches on, as data. V2 rules have a `Filter`, V1 rules a `Prefix`; S3 takes no mixture. */

/** Where rules send to: bucket and Region. */
export const replicas = {
  ireland: "replica-ireland",
  stockholm: "replica-stockholm",
  oregon: "replica-oregon",
  virginia: "replica-virginia",
  membersOregon: "patients-oregon",
  strangersOregon: "visitors-oregon",
} as const;

export const replicaRegions: Readonly<Record<string, string>> = {
  [replicas.ireland]: "eu-west-1",
  [replicas.stockholm]: "eu-north-1",
  [replicas.oregon]: "us-west-2",
  [replicas.virginia]: "us-east-1",
  [replicas.membersOregon]: "us-west-2",
  [replicas.strangersOregon]: "us-west-2",
};

const arnOf = (bucket: string): string => `arn:aws:s3:::${bucket}`;

/** A V2 rule, enabled, for every object unless `more` says otherwise. */
function rule(ID: string, Priority: number, bucket: string, more: Partial<ReplicationRule> = {}): ReplicationRule {
  return {
    ID,
    Priority,
    Status: "Enabled",
    Filter: {},
    DeleteMarkerReplication: { Status: "Disabled" },
    Destination: { Bucket: arnOf(bucket) },
    ...more,
  };
}

const RTC = {
  ReplicationTime: { Status: "Enabled", Time: { Minutes: 15 } },
  Metrics: { Status: "Enabled", EventThreshold: { Minutes: 15 } },
} as const;

function encryptedBy(account: string, region: string) {
  return { EncryptionConfiguration: { ReplicaKmsKeyID: `arn:aws:kms:${region}:${account}:alias/replicas` } };
}

const kmsSelected = { SourceSelectionCriteria: { SseKmsEncryptedObjects: { Status: "Enabled" } } } as const;

/** A configuration of an account's own. */
function configuration(account: string, ...Rules: ReplicationRule[]): ReplicationConfiguration {
  return { Role: `arn:aws:iam::${account}:role/s3-replication`, Rules };
}

/** The name of the rule that sends everything out of the jurisdiction. */
export const OFFENDING = "to-oregon";

/** Everything to one bucket in Oregon. */
export function allToOregon(account: string, bucket: string = replicas.oregon): ReplicationConfiguration {
  return configuration(account, rule(OFFENDING, 1, bucket));
}

/** The configurations of the account's buckets, by scenario. */
export function configurations(account: string) {
  const made = (...Rules: ReplicationRule[]) => configuration(account, ...Rules);
  const R1 = made(rule("to-ireland", 1, replicas.ireland), rule("to-oregon", 2, replicas.oregon));
  const R2 = made(
    rule("released-to-oregon", 1, replicas.oregon, { Filter: { Tag: { Key: "Sovereignty", Value: "Global" } } }),
  );
  const R3 = made(
    rule("pii-to-virginia", 1, replicas.virginia, {
      Filter: { And: { Prefix: "pii/", Tags: [{ Key: "sensitive", Value: "true" }] } },
    }),
    rule("logs-to-ireland", 2, replicas.ireland, { Filter: { Prefix: "logs/" } }),
  );
  const R5v2 = made(
    rule("deletions-to-ireland", 1, replicas.ireland, {
      DeleteMarkerReplication: { Status: "Enabled" },
      Destination: { Bucket: arnOf(replicas.ireland), StorageClass: "STANDARD_IA", ...RTC },
    }),
    rule("encrypted-to-stockholm", 2, replicas.stockholm, {
      Filter: { Prefix: "sealed/" },
      ...kmsSelected,
      Destination: { Bucket: arnOf(replicas.stockholm), ...encryptedBy(account, "eu-north-1") },
    }),
    rule("all-to-virginia", 3, replicas.virginia, {
      DeleteMarkerReplication: { Status: "Enabled" },
      ...kmsSelected,
      Destination: { Bucket: arnOf(replicas.virginia), ...RTC, ...encryptedBy(account, "us-east-1") },
    }),
  );
  // All V1 rules share one destination, so the compliant ones are those that are switched off.
  const v1 = (ID: string, Prefix: string, Status: "Enabled" | "Disabled", more: Partial<ReplicationRule> = {}) => ({
    ID,
    Prefix,
    Status,
    Destination: { Bucket: arnOf(replicas.virginia), StorageClass: "GLACIER" as const, ...RTC },
    ...more,
  });
  const R5v1 = made(
    v1("drafts", "drafts/", "Disabled"),
    v1("invoices", "invoices/", "Enabled"),
    v1("sealed", "sealed/", "Disabled", {
      ...kmsSelected,
      Destination: { Bucket: arnOf(replicas.virginia), ...encryptedBy(account, "us-east-1") },
    }),
  );
  return { R1, R2, R3, R5v1, R5v2 };
}

/** A rule in few words: what it sends, where, and with which extras. */
export function describeRule(rule: ReplicationRule): string {
  const { Status, Filter, Prefix, Destination } = rule;
  const prefix = Filter?.And?.Prefix ?? Filter?.Prefix ?? Prefix;
  const tags = Filter?.And?.Tags ?? (Filter?.Tag === undefined ? [] : [Filter.Tag]);
  const which = [...(prefix ? [`prefix ${prefix}`] : []), ...tags.map(({ Key, Value }) => `tag ${Key}=${Value}`)];
  const what = which.length > 0 ? which.join(" and ") : "no filter";
  const region = replicaRegions[Destination?.Bucket?.split(":").at(-1) ?? ""];
  const extras = [
    ...(rule.DeleteMarkerReplication?.Status === "Enabled" ? ["delete markers"] : []),
    ...(Destination?.ReplicationTime === undefined ? [] : ["RTC"]),
    ...(rule.SourceSelectionCriteria?.SseKmsEncryptedObjects === undefined ? [] : ["KMS selection"]),
    ...(Status === "Enabled" ? [] : ["switched off"]),
  ];
  return `${what} -> ${region}${extras.length > 0 ? ` (${extras.join(", ")})` : ""}`;
}
