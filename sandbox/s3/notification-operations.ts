import type { NotificationConfiguration } from "@aws-sdk/client-s3";
import * as sdk from "@aws-sdk/client-s3";
import type { BucketOperation } from "./bucket-operations.ts";
import { writeSetting } from "./configured.ts";
import { type Bucket, changeBucket, readBucket } from "./state.ts";
import { malformedXml } from "./wire.ts";

/** Where a bucket's own events go. EventBridge gets them; queues, topics and functions are kept as settings, and get nothing. */
export const notificationOperations: BucketOperation[] = [
  {
    schema: sdk.GetBucketNotificationConfiguration$,
    actions: ["s3:GetBucketNotification"],
    run: ({ state }, bucket) => ({
      output: { ...readBucket(state, bucket, "notification", "GetBucketNotificationConfiguration") },
    }),
  },
  {
    schema: sdk.PutBucketNotificationConfiguration$,
    actions: ["s3:PutBucketNotification"],
    eventName: "PutBucketNotification",
    mutating: true,
    run({ state, input }, bucket) {
      // An empty document takes everything away, and the codec gives nothing for it.
      const asked = input.NotificationConfiguration as NotificationConfiguration | undefined;
      if (asked === undefined) throw malformedXml();
      changeBucket(bucket, "notification", asked);
      writeSetting(state, bucket, "NotificationConfiguration", toProperties(asked));
      return {};
    },
  },
];

/** Whether a bucket's events go to EventBridge. */
export function tellsEventBridge({ notification }: Bucket): boolean {
  return notification.EventBridgeConfiguration !== undefined;
}

/** As CloudFormation writes it, as far as the sandbox acts on it. */
function toProperties({ EventBridgeConfiguration }: NotificationConfiguration): Record<string, unknown> | undefined {
  return EventBridgeConfiguration && { EventBridgeConfiguration: { EventBridgeEnabled: true } };
}
