import {
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { dynamodbClient, failureOf } from "./clients.ts";

const TableName = "cordon";
let sandbox: Sandbox;
let db: DynamoDBClient;
beforeEach(async () => {
  sandbox = await startSandbox({
    startAt: Date.UTC(2026, 0, 1),
    tables: [
      {
        name: TableName,
        stream: true,
        timeToLiveAttribute: "expiresAtSeconds",
        indexes: [
          { name: "outbox", hash: "outbox", range: "outboxAt", projection: "KEYS_ONLY" },
          { name: "by-owner", hash: "owner", projection: ["size"] },
        ],
      },
    ],
  });
  db = dynamodbClient(sandbox);
});
afterEach(() => sandbox.close());

const key = (pk: string) => ({ pk: { S: pk }, sk: { S: "x" } });
const put = (pk: string, more: Record<string, string>) =>
  db.send(
    new PutItemCommand({
      TableName,
      Item: { ...key(pk), ...Object.fromEntries(Object.entries(more).map(([name, text]) => [name, { S: text }])) },
    }),
  );
const query = (more: Partial<QueryCommandInput> = {}) =>
  db.send(
    new QueryCommand({
      TableName,
      IndexName: "outbox",
      KeyConditionExpression: "outbox = :shard",
      ExpressionAttributeValues: { ":shard": { S: "tickets#0" } },
      ...more,
    }),
  );
const names = (items: Record<string, { S?: string }>[] = []) => items.map(({ pk }) => pk?.S);

describe("an index", () => {
  beforeEach(async () => {
    for (const [pk, outboxAt] of [
      ["c", "2026-01-01T03:00Z"],
      ["a", "2026-01-01T02:00Z"],
      ["b", "2026-01-01T01:00Z"],
      ["d", "2026-01-01T02:00Z"],
    ] as const) {
      await put(pk, { outbox: "tickets#0", outboxAt, note: "long" });
    }
    await put("elsewhere", { outbox: "tickets#1", outboxAt: "2026-01-01T00:00Z" });
    await put("half", { outbox: "tickets#0" });
    await put("none", {});
  });

  it("holds what has its keys, in the order of its range key, and no more of it than it projects", async () => {
    const { Items = [] } = await query();

    expect(names(Items as never)[0]).toBe("b");
    expect(
      names(Items as never)
        .slice(1, 3)
        .toSorted(),
    ).toEqual(["a", "d"]);
    expect(names(Items as never)).toHaveLength(4);
    expect(Items[0]).toEqual({ ...key("b"), outbox: { S: "tickets#0" }, outboxAt: { S: "2026-01-01T01:00Z" } });
  });

  it("is read by range, in pages, each item once even where range keys are equal", async () => {
    const seen: (string | undefined)[] = [];
    let ExclusiveStartKey: QueryCommandInput["ExclusiveStartKey"];
    do {
      const page = await query({
        Limit: 1,
        ExclusiveStartKey,
        KeyConditionExpression: "outbox = :shard AND outboxAt < :before",
        ExpressionAttributeValues: { ":shard": { S: "tickets#0" }, ":before": { S: "2026-01-01T02:30Z" } },
      });
      seen.push(...names(page.Items as never));
      ExclusiveStartKey = page.LastEvaluatedKey;
      if (ExclusiveStartKey) expect(Object.keys(ExclusiveStartKey).sort()).toEqual(["outbox", "outboxAt", "pk", "sk"]);
    } while (ExclusiveStartKey);

    expect(seen[0]).toBe("b");
    expect(seen.toSorted()).toEqual(["a", "b", "d"]);
    expect(names((await query({ ScanIndexForward: false })).Items as never)[0]).toBe("c");
  });

  it("loses an item with its keys", async () => {
    await db.send(
      new UpdateItemCommand({
        TableName,
        Key: key("b"),
        UpdateExpression: "REMOVE outbox, outboxAt SET done = :d",
        ExpressionAttributeValues: { ":d": { S: "y" } },
      }),
    );

    expect(names((await query()).Items as never).toSorted()).toEqual(["a", "c", "d"]);
  });

  it("can be scanned", async () => {
    const { Items } = await db.send(new ScanCommand({ TableName, IndexName: "outbox" }));

    expect(Items).toHaveLength(5);
  });

  it("shows the state before the last write when it is told to lag behind", async () => {
    sandbox.stale({ table: TableName, index: "outbox", times: 1 });
    await put("e", { outbox: "tickets#0", outboxAt: "2026-01-01T04:00Z" });

    expect(names((await query()).Items as never)).not.toContain("e");
    expect(names((await query()).Items as never)).toContain("e");
  });

  it("is a resource of its own for IAM", async () => {
    sandbox.clearCalls();
    await query();

    expect(sandbox.calls[0]?.permissions).toEqual([
      {
        action: "dynamodb:Query",
        resource: "arn:aws:dynamodb:eu-central-1:111122223333:table/cordon/index/outbox",
        account: "111122223333",
      },
    ]);
  });

  it.each<[string, Partial<QueryCommandInput>, string]>([
    ["consistently", { ConsistentRead: true }, "Consistent reads are not supported"],
    ["under a name it doesn't have", { IndexName: "other" }, "does not have the specified index: other"],
    ["for what it does not project", { ProjectionExpression: "note" }, "does not project [note]"],
    ["for all attributes", { Select: "ALL_ATTRIBUTES" }, "ALL_ATTRIBUTES is not supported"],
    ["from half a start key", { ExclusiveStartKey: key("a") }, "starting key is invalid"],
    ["with a filter on its keys", { FilterExpression: "outboxAt < :shard" }, "Primary key attribute: outboxAt"],
    [
      "with a key of another type",
      { ExpressionAttributeValues: { ":shard": { N: "0" } } },
      "type does not match schema type",
    ],
  ])("can't be read %s", async (_name, more, message) => {
    const error = await failureOf(query(more));

    expect(error).toMatchObject({ name: "ValidationException", message: expect.stringContaining(message) });
  });

  it("takes no key of the wrong type", async () => {
    const wrong = new PutItemCommand({ TableName, Item: { ...key("w"), outbox: { N: "1" } } });

    expect(await failureOf(db.send(wrong))).toMatchObject({ name: "ValidationException" });
  });

  it("includes the attributes it names", async () => {
    await put("f", { owner: "me", size: "1", note: "long" });

    const { Items } = await query({
      IndexName: "by-owner",
      KeyConditionExpression: "#o = :me",
      ExpressionAttributeNames: { "#o": "owner" },
      ExpressionAttributeValues: { ":me": { S: "me" } },
    });

    expect(Items).toEqual([{ ...key("f"), owner: { S: "me" }, size: { S: "1" } }]);
  });
});

it("indexes come with CreateTable and are told by DescribeTable", async () => {
  const index = {
    IndexName: "outbox",
    KeySchema: [{ AttributeName: "outbox", KeyType: "HASH" as const }],
    Projection: { ProjectionType: "KEYS_ONLY" as const },
  };
  const create = (attributes: string[]) =>
    db.send(
      new CreateTableCommand({
        TableName: "other",
        BillingMode: "PAY_PER_REQUEST",
        KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
        AttributeDefinitions: attributes.map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
        GlobalSecondaryIndexes: [index],
      }),
    );
  expect(await failureOf(create(["pk"]))).toMatchObject({ name: "ValidationException" });
  await create(["pk", "outbox"]);

  const { Table } = await db.send(new DescribeTableCommand({ TableName: "other" }));

  expect(Table?.GlobalSecondaryIndexes).toMatchObject([{ ...index, IndexStatus: "ACTIVE" }]);
});

it("deletes items two days after they have expired, as the service itself", async () => {
  const at = (ms: number) => String(Math.floor((sandbox.clock.now() + ms) / 1000));
  for (const [pk, expiry] of [
    ["soon", at(1000)],
    ["later", at(3 * 86_400_000)],
  ] as const) {
    await db.send(new PutItemCommand({ TableName, Item: { ...key(pk), expiresAtSeconds: { N: expiry } } }));
  }
  await put("never", {});

  sandbox.clock.advance(86_400_000);
  expect(sandbox.table(TableName).items()).toHaveLength(3);
  sandbox.clock.advance(2 * 86_400_000);

  expect(names(sandbox.table(TableName).items() as never)).not.toContain("soon");
  expect(sandbox.table(TableName).items()).toHaveLength(2);
  expect(sandbox.table(TableName).streamRecords().at(-1)).toMatchObject({
    eventName: "REMOVE",
    userIdentity: { type: "Service", principalId: "dynamodb.amazonaws.com" },
  });
});
