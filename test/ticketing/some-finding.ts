import type { FindingRecord } from "../../shared/journal/journal.ts";
import { DECIDED } from "../support/finding.ts";

/** A contained replication rule. */
export function someFinding(given: Partial<FindingRecord> = {}): FindingRecord {
  return {
    id: "f-0123456789abcdef0123",
    controlId: "s3-replication-stays-in-jurisdiction",
    controlTitle: "S3 replication stays in the jurisdiction",
    why: "A replication rule copies every new object.",
    citations: [{ framework: "GDPR", reference: "Art. 44" }],
    severity: "high",
    title: 'Replication rule "to-us" of orders-eu sends data from eu-central-1 to us-west-2',
    resource: {
      type: "AWS::S3::Bucket",
      arn: "arn:aws:s3:::orders-eu",
      name: "orders-eu",
      account: "111122223333",
      region: "eu-central-1",
    },
    part: "to-us",
    facts: {
      kind: "transfer",
      active: true,
      from: "eu-central-1",
      to: "us-west-2",
      destination: "arn:aws:s3:::orders-us",
      tags: [],
    },
    classification: "eu-only",
    status: "contained",
    occurrence: 1,
    firstSeenAt: "2026-11-27T08:00:00.000Z",
    lastSeenAt: "2026-11-27T08:00:00.000Z",
    decision: { kind: "contain", rule: "classification:eu-only", reasons: ["us-west-2 is outside eu"], ...DECIDED },
    changes: [{ path: "Rules[to-us].Status", before: "Enabled", after: "Disabled" }],
    reversible: "Disabling a rule is undone by enabling it again.",
    notes: [],
    principal: { type: "AssumedRole", arn: "arn:aws:sts::111122223333:assumed-role/deploy/ci" },
    signal: { id: "e", name: "PutBucketReplication", source: "cloudtrail" },
    run: 1,
    timings: { calledAt: "2026-11-27T07:59:58Z", containedAt: "2026-11-27T08:00:00.000Z" },
    evidence: ["EVIDENCE#00000001#f-0123456789abcdef0123"],
    ...given,
  };
}
