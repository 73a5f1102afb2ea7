/** The services the sandbox answers for, by the name their credential scope has. */
export type ServiceName =
  | "account"
  | "cloudcontrolapi"
  | "cloudtrail"
  | "config"
  | "dynamodb"
  | "events"
  | "iam"
  | "kms"
  | "lambda"
  | "logs"
  | "monitoring"
  | "s3"
  | "secretsmanager"
  | "sns"
  | "sqs"
  | "states"
  | "sts";

/** One API call as the account saw it, whatever came of it. */
export interface RecordedCall {
  /** 1 for the first call, then up by one. Order of arrival. */
  sequence: number;
  /** Epoch ms on the sandbox's clock. */
  at: number;
  service: ServiceName;
  /** API operation, for example `PutBucketReplication`. */
  operation: string;
  /** IAM actions AWS checks for it, for example `s3:PutReplicationConfiguration` and `iam:PassRole`. */
  actions: string[];
  /** The same with what they were asked for, by ARN, and its owner; empty when it did not come to that. */
  permissions: { action: string; resource: string; account: string }[];
  /** ARN of the caller; the bare access key id when nobody owns it. */
  principal: string;
  /** The Region the call was signed for. */
  region: string;
  /** Bucket, table or queue name; empty when the operation has none. */
  resource: string;
  requestId: string;
  /** The parsed request, in the SDK's own shape. */
  input: Record<string, unknown>;
  /** HTTP status that was answered; 0 while there is no answer, and for ever when the connection was dropped. */
  status: number;
  errorCode?: string;
  /** Whether the operation changes state, whatever came of it. */
  mutating: boolean;
  /** Whether it did change state: false for refused calls and for those that died before taking effect. */
  applied: boolean;
  /** Id of the function container that called, if one did. */
  container?: string;
  /** Name of the function that called, if one did. */
  functionName?: string;
  /** Kind of the injected fault this call met. */
  fault?: string;
}
