/** What people are told of a part that is not as deployed. */
export interface PartText {
  /** Ends a sentence that begins with the resource's name. */
  readonly says: string;
  readonly consequence: string;
  /** A command that puts it back, where one is enough. */
  readonly command?: (name: string) => string;
}

/** How a type is called. */
export const NOUNS: Readonly<Record<string, string>> = {
  "AWS::Events::Rule": "rule",
  "AWS::Events::EventBus": "event bus",
  "AWS::SQS::Queue": "queue",
  "AWS::Lambda::Function": "function",
  "AWS::DynamoDB::Table": "table",
  "AWS::KMS::Key": "key",
  "AWS::S3::Bucket": "bucket",
  "AWS::IAM::Role": "role",
  "AWS::CloudWatch::Alarm": "alarm",
  "AWS::SNS::Topic": "topic",
  "AWS::Logs::LogGroup": "log group",
};

/** What follows when a resource is gone, by type. */
export const GONE: Readonly<Record<string, string>> = {
  "AWS::Events::Rule": "events of this rule are no longer heard",
  "AWS::Events::EventBus": "nothing that forwarders send is heard any more, from any other Region or account",
  "AWS::SQS::Queue": "events have nowhere to wait: what is sent to it now is lost",
  "AWS::Lambda::Function": "what it does is no longer done",
  "AWS::DynamoDB::Table": "Cordon has lost its memory: leases, exceptions and what evidence is not archived yet",
  "AWS::KMS::Key": "the evidence encrypted with it can't be read, and none can be added",
  "AWS::S3::Bucket": "the archive of evidence is gone",
  "AWS::IAM::Role": "the function that runs in it can do nothing any more",
  "AWS::CloudWatch::Alarm": "nobody is paged when what it watches goes wrong",
  "AWS::SNS::Topic": "alarms reach nobody",
  "AWS::Logs::LogGroup": "what its function does and fails at is logged nowhere",
};

const fed = (name: string) =>
  `aws lambda list-event-source-mappings --function-name ${name}, then aws lambda update-event-source-mapping --enabled --uuid <its UUID>`;

