import { isDeepStrictEqual } from "node:util";
import { copyOf } from "../copy.ts";
import type { AttributeMap, ItemChange, TableSchema } from "./store.ts";

/** A table's stream record as Lambda receives it. */
export interface StreamRecord {
  eventID: string;
  eventName: "INSERT" | "MODIFY" | "REMOVE";
  eventVersion: "1.1";
  eventSource: "aws:dynamodb";
  awsRegion: string;
  dynamodb: {
    /** Epoch seconds. */
    ApproximateCreationDateTime: number;
    Keys: AttributeMap;
    OldImage?: AttributeMap;
    NewImage?: AttributeMap;
    SequenceNumber: string;
    SizeBytes: number;
    StreamViewType: "NEW_AND_OLD_IMAGES";
  };
  eventSourceARN: string;
  /** Only of deletions by time to live. */
  userIdentity?: { type: "Service"; principalId: "dynamodb.amazonaws.com" };
}

export interface Table {
  schema: TableSchema;
  arn: string;
  account: string;
  region: string;
  /** Epoch ms. */
  createdAt: number;
  items: Map<string, AttributeMap>;
  /** What the last write, or transaction, changed: what an index may not show yet. */
  lastWrite: readonly ItemChange[];
  /** The attribute that holds an item's expiry in epoch seconds, if items expire. */
  timeToLiveAttribute: string | undefined;
  /** Undefined when the table has none. */
  stream: { arn: string; records: StreamRecord[] } | undefined;
}

const FIRST_SEQUENCE_NUMBER = 100_000_000_000_000_000_000n;

/** Write `changes` to `table`, all of them, and its stream. A write that changes nothing leaves no record, as on AWS. */
export function commit(
  table: Table,
  changes: readonly ItemChange[],
  at: number,
  createId: () => string,
): StreamRecord[] {
  table.lastWrite = changes;
  const written: StreamRecord[] = [];
  for (const change of changes) {
    if (change.after) table.items.set(change.key, change.after);
    else table.items.delete(change.key);
    if (!table.stream || isDeepStrictEqual({ ...change.before }, { ...change.after })) continue;
    const record = describeChange(table, table.stream, change, at, createId());
    table.stream.records.push(record);
    written.push(record);
  }
  return written;
}

/** The items as they were before the last write. */
export function itemsBefore({ items, lastWrite }: Table): AttributeMap[] {
  const earlier = new Map(items);
  for (const { key, before } of lastWrite) {
    if (before) earlier.set(key, before);
    else earlier.delete(key);
  }
  return [...earlier.values()];
}

function describeChange(
  table: Table,
  stream: { arn: string; records: StreamRecord[] },
  { before, after }: ItemChange,
  at: number,
  id: string,
): StreamRecord {
  const image = after ?? before ?? {};
  const keys = table.schema.KeySchema.map(({ AttributeName: name }) => [name, image[name]] as const);
  return copyOf({
    eventID: id,
    eventName: before ? (after ? "MODIFY" : "REMOVE") : "INSERT",
    eventVersion: "1.1",
    eventSource: "aws:dynamodb",
    awsRegion: table.region,
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(at / 1000),
      Keys: Object.fromEntries(keys) as AttributeMap,
      ...(after ? { NewImage: after } : {}),
      ...(before ? { OldImage: before } : {}),
      SequenceNumber: String(FIRST_SEQUENCE_NUMBER + BigInt(stream.records.length)),
      SizeBytes: JSON.stringify(image).length,
      StreamViewType: "NEW_AND_OLD_IMAGES",
    },
    eventSourceARN: stream.arn,
  });
}
