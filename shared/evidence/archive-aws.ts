import {
  type AttributeValue,
  BatchGetItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  type TransactWriteItem,
} from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { sortAwsError, unavailable } from "../aws/aws-errors.ts";
import { CordonError } from "../errors.ts";
import { chainKey } from "../journal/keys.ts";
import { transact } from "../journal/transact-aws.ts";
import type { Clock } from "../types.ts";
import type { Archive, EntryState, StoredHead } from "./archive.ts";
import { GENESIS, type Head, type Link, parseObjectKey } from "./chain.ts";
import { type Entry, entryId } from "./entry.ts";

/** BatchGetItem takes so many keys. */
const MAX_KEYS = 100;
/** S3 asks for another attempt when two writes of a key are under way (409). */
const MAX_WRITES = 4;

/** The archive in the cell's table and its evidence bucket, both of the function's own account and Region. */
export function archiveOnAws(
  { dynamoDb, s3 }: { readonly dynamoDb: DynamoDBClient; readonly s3: S3Client },
  { table, bucket }: { readonly table: string; readonly bucket: string },
  clock: Clock,
): Archive {
  const ask = async <Answer>(operation: string, call: () => Promise<Answer>): Promise<Answer> => {
    try {
      return await call();
    } catch (error) {
      throw failed(operation, error, { table, bucket });
    }
  };

  return {
    async readHead(chain) {
      const get = new GetItemCommand({ TableName: table, Key: marshall(chainKey(chain)), ConsistentRead: true });
      const { Item } = await ask("GetItem", () => dynamoDb.send(get));
      return Item === undefined ? GENESIS : headIn(Item);
    },

    async readStates(entries) {
      const byKey = new Map(entries.map((entry) => [JSON.stringify([entry.pk, entry.record.key]), entry]));
      const states = new Map<string, EntryState>();
      const keys = [...byKey.values()].map(keyOf);
      while (keys.length > 0) {
        const asked = keys.splice(0, MAX_KEYS);
        const items = {
          Keys: asked,
          ConsistentRead: true,
          ProjectionExpression: "pk, sk, contentHash, #sequence",
          ExpressionAttributeNames: { "#sequence": "sequence" },
        };
        const answer = await ask("BatchGetItem", () =>
          dynamoDb.send(new BatchGetItemCommand({ RequestItems: { [table]: items } })),
        );
        const found = answer.Responses?.[table] ?? [];
        // An answer takes 16 MB, whatever of it is asked for: the rest is asked for again.
        const left = answer.UnprocessedKeys?.[table]?.Keys ?? [];
        if (left.length >= asked.length) throw new CordonError("unavailable", "the table answered nothing (throttled)");
        keys.push(...left);
        for (const item of found) {
          const { pk, sk, contentHash, sequence } = unmarshall(item);
          const entry = byKey.get(JSON.stringify([pk, sk]));
          // Another content under the same key is another entry.
          if (entry?.record.contentHash !== contentHash || entry === undefined) continue;
          states.set(entryId(entry), sequence === undefined ? "waiting" : "archived");
        }
      }
      return states;
    },

    async append({ key, body }) {
      const put = {
        ...placeOf(bucket, key),
        Body: body,
        ContentType: "application/json",
        IfNoneMatch: "*",
      };
      for (let attempt = 1; ; attempt++) {
        try {
          await s3.send(new PutObjectCommand(put));
          return true;
        } catch (error) {
          const { code } = sortAwsError(error);
          if (code === "PreconditionFailed") return false;
          if (code !== "ConditionalRequestConflict" || attempt >= MAX_WRITES) {
            throw failed("PutObject", error, { table, bucket });
          }
          await clock.sleep(25 * 2 ** attempt);
        }
      }
    },

    async read(key) {
      try {
        const { Body } = await s3.send(new GetObjectCommand(placeOf(bucket, key)));
        return (await Body?.transformToString("utf8")) ?? "";
      } catch (error) {
        if (sortAwsError(error).code === "NoSuchKey") return undefined;
        throw failed("GetObject", error, { table, bucket });
      }
    },

    async acknowledge(chain, from, to, links) {
      const at = new Date(clock.nowMs()).toISOString();
      const items = [moveHead(table, chain, from, to, at), ...links.map((link) => leaveOutbox(table, link, at))];
      return (await ask("TransactWriteItems", () => transact(dynamoDb, items, (ms) => clock.sleep(ms)))) === "done";
    },
  };
}

