import { type DynamoDBState, describeTable } from "../dynamodb/tables.ts";
import { ServiceError } from "../errors.ts";
import type { Registry, StackResource } from "../stack/registry.ts";
import type { Caller, ControlService } from "./control-service.ts";
import { type Input, isRecord, readText, requireText } from "./input.ts";

const TABLE = "AWS::DynamoDB::Table";

/** A table's settings and its end. Tables that no template and no registry entry describes are read, not changed. */
export function createDynamoDBControl(registry: Registry, { tables }: DynamoDBState): ControlService {
  const arnOf = (input: Input, { account, region }: Caller): string => {
    const name = readText(input, "TableName") ?? "";
    return name.startsWith("arn:") ? name : `arn:aws:dynamodb:${region}:${account}:table/${name}`;
  };
  const find = (input: Input, caller: Caller): StackResource => {
    requireText(input, "TableName");
    const arn = arnOf(input, caller);
    const table = registry.list(TABLE, caller).find((candidate) => candidate.arn === arn);
    if (table) return table;
    throw notFound(arn);
  };
  const describe = (arn: string, properties: Record<string, unknown> | undefined) => {
    const table = tables.get(arn);
    if (!table) throw notFound(arn);
    return {
      ...Object(describeTable(table)),
      DeletionProtectionEnabled: properties?.DeletionProtectionEnabled === true,
    };
  };
  /** A stream that is turned on again is another one. */
  const setStream = (arn: string, on: boolean, at: number): void => {
    const table = tables.get(arn);
    if (!table || on === (table.stream !== undefined)) return;
    table.stream = on ? { arn: `${arn}/stream/${new Date(at).toISOString()}`, records: [] } : undefined;
  };
  return {
    name: "dynamodb",
    nameOf: (input) => (readText(input, "TableName") ?? "").split("/").at(-1) ?? "",
    arnOf,
    handlers: {
      DescribeTable: {
        run(input, caller) {
          const arn = arnOf(input, caller);
          const resource = registry.list(TABLE, caller).find((candidate) => candidate.arn === arn);
          return { Table: describe(arn, resource?.properties) };
        },
      },
      DescribeContinuousBackups: {
        run: (input, caller) => ({ ContinuousBackupsDescription: describeBackups(find(input, caller)) }),
      },
      UpdateContinuousBackups: {
        mutating: true,
        run(input, caller) {
          const table = find(input, caller);
          table.properties.PointInTimeRecoverySpecification = input.PointInTimeRecoverySpecification;
          registry.changed(table);
          return { ContinuousBackupsDescription: describeBackups(table) };
        },
      },
      UpdateTable: {
        mutating: true,
        run(input, caller) {
          const table = find(input, caller);
          const { DeletionProtectionEnabled, StreamSpecification } = input;
          if (DeletionProtectionEnabled !== undefined) {
            table.properties.DeletionProtectionEnabled = DeletionProtectionEnabled;
          }
          if (isRecord(StreamSpecification)) {
            const { StreamEnabled, StreamViewType } = StreamSpecification;
            if (StreamEnabled) table.properties.StreamSpecification = { StreamViewType };
            else delete table.properties.StreamSpecification;
            setStream(table.arn, StreamEnabled === true, caller.at);
          }
          registry.changed(table);
          return { TableDescription: describe(table.arn, table.properties) };
        },
      },
      DeleteTable: {
        mutating: true,
        run(input, caller) {
          const table = find(input, caller);
          if (table.properties.DeletionProtectionEnabled === true) {
            throw new ServiceError(
              "ValidationException",
              "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
              400,
            );
          }
          const TableDescription = { ...describe(table.arn, table.properties), TableStatus: "DELETING" };
          tables.delete(table.arn);
          registry.remove(table);
          return { TableDescription };
        },
      },
    },
  };
}

function notFound(arn: string): ServiceError {
  const message = `Requested resource not found: Table: ${arn.split("/").at(-1)} not found`;
  return new ServiceError("ResourceNotFoundException", message, 400);
}

function describeBackups({ properties }: StackResource): Record<string, unknown> {
  const { PointInTimeRecoverySpecification: specification } = properties;
  const isOn = isRecord(specification) && specification.PointInTimeRecoveryEnabled === true;
  return {
    ContinuousBackupsStatus: "ENABLED",
    PointInTimeRecoveryDescription: {
      PointInTimeRecoveryStatus: isOn ? "ENABLED" : "DISABLED",
      ...(isOn && { RecoveryPeriodInDays: Object(specification).RecoveryPeriodInDays ?? 35 }),
    },
  };
}
