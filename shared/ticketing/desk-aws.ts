import {
  BatchGetItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  type TransactWriteItem,
} from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { CordonError } from "../errors.ts";
import { toAttributes } from "../journal/attributes.ts";
import type { FindingRecord } from "../journal/journal.ts";
import { causeItemKey, findingKey, groupKey, ticketKey } from "../journal/keys.ts";
import { asked, isDone } from "../journal/table-calls.ts";
import { transact } from "../journal/transact-aws.ts";
import type { Severity } from "../types.ts";
import type { Desk, GroupChange, Matter } from "./desk.ts";
import type { Cause, Group } from "./group.ts";
import { type Link, newLink } from "./link.ts";

/** What is remembered of a cause is of no use to anybody after so long. */
const CAUSE_SECONDS = 7 * 86_400;

type Item = Readonly<Record<string, unknown>>;

/** Links to tickets in the cell's table; keys are in shared/journal/keys.ts. */
export function deskOnAws(client: DynamoDBClient, table: string, sleep: (ms: number) => Promise<void>): Desk {
  const put = ({ key, routeId, version, ...link }: Link, was: number) => ({
    TableName: table,
    Item: toAttributes({ ...ticketKey(key, routeId), entity: "ticket", version, ...link }),
    ConditionExpression: was === 0 ? "attribute_not_exists(pk)" : "#version = :was",
    ...(was > 0 && {
      ExpressionAttributeNames: { "#version": "version" },
      ExpressionAttributeValues: toAttributes({ ":was": was }),
    }),
  });

  return {
    async read(key, routeId) {
      const isGroup = key.startsWith("g-");
      const keys = [isGroup ? groupKey(key, routeId) : findingKey(key), ticketKey(key, routeId)];
      const items = await asked("BatchGetItem", table, async () => {
        const Keys = keys.map(toAttributes);
        const get = new BatchGetItemCommand({ RequestItems: { [table]: { Keys, ConsistentRead: true } } });
        const { Responses, UnprocessedKeys } = await client.send(get);
        // A link that is not seen must not pass for none: a second ticket would be opened.
        if (Object.keys(UnprocessedKeys ?? {}).length > 0)
          throw new CordonError("unavailable", "the table returned only part of what was asked (throttled)");
        return (Responses?.[table] ?? []).map((item): Item => unmarshall(item));
      });
      const [about, link] = keys.map(({ pk, sk }) => items.find((item) => item.pk === pk && item.sk === sk));
      if (about === undefined) return undefined;
      const { pk: _pk, sk: _sk, entity: _entity, ...known } = link ?? {};
      const matter: Matter = isGroup
        ? { kind: "group", group: groupOf(about, key, routeId) }
        : { kind: "finding", finding: about.record as FindingRecord, version: Number(about.version ?? 0) };
      return { matter, link: { ...newLink(key, routeId), ...known, key, routeId } };
    },

    async save(link, next, change) {
      const saved: Link = { ...next, version: link.version + 1 };
      const Put = put(saved, link.version);
      if (change === undefined)
        return (await isDone("PutItem", table, () => client.send(new PutItemCommand(Put)))) ? saved : undefined;
      const items: TransactWriteItem[] = [{ Put }, { Update: groupUpdate(table, change) }];
      const outcome = await asked("TransactWriteItems", table, () => transact(client, items, sleep));
      return outcome === "done" ? saved : undefined;
    },

    async readCause(causeId, routeId) {
      const Key = toAttributes(causeItemKey(causeId, routeId));
      const get = new GetItemCommand({ TableName: table, Key, ConsistentRead: true });
      const { Item } = await asked("GetItem", table, () => client.send(get));
      if (Item === undefined) return undefined;
      const { version, startedAtMs, lastAtMs, count, group, own = [] } = unmarshall(Item) as Cause;
      return { version, startedAtMs, lastAtMs, count, own, ...(group !== undefined && { group }) };
    },

    async saveCause(causeId, routeId, next) {
      const expiresAtSeconds = Math.ceil(next.lastAtMs / 1_000) + CAUSE_SECONDS;
      const write = new PutItemCommand({
        TableName: table,
        Item: toAttributes({ ...causeItemKey(causeId, routeId), entity: "cause", ...next, expiresAtSeconds }),
        ConditionExpression: "attribute_not_exists(pk) OR #version = :was",
        ExpressionAttributeNames: { "#version": "version" },
        ExpressionAttributeValues: toAttributes({ ":was": next.version - 1 }),
      });
      return isDone("PutItem", table, () => client.send(write));
    },
  };
}

/** Members are counted by their severity: the highest of which there is one is the group's. */
const SEVERITY = "severity#";
const SEVERITIES: readonly Severity[] = ["critical", "high", "medium", "low"];

function groupOf(item: Item, key: string, routeId: string): Group {
  const severity = SEVERITIES.find((each) => Number(item[`${SEVERITY}${each}`] ?? 0) > 0) ?? "high";
  return { some: [], law: [], before: [], ...item, severity, key, routeId } as unknown as Group;
}

function groupUpdate(table: string, { group, named, members, over, at }: GroupChange) {
  const { key, routeId, labels, severity, what, law, before, parent } = group;
  const below = parent === undefined ? "" : ", #parent = if_not_exists(#parent, :parent)";
  const naming = named === undefined ? "" : ", #some = list_append(if_not_exists(#some, :none), :named)";
  return {
    TableName: table,
    Key: toAttributes(groupKey(key, routeId)),
    UpdateExpression: `SET #entity = :entity, #labels = if_not_exists(#labels, :labels), #law = if_not_exists(#law, :law), #before = if_not_exists(#before, :before), #what = if_not_exists(#what, :what), #last = :at${below}${naming} ADD #members :members, #severity :members, #over :over, #version :one`,
    ExpressionAttributeNames: {
      "#entity": "entity",
      "#labels": "labels",
      "#law": "law",
      "#before": "before",
      "#severity": `${SEVERITY}${severity}`,
      "#what": "what",
      "#last": "lastAt",
      "#members": "members",
      "#over": "over",
      "#version": "version",
      ...(parent !== undefined && { "#parent": "parent" }),
      ...(named !== undefined && { "#some": "some" }),
    },
    ExpressionAttributeValues: toAttributes({
      ":entity": "ticket-group",
      ":labels": labels,
      ":law": law,
      ":before": before,
      ":what": what,
      ":at": at,
      ":members": members,
      ":over": over,
      ":one": 1,
      ...(parent !== undefined && { ":parent": parent }),
      ...(named !== undefined && { ":none": [], ":named": [named] }),
    }),
  };
}
