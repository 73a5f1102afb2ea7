import {
  type AttributeValue,
  type DynamoDBClient,
  PutItemCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { dynamodbClient, failureOf } from "./clients.ts";

const TableName = "cordon";
const Key = { pk: { S: "FINDING#1" }, sk: { S: "FINDING" } };
const BEFORE = {
  outbox: "tickets#0",
  count: 1,
  list: ["a", "b", "c"],
  record: { evidence: ["EVIDENCE#1#f", "EVIDENCE#0#f"], deep: { x: 1 } },
};

let sandbox: Sandbox;
let db: DynamoDBClient;
beforeEach(async () => {
  sandbox = await startSandbox({ tables: [{ name: TableName, stream: true }] });
  db = dynamodbClient(sandbox);
  await db.send(new PutItemCommand({ TableName, Item: { ...Key, ...marshall(BEFORE) } }));
});
afterEach(() => sandbox.close());

type Case = Pick<UpdateItemCommandInput, "UpdateExpression" | "ConditionExpression"> & {
  values?: Record<string, unknown>;
  names?: Record<string, string>;
};
const input = ({ values, names, ...rest }: Case) => ({
  TableName,
  Key,
  UpdateExpression: rest.UpdateExpression ?? "",
  ...rest,
  ...(values ? { ExpressionAttributeValues: marshall(values) as Record<string, AttributeValue> } : {}),
  ...(names ? { ExpressionAttributeNames: names } : {}),
});
const item = () => {
  const { pk: _pk, sk: _sk, ...rest } = unmarshall(sandbox.table(TableName).items()[0] as never);
  return rest;
};

describe.each(["UpdateItem", "TransactWriteItems"])("%s", (operation) => {
  const update = (change: Case) =>
    operation === "UpdateItem"
      ? db.send(new UpdateItemCommand(input(change)))
      : db.send(new TransactWriteItemsCommand({ TransactItems: [{ Update: input(change) }] }));

  it.each<[string, Case, object]>([
    [
      "removes, sets and adds at once",
      { UpdateExpression: "REMOVE outbox SET ticketedAt = :at ADD emissions :one", values: { ":at": "t", ":one": 1 } },
      { outbox: undefined, ticketedAt: "t", emissions: 1 },
    ],
    ["counts up", { UpdateExpression: "ADD #c :two", names: { "#c": "count" }, values: { ":two": 2 } }, { count: 3 }],
    [
      "computes from what is there, or from a default",
      {
        UpdateExpression: "SET n = if_not_exists(n, :ten) + :one, #c = #c - :one",
        names: { "#c": "count" },
        values: { ":ten": 10, ":one": 1 },
      },
      { n: 11, count: 0 },
    ],
    [
      "sets inside of maps and lists",
      {
        UpdateExpression: "SET #r.deep.y = :v, #r.evidence[0] = :v",
        names: { "#r": "record" },
        values: { ":v": "new" },
      },
      { record: { evidence: ["new", "EVIDENCE#0#f"], deep: { x: 1, y: "new" } } },
    ],
    [
      "means list elements by their place before the update",
      { UpdateExpression: "REMOVE #l[0], #l[1] SET #l[2] = :v", names: { "#l": "list" }, values: { ":v": "z" } },
      { list: ["z"] },
    ],
    [
      "appends to lists",
      {
        UpdateExpression: "SET #l = list_append(#l, :more)",
        names: { "#l": "list" },
        values: { ":more": ["d"] },
      },
      { list: ["a", "b", "c", "d"] },
    ],
  ])("%s", async (_name, change, expected) => {
    await update(change);

    expect(item()).toEqual({ ...BEFORE, ...expected });
  });

  it.each<[string, Case["ConditionExpression"], Record<string, unknown>, boolean]>([
    ["a list element is that", "#r.evidence[0] = :v", { ":v": "EVIDENCE#1#f" }, true],
    ["a list element is another", "#r.evidence[0] = :v", { ":v": "EVIDENCE#0#f" }, false],
    ["a list element is not there", "attribute_not_exists(#r.evidence[2])", {}, true],
    ["a nested attribute is there", "attribute_exists(#r.deep.x)", {}, true],
    ["a list has that size", "size(#r.evidence) = :v", { ":v": 2 }, true],
    ["a list contains that", "contains(#r.evidence, :v)", { ":v": "EVIDENCE#9#f" }, false],
    ["both hold", "attribute_exists(outbox) AND #r.deep.x BETWEEN :v AND :w", { ":v": 0, ":w": 1 }, true],
    ["none holds", "NOT (attribute_exists(#r.none) OR outbox IN (:v))", { ":v": "tickets#0" }, false],
  ])("on condition that %s", async (_name, ConditionExpression, values, isMet) => {
    const change = update({
      UpdateExpression: "SET changed = :yes",
      ConditionExpression,
      names: ConditionExpression?.includes("#r") ? { "#r": "record" } : {},
      values: { ...values, ":yes": true },
    });

    if (isMet) await change;
    else await failureOf(change);
    expect(item().changed).toBe(isMet ? true : undefined);
  });

  it("leaves no stream record when nested attributes stay as they were", async () => {
    await update({ UpdateExpression: "SET #r.deep.x = :v", names: { "#r": "record" }, values: { ":v": 1 } });

    expect(sandbox.table(TableName).streamRecords()).toHaveLength(1);
  });

  it("refuses a path into what is not there", async () => {
    const change = update({ UpdateExpression: "SET nothing.x = :v", values: { ":v": 1 } });

    expect((await failureOf(change)).name).toMatch(/ValidationException|TransactionCanceledException/);
    expect(item()).toEqual(BEFORE);
  });
});