/** A bucket's name can pass to another account, and evidence doesn't leave the cell: its account has to own the bucket. */
function placeOf(bucket: string, key: string) {
  return { Bucket: bucket, Key: key, ExpectedBucketOwner: parseObjectKey(key)?.chain.split("/")[0] };
}

function keyOf({ pk, record }: Entry) {
  return marshall({ pk, sk: record.key });
}

/** A chain's number has twelve digits, in its objects' keys. */
const MAX_SEQUENCE = 999_999_999_999;

/** An item -> the head it is, or what it is instead. */
function headIn(item: RawHead): StoredHead {
  const sequence = Number(item.sequence?.N ?? Number.NaN);
  const hash = item.hash?.S;
  if (Number.isInteger(sequence) && sequence >= 0 && sequence <= MAX_SEQUENCE && hash !== undefined) {
    return { sequence, hash };
  }
  return { ...GENESIS, raw: item };
}

type RawHead = Readonly<Record<string, AttributeValue>>;

function moveHead(table: string, chain: string, from: StoredHead, to: Head, at: string): TransactWriteItem {
  const { condition, values } = isAt(from);
  return {
    Update: {
      TableName: table,
      Key: marshall(chainKey(chain)),
      UpdateExpression: "SET #entity = :entity, #sequence = :to, #hash = :hash, #at = :at",
      ConditionExpression: condition,
      ExpressionAttributeNames: { "#entity": "entity", "#sequence": "sequence", "#hash": "hash", "#at": "archivedAt" },
      ExpressionAttributeValues: {
        ...marshall({ ":entity": "chain", ":to": to.sequence, ":hash": to.hash, ":at": at }),
        ...values,
      },
    },
  };
}

/** The condition that the table's head is what was read of it: a head, the beginning, which needs no item, or something that is no head. */
function isAt({ sequence, hash, raw }: StoredHead): { readonly condition: string; readonly values: RawHead } {
  if (raw === undefined && sequence === GENESIS.sequence) {
    return { condition: "attribute_not_exists(pk) OR #sequence = :from", values: { ":from": { N: "0" } } };
  }
  const item = raw === undefined ? marshall({ sequence, hash }) : (raw as RawHead);
  const parts = [
    ["#sequence", ":from", item.sequence],
    ["#hash", ":before", item.hash],
  ] as const;
  return {
    condition: parts
      .map(([name, value, is]) => (is === undefined ? `attribute_not_exists(${name})` : `${name} = ${value}`))
      .join(" AND "),
    values: Object.fromEntries(parts.flatMap(([, value, is]) => (is === undefined ? [] : [[value, is]]))),
  };
}

function leaveOutbox(table: string, { entry, sequence, key }: Link, at: string): TransactWriteItem {
  return {
    Update: {
      TableName: table,
      Key: keyOf(entry),
      UpdateExpression:
        "SET #sequence = :sequence, archiveKey = :key, archivedAt = :at REMOVE outbox, outboxAt, waitingSince",
      ConditionExpression: "contentHash = :hash AND attribute_not_exists(#sequence)",
      ExpressionAttributeNames: { "#sequence": "sequence" },
      ExpressionAttributeValues: marshall({
        ":sequence": sequence,
        ":key": key,
        ":at": at,
        ":hash": entry.record.contentHash,
      }),
    },
  };
}

/** What to raise for an SDK error: whether it helps to ask again, and what is to be mended if it doesn't. */
function failed(
  operation: string,
  error: unknown,
  names: { readonly table: string; readonly bucket: string },
): CordonError {
  const { kind, code, message } = sortAwsError(error);
  if (code === "ResourceNotFoundException" || code === "NoSuchBucket") {
    return new CordonError(
      "misconfigured",
      `There is no table "${names.table}" or no bucket "${names.bucket}" in this account and Region: set CORDON_TABLE and CORDON_EVIDENCE_BUCKET to Cordon's own.`,
      { cause: error },
    );
  }
  if (kind === "denied") return new CordonError("denied", `AWS refused ${operation}: ${message}`, { cause: error });
  return unavailable(operation, error);
}
