/** The stack's resources besides the functions, as plain CloudFormation, so that any line of the Serverless Framework deploys them. */
import type { ControlMeta } from "../shared/control.ts";
import { eventPatterns, type FunctionDefinition, functionDefinitions, MAX_RECEIVES } from "./functions.ts";

type Json = Record<string, unknown>;

/** The prefix of every name in the stack; `${self:custom.name}` in serverless.yml. */
export function stackResources(name: string): Json {
  const resources: Json = { Table: table(name), ...queue(name, "Refused", "refused") };
  for (const definition of functionDefinitions) {
    const id = logicalId(definition.name);
    if (definition.trigger === "events") {
      Object.assign(resources, eventQueue(name, id, definition), eventRules(name, id, definition.controls));
    }
    if (definition.trigger === "stream") Object.assign(resources, queue(name, `${id}Dead`, `${definition.name}-dead`));
    resources[`${id}Role`] = role(name, definition);
  }
  return { Resources: resources };
}

/** `quarantine-replication` -> `QuarantineReplication` */
export function logicalId(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_, _dash: string, letter: string) => letter.toUpperCase());
}

function table(name: string): Json {
  return {
    Type: "AWS::DynamoDB::Table",
    DeletionPolicy: "Retain",
    UpdateReplacePolicy: "Retain",
    Properties: {
      TableName: name,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [
        { AttributeName: "pk", AttributeType: "S" },
        { AttributeName: "sk", AttributeType: "S" },
      ],
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
      StreamSpecification: { StreamViewType: "NEW_AND_OLD_IMAGES" },
      TimeToLiveSpecification: { AttributeName: "expiresAtSeconds", Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: true,
      SSESpecification: { SSEEnabled: true },
    },
  };
}

function queue(name: string, id: string, suffix: string, more: Json = {}): Json {
  return {
    [`${id}Queue`]: {
      Type: "AWS::SQS::Queue",
      Properties: {
        QueueName: `${name}-${suffix}`,
        MessageRetentionPeriod: 1_209_600,
        SqsManagedSseEnabled: true,
        ...more,
      },
    },
  };
}

/** The function's queue with its dead-letter queue. A message stays hidden six times the function's time limit, as AWS advises. */
function eventQueue(name: string, id: string, { name: fn, timeoutSeconds }: FunctionDefinition): Json {
  return {
    ...queue(name, `${id}Dead`, `${fn}-dead`),
    ...queue(name, id, fn, {
      VisibilityTimeout: timeoutSeconds * 6,
      RedrivePolicy: { deadLetterTargetArn: arnOf(`${id}DeadQueue`), maxReceiveCount: MAX_RECEIVES },
    }),
  };
}

/** One rule a pattern, and the queue's permission for just these rules. */
function eventRules(name: string, id: string, controls: readonly ControlMeta[]): Json {
  const rules: Json = {};
  for (const control of controls) {
    for (const pattern of eventPatterns(control)) {
      const number = Object.keys(rules).length + 1;
      rules[`${id}Rule${number}`] = {
        Type: "AWS::Events::Rule",
        Properties: {
          Name: `${name}-${id}-${number}`,
          Description: control.title,
          EventPattern: pattern,
          Targets: [{ Id: "queue", Arn: arnOf(`${id}Queue`) }],
        },
      };
    }
  }
  const ruleArns = Object.keys(rules).map(arnOf);
  rules[`${id}QueuePolicy`] = {
    Type: "AWS::SQS::QueuePolicy",
    Properties: {
      Queues: [{ Ref: `${id}Queue` }],
      PolicyDocument: {
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Principal: { Service: "events.amazonaws.com" },
            Action: "sqs:SendMessage",
            Resource: arnOf(`${id}Queue`),
            Condition: { ArnEquals: { "aws:SourceArn": ruleArns } },
          },
        ],
      },
    },
  };
  return rules;
}

function role(name: string, definition: FunctionDefinition): Json {
  return {
    Type: "AWS::IAM::Role",
    Properties: {
      RoleName: { "Fn::Sub": `${name}-${definition.name}-\${AWS::Region}` },
      AssumeRolePolicyDocument: {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
      },
      Policies: [
        { PolicyName: "cordon", PolicyDocument: { Version: "2012-10-17", Statement: statements(name, definition) } },
      ],
    },
  };
}

/** What a function may do: its own log, queue and table by exact ARN; customers' resources by type, in this account only. */
export function statements(name: string, { name: fn, controls, trigger }: FunctionDefinition): readonly Json[] {
  const id = logicalId(fn);
  const allow = (sid: string, actions: readonly string[], resource: unknown, condition?: Json): Json => ({
    Sid: sid,
    Effect: "Allow",
    Action: actions,
    Resource: resource,
    ...(condition !== undefined && { Condition: condition }),
  });
  const sub = (arn: string) => ({ "Fn::Sub": arn });
  const all = (of: (control: ControlMeta) => readonly string[]) => [...new Set(controls.flatMap(of))];
  const own = { StringEquals: { "aws:ResourceAccount": { Ref: "AWS::AccountId" } } };
  return [
    allow(
      "Log",
      ["logs:CreateLogStream", "logs:PutLogEvents"],
      sub(`arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/${name}-${fn}:*`),
    ),
    // X-Ray has no resources to name.
    allow("Trace", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*"),
    ...(trigger === "events"
      ? [
          allow(
            "TakeEvents",
            [
              "sqs:ReceiveMessage",
              "sqs:DeleteMessage",
              "sqs:GetQueueAttributes",
              "sqs:ChangeMessageVisibility",
              "sqs:GetQueueUrl",
            ],
            arnOf(`${id}Queue`),
          ),
          allow("RefuseEvents", ["sqs:SendMessage", "sqs:GetQueueUrl"], arnOf("RefusedQueue")),
        ]
      : []),
    ...(trigger === "stream"
      ? [
          allow("ReadStream", ["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"], {
            "Fn::GetAtt": ["Table", "StreamArn"],
          }),
          allow("ListStreams", ["dynamodb:ListStreams"], "*"),
          allow("BuryRecords", ["sqs:SendMessage"], arnOf(`${id}DeadQueue`)),
        ]
      : [
          allow(
            "Journal",
            ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
            arnOf("Table"),
          ),
        ]),
    ...(controls.length === 0
      ? []
      : [
          allow(
            "ReadBuckets",
            all(({ iam }) => iam.read),
            sub("arn:${AWS::Partition}:s3:::*"),
            own,
          ),
          allow(
            "ChangeBuckets",
            all(({ iam }) => iam.write),
            sub("arn:${AWS::Partition}:s3:::*"),
            own,
          ),
          allow("PassReplicationRole", ["iam:PassRole"], sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*"), {
            StringEquals: { "iam:PassedToService": all(({ iam }) => iam.passRoleTo) },
          }),
        ]),
  ];
}

function arnOf(id: string): Json {
  return { "Fn::GetAtt": [id, "Arn"] };
}
