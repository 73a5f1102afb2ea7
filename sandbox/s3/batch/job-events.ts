import type { EventBridgeEvent } from "../../cloudtrail.ts";
import type { Job } from "./jobs.ts";

/**
 * CloudTrail's event of a job that was created or has another status: a service's event, no call's (S3 user guide, "Tracking an S3 Batch
 * Operations job in EventBridge through CloudTrail"). The calls on jobs leave no event of their own. `at` in epoch ms.
 */
export function describeJobEvent(
  eventName: "JobCreated" | "JobStatusChanged",
  { id, arn, account, region, status, failures, statusReason }: Job,
  at: number,
  createId: () => string,
): EventBridgeEvent {
  const time = `${new Date(at).toISOString().slice(0, 19)}Z`;
  return {
    version: "0",
    id: createId(),
    "detail-type": "AWS Service Event via CloudTrail",
    source: "aws.s3",
    account,
    time,
    region,
    resources: [],
    detail: {
      eventVersion: "1.11",
      userIdentity: { accountId: account, invokedBy: "s3.amazonaws.com" },
      eventTime: time,
      eventSource: "s3.amazonaws.com",
      eventName,
      awsRegion: region,
      sourceIPAddress: "s3.amazonaws.com",
      userAgent: "s3.amazonaws.com",
      requestParameters: null,
      responseElements: null,
      eventID: createId(),
      readOnly: false,
      eventType: "AwsServiceEvent",
      managementEvent: true,
      recipientAccountId: account,
      eventCategory: "Management",
      serviceEventDetails: {
        jobId: id,
        jobArn: arn,
        status,
        jobEventId: createId().replaceAll("-", ""),
        failureCodes: failures.map(({ code }) => code),
        statusChangeReason: statusReason === undefined ? [] : [statusReason],
      },
    },
  };
}
