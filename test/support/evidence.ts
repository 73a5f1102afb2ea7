import type { Entry } from "../../shared/evidence/entry.ts";
import { contentHash } from "../../shared/ids.ts";
import type { Receipt } from "../../shared/types.ts";

/** Every kind that evidence is written of, and one that only a later version knows. */
export const EVIDENCE_KINDS = [
  "observed",
  "awaiting-approval",
  "containing",
  "contained",
  "inconclusive",
  "waiting",
  "rolling-back",
  "exempt",
  "resolved",
  "rollback-not-applied",
  "exception-granted",
  "interleaved-write",
  "a-kind-of-tomorrow",
];

const AT = "2026-03-01T09:00:00.000Z";
const RESOURCE = {
  type: "AWS::S3::Bucket",
  arn: "arn:aws:s3:::orders-eu",
  name: "orders-eu",
  account: "444455556666",
  region: "eu-west-1",
};

const accepted: Receipt = { operation: "PutBucketReplication", requestId: "REQUEST1", at: AT, outcome: "accepted" };
const refused: Receipt = { ...accepted, requestId: "REQUEST2", outcome: "refused", error: "AccessDenied" };
const runOf = (kind: string, receipts: readonly Receipt[]) => ({
  number: 3,
  kind,
  beforeHash: "b".repeat(64),
  afterHash: "a".repeat(64),
  usedFallback: false,
  changes: [{ path: "Rules[to-us].Status", before: "Enabled", after: "Disabled" }],
  receipts,
  verification: { kind: "verified", at: AT, reads: 1 },
});

/** Runs as evidence tells of them. */
export const RUN = {
  contained: runOf("contain", [accepted]),
  rolledBack: runOf("roll-back", [accepted]),
  refused: runOf("contain", [refused]),
};

/** An entry as the journal writes it; `number` tells entries of a resource apart. */
export function entryOf({
  kind = "observed",
  number = 1,
  run = null,
  controlId = "a-control-id",
  resource = RESOURCE,
}: {
  readonly kind?: string;
  readonly number?: number;
  readonly run?: ReturnType<typeof runOf> | null;
  readonly controlId?: string;
  readonly resource?: typeof RESOURCE;
} = {}): Entry {
  const findingId = "f-0123456789abcdef0123";
  const finding = { id: findingId, controlId, part: "to-us", title: "Replication to us-west-2", facts: {} };
  const content = { kind, at: AT, finding, resource, occurrence: number, run };
  return {
    pk: `RESOURCE#${resource.account}#${resource.arn}`,
    record: {
      key: `EVIDENCE#${String(number).padStart(8, "0")}#${findingId}`,
      findingId,
      controlId,
      occurrence: number,
      kind,
      at: AT,
      content,
      contentHash: contentHash(content),
    },
  };
}
