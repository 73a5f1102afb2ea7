/** Which properties of which resource types matter so much that a change is told; the rest may differ. */
export interface Guarded {
  /** Parts as findings name them, with the paths of their properties. A property the template leaves out has to be absent in AWS. */
  readonly parts: Readonly<Record<string, readonly string[]>>;
  /** Parts in which AWS adds members of its own. */
  readonly open?: readonly string[];
  /** Of a part, how names begin that may differ. */
  readonly ignored?: Readonly<Record<string, string>>;
  /** Parts whose values are not to be shown. */
  readonly secret?: readonly string[];
  /** What AWS takes for a property that the template leaves out. */
  readonly defaults?: Readonly<Record<string, unknown>>;
}

const alone = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, [name]]));

/** By CloudFormation type. Of a type with no parts it counts that it is there. */
export const GUARDED: Readonly<Record<string, Guarded>> = {
  "AWS::Events::Rule": {
    parts: { ...alone("State", "Targets"), EventPattern: ["EventPattern", "ScheduleExpression"] },
    defaults: { State: "ENABLED" },
  },
  "AWS::Events::EventBus": { parts: alone("Policy") },
  "AWS::SQS::Queue": {
    parts: {
      ...alone("RedrivePolicy", "Policy"),
      Settings: ["VisibilityTimeout", "MessageRetentionPeriod", "SqsManagedSseEnabled"],
    },
    defaults: { VisibilityTimeout: 30 },
  },
  "AWS::Lambda::Function": {
    parts: {
      ...alone("ReservedConcurrentExecutions", "Role"),
      Environment: ["Environment.Variables"],
      Settings: ["Handler", "Timeout", "MemorySize", "Layers", "VpcConfig"],
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
      Settings: ["BillingMode", "SSESpecification.SSEEnabled", "ResourcePolicy"],
    },
  },
  "AWS::KMS::Key": { parts: alone("Enabled", "KeyPolicy", "EnableKeyRotation"), defaults: { Enabled: true } },
  "AWS::S3::Bucket": {
    parts: {
      ...alone("ObjectLockConfiguration", "PublicAccessBlockConfiguration", "BucketEncryption"),
      Versioning: ["VersioningConfiguration.Status"],
      // Neither has a place in an archive: one hides what is old, the other carries evidence out of the cell.
      Movement: ["LifecycleConfiguration", "ReplicationConfiguration"],
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
      Actions: ["ActionsEnabled", "AlarmActions"],
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
      ],
    },
    defaults: { ActionsEnabled: true },
  },
  "AWS::SNS::Topic": { parts: {} },
};
