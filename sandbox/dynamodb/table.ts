import { isDeepStrictEqual } from "node:util";
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
}

export interface Table {
  schema: TableSchema;
  arn: string;
  account: string;
  region: string;
  /** Epoch ms. */
  createdAt: number;
  items: Map<string, AttributeMap>;
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

function describeChange(
  table: Table,
  stream: { arn: string; records: StreamRecord[] },
  { before, after }: ItemChange,
  at: number,
  id: string,
): StreamRecord {
  const image = after ?? before ?? {};
  const keys = table.schema.KeySchema.map(({ AttributeName: name }) => [name, image[name]] as const);
  return structuredClone({
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
