import type { FindingRecord } from "../../shared/journal/journal.ts";
import type { Decision } from "../../shared/types.ts";

/** The parts of a decision that say why. */
export const DECIDED = {
  policyDigest: "a".repeat(64),
  digest: "a".repeat(64),
  citations: [],
  explanation: { verdict: "violating", facts: {}, considered: [] },
} as const satisfies Partial<Decision>;

/** A contained finding, with what differs. */
export function findingOf(more: Partial<FindingRecord> = {}): FindingRecord {
  return {
    id: "f-0123456789abcdef0123",
    controlId: "a-control-id",
    controlTitle: "A control",
    why: "Data would leave.",
    citations: [],
    severity: "high",
    title: "Replication to us-west-2",
    resource: {
      type: "AWS::S3::Bucket",
      arn: "arn:aws:s3:::orders-eu",
      name: "orders-eu",
      account: "111122223333",
      region: "eu-central-1",
    },
    part: "to-us",
    facts: { kind: "unreadable", reason: "none" },
    classification: "eu-only",
    status: "contained",
    occurrence: 1,
    firstSeenAt: "2026-03-01T09:00:00.000Z",
    lastSeenAt: "2026-03-01T09:00:00.000Z",
    decision: { kind: "contain", rule: "classification:eu-only", reasons: [], ...DECIDED },
    changes: [],
    reversible: "yes",
    notes: [],
    signal: { id: "e", name: "PutBucketReplication", source: "cloudtrail" },
    timings: {},
    evidence: ["EVIDENCE#00000001#f-0123456789abcdef0123"],
    ...more,
  };
}
