import { crc32 } from "node:zlib";
import { ServiceError } from "../errors.ts";
import { type CallContext, failure, type Operation, type Service, type WireResponse } from "../operation.ts";
import { type ItemKind, parseItemOperation } from "./items.ts";
import { leadingKey, queriedKey } from "./leading-keys.ts";
import { runQuery, runScan } from "./queries.ts";
import type { AttributeMap, ItemChange } from "./store.ts";
import { commit, type Table } from "./table.ts";
import { createFromRequest, type DynamoDBState, describeTable, tableArn } from "./tables.ts";
import { isRepetition, parseTransaction, rememberRequest, runTransaction } from "./transactions.ts";

type Input = Record<string, unknown>;
/** What IAM is asked about one table, or one of its indexes. */
interface Need {
  action: string;
  table: string;
  index?: string;
  /** The partition keys it is about, in the table as it is; every one when it doesn't say. */
  leadingKeys?: (table: Table) => readonly string[];
}
interface Handler {
  mutating?: true;
  /** Where it is not `dynamodb:<operation>` on each table. */
  needs?: (input: Input) => Need[];
  run(input: Input, context: CallContext): unknown;
}

const CONTENT_TYPE = "application/x-amz-json-1.0";
const MAX_BATCH_KEYS = 100;
const WRITES: ItemKind[] = ["ConditionCheck", "Put", "Update", "Delete"];

/** DynamoDB's item operations and its simplest table operations. No local secondary indexes, no PartiQL. */
export function createDynamoDB(state: DynamoDBState, createId: () => string, changed: (table: Table) => void): Service {
  const find = (name: unknown, { principal, region }: CallContext): Table => {
    const table = state.tables.get(tableArn(principal.account, region, String(name)));
    if (!table) throw new ServiceError("ResourceNotFoundException", "Requested resource not found", 400);
    return table;
  };
  const write = (changes: { table: Table; change: ItemChange }[], context: CallContext): void => {
    for (const table of new Set(changes.map((entry) => entry.table))) {
      const own = changes.filter((entry) => entry.table === table).map(({ change }) => change);
      if (commit(table, own, context.at, createId).length > 0) changed(table);
    }
  };
  const staleIn = (table: Table) => (index: string) => {
    const entry = state.stale.find((stale) => stale.table === table.schema.TableName && stale.index === index);
    if (!entry) return false;
    entry.times -= 1;
    if (entry.times <= 0) state.stale.splice(state.stale.indexOf(entry), 1);
    return true;
  };
  const pages = (name: string, run: typeof runQuery): Handler => ({
    needs: (input) => [
      {
        action: `dynamodb:${name}`,
        table: String(input.TableName),
        ...indexOf(input),
        ...(name === "Query" && { leadingKeys: (table) => [queriedKey(table, input)] }),
      },
    ],
    run(input, context) {
      const table = find(input.TableName, context);
      return run(table, input, staleIn(table));
    },
  });
  const single = (kind: ItemKind): Handler => ({
    ...(kind === "Get" ? {} : { mutating: true }),
    needs: (input) => [itemNeed(kind, input)],
    run(input, context) {
      const operation = parseItemOperation(kind, input);
      const table = find(input.TableName, context);
      const { result, change } = operation.run(table);
      if (change) write([{ table, change }], context);
      return result;
    },
  });
  const handlers: Record<string, Handler> = {
    GetItem: single("Get"),
    PutItem: single("Put"),
    UpdateItem: single("Update"),
    DeleteItem: single("Delete"),
    Query: pages("Query", runQuery),
    Scan: pages("Scan", runScan),
    BatchGetItem: {
      needs: (input) =>
        requestsOf(input).map(([table, { Keys = [] }]) => ({
          action: "dynamodb:BatchGetItem",
          table,
          leadingKeys: (found) => Keys.map((key) => leadingKey(found, key)),
        })),
      run: (input, context) => runBatchGet(input, (name) => find(name, context)),
    },
    TransactGetItems: {
      needs: transactionNeeds,
      run: (input, context) => ({
        Responses: parseTransaction(input, ["Get"]).map(
          (operation) => operation.run(find(operation.data.TableName, context)).result,
        ),
      }),
    },
    TransactWriteItems: {
      mutating: true,
      needs: transactionNeeds,
      run(input, context) {
        if (isRepetition(state.tokens, input, context.at)) return {};
        write(
          runTransaction(parseTransaction(input, WRITES), (name) => find(name, context)),
          context,
        );
        rememberRequest(state.tokens, input, context.at);
        return {};
      },
    },
    CreateTable: {
      mutating: true,
      run: (input, context) => ({ TableDescription: describeTable(createFromRequest(state, input, context)) }),
    },
    DescribeTable: { run: (input, context) => ({ Table: describeTable(find(input.TableName, context)) }) },
  };
  return {
    name: "dynamodb",
    throttled: failure("ThrottlingException", "Rate of requests exceeds the allowed throughput.", 400),
    broken: failure("InternalServerError", "The request processing has failed because of an unknown error.", 500),
    unknownKey: failure("UnrecognizedClientException", "The security token included in the request is invalid.", 400),
    accessDenied: { code: "AccessDeniedException", status: 400 },
    fail: ({ code, message, status, headers, members }) =>
      answer(status, { __type: `com.amazonaws.dynamodb.v20120810#${code}`, message, ...members }, headers),
    parse(request) {
      const name = request.headers["x-amz-target"]?.split(".").at(-1) ?? "";
      const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
      if (!handler)
        throw new ServiceError("UnknownOperationException", `The sandbox does not implement dynamodb ${name}`, 400);
      const input: Input = JSON.parse(request.body.toString("utf8"));
      return bindHandler(state, name, handler, input);
    },
  };
}

