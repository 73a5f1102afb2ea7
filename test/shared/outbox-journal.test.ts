import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { expect, it, onTestFinished } from "vitest";
import { startSandbox } from "../../sandbox/index.ts";
import { contentHash } from "../../shared/ids.ts";
import { DynamoDbJournal } from "../../shared/journal/dynamodb-journal.ts";
import type { EvidenceRecord, FindingRecord } from "../../shared/journal/journal.ts";
import { CONSUMERS, outboxAttributes, outboxShards } from "../../shared/journal/keys.ts";
import { FINDINGS_A_SAVE } from "../../shared/lifecycle/save.ts";
import { lookAt } from "../support/stage.ts";

const RESOURCE = {
  type: "AWS::S3::Bucket",
  arn: "arn:aws:s3:::orders-eu",
  name: "orders-eu",
  account: "111122223333",
  region: "eu-central-1",
};
const AT = "2026-03-01T09:00:00.000Z";
const CONTROL = "s3-replication-stays-in-jurisdiction";

const findingOf = (index: number, more: object = {}) =>
  ({ id: `f-${index}`, lastSeenAt: AT, evidence: [], ...more }) as unknown as FindingRecord;
const evidenceOf = (index: number, content: EvidenceRecord["content"] = { kind: "observed" }): EvidenceRecord => ({
  key: `EVIDENCE#00000001#f-${index}`,
  findingId: `f-${index}`,
  controlId: CONTROL,
  occurrence: 1,
  kind: "observed",
  at: AT,
  content,
  contentHash: contentHash(content),
});

async function openJournal() {
  const sandbox = await startSandbox({ tables: [{ name: "cordon" }] });
  onTestFinished(() => sandbox.close());
  Object.assign(process.env, sandbox.environment());
  const journal = new DynamoDbJournal(new DynamoDBClient(), "cordon", async () => {});
  const { record } = await journal.open(RESOURCE, CONTROL);
  return { journal, record, sandbox, table: lookAt(sandbox) };
}

it("what people and the archive have to be told is in the outbox by being written, and nothing else is", async () => {
  const { journal, record, table } = await openJournal();

  await journal.save(record, record, { findings: [findingOf(1)], evidence: [evidenceOf(1)] });

  const outbox = table.items().map((item) => [item.entity, String(item.outbox).split("#")[0], item.outboxAt]);
  expect(outbox.sort()).toEqual([
    ["evidence", "archive", AT],
    ["finding", "tickets", AT],
    ["resource", "undefined", undefined],
  ]);
});

it("two states of a finding differ in version, even when nothing else tells them apart, and the newer is higher", async () => {
  const { journal, record, table } = await openJournal();
  const versionOf = () => table.items().find(({ entity }) => entity === "finding")?.version;

  const saved = await journal.save(record, record, { findings: [findingOf(1)] });
  const first = versionOf();
  await journal.save(saved, saved, { findings: [findingOf(1)] });

  expect([first, versionOf()]).toEqual([1, 2]);
});

it("the outbox costs no call and no item: a full save of large entries is one transaction within its limits", async () => {
  const { journal, record, sandbox, table } = await openJournal();
  sandbox.clearCalls();
  const many = Array.from({ length: FINDINGS_A_SAVE }, (_, index) => index);
  const large = { kind: "observed", notes: "x".repeat(40_000) };

  await journal.save(record, record, {
    findings: many.map((index) => findingOf(index, { notes: ["x".repeat(40_000)] })),
    evidence: many.map((index) => evidenceOf(index, large)),
  });

  expect(sandbox.calls.map(({ operation }) => operation)).toEqual(["TransactWriteItems"]);
  expect(table.items()).toHaveLength(1 + 2 * FINDINGS_A_SAVE);
});

it("entries spread over the index's partitions, each always in the same one of them", () => {
  const key = (index: number) => ({ pk: `FINDING#f-${index}`, sk: "FINDING" });
  for (const consumer of CONSUMERS) {
    const used = new Map<string, number>();
    for (let index = 0; index < 800; index++) {
      const { outbox } = outboxAttributes(consumer, key(index), AT);
      expect(outboxAttributes(consumer, key(index), "later").outbox).toBe(outbox);
      used.set(outbox, (used.get(outbox) ?? 0) + 1);
    }
    expect([...used.keys()].sort()).toEqual([...outboxShards(consumer)].sort());
    expect(Math.min(...used.values())).toBeGreaterThan(50);
  }
});
