import {
  type DynamoDBClient,
  GetItemCommand,
  paginateQuery,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { sortAwsError, unavailable } from "../aws/aws-errors.ts";
import type { CodeChange } from "../deployment/own-resource.ts";
import type { ResourceRef } from "../types.ts";
import type { AccountRegion } from "./account-coverage.ts";
import type { CodeChanges } from "./cell-resources.ts";
import type { Heartbeat, Heartbeats, Rounds, Troubles } from "./heartbeats.ts";

/**
 * What the guard remembers of its own, beside the journal in the cell's table:
 *
 *   HEARTBEAT   <account>#<region>   { account, region, at }                stays: what fell silent long ago is still silent
 *   ROUND       NEXT                 { account, region, at }                where the next round begins
 *   ROUND       DEPLOYMENT           { at }                                 when one was last heard of
 *   TROUBLE     <type>#<arn>         { type, arn, name, account, region, at, overAt? }
 *   CODE        <function>           { functionName, at, by? }  without `by`: a deployment's
 *
 * Of two writes the later event's holds, in whatever order they come.
 */
const HEARTBEATS = "HEARTBEAT";
const CODE = "CODE";
const TROUBLES = "TROUBLE";
const ROUND = "ROUND";
const NEXT = "NEXT";
const DEPLOYMENT = "DEPLOYMENT";

type Table = { readonly client: DynamoDBClient; readonly name: string };

/** GetItem, Query and UpdateItem on the table. */
export function heartbeatsInTable(client: DynamoDBClient, name: string): Heartbeats {
  const table = { client, name };
  return {
    async record({ account, region, at }) {
      const values = { entity: "heartbeat", account, region, at };
      await putNewer(table, HEARTBEATS, `${account}#${region}`, values, ["expiresAtSeconds"]);
    },
    async last({ account, region }) {
      return (await getItem(table, HEARTBEATS, `${account}#${region}`))?.at as string | undefined;
    },
    async all() {
      const found = (await queryItems(table, HEARTBEATS)) as unknown as readonly Heartbeat[];
      return found.map(({ account, region, at }) => ({ account, region, at }));
    },
  };
}

/** Query and UpdateItem on the table. */
export function troublesInTable(client: DynamoDBClient, name: string): Troubles {
  const table = { client, name };
  const keyOf = ({ type, arn }: ResourceRef) => `${type}#${arn}`;
  return {
    note: (ref, at) => putNewer(table, TROUBLES, keyOf(ref), { entity: "trouble", ...ref, at }, ["overAt"]),
    over: (ref, at) => putNewer(table, TROUBLES, keyOf(ref), { entity: "trouble", ...ref, at, overAt: at }, []),
    async all() {
      const open = (await queryItems(table, TROUBLES)).filter(({ overAt }) => overAt === undefined);
      return (open as unknown as readonly ResourceRef[]).map(({ type, arn, name, account, region }) => ({
        ...{ type, arn, name, account, region },
      }));
    },
  };
}

/** GetItem and UpdateItem on the table. */
export function roundsInTable(client: DynamoDBClient, name: string): Rounds {
  const table = { client, name };
  return {
    begin: async () => (await getItem(table, ROUND, NEXT)) as unknown as AccountRegion | undefined,
    end: ({ account, region, at }) => putNewer(table, ROUND, NEXT, { entity: "round", account, region, at }, []),
    deployment: (at) => putNewer(table, ROUND, DEPLOYMENT, { entity: "round", at }, []),
    lastDeployment: async () => (await getItem(table, ROUND, DEPLOYMENT))?.at as string | undefined,
  };
}

/** GetItem and UpdateItem on the table. */
export function codeChangesInTable(client: DynamoDBClient, name: string): CodeChanges {
  const table = { client, name };
  return {
    record: ({ functionName, ...change }) =>
      putNewer(table, CODE, functionName, { entity: "code", functionName, ...change }, []),
    settle: (functionName, at) => putNewer(table, CODE, functionName, { entity: "code", functionName, at }, ["by"]),
    async last(functionName) {
      const item = await getItem(table, CODE, functionName);
      return item?.by === undefined ? undefined : (item as unknown as CodeChange);
    },
  };
}

/** Sets `values` and removes other attributes, unless the item is of a later time. */
async function putNewer(
  { client, name }: Table,
  pk: string,
  sk: string,
  values: Readonly<Record<string, unknown>> & { readonly at: string },
  removed: readonly string[],
): Promise<void> {
  const set = Object.keys(values).map((key) => `#${key} = :${key}`);
  const names = [...Object.keys(values), ...removed];
  const update: UpdateItemCommandInput = {
    TableName: name,
    Key: marshall({ pk, sk }),
    UpdateExpression: `SET ${set.join(", ")}${removed.length > 0 ? ` REMOVE ${removed.map((key) => `#${key}`).join(", ")}` : ""}`,
    ConditionExpression: "attribute_not_exists(#at) OR #at <= :at",
    ExpressionAttributeNames: Object.fromEntries(names.map((key) => [`#${key}`, key])),
    ExpressionAttributeValues: marshall(
      Object.fromEntries(Object.entries(values).map(([key, value]) => [`:${key}`, value])),
    ),
  };
  try {
    await client.send(new UpdateItemCommand(update));
  } catch (error) {
    if (sortAwsError(error).code !== "ConditionalCheckFailedException") throw unavailable("UpdateItem", error);
  }
}

async function getItem({ client, name }: Table, pk: string, sk: string): Promise<Record<string, unknown> | undefined> {
  const Key = marshall({ pk, sk });
  const { Item } = await ask("GetItem", () =>
    client.send(new GetItemCommand({ TableName: name, Key, ConsistentRead: true })),
  );
  return Item === undefined ? undefined : unmarshall(Item);
}

async function queryItems({ client, name }: Table, pk: string): Promise<readonly Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  const query = {
    TableName: name,
    KeyConditionExpression: "pk = :pk",
    ExpressionAttributeValues: marshall({ ":pk": pk }),
  };
  await ask("Query", async () => {
    for await (const { Items = [] } of paginateQuery({ client }, query))
      found.push(...Items.map((item) => unmarshall(item)));
  });
  return found;
}

async function ask<Answer>(operation: string, call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await call();
  } catch (error) {
    throw unavailable(operation, error);
  }
}
