import {
  BatchGetItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  type TransactWriteItem,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { sortAwsError, unavailable } from "../aws/aws-errors.ts";
import { CordonError } from "../errors.ts";
import { shownArn } from "../shown.ts";
import type { ResourceRef } from "../types.ts";
import { toAttributes } from "./attributes.ts";
import { dueAtMs } from "./due.ts";
import type {
  Brake,
  Entries,
  FindingRecord,
  Journal,
  Known,
  ResourceRecord,
  RunRecord,
  SeenClass,
  Storm,
} from "./journal.ts";
import {
  BRAKE_KEY,
  counterKey,
  findingKey,
  outboxAttributes,
  proofKey,
  resourceKey,
  runKey,
  stormKey,
} from "./keys.ts";
import {
  itemOf,
  openAttribute,
  openFindings,
  pruned,
  quietAttribute,
  recordOf,
  sentToAttribute,
} from "./resource-item.ts";
import { packRun, unpackRun } from "./run-items.ts";
import { noTable } from "./table-calls.ts";
import { transact } from "./transact-aws.ts";

const MAX_REMEMBERED = 5_000;
const UNKNOWN: Known = { version: 0, openFindings: 0 };

/** The journal in the cell's DynamoDB table. Keys are in keys.ts; every write is conditional. */
export class DynamoDbJournal implements Journal {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #sleep: (ms: number) => Promise<void>;
  /** What this container saw last of each resource; only ever behind, never ahead of the table. */
  readonly #known = new Map<string, Known>();

  constructor(client: DynamoDBClient, table: string, sleep: (ms: number) => Promise<void>) {
    this.#client = client;
    this.#table = table;
    this.#sleep = sleep;
  }

  known(resource: ResourceRef, controlId: string): Known {
    return this.#known.get(memoryKey(resource, controlId)) ?? UNKNOWN;
  }

  async recordQuiet(
    resource: ResourceRef,
    controlId: string,
    seen: SeenClass & { readonly atMs: number },
  ): Promise<boolean> {
    const { account, region, type, arn, name, version } = resource;
    const { classification, classSource, sentTo, quiet } = seen;
    const hasClass = classification !== undefined;
    try {
      await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: toAttributes(resourceKey(resource)),
          UpdateExpression: `SET ${hasClass ? "#class = :class, #source = :source, " : ""}${sentTo ? "#sentTo = :sentTo, " : ""}${quiet ? "#quiet = :quiet, " : ""}#seen = :seen, #resource = :resource, #entity = :entity, #version = if_not_exists(#version, :zero), #lease = if_not_exists(#lease, :zero)`,
          // Nothing open, nobody at work, and no class journalled that this one may not replace.
          ConditionExpression: `attribute_not_exists(pk) OR ((attribute_not_exists(#open) OR #open = :zero) AND #lease <= :now AND (attribute_not_exists(#class)${mayReplace(seen)}))`,
          ExpressionAttributeNames: {
            "#class": "classification",
            "#seen": "seenAt",
            "#resource": "resource",
            "#entity": "entity",
            "#version": "version",
            "#open": openAttribute(controlId),
            "#lease": "leaseUntilMs",
            ...(hasClass && { "#source": "classSource" }),
            ...(sentTo && { "#sentTo": sentToAttribute(controlId) }),
            ...(quiet && { "#quiet": quietAttribute(controlId) }),
          },
          ExpressionAttributeValues: toAttributes({
            ":seen": new Date(seen.atMs).toISOString(),
            ":resource": { account, region, type, arn, name, ...(version !== undefined && { version }) },
            ":entity": "resource",
            ":zero": 0,
            ":now": seen.atMs,
            ...(hasClass && { ":class": classification, ":source": classSource }),
            ...(sentTo && { ":sentTo": sentTo }),
            ...(quiet && { ":quiet": quiet }),
            ...(classSource === "tag" &&
              Object.fromEntries(seen.notAbove.map((lower, index) => [`:c${index}`, lower]))),
          }),
        }),
      );
      return true;
    } catch (error) {
      const { code } = sortAwsError(error);
      // A transaction on the same item: somebody is at work.
      if (code === "ConditionalCheckFailedException" || code === "TransactionConflictException") return false;
      throw this.#failed("UpdateItem", error);
    }
  }

  async open(
    resource: ResourceRef,
    controlId: string,
    scope?: string,
  ): Promise<{ record: ResourceRecord; brake?: Brake; storm?: Storm }> {
    const key = resourceKey(resource);
    const storms = scope === undefined ? [] : [stormKey(scope)];
    const keys = [key, BRAKE_KEY, ...storms].map((each) => toAttributes(each));
    const answer = await this.#ask("BatchGetItem", () =>
      this.#client.send(
        new BatchGetItemCommand({ RequestItems: { [this.#table]: { Keys: keys, ConsistentRead: true } } }),
      ),
    );
    // Unprocessed is throttled: a brake or a lease not seen must not pass for none.
    if (Object.keys(answer.UnprocessedKeys ?? {}).length > 0) {
      throw new CordonError("unavailable", "the table returned only part of what was asked (throttled)");
    }
    const items = (answer.Responses?.[this.#table] ?? []).map((item) => unmarshall(item));
    const item = items.find((each) => each.pk === key.pk);
    const brake = items.find((each) => each.pk === BRAKE_KEY.pk);
    const record = recordOf(resource, controlId, item);
    this.#remember(record);
    // A switch that somebody got wrong in an emergency holds all the same: only a clear "off" is off.
    const isHeld = brake !== undefined && brake.on !== false;
    const storm = items.find((each) => each.pk === storms[0]?.pk);
    return {
      record,
      ...(isHeld && { brake: brakeOf(brake) }),
      ...(storm !== undefined && { storm: stormOf(storm) }),
    };
  }

  async count(scope: string, windowMs: number, nowMs: number): Promise<number> {
    const window = Math.floor(nowMs / windowMs);
    const answer = await this.#ask("UpdateItem", () =>
      this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: toAttributes(counterKey(scope, window)),
          UpdateExpression: "SET #entity = :entity, #ttl = :ttl ADD #count :one",
          ExpressionAttributeNames: { "#entity": "entity", "#ttl": "expiresAtSeconds", "#count": "count" },
          ExpressionAttributeValues: toAttributes({
            ":entity": "counter",
            ":ttl": Math.ceil(((window + 2) * windowMs) / 1000),
            ":one": 1,
          }),
          ReturnValues: "UPDATED_NEW",
        }),
      ),
    );
    return Number(unmarshall(answer.Attributes ?? {}).count ?? 1);
  }

  async beginStorm(scope: string, { generation, lastAtMs, findingId }: Omit<Storm, "isOn">): Promise<void> {
    await this.#update(
      stormKey(scope),
      "SET #entity = :entity, #on = :on, #generation = :generation, #next = :now, #last = :now, #finding = :finding",
      "attribute_not_exists(pk) OR #generation < :generation",
      { ":entity": "storm", ":on": true, ":generation": generation, ":now": lastAtMs, ":finding": findingId },
    );
  }

  async takeTurn(
    scope: string,
    { generation, nowMs, intervalMs }: { generation: number; nowMs: number; intervalMs: number },
  ): Promise<number | undefined> {
    const isStill = "#on = :on AND #generation = :generation";
    const values = { ":on": true, ":generation": generation, ":now": nowMs };
    const atOnce = await this.#update(
      stormKey(scope),
      "SET #next = :next, #last = :now",
      `${isStill} AND #next <= :now`,
      { ...values, ":next": nowMs + intervalMs },
    );
    if (atOnce !== undefined) return nowMs;
    const queued = await this.#update(stormKey(scope), "SET #next = #next + :interval, #last = :now", isStill, {
      ...values,
      ":interval": intervalMs,
    });
    return queued === undefined ? undefined : Number(queued.nextAtMs) - intervalMs;
  }

  async endStorm(
    scope: string,
    generation: number,
    unlessSinceMs = Number.MAX_SAFE_INTEGER,
  ): Promise<number | undefined> {
    const done = await this.#update(
      stormKey(scope),
      "SET #on = :off",
      "#generation = :generation AND #last <= :since",
      { ":off": false, ":generation": generation, ":since": unlessSinceMs },
    );
    if (done !== undefined) return undefined;
    const storm = await this.#get(stormKey(scope));
    return storm === undefined || storm.generation !== generation ? undefined : Number(storm.lastAtMs);
  }

  async useProof(proof: string, untilMs: number): Promise<boolean> {
    const values = { ":entity": "proof", ":ttl": Math.ceil(untilMs / 1000) };
    const used = await this.#update(
      proofKey(proof),
      "SET #entity = :entity, #ttl = :ttl",
      "attribute_not_exists(pk)",
      values,
    );
    return used !== undefined;
  }

  async switchBrake({ isOn, reason, by, at = "" }: Brake & { readonly isOn: boolean }): Promise<void> {
    await this.#update(
      BRAKE_KEY,
      "SET #entity = :entity, #on = :on, #reason = :reason, #by = :by, #at = :at",
      undefined,
      {
        ":entity": "brake",
        ":on": isOn,
        ":reason": reason,
        ":by": by,
        ":at": at,
      },
    );
  }

  /** One update of an item that is no resource's. Gives what the item holds then; undefined when the condition does not hold. */
  async #update(
    key: { pk: string; sk: string },
    UpdateExpression: string,
    ConditionExpression: string | undefined,
    values: Record<string, unknown>,
  ): Promise<Record<string, unknown> | undefined> {
    const names = Object.entries(ATTRIBUTES).filter(
      ([name]) => `${UpdateExpression} ${ConditionExpression}`.match(new RegExp(`${name}\\b`)) !== null,
    );
    try {
      const { Attributes } = await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: toAttributes(key),
          UpdateExpression,
          ...(ConditionExpression !== undefined && { ConditionExpression }),
          ExpressionAttributeNames: Object.fromEntries(names),
          ExpressionAttributeValues: toAttributes(values),
          ReturnValues: "ALL_NEW",
        }),
      );
      return unmarshall(Attributes ?? {});
    } catch (error) {
      if (sortAwsError(error).code === "ConditionalCheckFailedException") return undefined;
      throw this.#failed("UpdateItem", error);
    }
  }

  async save(record: ResourceRecord, next: ResourceRecord, entries: Entries): Promise<ResourceRecord> {
    const saved = { ...next, version: record.version + 1, findings: pruned(next.findings) };
    const items = [this.#updateResource(record, saved), ...this.#putEntries(saved, entries)];
    const outcome = await this.#ask("TransactWriteItems", () => transact(this.#client, items, this.#sleep)).catch(
      (error) => {
        this.#known.delete(memoryKey(record.resource, record.controlId));
        throw error;
      },
    );
    if (outcome === "refused") {
      this.#known.delete(memoryKey(record.resource, record.controlId));
      throw new CordonError("conflict", `the journal of ${shownArn(record.resource)} has moved on`);
    }
    this.#remember(saved);
    return saved;
  }

  async readRun(resource: ResourceRef, number: number): Promise<RunRecord | undefined> {
    const item = await this.#get(runKey(resource, number));
    if (item === undefined) return undefined;
    const pieces = Number(item.pieces ?? 0);
    const more = await Promise.all(
      Array.from({ length: pieces }, (_, index) => this.#get(runKey(resource, number, index + 1))),
    );
    return unpackRun(item, more);
  }

  async readClass(resource: ResourceRef): Promise<Pick<ResourceRecord, "classification" | "classSource">> {
    const { classification, classSource } = recordOf(resource, "", await this.#get(resourceKey(resource)));
    return {
      ...(classification !== undefined && { classification }),
      ...(classSource !== undefined && { classSource }),
    };
  }

  async readFinding(id: string): Promise<FindingRecord | undefined> {
    return (await this.#get(findingKey(id)))?.record as FindingRecord | undefined;
  }

  async #get(key: { pk: string; sk: string }): Promise<Record<string, unknown> | undefined> {
    const answer = await this.#ask("GetItem", () =>
      this.#client.send(new GetItemCommand({ TableName: this.#table, Key: toAttributes(key), ConsistentRead: true })),
    );
    return answer.Item === undefined ? undefined : unmarshall(answer.Item);
  }

  /** An update, not a put: what other controls write quietly stays. */
  #updateResource(record: ResourceRecord, saved: ResourceRecord): TransactWriteItem {
    const { pk, sk, ...item } = itemOf(saved);
    const due = dueAtMs(saved);
    const outbox = due === undefined ? {} : outboxAttributes("looks", { pk: String(pk), sk: String(sk) }, isoOf(due));
    const stale = ["waitingSince", "emissions", ...(due === undefined ? ["outbox", "outboxAt"] : [])];
    const names: Record<string, string> = { "#version": "version", "#class": "classification" };
    const values: Record<string, unknown> = { ":version": record.version, ":class": record.classification };
    const set: string[] = [];
    for (const [name, value] of [...Object.entries(item), ...Object.entries(outbox)]) {
      if (value === undefined) continue;
      names[`#a${set.length}`] = name;
      values[`:a${set.length}`] = value;
      set.push(`#a${set.length} = :a${set.length}`);
    }
    const wasClass = record.classification === undefined ? "attribute_not_exists(#class)" : "#class = :class";
    return {
      Update: {
        TableName: this.#table,
        Key: toAttributes({ pk, sk }),
        UpdateExpression: `SET ${set.join(", ")} REMOVE ${stale.join(", ")}`,
        // An item that only records class and Region has version 0, as has none at all. The class may have changed meanwhile without a version.
        ConditionExpression: `${record.version === 0 ? "(attribute_not_exists(pk) OR #version = :version)" : "#version = :version"} AND ${wasClass}`,
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: toAttributes(values),
      },
    };
  }

  /** Findings and evidence go into the outbox by being written. A finding carries its resource's version, which tells its states apart and in order. */
  #putEntries(
    { resource, version }: ResourceRecord,
    { claimedRun, finishedRun, findings = [], evidence = [] }: Entries,
  ): TransactWriteItem[] {
    const put = (item: Record<string, unknown>, condition?: string): TransactWriteItem => ({
      Put: {
        TableName: this.#table,
        Item: toAttributes(item),
        ...(condition !== undefined && { ConditionExpression: condition }),
      },
    });
    const items = findings.map((record) => {
      const key = findingKey(record.id);
      // What nobody has to hear of is told to nobody.
      const outbox = record.isQuiet === true ? {} : outboxAttributes("tickets", key, record.lastSeenAt);
      return put({ ...key, entity: "finding", version, ...outbox, record });
    });
    for (const entry of evidence) {
      const key = { pk: resourceKey(resource).pk, sk: entry.key };
      const outbox = outboxAttributes("archive", key, entry.at);
      items.push(put({ ...key, entity: "evidence", ...outbox, ...entry }, "attribute_not_exists(pk)"));
    }
    if (claimedRun !== undefined) {
      for (const item of packRun(resource, claimedRun)) items.push(put(item, "attribute_not_exists(pk)"));
    }
    if (finishedRun !== undefined) {
      const { number, status, receipts, usedFallback, verification } = finishedRun;
      items.push({
        Update: {
          TableName: this.#table,
          Key: toAttributes(runKey(resource, number)),
          UpdateExpression:
            "SET #status = :status, #receipts = :receipts, #fallback = :fallback, #verification = :verification",
          ConditionExpression: "attribute_exists(pk)",
          ExpressionAttributeNames: {
            "#status": "status",
            "#receipts": "receipts",
            "#fallback": "usedFallback",
            "#verification": "verification",
          },
          ExpressionAttributeValues: toAttributes({
            ":status": status,
            ":receipts": receipts,
            ":fallback": usedFallback,
            ":verification": verification ?? null,
          }),
        },
      });
    }
    return items;
  }

  #remember(record: ResourceRecord): void {
    if (this.#known.size >= MAX_REMEMBERED) this.#known.clear();
    this.#known.set(memoryKey(record.resource, record.controlId), {
      version: record.version,
      openFindings: openFindings(record),
      ...(record.classification !== undefined && { classification: record.classification }),
      ...(record.classSource !== undefined && { classSource: record.classSource }),
    });
  }

  async #ask<Answer>(operation: string, call: () => Promise<Answer>): Promise<Answer> {
    try {
      return await call();
    } catch (error) {
      throw this.#failed(operation, error);
    }
  }

  #failed(operation: string, error: unknown): CordonError {
    const isMissing = sortAwsError(error).code === "ResourceNotFoundException";
    return isMissing ? noTable(this.#table, error) : unavailable(operation, error);
  }
}

