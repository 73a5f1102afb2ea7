import { crc32 } from "node:zlib";
import { ServiceError } from "../errors.ts";
import { type CallContext, failure, type Operation, type Service, type WireResponse } from "../operation.ts";
import { type ItemKind, parseItemOperation } from "./items.ts";
import { runQuery, runScan } from "./queries.ts";
import type { AttributeMap, ItemChange, TableSchema } from "./store.ts";
import { commit, type Table } from "./table.ts";
import { isRepetition, parseTransaction, rememberRequest, runTransaction, type TokenMemory } from "./transactions.ts";

/** All tables of all accounts and Regions, by ARN. */
export interface DynamoDBState {
  tables: Map<string, Table>;
  tokens: TokenMemory;
}

type Input = Record<string, unknown>;
interface Handler {
  mutating?: true;
  actions?: (input: Input) => string[];
  run(input: Input, context: CallContext): unknown;
}

const CONTENT_TYPE = "application/x-amz-json-1.0";
const MAX_BATCH_KEYS = 100;
const WRITES: ItemKind[] = ["ConditionCheck", "Put", "Update", "Delete"];

/** Where a table of that name lives. */
export function tableArn(account: string, region: string, name: string): string {
  return `arn:aws:dynamodb:${region}:${account}:table/${name}`;
}

/** A table keyed by string attributes `pk` and `sk`, or by `schema`. */
export function createTable(
  state: DynamoDBState,
  spec: {
    name: string;
    account: string;
    region: string;
    at: number;
    stream?: boolean;
    schema?: Omit<TableSchema, "TableName">;
  },
): Table {
  const arn = tableArn(spec.account, spec.region, spec.name);
  const { KeySchema, AttributeDefinitions } = spec.schema ?? {
    KeySchema: [
      { AttributeName: "pk", KeyType: "HASH" },
      { AttributeName: "sk", KeyType: "RANGE" },
    ],
    AttributeDefinitions: [
      { AttributeName: "pk", AttributeType: "S" },
      { AttributeName: "sk", AttributeType: "S" },
    ],
  };
  const table: Table = {
    schema: { TableName: spec.name, KeySchema, AttributeDefinitions },
    arn,
    account: spec.account,
    region: spec.region,
    createdAt: spec.at,
    items: new Map(),
    stream: spec.stream ? { arn: `${arn}/stream/${new Date(spec.at).toISOString()}`, records: [] } : undefined,
  };
  state.tables.set(arn, table);
  return table;
}

/** DynamoDB's item operations and its simplest table operations. No secondary indexes, no PartiQL, no TTL. */
export function createDynamoDB(state: DynamoDBState, createId: () => string, changed: (table: Table) => void): Service {
  const find = (name: unknown, { principal, region }: CallContext): Table => {
    const table = state.tables.get(tableArn(principal.account, region, String(name)));
    if (!table) throw new ServiceError("ResourceNotFoundException", "Requested resource not found", 400);
    return table;
  };
  const write = (changes: { table: Table; change: ItemChange }[], context: CallContext): void => {
    for (const { table, change } of changes) {
      if (commit(table, [change], context.at, createId).length > 0) changed(table);
    }
  };
  const single = (kind: ItemKind): Handler => ({
    ...(kind === "Get" ? {} : { mutating: true }),
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
    Query: { run: (input, context) => runQuery(find(input.TableName, context), input) },
    Scan: { run: (input, context) => runScan(find(input.TableName, context), input) },
    BatchGetItem: { run: (input, context) => runBatchGet(input, (name) => find(name, context)) },
    TransactGetItems: {
      actions: () => ["dynamodb:GetItem"],
      run: (input, context) => ({
        Responses: parseTransaction(input, ["Get"]).map(
          (operation) => operation.run(find(operation.data.TableName, context)).result,
        ),
      }),
    },
    TransactWriteItems: {
      mutating: true,
      actions: transactionActions,
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
      run: (input, context) => ({ TableDescription: describe(create(state, input, context)) }),
    },
    DescribeTable: { run: (input, context) => ({ Table: describe(find(input.TableName, context)) }) },
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
      return bindHandler(name, handler, input);
    },
  };
}

function bindHandler(name: string, handler: Handler, input: Input): Operation {
  return {
    name,
    resource: namesOf(input).join(","),
    input,
    actions: handler.actions?.(input) ?? [`dynamodb:${name}`],
    mutating: handler.mutating ?? false,
    execute: (context) => answer(200, handler.run(input, context), {}),
  };
}

function runBatchGet(input: Input, find: (name: string) => Table): unknown {
  const requests = Object.entries(Object(input.RequestItems) as Record<string, { Keys?: AttributeMap[] }>);
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

function create(state: DynamoDBState, input: Input, { principal, region, at }: CallContext): Table {
  const name = String(input.TableName);
  if (state.tables.has(tableArn(principal.account, region, name))) {
    throw new ServiceError("ResourceInUseException", `Table already exists: ${name}`, 400);
  }
  const schema = {
    KeySchema: input.KeySchema as TableSchema["KeySchema"],
    AttributeDefinitions: input.AttributeDefinitions as TableSchema["AttributeDefinitions"],
  };
  const stream = (input.StreamSpecification as { StreamEnabled?: boolean } | undefined)?.StreamEnabled ?? false;
  return createTable(state, { name, account: principal.account, region, at, stream, schema });
}

function describe(table: Table): unknown {
  return {
    ...table.schema,
    TableArn: table.arn,
    TableStatus: "ACTIVE",
    CreationDateTime: table.createdAt / 1000,
    ItemCount: table.items.size,
    BillingModeSummary: { BillingMode: "PAY_PER_REQUEST" },
    ...(table.stream
      ? {
          StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
          LatestStreamArn: table.stream.arn,
        }
      : {}),
  };
}

/** There is no IAM action for a transaction: each of its operations is checked as its own. */
function transactionActions(input: Input): string[] {
  const list = Array.isArray(input.TransactItems) ? (input.TransactItems as object[]) : [];
  const kinds = list.flatMap((entry) => Object.keys(entry));
  return [...new Set(kinds)].map(
    (kind) => `dynamodb:${kind === "ConditionCheck" ? "ConditionCheckItem" : `${kind}Item`}`,
  );
}

function namesOf(input: Input): string[] {
  if (typeof input.TableName === "string") return [input.TableName];
  if (input.RequestItems) return Object.keys(Object(input.RequestItems));
  const list = Array.isArray(input.TransactItems)
    ? (input.TransactItems as Record<string, { TableName?: string }>[])
    : [];
  return [...new Set(list.flatMap((entry) => Object.values(entry).flatMap(({ TableName }) => TableName ?? [])))];
}

function answer(status: number, content: unknown, headers: Record<string, string>): WireResponse {
  const body = JSON.stringify(content ?? {});
  return { status, headers: { "content-type": CONTENT_TYPE, "x-amz-crc32": String(crc32(body)), ...headers }, body };
}
