import { GUARD } from "./guard.ts";
import { type Json, policy, sub } from "./json.ts";
import type { Stack } from "./stack.ts";

const TICKETS = "open-tickets";
const BY_A_DEPLOYMENT = "cloudformation.amazonaws.com";

interface Witnessed {
  readonly id: string;
  readonly says: string;
  readonly service: string;
  readonly calls: readonly string[];
  /** What of the record says that it is about this stack; without, any call is told. */
  readonly about?: Json;
}

/**
 * A witness besides the guard: calls on the guard itself, on what tells of its findings and on the stack as a whole go from a rule to the alarms' topic with no function
 * between. Deployments make such calls too; they are told once, as what they are, by the stack's own.
 */
function witnessed({ name }: Stack): readonly Witnessed[] {
  const functions = [GUARD, TICKETS].map((fn) => `${name}-${fn}`);
  const begins = [{ prefix: `${name}-` }];
  return [
    {
      id: "Functions",
      says: "Somebody changes the guard, what opens tickets, or what feeds them",
      service: "lambda",
      calls: [
        "UpdateFunctionCode20150331v2",
        "UpdateFunctionConfiguration20150331v2",
        "PutFunctionConcurrency20171031",
        "DeleteFunction20150331",
        "UpdateEventSourceMapping20150331",
        "DeleteEventSourceMapping20150331",
      ],
      // A mapping is known to Lambda by an id; its function is in the answer.
      about: {
        $or: [
          { requestParameters: { functionName: functions.flatMap((fn) => [fn, { suffix: `:function:${fn}` }]) } },
          { responseElements: { functionArn: functions.map((fn) => ({ suffix: `:function:${fn}` })) } },
        ],
      },
    },
    {
      id: "Queue",
      says: "Somebody changes or empties the guard's queue",
      service: "sqs",
      calls: ["SetQueueAttributes", "DeleteQueue", "PurgeQueue"],
      about: {
        requestParameters: { queueUrl: [`/${name}-${GUARD}`, `/${name}-${GUARD}-dead`].map((suffix) => ({ suffix })) },
      },
    },
    {
      id: "Rules",
      says: "Somebody changes what the guard hears by, or this witness",
      service: "events",
      calls: ["DisableRule", "DeleteRule", "PutRule", "PutTargets", "RemoveTargets"],
      about: {
        $or: ["name", "rule"].map((member) => ({
          requestParameters: { [member]: [GUARD, "witness"].map((part) => ({ prefix: `${name}-${part}-` })) },
        })),
      },
    },
    {
      id: "Topic",
      says: "Somebody changes the alarms' topic or who is subscribed to it",
      service: "sns",
      calls: [
        "DeleteTopic",
        "SetTopicAttributes",
        "Unsubscribe",
        "AddPermission",
        "RemovePermission",
        "PutDataProtectionPolicy",
      ],
      about: {
        $or: [
          { requestParameters: { topicArn: [{ suffix: `:${name}-alarms` }] } },
          { requestParameters: { resourceArn: [{ suffix: `:${name}-alarms` }] } },
          { requestParameters: { subscriptionArn: [{ wildcard: `*:${name}-alarms:*` }] } },
        ],
      },
    },
    {
      id: "Alarms",
      says: "Somebody deletes, silences or changes alarms",
      service: "monitoring",
      calls: ["DeleteAlarms", "DisableAlarmActions", "PutMetricAlarm", "SetAlarmState"],
      about: { $or: ["alarmName", "alarmNames"].map((member) => ({ requestParameters: { [member]: begins } })) },
    },
    // How a record of it names the alarms is not documented: any is told.
    { id: "Mutes", says: "Somebody mutes alarms", service: "monitoring", calls: ["PutAlarmMuteRule"] },
    {
      id: "Stack",
      says: "Somebody deletes, unprotects or deploys Cordon's stack",
      service: "cloudformation",
      calls: ["DeleteStack", "UpdateTerminationProtection", "UpdateStack", "ExecuteChangeSet"],
      about: { requestParameters: { stackName: [name, { wildcard: `*:stack/${name}/*` }] } },
    },
  ];
}

/** The witness's rules, and who may publish to the topic: they, and the stack's alarms. */
export function witness(stack: Stack): Record<string, Json> {
  const { name } = stack;
  const rules = Object.fromEntries(
    witnessed(stack).map(({ id, says, service, calls, about = {} }) => [
      `Witness${id}`,
      {
        Type: "AWS::Events::Rule",
        Properties: {
          Name: `${name}-witness-${id.toLowerCase()}`,
          Description: says,
          State: "ENABLED",
          EventPattern: {
            source: [`aws.${service}`],
            "detail-type": ["AWS API Call via CloudTrail"],
            detail: {
              eventSource: [`${service}.amazonaws.com`],
              eventName: calls,
              errorCode: [{ exists: false }],
              userIdentity: { invokedBy: [{ exists: false }, { "anything-but": BY_A_DEPLOYMENT }] },
              ...about,
            },
          },
          Targets: [{ Id: "alarms", Arn: { Ref: "AlarmTopic" } }],
        },
      },
    ]),
  );
  return { ...rules, AlarmTopicPolicy: topicPolicy(stack, Object.keys(rules)) };
}

/** A policy of its own takes the place of the one that lets a topic's account publish: CloudWatch has to be let in as well. */
function topicPolicy({ name }: Stack, rules: readonly string[]): Json {
  const publish = (Sid: string, Service: string, arns: unknown): Json => ({
    Sid,
    Effect: "Allow",
    Principal: { Service },
    Action: "sns:Publish",
    Resource: { Ref: "AlarmTopic" },
    Condition: {
      ArnLike: { "aws:SourceArn": arns },
      ...(Service.startsWith("cloudwatch") && { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } }),
    },
  });
  const alarms = sub(`arn:\${AWS::Partition}:cloudwatch:\${AWS::Region}:\${AWS::AccountId}:alarm:${name}-*`);
  return {
    Type: "AWS::SNS::TopicPolicy",
    Properties: {
      Topics: [{ Ref: "AlarmTopic" }],
      PolicyDocument: policy([
        publish("AlarmsTell", "cloudwatch.amazonaws.com", alarms),
        publish(
          "WitnessTells",
          "events.amazonaws.com",
          rules.map((id) => ({ "Fn::GetAtt": [id, "Arn"] })),
        ),
      ]),
    },
  };
}