function bindHandler(state: DynamoDBState, name: string, handler: Handler, input: Input): Operation {
  const tables = namesOf(input);
  const needs = handler.needs?.(input) ?? tables.map((table): Need => ({ action: `dynamodb:${name}`, table }));
  return {
    name,
    resource: tables.join(","),
    input,
    actions: [...new Set(needs.map(({ action }) => action))],
    permissions: ({ principal: { account }, region }) =>
      needs.map(({ action, table, index, leadingKeys }) => {
        const arn = tableArn(account, region, table);
        const found = state.tables.get(arn);
        const keys = found && leadingKeys && { "dynamodb:LeadingKeys": leadingKeys(found) };
        return {
          action,
          resource: index === undefined ? arn : `${arn}/index/${index}`,
          account,
          ...(keys && { keys }),
        };
      }),
    mutating: handler.mutating ?? false,
    execute: (context) => answer(200, handler.run(input, context), {}),
  };
}

function runBatchGet(input: Input, find: (name: string) => Table): unknown {
  const requests = requestsOf(input);
  const count = requests.reduce((sum, [, { Keys = [] }]) => sum + Keys.length, 0);
  if (count < 1 || count > MAX_BATCH_KEYS) {
    throw new ServiceError("ValidationException", `Too many items requested for the BatchGetItem call: ${count}`, 400);
  }
  const responses = requests.map(([name, { Keys = [], ...shared }]) => {
    const table = find(name);
    const operations = Keys.map((Key) => parseItemOperation("Get", { ...shared, TableName: name, Key }));
    if (new Set(operations.map((operation) => operation.key(table))).size < operations.length) {
      throw new ServiceError("ValidationException", "Provided list of item keys contains duplicates", 400);
    }
    return [name, operations.flatMap((operation) => operation.run(table).result.Item ?? [])];
  });
  return { Responses: Object.fromEntries(responses), UnprocessedKeys: {} };
}

/** There is no IAM action for a transaction: each of its operations is checked as its own. */
function transactionNeeds(input: Input): Need[] {
  return operationsOf(input).map(([kind, operation]) => itemNeed(kind, operation));
}

/** What an operation on one item needs. */
function itemNeed(kind: string, input: Input): Need {
  return {
    action: `dynamodb:${kind === "ConditionCheck" ? "ConditionCheckItem" : `${kind}Item`}`,
    table: String(input.TableName ?? ""),
    leadingKeys: (table) => [leadingKey(table, Object(input.Key ?? input.Item))],
  };
}

function operationsOf({ TransactItems: items }: Input): [string, Input][] {
  return Array.isArray(items) ? items.flatMap((entry: object) => Object.entries(entry)) : [];
}

function requestsOf({ RequestItems: items }: Input): [string, { Keys?: AttributeMap[] }][] {
  return Object.entries(Object(items));
}

function indexOf({ IndexName: index }: Input): { index?: string } {
  return index === undefined ? {} : { index: String(index) };
}

function namesOf(input: Input): string[] {
  if (typeof input.TableName === "string") return [input.TableName];
  if (input.RequestItems) return requestsOf(input).map(([name]) => name);
  return [...new Set(operationsOf(input).flatMap(([, { TableName: name }]) => (typeof name === "string" ? name : [])))];
}

function answer(status: number, content: unknown, headers: Record<string, string>): WireResponse {
  const body = JSON.stringify(content ?? {});
  return { status, headers: { "content-type": CONTENT_TYPE, "x-amz-crc32": String(crc32(body)), ...headers }, body };
}
