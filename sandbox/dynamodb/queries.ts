import db from "dynalite/db/index.js";
import queryValidation from "dynalite/validations/query.js";
import scanValidation from "dynalite/validations/scan.js";
import { ServiceError } from "../errors.ts";
import { type AttributeMap, keyOf, measureItem, parseInput } from "./store.ts";
import type { Table } from "./table.ts";

const MAX_PAGE_BYTES = 1024 * 1024;

interface PageRequest {
  Limit?: number;
  ExclusiveStartKey?: AttributeMap;
  ScanIndexForward?: boolean;
  Select?: string;
  IndexName?: string;
  Segment?: number;
  TotalSegments?: number;
  KeyConditions?: Record<string, { ComparisonOperator: string; AttributeValueList: unknown[] }>;
  _filter?: { expression: object };
  _projection?: { paths: unknown[] };
}

/** Query: one partition in the order of its sort keys. Throws ValidationException. */
export function runQuery(table: Table, input: Record<string, unknown>): Record<string, unknown> {
  const request: PageRequest = parseInput(input, queryValidation);
  const conditions = Object.entries(request.KeyConditions ?? {});
  const [hash, range] = table.schema.KeySchema.map(({ AttributeName }) => AttributeName);
  if (hash === undefined || request.KeyConditions?.[hash]?.ComparisonOperator !== "EQ") {
    throw new ServiceError("ValidationException", `Query condition missed key schema element: ${hash}`, 400);
  }
  if (conditions.some(([name]) => name !== hash && name !== range)) {
    throw new ServiceError("ValidationException", "Query condition missed key schema element", 400);
  }
  return readPage(table, request, (item) =>
    conditions.every(([name, { ComparisonOperator, AttributeValueList }]) =>
      db.compare(ComparisonOperator, item[name], AttributeValueList),
    ),
  );
}

/** Scan: every item, in no order that means anything. Throws ValidationException. */
export function runScan(table: Table, input: Record<string, unknown>): Record<string, unknown> {
  const request: PageRequest = parseInput(input, scanValidation);
  const { Segment = 0, TotalSegments = 1 } = request;
  // dynalite's keys begin with a hash of the partition key, which spreads partitions over segments as AWS does.
  const segmentOf = (item: AttributeMap) => Number.parseInt(keyOf(item, table.schema).slice(0, 4), 16) % TotalSegments;
  return readPage(table, request, (item) => TotalSegments === 1 || segmentOf(item) === Segment);
}

function readPage(
  table: Table,
  request: PageRequest,
  isMatch: (item: AttributeMap) => boolean,
): Record<string, unknown> {
  if (request.IndexName !== undefined) {
    throw new ServiceError(
      "ValidationException",
      `The table does not have the specified index: ${request.IndexName}`,
      400,
    );
  }
  const forward = request.ScanIndexForward !== false;
  const start = request.ExclusiveStartKey && keyOf(request.ExclusiveStartKey, table.schema);
  const rows = [...table.items]
    .filter(([key, item]) => isMatch(item) && (start === undefined || (forward ? key > start : key < start)))
    .sort(([a], [b]) => (a < b === forward ? -1 : 1));

  let bytes = 0;
  const page: AttributeMap[] = [];
  for (const [, item] of rows) {
    if (page.length >= (request.Limit ?? Number.POSITIVE_INFINITY) || bytes >= MAX_PAGE_BYTES) break;
    bytes += measureItem(item);
    page.push(item);
  }
  const filter = request._filter?.expression;
  const found = filter ? page.filter((item) => db.matchesExprFilter(item, filter)) : page;
  const paths = request._projection?.paths;
  const last = page.at(-1);
  // AWS names a last key whenever it stopped at a limit, even if nothing follows.
  const stopped = last !== undefined && (page.length < rows.length || page.length === request.Limit);
  return {
    Count: found.length,
    ScannedCount: page.length,
    ...(request.Select === "COUNT" ? {} : { Items: found.map((item) => (paths ? db.mapPaths(paths, item) : item)) }),
    ...(stopped ? { LastEvaluatedKey: pickKey(table, last) } : {}),
  };
}

function pickKey(table: Table, item: AttributeMap): Record<string, unknown> {
  return Object.fromEntries(table.schema.KeySchema.map(({ AttributeName: name }) => [name, item[name]]));
}
