import { type DynamoDBClient, paginateScan, type ScanCommandInput } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { sortAwsError, unavailable } from "../aws/aws-errors.ts";
import { CordonError } from "../errors.ts";
import type { FindingRecord } from "./journal.ts";
import type { JournalEntry, JournalRecords, SeenResource } from "./records.ts";
import { sentToAttribute } from "./resource-item.ts";

/**
 * The journal's records in the cell's table, by Scan (consistent, page by page), of which only what is needed is sent over.
 *
 * @param controlIds the controls of which it is told where they saw data being sent to
 * @param onPage is told after each page how many items have been read
 */
export function recordsInTable(
  client: DynamoDBClient,
  table: string,
  controlIds: readonly string[],
  onPage: (read: number) => void = () => {},
): JournalRecords {
  async function* read(kinds: readonly JournalEntry["kind"][]): AsyncGenerator<JournalEntry> {
    let items = 0;
    try {
      for await (const { Items = [], ScannedCount = 0 } of paginateScan({ client }, scanOf(table, kinds, controlIds))) {
        items += ScannedCount;
        onPage(items);
        for (const item of Items) yield entryOf(unmarshall(item), controlIds);
      }
    } catch (error) {
      throw failed(table, error);
    }
  }
  return {
    async *findings() {
      for await (const entry of read(["finding"])) if (entry.kind === "finding") yield entry.finding;
    },
    async *resources() {
      for await (const entry of read(["resource"])) if (entry.kind === "resource") yield entry.seen;
    },
    all: () => read(["finding", "resource"]),
  };
}

/** What of an item is needed, by the kind of item that has it. */
const ATTRIBUTES: Readonly<Record<JournalEntry["kind"], readonly string[]>> = {
  finding: ["record"],
  resource: ["resource", "classification", "classSource", "seenAt"],
};

function scanOf(
  table: string,
  kinds: readonly JournalEntry["kind"][],
  controlIds: readonly string[],
): ScanCommandInput {
  const names = [
    "entity",
    ...kinds.flatMap((kind) => ATTRIBUTES[kind]),
    ...(kinds.includes("resource") ? controlIds.map(sentToAttribute) : []),
  ];
  return {
    TableName: table,
    ConsistentRead: true,
    FilterExpression: `#n0 IN (${kinds.map((_, index) => `:k${index}`).join(", ")})`,
    ProjectionExpression: names.map((_, index) => `#n${index}`).join(", "),
    ExpressionAttributeNames: Object.fromEntries(names.map((name, index) => [`#n${index}`, name])),
    ExpressionAttributeValues: marshall(Object.fromEntries(kinds.map((kind, index) => [`:k${index}`, kind]))),
  };
}

function entryOf(item: Record<string, unknown>, controlIds: readonly string[]): JournalEntry {
  if (item.entity === "finding") return { kind: "finding", finding: item.record as FindingRecord };
  const { resource, classification, classSource, seenAt } = item as unknown as SeenResource;
  const sentTo = controlIds.flatMap((id) => {
    const regions = item[sentToAttribute(id)] as readonly string[] | undefined;
    return regions === undefined ? [] : [[id, regions] as const];
  });
  return {
    kind: "resource",
    seen: {
      resource,
      sentTo: Object.fromEntries(sentTo),
      ...(classification !== undefined && { classification }),
      ...(classSource !== undefined && { classSource }),
      ...(seenAt !== undefined && { seenAt }),
    },
  };
}

function failed(table: string, error: unknown): unknown {
  const { kind, code, message } = sortAwsError(error);
  if (code === "ResourceNotFoundException") {
    return new CordonError(
      "misconfigured",
      `There is no table "${table}" in this account and Region: set CORDON_TABLE to Cordon's table, and AWS_REGION to the cell's Region.`,
      { cause: error },
    );
  }
  if (kind === "denied") {
    return new CordonError(
      "denied",
      `AWS refused Scan of the table "${table}", which takes dynamodb:Scan: ${message}`,
      {
        cause: error,
      },
    );
  }
  return unavailable("Scan", error);
}