/** Attributes of items that are no resource's, by the names that expressions give them: some are reserved words. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  "#entity": "entity",
  "#on": "on",
  "#generation": "generation",
  "#next": "nextAtMs",
  "#last": "lastAtMs",
  "#finding": "findingId",
  "#reason": "reason",
  "#by": "by",
  "#at": "at",
  "#ttl": "expiresAtSeconds",
};

function brakeOf({ reason = "", by = "", at }: Record<string, unknown>): Brake {
  return { reason: String(reason), by: String(by), ...(at !== undefined && { at: String(at) }) };
}

function stormOf({ generation = 0, on, lastAtMs = 0, nextAtMs = 0, findingId = "" }: Record<string, unknown>): Storm {
  return {
    generation: Number(generation),
    isOn: on !== false,
    lastAtMs: Number(lastAtMs),
    nextAtMs: Number(nextAtMs),
    findingId: String(findingId),
  };
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

function memoryKey(resource: ResourceRef, controlId: string): string {
  return `${controlId} ${resourceKey(resource).pk}`;
}

/** The classes that a quietly seen one may replace, as the rest of a condition: a tag's those of no higher rank, the default's only another default. */
function mayReplace({ classification, classSource, notAbove }: SeenClass): string {
  if (classification === undefined) return "";
  if (classSource === "default") return " OR #source = :source";
  return ` OR #class IN (${notAbove.map((_, index) => `:c${index}`).join(", ")})`;
}
