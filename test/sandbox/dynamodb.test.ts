import {
  BatchGetItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { dynamodbClient, failureOf } from "./clients.ts";

const TableName = "cordon";
let sandbox: Sandbox;
let db: DynamoDBClient;
beforeEach(async () => {
  sandbox = await startSandbox({ tables: [{ name: TableName, stream: true }] });
  db = dynamodbClient(sandbox);
});
afterEach(() => sandbox.close());

const key = (pk: string, sk = "x") => ({ pk: { S: pk }, sk: { S: sk } });
const put = (pk: string, sk = "x", more: object = {}) =>
  db.send(new PutItemCommand({ TableName, Item: { ...key(pk, sk), ...more } }));
const get = async (pk: string, sk = "x") =>
  (await db.send(new GetItemCommand({ TableName, Key: key(pk, sk), ConsistentRead: true }))).Item;

describe("conditions", () => {
  it("let one of twenty racing claims win", async () => {
    const claims = Array.from({ length: 20 }, (_, owner) =>
      db.send(
        new UpdateItemCommand({
          TableName,
          Key: key("lease"),
          UpdateExpression: "SET #owner = :owner ADD version :one",
          ConditionExpression: "attribute_not_exists(#owner)",
          ExpressionAttributeNames: { "#owner": "owner" },
          ExpressionAttributeValues: { ":owner": { N: String(owner) }, ":one": { N: "1" } },
        }),
      ),
    );

    const outcomes = await Promise.allSettled(claims);

    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await get("lease")).toMatchObject({ version: { N: "1" } });
  });

  it("return the item that failed them when asked", async () => {
    await put("a", "x", { version: { N: "7" } });
    const claim = (returned: "ALL_OLD" | "NONE") =>
      db.send(
        new PutItemCommand({
          TableName,
          Item: key("a"),
          ConditionExpression: "version = :six",
          ExpressionAttributeValues: { ":six": { N: "6" } },
          ReturnValuesOnConditionCheckFailure: returned,
        }),
      );

    expect(await failureOf(claim("ALL_OLD"))).toMatchObject({
      name: "ConditionalCheckFailedException",
      Item: { version: { N: "7" } },
    });
    expect(await failureOf(claim("NONE"))).not.toHaveProperty("Item.version");
  });
});

describe("updates", () => {
  it.each([
    ["NONE", undefined],
    ["ALL_OLD", { ...key("a"), n: { N: "1" }, keep: { S: "k" } }],
    ["UPDATED_OLD", { n: { N: "1" } }],
    ["ALL_NEW", { ...key("a"), n: { N: "3" }, keep: { S: "k" }, list: { L: [{ S: "first" }] } }],
    ["UPDATED_NEW", { n: { N: "3" }, list: { L: [{ S: "first" }] } }],
  ] as const)("return %s", async (ReturnValues, expected) => {
    await put("a", "x", { n: { N: "1" }, keep: { S: "k" } });

    const { Attributes } = await db.send(
      new UpdateItemCommand({
        TableName,
        Key: key("a"),
        UpdateExpression: "SET n = n + :two, #list = list_append(if_not_exists(#list, :none), :first)",
        ExpressionAttributeNames: { "#list": "list" },
        ExpressionAttributeValues: { ":two": { N: "2" }, ":none": { L: [] }, ":first": { L: [{ S: "first" }] } },
        ReturnValues,
      }),
    );

    expect(Attributes).toEqual(expected);
  });

  it("refuse an item over 400 KB, counted in UTF-8", async () => {
    await put("a", "x", { body: { S: "é".repeat(204_000) } });

    expect(await failureOf(put("a", "x", { body: { S: "é".repeat(205_000) } }))).toMatchObject({
      name: "ValidationException",
    });
  });

  it("delete, returning what was there", async () => {
    await put("a", "x", { n: { N: "1" } });

    const { Attributes } = await db.send(new DeleteItemCommand({ TableName, Key: key("a"), ReturnValues: "ALL_OLD" }));

    expect(Attributes).toMatchObject({ n: { N: "1" } });
    expect(await get("a")).toBeUndefined();
  });
});

