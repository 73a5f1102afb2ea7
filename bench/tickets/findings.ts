import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { meta } from "../../controls/s3-replication-stays-in-jurisdiction/meta.ts";
import { CELL } from "../../sandbox/index.ts";
import { toAttributes } from "../../shared/journal/attributes.ts";
import type { FindingRecord } from "../../shared/journal/journal.ts";
import { findingKey, outboxAttributes } from "../../shared/journal/keys.ts";
import { type Account, HOME } from "../account.ts";

const AT = "2026-03-01T09:00:00.000Z";

/** A contained replication rule of one bucket among many. */
export function findingOf(index: number, account: string, causes: number): FindingRecord {
  const number = String(index).padStart(5, "0");
  const bucket = `bench-${number}`;
  const id = `f-${number.padStart(20, "0")}`;
  return {
    id,
    controlId: meta.id,
    controlTitle: meta.title,
    why: meta.why,
    citations: [{ framework: "GDPR", reference: "Art. 44" }],
    severity: "high",
    title: `Replication rule "to-oregon" of ${bucket} sends data from ${HOME} to us-west-2`,
    resource: { type: "AWS::S3::Bucket", arn: `arn:aws:s3:::${bucket}`, name: bucket, account, region: HOME },
    part: "to-oregon",
    facts: {
      kind: "transfer",
      active: true,
      from: HOME,
      to: "us-west-2",
      destination: `arn:aws:s3:::${bucket}-us`,
      tags: [],
    },
    classification: "eu-only",
    status: "contained",
    occurrence: 1,
    firstSeenAt: AT,
    lastSeenAt: AT,
    decision: {
      kind: "contain",
      rule: "classification:eu-only",
      reasons: ["us-west-2 is outside eu"],
      citations: [],
      policyDigest: "a".repeat(64),
      digest: "a".repeat(64),
      explanation: { verdict: "violating", facts: {}, considered: [] },
    },
    changes: [{ path: "Rules[to-oregon].Status", before: "Enabled", after: "Disabled" }],
    reversible: meta.reversible,
    notes: [],
    principal: { type: "IAMUser", arn: `arn:aws:iam::${account}:user/developer-${index % causes}` },
    signal: { id: bucket, name: "PutBucketReplication", source: "cloudtrail" },
    run: 1,
    timings: { calledAt: AT, containedAt: AT },
    evidence: [`EVIDENCE#00000001#${id}`],
  };
}

/** Writes findings into the table; gives what its stream tells of them. */
export async function writeFindings({ sandbox }: Account, count: number, causes: number): Promise<readonly object[]> {
  const admin = new DynamoDBClient({
    endpoint: sandbox.endpoint,
    region: HOME,
    credentials: sandbox.createPrincipal({ type: "IAMUser", name: "writer" }).credentials,
  });
  const records: object[] = [];
  try {
    for (let index = 0; index < count; index++) {
      const record = findingOf(index, sandbox.account, causes);
      const key = findingKey(record.id);
      const item = { ...key, entity: "finding", version: 1, ...outboxAttributes("tickets", key, AT), record };
      const NewImage = toAttributes(item);
      await admin.send(new PutItemCommand({ TableName: CELL.table, Item: NewImage }));
      records.push({ eventName: "INSERT", dynamodb: { SequenceNumber: String(index + 1), NewImage } });
    }
  } finally {
    admin.destroy();
  }
  return records;
}
