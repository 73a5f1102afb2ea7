import { busPolicies } from "../events/policies.ts";
import type { Registry, StackResource } from "../stack/registry.ts";

/** What Cloud Control knows of a resource type: its schema's handlers, and how a read shows a resource. */
export interface CloudControlType {
  /** Permissions of the schema's read handler; undefined when there is none, as for a policy attached to something else. */
  read?: readonly string[];
  /** Permissions of the list handler. */
  list?: readonly string[];
  /** Members that a read never shows. A dot leads into a member. */
  writeOnly?: readonly string[];
  /** What a read shows besides the configured properties: the identifier, the ARN, AWS's defaults. */
  shown?(resource: StackResource, registry: Registry): Record<string, unknown>;
}

const arn = (resource: StackResource) => ({ Arn: resource.arn });

/**
 * Handlers, permissions and write-only members from the resource types' published schemas (CloudFormation registry,
 * August 2026). Two permissions of those lists are left out: `iam:PassRole`, which no read passes, and `kms:Decrypt`, which
 * only a resource encrypted with a customer's key takes. Types that are not here, the sandbox doesn't know.
 */
export const CLOUD_CONTROL_TYPES: Readonly<Record<string, CloudControlType>> = {
  "AWS::Events::Rule": {
    read: ["events:DescribeRule", "events:ListTargetsByRule", "events:ListTagsForResource"],
    list: ["events:ListRules"],
    shown: (rule) => ({
      Arn: rule.arn,
      Name: rule.arn.split("/").at(-1),
      EventBusName: "default",
      State: "ENABLED",
    }),
  },
  "AWS::Events::EventBus": {
    read: ["events:DescribeEventBus", "events:ListTagsForResource"],
    list: ["events:ListEventBuses", "events:ListTagsForResource"],
    writeOnly: ["EventSourceName"],
    // Statements that are resources of their own in a template are one policy in AWS.
    shown: (bus, registry) => {
      const Statement = busPolicies(registry, bus).flatMap((policy) => policy.Statement);
      const Policy = Statement.length > 0 ? { Policy: { Version: "2012-10-17", Statement } } : {};
      return { Name: bus.identifier, Arn: bus.arn, ...Policy };
    },
  },
  "AWS::Events::EventBusPolicy": {
    read: ["events:DescribeEventBus"],
    list: ["events:DescribeEventBus"],
    writeOnly: ["Principal", "Condition", "Action"],
  },
  "AWS::Lambda::Function": {
    read: [
      "lambda:GetFunction",
      "lambda:GetFunctionCodeSigningConfig",
      "lambda:GetFunctionRecursionConfig",
      "lambda:GetRuntimeManagementConfig",
      "lambda:GetFunctionScalingConfig",
    ],
    list: ["lambda:ListFunctions"],
    writeOnly: ["Code", "SnapStart", "PublishToLatestPublished"],
    shown: (fn) => ({ FunctionName: fn.identifier, Arn: fn.arn, MemorySize: 128, Timeout: 3 }),
  },
  "AWS::Lambda::EventSourceMapping": {
    read: ["lambda:GetEventSourceMapping", "lambda:ListTags"],
    list: ["lambda:ListEventSourceMappings"],
    shown: (mapping) => ({ Id: mapping.identifier, EventSourceMappingArn: mapping.arn, Enabled: true }),
  },
  "AWS::Lambda::Url": {
    read: ["lambda:GetFunctionUrlConfig"],
    list: ["lambda:ListFunctionUrlConfigs"],
    writeOnly: ["TargetFunctionArn", "Qualifier"],
    shown: (url) => ({ FunctionArn: url.arn, InvokeMode: "BUFFERED" }),
  },
  "AWS::SQS::Queue": {
    read: ["sqs:GetQueueAttributes", "sqs:ListQueueTags"],
    list: ["sqs:ListQueues"],
    shown: (queue) => ({
      QueueUrl: queue.identifier,
      Arn: queue.arn,
      DelaySeconds: 0,
      MessageRetentionPeriod: 345_600,
      ReceiveMessageWaitTimeSeconds: 0,
      VisibilityTimeout: 30,
    }),
  },
  "AWS::SQS::QueuePolicy": {},
  "AWS::DynamoDB::Table": {
    read: [
      "dynamodb:DescribeTable",
      "dynamodb:DescribeContinuousBackups",
      "dynamodb:DescribeContributorInsights",
      "dynamodb:DescribeKinesisStreamingDestination",
      "dynamodb:ListTagsOfResource",
      "dynamodb:GetResourcePolicy",
      "dynamodb:DescribeTimeToLive",
    ],
    list: ["dynamodb:ListTables"],
    writeOnly: ["ImportSourceSpecification"],
    shown: (table) => ({ TableName: table.identifier, Arn: table.arn, DeletionProtectionEnabled: false }),
  },
  "AWS::KMS::Key": {
    read: ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"],
    list: ["kms:ListKeys", "kms:DescribeKey"],
    writeOnly: ["PendingWindowInDays", "BypassPolicyLockoutSafetyCheck", "RotationPeriodInDays"],
    shown: (key) => ({
      KeyId: key.identifier,
      Arn: key.arn,
      Enabled: true,
      EnableKeyRotation: false,
      KeySpec: "SYMMETRIC_DEFAULT",
      KeyUsage: "ENCRYPT_DECRYPT",
      MultiRegion: false,
    }),
  },
  "AWS::KMS::Alias": {
    read: ["kms:ListAliases"],
    list: ["kms:ListAliases"],
    shown: (alias) => ({ AliasName: alias.identifier }),
  },
  "AWS::IAM::Role": {
    read: ["iam:GetRole", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:GetRolePolicy"],
    list: ["iam:ListRoles"],
    shown: (role) => ({ RoleName: role.identifier, Arn: role.arn, Path: "/", MaxSessionDuration: 3600 }),
  },
  "AWS::IAM::Policy": {},
  "AWS::S3::Bucket": {
    read: [
      "s3:GetAccelerateConfiguration",
      "s3:GetLifecycleConfiguration",
      "s3:GetBucketPublicAccessBlock",
      "s3:GetAnalyticsConfiguration",
      "s3:GetBucketCORS",
      "s3:GetEncryptionConfiguration",
      "s3:GetInventoryConfiguration",
      "s3:GetBucketLogging",
      "s3:GetMetricsConfiguration",
      "s3:GetBucketNotification",
      "s3:GetBucketVersioning",
      "s3:GetReplicationConfiguration",
      "s3:GetBucketWebsite",
      "s3:GetBucketObjectLockConfiguration",
      "s3:GetBucketTagging",
      "s3:ListTagsForResource",
      "s3:GetBucketAbac",
      "s3:GetBucketOwnershipControls",
      "s3:GetIntelligentTieringConfiguration",
      "s3:GetBucketMetadataTableConfiguration",
      "s3:ListBucket",
    ],
    list: ["s3:ListAllMyBuckets"],
    writeOnly: ["AccessControl", "BucketNamePrefix", "BucketNamespace"],
    shown: (bucket) => ({ BucketName: bucket.identifier, Arn: bucket.arn }),
  },
  "AWS::S3::BucketPolicy": {
    read: ["s3:GetBucketPolicy"],
    list: ["s3:GetBucketPolicy", "s3:ListAllMyBuckets"],
  },
  "AWS::SNS::Topic": {
    read: [
      "sns:GetTopicAttributes",
      "sns:ListTagsForResource",
      "sns:ListSubscriptionsByTopic",
      "sns:GetDataProtectionPolicy",
    ],
    list: ["sns:ListTopics"],
    shown: (topic, registry) => ({
      TopicArn: topic.arn,
      Subscription: registry
        .list("AWS::SNS::Subscription")
        .filter(({ properties }) => properties.TopicArn === topic.arn)
        .map(({ properties: { Endpoint, Protocol } }) => ({ Endpoint, Protocol })),
    }),
  },
  "AWS::SNS::Subscription": {
    read: ["sns:GetSubscriptionAttributes"],
    list: ["sns:ListSubscriptions"],
    writeOnly: ["Region"],
    shown: arn,
  },
  "AWS::SNS::TopicPolicy": {},
  "AWS::Logs::LogGroup": {
    read: [
      "logs:DescribeLogGroups",
      "logs:ListTagsForResource",
      "logs:GetDataProtectionPolicy",
      "logs:DescribeIndexPolicies",
      "logs:DescribeResourcePolicies",
    ],
    list: ["logs:DescribeLogGroups", "logs:ListTagsForResource"],
    shown: (group) => ({ LogGroupName: group.identifier, Arn: `${group.arn.replace(/:\*$/, "")}:*` }),
  },
  "AWS::CloudWatch::Alarm": {
    read: ["cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource"],
    list: ["cloudwatch:DescribeAlarms"],
    shown: (alarm) => ({ AlarmName: alarm.identifier, Arn: alarm.arn, ActionsEnabled: true }),
  },
  "AWS::CloudTrail::Trail": {
    read: [
      "cloudtrail:GetTrail",
      "cloudtrail:GetTrailStatus",
      "cloudtrail:ListTags",
      "cloudtrail:GetEventSelectors",
      "cloudtrail:GetInsightSelectors",
      "cloudtrail:GetEventConfiguration",
      "cloudtrail:DescribeTrails",
    ],
    list: [
      "cloudtrail:ListTrails",
      "cloudtrail:GetTrail",
      "cloudtrail:GetTrailStatus",
      "cloudtrail:ListTags",
      "cloudtrail:GetEventSelectors",
      "cloudtrail:GetInsightSelectors",
      "cloudtrail:DescribeTrails",
    ],
    shown: (trail) => ({ TrailName: trail.identifier, Arn: trail.arn }),
  },
  // Its schema has no handlers at all: CloudFormation's older kind.
  "AWS::Config::ConfigurationRecorder": {},
  "AWS::Config::DeliveryChannel": {},
};
