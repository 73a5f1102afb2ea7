import type { FindingRecord } from "../../shared/journal/journal.ts";
import { DECIDED, findingOf } from "../support/finding.ts";

/** A contained replication rule. */
export function someFinding(given: Partial<FindingRecord> = {}): FindingRecord {
  return findingOf({
    controlId: "s3-replication-stays-in-jurisdiction",
    controlTitle: "S3 replication stays in the jurisdiction",
    why: "A replication rule copies every new object.",
    citations: [{ framework: "GDPR", reference: "Art. 44" }],
    title: 'Replication rule "to-us" of orders-eu sends data from eu-central-1 to us-west-2',
    facts: {
      kind: "transfer",
      active: true,
      from: "eu-central-1",
      to: "us-west-2",
      destination: "arn:aws:s3:::orders-us",
      tags: [],
    },
    firstSeenAt: "2026-11-27T08:00:00.000Z",
    lastSeenAt: "2026-11-27T08:00:00.000Z",
    decision: { kind: "contain", rule: "classification:eu-only", reasons: ["us-west-2 is outside eu"], ...DECIDED },
    changes: [{ path: "Rules[to-us].Status", before: "Enabled", after: "Disabled" }],
    reversible: "Disabling a rule is undone by enabling it again.",
    principal: { type: "AssumedRole", arn: "arn:aws:sts::111122223333:assumed-role/deploy/ci" },
    run: 1,
    timings: { calledAt: "2026-11-27T07:59:58Z", containedAt: "2026-11-27T08:00:00.000Z" },
    ...given,
  });
}
