import type { Json } from "./json.ts";
import type { Stack } from "./stack.ts";

/** The sparse index of what has been written and not yet acknowledged by its consumer. */
export const OUTBOX_INDEX = "outbox";

/** The cell's memory. Its stream is the outbox; the index finds what the stream has forgotten. */
export function table({ name }: Stack): Json {
  return {
    Type: "AWS::DynamoDB::Table",
    DeletionPolicy: "Retain",
    UpdateReplacePolicy: "Retain",
    Properties: {
      TableName: name,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: ["pk", "sk", "outbox", "outboxAt"].map((AttributeName) => ({
        AttributeName,
        AttributeType: "S",
      })),
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: OUTBOX_INDEX,
          KeySchema: [
            { AttributeName: "outbox", KeyType: "HASH" },
            { AttributeName: "outboxAt", KeyType: "RANGE" },
          ],
          Projection: { ProjectionType: "KEYS_ONLY" },
        },
      ],
      StreamSpecification: { StreamViewType: "NEW_AND_OLD_IMAGES" },
      TimeToLiveSpecification: { AttributeName: "expiresAtSeconds", Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: true,
      SSESpecification: { SSEEnabled: true },
    },
  };
}