/** By type and part, as deploy/guarded.ts names them. */
export const TEXTS: Readonly<Record<string, Readonly<Record<string, PartText>>>> = {
  "AWS::Events::Rule": {
    State: {
      says: "is switched off",
      consequence: "events of this rule are no longer heard",
      command: (name) => `aws events enable-rule --name ${name}`,
    },
    Targets: {
      says: "sends elsewhere",
      consequence: "what it hears does not reach the function, or reaches others too",
    },
    EventPattern: {
      says: "listens to something else",
      consequence: "some of the events it was made for are no longer heard",
    },
  },
  "AWS::Events::EventBus": {
    Policy: { says: "lets others send", consequence: "forwarders are shut out, or strangers let in" },
    Settings: {
      says: "has other settings",
      consequence: "what forwarders send may not be readable, or be kept elsewhere",
    },
  },
  "AWS::SQS::Queue": {
    RedrivePolicy: { says: "gives messages up differently", consequence: "events that fail are lost instead of kept" },
    Policy: { says: "lets others send", consequence: "rules can't deliver to it, or strangers can" },
    Settings: {
      says: "has other settings",
      consequence: "events can be refused, forgotten or treated twice at a time",
    },
  },
  "AWS::Lambda::Function": {
    Url: {
      says: "can be reached by others, or by nobody, at its URL",
      consequence:
        "people can't decide by the command line, or strangers can knock; an order without proof is still none",
      command: (name) =>
        `aws lambda update-function-url-config --auth-type ${isForSlack(name) ? "NONE" : "AWS_IAM"} --function-name ${name}`,
    },
    ReservedConcurrentExecutions: {
      says: "is held back by its concurrency",
      consequence: "it runs less often than events come, or never",
      command: (name) =>
        isForSlack(name)
          ? `aws lambda put-function-concurrency --reserved-concurrent-executions 5 --function-name ${name}`
          : `aws lambda delete-function-concurrency --function-name ${name}`,
    },
    Role: { says: "runs in another role", consequence: "it can do more than it should, or nothing" },
    Environment: {
      says: "has other settings in its environment",
      consequence: "it may work on another table, in another mode, or for nobody",
    },
    Settings: { says: "has other settings", consequence: "it may fail or run something else" },
    Logging: {
      says: "logs elsewhere, or less",
      consequence: "alarms find nothing of the metrics that it tells in its log",
    },
    Trigger: {
      says: "is no longer fed by its queue or stream",
      consequence: "events pile up and nothing is done about them",
      command: fed,
    },
    "Trigger settings": { says: "is fed differently", consequence: "events it was made for may never reach it" },
    Code: { says: "runs code that no deployment put there", consequence: "what it does is not known" },
  },
  "AWS::DynamoDB::Table": {
    DeletionProtectionEnabled: {
      says: "can be deleted",
      consequence: "one call is enough to lose Cordon's memory",
      command: (name) => `aws dynamodb update-table --table-name ${name} --deletion-protection-enabled`,
    },
    PointInTimeRecovery: {
      says: "can't be restored to a point in time",
      consequence: "what is overwritten or removed is lost",
      command: (name) =>
        `aws dynamodb update-continuous-backups --table-name ${name} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true`,
    },
    Stream: { says: "has another stream, or none", consequence: "neither tickets are opened nor evidence archived" },
    TimeToLive: { says: "forgets differently", consequence: "DynamoDB may be removing what has to be kept" },
    Index: { says: "has another index, or none", consequence: "what a consumer missed is not found again" },
    Settings: { says: "has other settings", consequence: "it may refuse writes, or let others in" },
  },
  "AWS::KMS::Key": {
    Enabled: {
      says: "is disabled",
      consequence: "the evidence encrypted with it can't be read, and none can be added",
    },
    KeyPolicy: {
      says: "lets others use or administer it",
      consequence: "evidence can be read by others, or by nobody",
    },
    EnableKeyRotation: {
      says: "is no longer rotated",
      consequence: "one key's disclosure would disclose all evidence",
    },
  },
  "AWS::S3::Bucket": {
    ObjectLockConfiguration: { says: "locks differently", consequence: "new evidence can be altered or removed" },
    PublicAccessBlockConfiguration: {
      says: "can be made public",
      consequence: "evidence can be read by anybody once a policy says so",
    },
    BucketEncryption: { says: "is encrypted differently", consequence: "evidence can be read by others, or by nobody" },
    Versioning: { says: "keeps no versions", consequence: "evidence can be overwritten" },
    OwnershipControls: { says: "knows owners besides this account", consequence: "lists of access may let others in" },
    Movement: { says: "expires or replicates its objects", consequence: "evidence disappears, or leaves the cell" },
    Policy: { says: "lets others in", consequence: "others than the archivist can write, remove or read evidence" },
  },
  "AWS::IAM::Role": {
    Policies: { says: "may do something else", consequence: "its function can do more than it should, or fails" },
    AssumeRolePolicyDocument: {
      says: "can be assumed by others",
      consequence: "others act in Cordon's name, or the function can't",
    },
  },
  "AWS::CloudWatch::Alarm": {
    Actions: {
      says: "tells nobody",
      consequence: "nobody is paged when what it watches goes wrong",
      command: (name) => `aws cloudwatch enable-alarm-actions --alarm-names ${name}`,
    },
    Condition: { says: "watches something else", consequence: "nobody is paged when what it was to watch goes wrong" },
  },
  "AWS::SNS::Topic": {
    Subscription: {
      says: "has no subscriber",
      consequence: "alarms reach nobody",
      command: (name) =>
        `aws sns subscribe --topic-arn <the ARN of ${name}> --protocol email --notification-endpoint <who is on call>`,
    },
    Settings: { says: "has other settings", consequence: "alarms can't be published to it, or reach nobody" },
  },
};

/** The one function that is open to the internet, and limited for that (deploy/functions.ts). */
function isForSlack(name: string): boolean {
  return name.endsWith("-hear-slack");
}
