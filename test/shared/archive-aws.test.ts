import {
  BatchGetItemCommand,
  DynamoDBClient,
  GetItemCommand,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { marshall } from "@aws-sdk/util-dynamodb";
import { mockClient } from "aws-sdk-client-mock";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { archiveOnAws } from "../../shared/evidence/archive-aws.ts";
import { GENESIS, sealLink } from "../../shared/evidence/chain.ts";
import { entryId } from "../../shared/evidence/entry.ts";
import type { Clock } from "../../shared/types.ts";
import { START_MS } from "../support/events.ts";
import { entryOf } from "../support/evidence.ts";

/** What AWS can answer and the sandbox doesn't, or not at will. */
const s3 = mockClient(S3Client);
const dynamoDb = mockClient(DynamoDBClient);
afterAll(() => {
  s3.restore();
  dynamoDb.restore();
});
const clock: Clock = { nowMs: () => START_MS, sleep: async () => {} };
const CHAIN = "111122223333/eu-central-1/a-control-id";

const archive = () => {
  const clients = { s3: new S3Client(), dynamoDb: new DynamoDBClient() };
  return archiveOnAws(clients, { table: "cordon", bucket: "evidence" }, clock);
};
const failure = (name: string, httpStatusCode: number) =>
  Object.assign(new Error(name), { name, $metadata: { httpStatusCode } });
const link = sealLink(entryOf(), CHAIN, GENESIS);

beforeEach(() => {
  s3.reset();
  dynamoDb.reset();
});

describe("writing an object", () => {
  it("is allowed only where there is none, and only in a bucket of the cell's own account", async () => {
    s3.on(PutObjectCommand).resolves({});
    expect(await archive().append(link)).toBe(true);
    expect(s3.commandCalls(PutObjectCommand)[0]?.args[0].input).toMatchObject({
      Bucket: "evidence",
      Key: `evidence/${CHAIN}/000000000001.json`,
      Body: link.body,
      IfNoneMatch: "*",
      ExpectedBucketOwner: "111122223333",
    });
  });

  it("comes to nothing where there is one", async () => {
    s3.on(PutObjectCommand).rejects(failure("PreconditionFailed", 412));
    expect(await archive().append(link)).toBe(false);
  });

  it("is tried again when S3 says that another write of it is under way", async () => {
    const conflict = failure("ConditionalRequestConflict", 409);
    s3.on(PutObjectCommand).rejectsOnce(conflict).rejectsOnce(conflict).resolves({});
    expect(await archive().append(link)).toBe(true);
    expect(s3.commandCalls(PutObjectCommand)).toHaveLength(3);
  });

  it.each([
    ["goes on saying so", "ConditionalRequestConflict", 409, { kind: "unavailable", retry: true }],
    ["is throttled", "SlowDown", 503, { kind: "unavailable", retry: true }],
    ["refuses it", "AccessDenied", 403, { kind: "denied", retry: false }],
    ["knows no such bucket", "NoSuchBucket", 404, { kind: "misconfigured", retry: false }],
  ])("fails when S3 %s", async (_, name, status, error) => {
    s3.on(PutObjectCommand).rejects(failure(name, status));
    await expect(archive().append(link)).rejects.toMatchObject(error);
  });
});

describe("asking how entries stand", () => {
  const [one, two] = [entryOf({ number: 1 }), entryOf({ number: 2 })];
  const item = ({ pk, record }: typeof one, more: object = {}) =>
    marshall({ pk, sk: record.key, contentHash: record.contentHash, ...more });

  it("goes on until the table has answered for all of them", async () => {
    const left = { cordon: { Keys: [marshall({ pk: two.pk, sk: two.record.key })] } };
    dynamoDb
      .on(BatchGetItemCommand)
      .resolvesOnce({ Responses: { cordon: [item(one, { sequence: 4 })] }, UnprocessedKeys: left })
      .resolves({ Responses: { cordon: [item(two)] } });
    const states = await archive().readStates([one, two]);
    expect(Object.fromEntries(states)).toEqual({ [entryId(one)]: "archived", [entryId(two)]: "waiting" });
    for (const { args } of dynamoDb.commandCalls(BatchGetItemCommand)) {
      expect(args[0].input.RequestItems?.cordon?.ConsistentRead).toBe(true);
    }
  });

  it("asks once for an entry that comes twice, and for more than a hundred in several calls", async () => {
    dynamoDb.on(BatchGetItemCommand).resolves({});
    const many = Array.from({ length: 150 }, (_, index) => entryOf({ number: index }));
    await archive().readStates([...many, ...many]);
    const asked = dynamoDb
      .commandCalls(BatchGetItemCommand)
      .map(({ args }) => args[0].input.RequestItems?.cordon?.Keys);
    expect(asked.map((keys) => keys?.length)).toEqual([100, 50]);
  });

  it("does not take another content under the same key for the entry", async () => {
    dynamoDb
      .on(BatchGetItemCommand)
      .resolves({ Responses: { cordon: [{ ...item(one), ...item(one, { contentHash: "x" }) }] } });
    expect(await archive().readStates([one])).toEqual(new Map());
  });

  it("fails when the table answers nothing at all", async () => {
    const left = { cordon: { Keys: [marshall({ pk: one.pk, sk: one.record.key })] } };
    dynamoDb.on(BatchGetItemCommand).resolves({ UnprocessedKeys: left });
    await expect(archive().readStates([one])).rejects.toMatchObject({ kind: "unavailable" });
  });
});

describe("reading", () => {
  it("a chain without a head starts at the beginning, and the read is consistent", async () => {
    dynamoDb.on(GetItemCommand).resolves({});
    expect(await archive().readHead(CHAIN)).toEqual(GENESIS);
    expect(dynamoDb.commandCalls(GetItemCommand)[0]?.args[0].input.ConsistentRead).toBe(true);
  });

  it("an object that is not there, only from a bucket of the cell's own account", async () => {
    s3.on(GetObjectCommand).rejects(failure("NoSuchKey", 404));
    expect(await archive().read(link.key)).toBeUndefined();
    expect(s3.commandCalls(GetObjectCommand)[0]?.args[0].input.ExpectedBucketOwner).toBe("111122223333");
  });

  it.each([
    ["no answer", "InternalError", 500, "unavailable"],
    ["a refusal", "AccessDenied", 403, "denied"],
    ["no such bucket", "NoSuchBucket", 404, "misconfigured"],
  ])("does not take %s for an object that is not there", async (_, name, status, kind) => {
    s3.on(GetObjectCommand).rejects(failure(name, status));
    await expect(archive().read(link.key)).rejects.toMatchObject({ kind });
  });

  it("fails when there is no such table", async () => {
    dynamoDb.on(GetItemCommand).rejects(failure("ResourceNotFoundException", 400));
    await expect(archive().readHead(CHAIN)).rejects.toMatchObject({ kind: "misconfigured" });
  });
});

it("an acknowledgement that AWS gives no answer to is not taken for one", async () => {
  dynamoDb.on(TransactWriteItemsCommand).rejects(failure("InternalServerError", 500));
  await expect(archive().acknowledge(CHAIN, GENESIS, link, [link])).rejects.toMatchObject({ kind: "unavailable" });
});
