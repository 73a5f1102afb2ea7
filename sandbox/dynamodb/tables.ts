import { ServiceError } from "../errors.ts";
import type { CallContext } from "../operation.ts";
import { addIndexes, type IndexSpec } from "./indexes.ts";
import type { StaleIndex } from "./queries.ts";
import type { TableSchema } from "./store.ts";
import type { Table } from "./table.ts";
import type { TokenMemory } from "./transactions.ts";

/** All tables of all accounts and Regions, by ARN. */
export interface DynamoDBState {
  tables: Map<string, Table>;
  tokens: TokenMemory;
  stale: StaleIndex[];
}

/** Where a table of that name lives. */
export function tableArn(account: string, region: string, name: string): string {
  return `arn:aws:dynamodb:${region}:${account}:table/${name}`;
}

const PLAIN: Omit<TableSchema, "TableName"> = {
  KeySchema: [
    { AttributeName: "pk", KeyType: "HASH" },
    { AttributeName: "sk", KeyType: "RANGE" },
  ],
  AttributeDefinitions: [
    { AttributeName: "pk", AttributeType: "S" },
    { AttributeName: "sk", AttributeType: "S" },
  ],
};

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
    indexes?: readonly IndexSpec[];
    timeToLiveAttribute?: string | undefined;
  },
): Table {
  const arn = tableArn(spec.account, spec.region, spec.name);
  const table: Table = {
    schema: { TableName: spec.name, ...addIndexes(spec.schema ?? PLAIN, spec.indexes ?? []) },
    arn,
    account: spec.account,
    region: spec.region,
    createdAt: spec.at,
    items: new Map(),
    lastWrite: [],
    timeToLiveAttribute: spec.timeToLiveAttribute,
    stream: spec.stream ? { arn: `${arn}/stream/${new Date(spec.at).toISOString()}`, records: [] } : undefined,
  };
  state.tables.set(arn, table);
  return table;
}

/** CreateTable. Throws ResourceInUseException and ValidationException. */
export function createFromRequest(
  state: DynamoDBState,
  input: Record<string, unknown>,
  { principal, region, at }: CallContext,
): Table {
  const name = String(input.TableName);
  if (state.tables.has(tableArn(principal.account, region, name))) {
    throw new ServiceError("ResourceInUseException", `Table already exists: ${name}`, 400);
  }
  if (input.LocalSecondaryIndexes) {
    throw new ServiceError("ValidationException", "The sandbox does not implement local secondary indexes", 400);
  }
  const indexes = input.GlobalSecondaryIndexes as TableSchema["GlobalSecondaryIndexes"];
  const schema: Omit<TableSchema, "TableName"> = {
    KeySchema: input.KeySchema as TableSchema["KeySchema"],
    AttributeDefinitions: input.AttributeDefinitions as TableSchema["AttributeDefinitions"],
    ...(indexes ? { GlobalSecondaryIndexes: indexes } : {}),
  };
  const defined = schema.AttributeDefinitions.map(({ AttributeName }) => AttributeName);
  const keys = [schema, ...(indexes ?? [])].flatMap(({ KeySchema }) => KeySchema);
  if (keys.some(({ AttributeName }) => !defined.includes(AttributeName))) {
    const message = "Some index key attributes are not defined in AttributeDefinitions";
    throw new ServiceError("ValidationException", `One or more parameter values were invalid: ${message}`, 400);
  }
  const stream = (input.StreamSpecification as { StreamEnabled?: boolean } | undefined)?.StreamEnabled ?? false;
  return createTable(state, { name, account: principal.account, region, at, stream, schema });
}

/** DescribeTable, in its own words. */
export function describeTable(table: Table): unknown {
  const { GlobalSecondaryIndexes: indexes, ...schema } = table.schema;
  return {
    ...schema,
    ...(indexes
      ? {
          GlobalSecondaryIndexes: indexes.map((index) => ({
            ...index,
            IndexArn: `${table.arn}/index/${index.IndexName}`,
            IndexStatus: "ACTIVE",
          })),
        }
      : {}),
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
