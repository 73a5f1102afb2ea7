/**
 * Which properties of which resource types are compared: every one that the template sets or that somebody could set (the types' published schemas), but for those that
 * `LET_BE` gives a reason for. What AWS adds to a schema one day is compared once it is listed here.
 */
export interface Guarded {
  /** Parts as findings name them, with the paths of their properties. A property the template leaves out has to be absent in AWS. */
  readonly parts: Readonly<Record<string, readonly string[]>>;
  /** Parts in which AWS adds members of its own. */
  readonly open?: readonly string[];
  /** Of a part, how names begin that may differ. */
  readonly ignored?: Readonly<Record<string, string>>;
  /** Parts that somebody has to fill in by hand: whatever is there will do. */
  readonly needed?: readonly string[];
  /** Parts whose values are not to be shown. */
  readonly secret?: readonly string[];
  /** What AWS takes for a property that the template leaves out. */
  readonly defaults?: Readonly<Record<string, unknown>>;
  /** What AWS may show where nothing was set, as good as nothing: documented defaults, some of which changed over the years. */
  readonly usual?: Readonly<Record<string, readonly unknown[]>>;
}

/** Properties of the template that may differ, and why. Names and keys can't be changed: what bears another is another resource. */
export const LET_BE: Readonly<Record<string, string>> = {
  Tags: "no function reads them",
  Description: "for people",
  AlarmDescription: "for people",
  Code: "AWS doesn't show it; changes of it are heard, and the part Code tells",
  PendingWindowInDays: "for one deletion, which is told by itself",
  KeySchema: "can't be changed",
  AttributeDefinitions: "follow from the keys",
  ObjectLockEnabled: "can't be switched off",
  RetentionInDays: "logs are for people; their group is guarded",
};

const alone = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, [name]]));

/** What feeds functions is no resource of its own to the guard, but a part of theirs (deploy/own-resources.ts). */
export const TRIGGER: Guarded = {
  parts: {
    Trigger: ["Enabled"],
    "Trigger settings": [
      "BatchSize",
      "MaximumBatchingWindowInSeconds",
      "FunctionResponseTypes",
      "ScalingConfig.MaximumConcurrency",
      "FilterCriteria.Filters",
      "KmsKeyArn",
      "BisectBatchOnFunctionError",
      "MaximumRecordAgeInSeconds",
      "MaximumRetryAttempts",
      "ParallelizationFactor",
      "TumblingWindowInSeconds",
      "DestinationConfig.OnFailure.Destination",
      "ProvisionedPollerConfig",
    ],
  },
  usual: {
    MaximumBatchingWindowInSeconds: [0],
    BisectBatchOnFunctionError: [false],
    MaximumRecordAgeInSeconds: [-1],
    MaximumRetryAttempts: [-1],
    ParallelizationFactor: [1],
    TumblingWindowInSeconds: [0],
  },
};

/** A function's URL, which is a part of the function to the guard: open to everybody, anybody could try his luck with it. */
export const URL_OF_FUNCTION: Guarded = {
  parts: { Url: ["AuthType", "InvokeMode", "Cors"] },
  usual: { InvokeMode: ["BUFFERED"] },
};

