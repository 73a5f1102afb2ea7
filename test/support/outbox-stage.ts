import { DeleteItemCommand, DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import type { Context, DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";
import { onTestFinished, vi } from "vitest";
import { startSandbox } from "../../sandbox/index.ts";
import { type Head, parseObjectKey } from "../../shared/evidence/chain.ts";
import { verifyChain } from "../../shared/evidence/verify-chain.ts";
import { contentHash } from "../../shared/ids.ts";
import { DynamoDbJournal } from "../../shared/journal/dynamodb-journal.ts";
import type { EvidenceRecord, FindingRecord, ResourceRecord } from "../../shared/journal/journal.ts";
import { type Consumer, chainKey, OUTBOX_INDEX } from "../../shared/journal/keys.ts";
import { lambdaContext } from "./events.ts";
import { findingOf } from "./finding.ts";
import { lookAt } from "./stage.ts";

export const BUCKET = "cordon-evidence-111122223333-eu-central-1";
export const CONTROL = "s3-replication-stays-in-jurisdiction";
export const CHAIN = `111122223333/eu-central-1/${CONTROL}`;

type StreamHandler = (event: DynamoDBStreamEvent, context?: Context) => Promise<DynamoDBBatchResponse>;

/** A cell's table with stream and outbox, its evidence bucket, and the journal that writes; functions run in this process. */
export async function outboxStage() {
  const sandbox = await startSandbox({
    tables: [
      {
        name: "cordon",
        stream: true,
        indexes: [{ name: OUTBOX_INDEX, hash: "outbox", range: "outboxAt", projection: "KEYS_ONLY" }],
      },
    ],
  });
  onTestFinished(() => sandbox.close());
  sandbox.createBucket({ name: BUCKET, region: "eu-central-1", objectLock: { mode: "COMPLIANCE", days: 2_555 } });
  sandbox.createQueue("cordon-refused");
  const environment = {
    ...sandbox.environment(),
    CORDON_TABLE: "cordon",
    CORDON_STACK: "cordon",
    CORDON_EVIDENCE_BUCKET: BUCKET,
    CORDON_REFUSED_QUEUE: "cordon-refused",
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const dynamoDb = new DynamoDBClient();
  const journal = new DynamoDbJournal(dynamoDb, "cordon", async () => {});
  let atMs = Date.now();
  const now = () => new Date(atMs).toISOString();

  /** A container of a function: its module, evaluated anew. It has time enough, unless it is told otherwise. */
  const container = async <Handler = StreamHandler>(name: string): Promise<Handler> => {
    vi.resetModules();
    const { handler } = await import(`../../functions/${name}/handler.ts`);
    return ((event: unknown, context: Context = lambdaContext()) => handler(event, context)) as Handler;
  };
  let taken = 0;

  return {
    sandbox,
    container,
    table: lookAt(sandbox),
    /** From now on, what is written was written so long ago. */
    goBack: (ms: number) => {
      atMs = Date.now() - ms;
    },
    /** The journal writes findings of a bucket and evidence for them, as a run does. */
    async write(bucket: string, parts: readonly string[] = ["to-us"], more: Partial<FindingRecord> = {}) {
      const resource = {
        type: "AWS::S3::Bucket",
        arn: `arn:aws:s3:::${bucket}`,
        name: bucket,
        account: "111122223333",
        region: "eu-central-1",
      };
      const { record } = await journal.open(resource, CONTROL);
      const findings = parts.map((part) =>
        findingOf({ id: `f-${contentHash([bucket, part]).slice(0, 20)}`, resource, part, lastSeenAt: now(), ...more }),
      );
      return journal.save(record, record, { findings, evidence: findings.map((each) => evidenceOf(each, record)) });
    },
    /** Stream records that were not taken before. */
    take(): DynamoDBRecord[] {
      const records = sandbox.table("cordon").streamRecords() as unknown as DynamoDBRecord[];
      const fresh = records.slice(taken);
      taken = records.length;
      return fresh;
    },
    /** Changes an item as nobody should. */
    async tamper(key: { readonly pk: unknown; readonly sk: unknown }, attribute: string, value: unknown) {
      await dynamoDb.send(
        new UpdateItemCommand({
          TableName: "cordon",
          Key: marshall(key),
          UpdateExpression: "SET #a = :v",
          ExpressionAttributeNames: { "#a": attribute },
          ExpressionAttributeValues: marshall({ ":v": value }),
        }),
      );
    },
    async remove(key: { readonly pk: unknown; readonly sk: unknown }) {
      await dynamoDb.send(new DeleteItemCommand({ TableName: "cordon", Key: marshall(key) }));
    },
    waiting: (consumer: Consumer) =>
      lookAt(sandbox)
        .items()
        .filter(({ outbox }) => String(outbox).startsWith(`${consumer}#`)),
    head: () =>
      lookAt(sandbox)
        .items()
        .find(({ pk }) => pk === chainKey(CHAIN).pk) as unknown as Head | undefined,
    verdict: (head?: Head) =>
      verifyChain(
        sandbox.objects(BUCKET).filter(({ key }) => parseObjectKey(key)?.chain === CHAIN),
        { chain: CHAIN, ...(head && { head }) },
      ),
  };
}

function evidenceOf(finding: FindingRecord, { version }: ResourceRecord): EvidenceRecord {
  const { id, controlId, part, title, facts, resource, occurrence, status, lastSeenAt } = finding;
  const content = {
    kind: status,
    at: lastSeenAt,
    finding: { id, controlId, part, title, facts },
    resource,
    occurrence,
    run: null,
  };
  return {
    key: `EVIDENCE#${String(version + 1).padStart(8, "0")}#${id}`,
    findingId: id,
    controlId: CONTROL,
    occurrence,
    kind: status,
    at: lastSeenAt,
    content,
    contentHash: contentHash(content),
  };
}
