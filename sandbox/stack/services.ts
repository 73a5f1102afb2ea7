import type { SandboxClock } from "../clock.ts";
import type { TableSchema } from "../dynamodb/store.ts";
import { createTable, type DynamoDBState } from "../dynamodb/tables.ts";
import { functionUrlOf } from "../lambda/function-url-address.ts";
import type { IdSequence } from "../sequence.ts";
import type { Registry } from "./registry.ts";
import type { StackServices } from "./resources.ts";

/** What templates make their resources with, out of the sandbox's own parts. */
export function createStackServices(
  account: Pick<StackServices, "account" | "region" | "createBucket" | "defineFunction"> & {
    registry: Registry;
    ids: IdSequence;
    clock: SandboxClock;
    dynamodb: DynamoDBState;
    endpoint: string;
  },
): StackServices {
  const { registry, ids, clock, dynamodb, endpoint, createBucket, defineFunction } = account;
  return {
    registry,
    account: account.account,
    region: account.region,
    createBucket,
    defineFunction,
    createId: ids.uuid,
    createSuffix: () => ids.key("", 12),
    now: clock.now,
    functionUrl: (name, place) => functionUrlOf(endpoint, place, name),
    queueUrl: (name, owner) => `${endpoint}/${owner}/${name}`,
    createTable(name, place, { StreamSpecification, TimeToLiveSpecification, ...properties }) {
      const timeToLive = TimeToLiveSpecification as { AttributeName: string; Enabled: boolean } | undefined;
      const { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes } = properties as unknown as TableSchema;
      const schema = { KeySchema, AttributeDefinitions, ...(GlobalSecondaryIndexes && { GlobalSecondaryIndexes }) };
      return createTable(dynamodb, {
        name,
        account: place.account,
        region: place.region,
        at: clock.now(),
        stream: StreamSpecification !== undefined,
        schema,
        timeToLiveAttribute: timeToLive?.Enabled ? timeToLive.AttributeName : undefined,
      });
    },
  };
}