/** By CloudFormation type. Of a type with no parts it counts that it is there. */
export const GUARDED: Readonly<Record<string, Guarded>> = {
  "AWS::Events::Rule": {
    parts: { ...alone("State"), Targets: ["Targets", "RoleArn"], EventPattern: ["EventPattern", "ScheduleExpression"] },
    defaults: { State: "ENABLED" },
  },
  "AWS::Events::EventBus": { parts: { ...alone("Policy"), Settings: ["KmsKeyIdentifier", "DeadLetterConfig"] } },
  "AWS::SQS::Queue": {
    parts: {
      ...alone("RedrivePolicy", "Policy"),
      Settings: [
        "VisibilityTimeout",
        "MessageRetentionPeriod",
        "MaximumMessageSize",
        "DelaySeconds",
        "ReceiveMessageWaitTimeSeconds",
        "SqsManagedSseEnabled",
        "KmsMasterKeyId",
        "KmsDataKeyReusePeriodSeconds",
        "RedriveAllowPolicy",
      ],
    },
    defaults: { VisibilityTimeout: 30 },
    usual: {
      // 256 KiB, and 1 MiB for queues made since 2025.
      MaximumMessageSize: [262_144, 1_048_576],
      DelaySeconds: [0],
      ReceiveMessageWaitTimeSeconds: [0],
      KmsDataKeyReusePeriodSeconds: [300],
    },
  },
  "AWS::Lambda::Function": {
    parts: {
      ...alone("ReservedConcurrentExecutions", "Role"),
      Environment: ["Environment.Variables"],
      Settings: [
        "Handler",
        "Runtime",
        "PackageType",
        "Architectures",
        "Timeout",
        "MemorySize",
        "EphemeralStorage.Size",
        "Layers",
        "ImageConfig",
        "FileSystemConfigs",
        "VpcConfig.SubnetIds",
        "VpcConfig.SecurityGroupIds",
        "KmsKeyArn",
        "CodeSigningConfigArn",
        "DeadLetterConfig.TargetArn",
        "RecursiveLoop",
        "RuntimeManagementConfig",
        "TracingConfig.Mode",
      ],
      // The alarms' metrics are told in the log: written elsewhere or filtered, they are not found.
      Logging: [
        "LoggingConfig.LogGroup",
        "LoggingConfig.LogFormat",
        "LoggingConfig.ApplicationLogLevel",
        "LoggingConfig.SystemLogLevel",
      ],
    },
    usual: {
      PackageType: ["Zip"],
      "EphemeralStorage.Size": [512],
      RecursiveLoop: ["Terminate"],
      RuntimeManagementConfig: [{ UpdateRuntimeOn: "Auto" }],
      "LoggingConfig.LogFormat": ["Text"],
    },
    // The members' external id is in it, and what somebody put there may be worse.
    secret: ["Environment"],
    // Somebody may want to see more of a log, or less.
    ignored: { Environment: "POWERTOOLS_" },
  },
  "AWS::DynamoDB::Table": {
    parts: {
      ...alone("DeletionProtectionEnabled"),
      PointInTimeRecovery: ["PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled"],
      Stream: ["StreamSpecification.StreamViewType"],
      // An attribute that every item has, taken for the time to live, would empty the table.
      TimeToLive: ["TimeToLiveSpecification"],
      // The sweep finds by its index what the stream has forgotten.
      Index: ["GlobalSecondaryIndexes"],
      Settings: [
        "BillingMode",
        "ProvisionedThroughput",
        "OnDemandThroughput",
        "GlobalSecondaryIndexes.0.OnDemandThroughput",
        "TableClass",
        "SSESpecification.SSEEnabled",
        "ResourcePolicy",
        "KinesisStreamSpecification",
        "LocalSecondaryIndexes",
      ],
    },
    // Throughputs, and insights.
    open: ["Index"],
    usual: {
      ProvisionedThroughput: [{ ReadCapacityUnits: 0, WriteCapacityUnits: 0 }],
      OnDemandThroughput: [{ MaxReadRequestUnits: -1, MaxWriteRequestUnits: -1 }],
      "GlobalSecondaryIndexes.0.OnDemandThroughput": [{ MaxReadRequestUnits: -1, MaxWriteRequestUnits: -1 }],
      TableClass: ["STANDARD"],
    },
  },
  "AWS::KMS::Key": { parts: alone("Enabled", "KeyPolicy", "EnableKeyRotation"), defaults: { Enabled: true } },
  "AWS::S3::Bucket": {
    parts: {
      ...alone("ObjectLockConfiguration", "PublicAccessBlockConfiguration", "BucketEncryption"),
      Versioning: ["VersioningConfiguration.Status"],
      // Neither has a place in an archive: one hides what is old, the other carries evidence out of the cell.
      Movement: ["LifecycleConfiguration", "ReplicationConfiguration"],
      ...alone("OwnershipControls"),
    },
    open: ["BucketEncryption"],
  },
  "AWS::IAM::Role": {
    parts: {
      ...alone("AssumeRolePolicyDocument"),
      Policies: ["Policies", "ManagedPolicyArns", "PermissionsBoundary"],
    },
  },
  "AWS::CloudWatch::Alarm": {
    parts: {
      Actions: ["ActionsEnabled", "AlarmActions", "OKActions"],
      Condition: [
        "Namespace",
        "MetricName",
        "Dimensions",
        "Statistic",
        "Period",
        "EvaluationPeriods",
        "Threshold",
        "ComparisonOperator",
        "TreatMissingData",
        "ExtendedStatistic",
        "EvaluateLowSampleCountPercentile",
        "Unit",
        "DatapointsToAlarm",
        "Metrics",
        "ThresholdMetricId",
      ],
    },
    defaults: { ActionsEnabled: true },
  },
  "AWS::SNS::Topic": {
    parts: { Settings: ["KmsMasterKeyId", "DataProtectionPolicy"], Subscription: ["Subscription"] },
    needed: ["Subscription"],
  },
};
