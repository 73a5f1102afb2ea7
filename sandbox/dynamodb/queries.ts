import db from "dynalite/db/index.js";
import queryValidation from "dynalite/validations/query.js";
import scanValidation from "dynalite/validations/scan.js";
import { ServiceError } from "../errors.ts";
import { indexSource, type Source, tableSource } from "./indexes.ts";
import { type AttributeMap, keyOf, measureItem, parseInput, toServiceError } from "./store.ts";
import { itemsBefore, type Table } from "./table.ts";

const MAX_PAGE_BYTES = 1024 * 1024;

/** The next `times` reads of the index show it as it was before the table's last write. */
export interface StaleIndex {
  table: string;
  index: string;
  times: number;
}

interface PageRequest {
  Limit?: number;
  ExclusiveStartKey?: AttributeMap;
  ScanIndexForward?: boolean;
  ConsistentRead?: boolean;
  Select?: string;
  IndexName?: string;
  Segment?: number;
  TotalSegments?: number;
  KeyConditions?: Record<string, { ComparisonOperator: string; AttributeValueList: Record<string, unknown>[] }>;
  _filter?: { expression: object; pathHeads: Record<string, unknown> };
  _projection?: { paths: string[][] };
}

/** Query: one partition of a table or index in the order of its sort keys. Throws ValidationException. */
export function runQuery(
  table: Table,
  input: Record<string, unknown>,
  isStale: (index: string) => boolean,
): Record<string, unknown> {
  const request: PageRequest = parseInput(input, queryValidation);
  const source = openSource(table, request, isStale);
  const conditions = Object.entries(request.KeyConditions ?? {});
  const [hash, range] = source.keySchema.map(({ AttributeName }) => AttributeName);
  if (hash === undefined || request.KeyConditions?.[hash]?.ComparisonOperator !== "EQ") {
    throw invalid(`Query condition missed key schema element: ${hash}`);
  }
  for (const [name, { AttributeValueList: values }] of conditions) {
    if (name !== hash && name !== range) throw invalid("Query condition missed key schema element");
    const type = table.schema.AttributeDefinitions.find(({ AttributeName }) => AttributeName === name)?.AttributeType;
    if (type && values.some((value) => value[type] === undefined)) {
      throw invalid("One or more parameter values were invalid: Condition parameter type does not match schema type");
    }
  }
  const filteredKey = source.keySchema.find(({ AttributeName }) => request._filter?.pathHeads[AttributeName]);
  if (filteredKey) {
    const name = filteredKey.AttributeName;
    throw invalid(`Filter Expression can only contain non-primary key attributes: Primary key attribute: ${name}`);
  }
  return readPage(table, source, request, (item) =>
    conditions.every(([name, { ComparisonOperator, AttributeValueList }]) =>
      db.compare(ComparisonOperator, item[name], AttributeValueList),
    ),
  );
}

/** Scan: every item, in no order that means anything. Throws ValidationException. */
export function runScan(
  table: Table,
  input: Record<string, unknown>,
  isStale: (index: string) => boolean,
): Record<string, unknown> {
  const request: PageRequest = parseInput(input, scanValidation);
  const { Segment = 0, TotalSegments = 1 } = request;
  // dynalite's keys begin with a hash of the partition key, which spreads partitions over segments as AWS does.
  const segmentOf = (item: AttributeMap) => Number.parseInt(keyOf(item, table.schema).slice(0, 4), 16) % TotalSegments;
  const isMatch = (item: AttributeMap) => TotalSegments === 1 || segmentOf(item) === Segment;
  return readPage(table, openSource(table, request, isStale), request, isMatch);
}

function openSource(
  table: Table,
  { IndexName: name, ConsistentRead, Select, _projection }: PageRequest,
  isStale: (index: string) => boolean,
): Source {
  if (name === undefined) return tableSource(table);
  const index = table.schema.GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === name);
  if (!index) throw invalid(`The table does not have the specified index: ${name}`);
  if (ConsistentRead) throw invalid("Consistent reads are not supported on global secondary indexes");
  const source = indexSource(table, index, isStale(name) ? itemsBefore(table) : table.items.values());
  const missing = _projection?.paths.flatMap(([attribute = ""]) => (source.isProjected(attribute) ? [] : attribute));
  if (missing?.length) {
    throw invalid(
      `One or more parameter values were invalid: Global secondary index ${name} does not project [${missing.join(", ")}]`,
    );
  }
  if (Select === "ALL_ATTRIBUTES" && index.Projection.ProjectionType !== "ALL") {
    throw invalid(
      `One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index ${name} because its projection type is not ALL`,
    );
  }
  return source;
}

function readPage(
  table: Table,
  source: Source,
  request: PageRequest,
  isMatch: (item: AttributeMap) => boolean,
): Record<string, unknown> {
  const forward = request.ScanIndexForward !== false;
  const start = request.ExclusiveStartKey && readStart(table, source, request.ExclusiveStartKey);
  const rows = source.entries
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
    ...(stopped ? { LastEvaluatedKey: pick(source.keyNames, last) } : {}),
  };
}

/** A start key has exactly the keys of table and index. */
function readStart({ schema }: Table, { keyNames, position }: Source, start: AttributeMap): string {
  const isComplete = keyNames.every((name) => start[name]) && Object.keys(start).length === keyNames.length;
  const wrong = isComplete ? db.validateKey(pick(tableKeys(schema), start), schema) : undefined;
  if (wrong) throw toServiceError(wrong);
  if (!isComplete) throw invalid("The provided starting key is invalid");
  return position(start);
}

function tableKeys({ KeySchema }: Table["schema"]): string[] {
  return KeySchema.map(({ AttributeName }) => AttributeName);
}

function pick(names: readonly string[], item: AttributeMap): AttributeMap {
  return Object.fromEntries(names.flatMap((name) => (item[name] ? [[name, item[name]]] : [])));
}

function invalid(message: string): ServiceError {
  return new ServiceError("ValidationException", message, 400);
}