describe("transactions", () => {
  const check = (pk: string) => ({
    Put: {
      TableName,
      Item: key(pk),
      ConditionExpression: "attribute_not_exists(pk)",
      ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const,
    },
  });

  it("write all or nothing, with a reason for each operation", async () => {
    await put("b", "x", { n: { N: "1" } });

    const error = await failureOf(
      db.send(new TransactWriteItemsCommand({ TransactItems: [check("a"), check("b"), check("c")] })),
    );

    expect(error).toMatchObject({
      name: "TransactionCanceledException",
      CancellationReasons: [
        { Code: "None" },
        { Code: "ConditionalCheckFailed", Item: { n: { N: "1" } } },
        { Code: "None" },
      ],
    });
    expect(error.message).toContain("[None, ConditionalCheckFailed, None]");
    expect(sandbox.table(TableName).items()).toHaveLength(1);
  });

  it("check, put, update and delete together", async () => {
    await put("a", "x", { n: { N: "1" } });
    await put("b");

    await db.send(
      new TransactWriteItemsCommand({
        TransactItems: [
          {
            ConditionCheck: {
              TableName,
              Key: key("a"),
              ConditionExpression: "n = :one",
              ExpressionAttributeValues: { ":one": { N: "1" } },
            },
          },
          { Delete: { TableName, Key: key("b") } },
          {
            Update: {
              TableName,
              Key: key("c"),
              UpdateExpression: "SET n = :one",
              ExpressionAttributeValues: { ":one": { N: "1" } },
            },
          },
        ],
      }),
    );
    const { Responses } = await db.send(
      new TransactGetItemsCommand({
        TransactItems: ["a", "b", "c"].map((pk) => ({ Get: { TableName, Key: key(pk) } })),
      }),
    );

    expect(Responses?.map(({ Item }) => Item?.n)).toEqual([{ N: "1" }, undefined, { N: "1" }]);
    expect(sandbox.calls.find(({ operation }) => operation === "TransactWriteItems")?.actions).toEqual([
      "dynamodb:ConditionCheckItem",
      "dynamodb:DeleteItem",
      "dynamodb:UpdateItem",
    ]);
  });

  it("refuse two operations on one item, and more than a hundred", async () => {
    const twice = new TransactWriteItemsCommand({
      TransactItems: [check("a"), { Delete: { TableName, Key: key("a") } }],
    });
    const many = new TransactWriteItemsCommand({
      TransactItems: Array.from({ length: 101 }, (_, index) => check(String(index))),
    });

    expect((await failureOf(db.send(twice))).message).toContain("multiple operations on one item");
    expect(await failureOf(db.send(many))).toMatchObject({ name: "ValidationException" });
  });

  it("are done once for one client token", async () => {
    const add = (by: string) =>
      new TransactWriteItemsCommand({
        ClientRequestToken: "token",
        TransactItems: [
          {
            Update: {
              TableName,
              Key: key("a"),
              UpdateExpression: "ADD n :by",
              ExpressionAttributeValues: { ":by": { N: by } },
            },
          },
        ],
      });
    await db.send(add("1"));
    await db.send(add("1"));

    expect(await get("a")).toMatchObject({ n: { N: "1" } });
    expect(await failureOf(db.send(add("2")))).toMatchObject({ name: "IdempotentParameterMismatchException" });
    sandbox.clock.advance(11 * 60_000);
    await db.send(add("1"));
    expect(await get("a")).toMatchObject({ n: { N: "2" } });
  });
});

describe("reads", () => {
  beforeEach(async () => {
    for (const sk of ["b#2", "a#1", "b#10", "b#1"]) await put("p", sk, { n: { N: sk.slice(2) } });
    await put("q");
  });

  it("query a partition in order, by prefix, in pages, backwards and filtered", async () => {
    const query = (more: object) =>
      db.send(
        new QueryCommand({
          TableName,
          KeyConditionExpression: "pk = :p AND begins_with(sk, :b)",
          ExpressionAttributeValues: { ":p": { S: "p" }, ":b": { S: "b#" } },
          ...more,
        }),
      );
    const order = (items: { sk?: { S?: string } }[] = []) => items.map(({ sk }) => sk?.S);

    expect(order((await query({})).Items as never)).toEqual(["b#1", "b#10", "b#2"]);
    expect(order((await query({ ScanIndexForward: false })).Items as never)).toEqual(["b#2", "b#10", "b#1"]);
    const page = await query({ Limit: 2 });
    expect(page.LastEvaluatedKey).toEqual(key("p", "b#10"));
    expect(order((await query({ ExclusiveStartKey: page.LastEvaluatedKey })).Items as never)).toEqual(["b#2"]);
    const filtered = await query({
      FilterExpression: "n > :one",
      ExpressionAttributeValues: { ":p": { S: "p" }, ":b": { S: "b#" }, ":one": { N: "1" } },
      ProjectionExpression: "n",
    });
    expect(filtered).toMatchObject({ Count: 2, ScannedCount: 3, Items: [{ n: { N: "10" } }, { n: { N: "2" } }] });
  });

  it("scan everything and get in batches", async () => {
    const halves = await Promise.all(
      [0, 1].map((Segment) => db.send(new ScanCommand({ TableName, Segment, TotalSegments: 2 }))),
    );
    expect(halves.flatMap(({ Items = [] }) => Items)).toHaveLength(5);
    const { Responses } = await db.send(
      new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: [key("q"), key("p", "a#1"), key("none")] } } }),
    );
    expect(Responses?.[TableName]).toHaveLength(2);
  });

  it("do not find a table that is not there", async () => {
    const missing = new GetItemCommand({ TableName: "other", Key: key("a") });

    expect(await failureOf(db.send(missing))).toMatchObject({ name: "ResourceNotFoundException" });
  });
});

describe("the stream", () => {
  it("carries each change once, and none for a write that changes nothing", async () => {
    await put("a", "x", { n: { N: "1" } });
    await put("a", "x", { n: { N: "1" } });
    await put("a", "x", { n: { N: "2" } });
    await db.send(new DeleteItemCommand({ TableName, Key: key("a") }));

    const records = sandbox.table(TableName).streamRecords();

    expect(records.map(({ eventName }) => eventName)).toEqual(["INSERT", "MODIFY", "REMOVE"]);
    expect(records[1]?.dynamodb).toMatchObject({
      Keys: key("a"),
      OldImage: { n: { N: "1" } },
      NewImage: { n: { N: "2" } },
    });
    const numbers = records.map(({ dynamodb }) => dynamodb.SequenceNumber);
    expect(numbers.toSorted()).toEqual(numbers);
  });
});
