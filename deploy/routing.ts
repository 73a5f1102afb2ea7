import type { ControlMeta } from "../shared/control.ts";
import { DENIED_CALLS, WITH_READS } from "./denied-calls.ts";
import { isForwarded } from "./forwarder.ts";
import { eventPatterns, type FunctionDefinition, MAX_RECEIVES } from "./functions.ts";
import { GUARD, heartbeatPattern } from "./guard.ts";
import { arnOf, type Json, logicalId, policy } from "./json.ts";
import type { Stack } from "./stack.ts";

/** Two weeks, the longest SQS keeps a message: nobody has to be quick to save one. */
const RETENTION_SECONDS = 1_209_600;

/** The bus of the cell, where the forwarders of other Regions and accounts send, and who may. */
export function eventBus({ name, accounts, organization }: Stack): Record<string, Json> {
  const bus: Json = { Type: "AWS::Events::EventBus", Properties: { Name: name, Description: "What forwarders send" } };
  const send = (Sid: string, Principal: unknown, more: Json = {}): Json => ({
    Sid,
    Effect: "Allow",
    Principal,
    Action: "events:PutEvents",
    Resource: arnOf("Bus"),
    ...more,
  });
  const statement =
    organization !== undefined
      ? send("ForwardersOfTheOrganisation", "*", {
          Condition: { StringEquals: { "aws:PrincipalOrgID": organization } },
        })
      : accounts.length > 0
        ? send("ForwardersOfMembers", {
            AWS: accounts.map((account) => ({ "Fn::Sub": `arn:\${AWS::Partition}:iam::${account}:root` })),
          })
        : undefined;
  if (statement === undefined) return { Bus: bus };
  const Properties = { EventBusName: { Ref: "Bus" }, StatementId: statement.Sid, Statement: statement };
  return { Bus: bus, BusPolicy: { Type: "AWS::Events::EventBusPolicy", Properties } };
}

/** Where functions put what they can't understand, with the reason. */
export function refusedQueue({ name }: Stack): Record<string, Json> {
  return { RefusedQueue: queue(`${name}-refused`) };
}

/** What failed again and again: of a queue, or of a stream, by its function's name. */
export function deadLetters({ name }: Stack, queueName: string): Record<string, Json> {
  return { [`${logicalId(queueName)}DeadQueue`]: queue(`${name}-${queueName}-dead`) };
}

/** A function's queue. A message stays hidden six times the function's time limit, as AWS advises. */
export function queueOf(
  { name }: Stack,
  queueName: string,
  { timeoutSeconds }: FunctionDefinition,
): Record<string, Json> {
  const id = logicalId(queueName);
  return {
    [`${id}Queue`]: queue(`${name}-${queueName}`, {
      VisibilityTimeout: timeoutSeconds * 6,
      RedrivePolicy: { deadLetterTargetArn: arnOf(`${id}DeadQueue`), maxReceiveCount: MAX_RECEIVES },
    }),
  };
}

/** Who may take from an inbox: its function alone. */
export function inboxPolicy(queueName: string, { name: fn }: FunctionDefinition): Record<string, Json> {
  const id = logicalId(queueName);
  return { [`${id}QueuePolicy`]: queuePolicy(`${id}Queue`, keep(id, logicalId(fn))) };
}

function queue(name: string, more: Json = {}): Json {
  return {
    Type: "AWS::SQS::Queue",
    Properties: { QueueName: name, MessageRetentionPeriod: RETENTION_SECONDS, SqsManagedSseEnabled: true, ...more },
  };
}

/**
 * The rules that fill a function's queue: each pattern on the account's own bus, for what happens here, and on the cell's, for what forwarders send; its
 * schedule; and the queues' permission for just these rules.
 */
export function rules(stack: Stack, definition: FunctionDefinition): Record<string, Json> {
  const id = logicalId(definition.name);
  const made: Record<string, Json> = {};
  const add = (kind: string, number: number | "", properties: Json): void => {
    made[`${id}${kind}${number}`] = {
      Type: "AWS::Events::Rule",
      Properties: {
        Name: [stack.name, definition.name, kind.toLowerCase(), number].filter((part) => part !== "").join("-"),
        State: "ENABLED",
        ...properties,
        // What the queue refuses for 24 hours is not forgotten either.
        Targets: [{ Id: "queue", Arn: arnOf(`${id}Queue`), DeadLetterConfig: { Arn: arnOf(`${id}DeadQueue`) } }],
      },
    };
  };
  const onCellBus = { EventBusName: { Ref: "Bus" } };
  for (const [index, { control, EventPattern }] of patternsOf(stack, definition.controls).entries()) {
    const properties = { Description: control.title, EventPattern };
    add("Rule", index + 1, properties);
    if (isForwarded(control, EventPattern)) add("CellRule", index + 1, { ...properties, ...onCellBus });
  }
  if (definition.controls.some(({ hearsDenials }) => hearsDenials === true)) {
    const properties = { Description: "Calls that AWS denied to access keys", State: WITH_READS };
    add("Denied", "", { ...properties, EventPattern: DENIED_CALLS });
    add("CellDenied", "", { ...properties, EventPattern: DENIED_CALLS, ...onCellBus });
  }
  if (definition.name === GUARD) {
    const Description = "Forwarders' heartbeats";
    add("Heartbeats", "", { Description, EventPattern: heartbeatPattern(stack), ...onCellBus });
  }
  if (definition.everyMinutes !== undefined) {
    const minutes = definition.everyMinutes;
    const ScheduleExpression = SPANS[minutes] ?? `rate(${minutes} minutes)`;
    add("Schedule", "", { Description: definition.description, ScheduleExpression });
  }
  const ruleArns = Object.keys(made).map(arnOf);
  return {
    ...made,
    [`${id}QueuePolicy`]: queuePolicy(`${id}Queue`, [rulesSend(`${id}Queue`, ruleArns), ...keep(id, id)]),
    // What was given up is for people to take out.
    [`${id}DeadQueuePolicy`]: queuePolicy(`${id}DeadQueue`, [rulesSend(`${id}DeadQueue`, ruleArns)]),
  };
}

/** EventBridge has words of its own for one of a kind. */
const SPANS: Readonly<Record<number, string>> = { 60: "rate(1 hour)", 1440: "rate(1 day)" };

function patternsOf({ name }: Stack, controls: readonly ControlMeta[]) {
  return controls.flatMap((control) =>
    (control.narrow?.(name) ?? eventPatterns(control)).map((EventPattern) => ({ control, EventPattern })),
  );
}

function queuePolicy(queue: string, statements: readonly Json[]): Json {
  return {
    Type: "AWS::SQS::QueuePolicy",
    Properties: { Queues: [{ Ref: queue }], PolicyDocument: policy(statements) },
  };
}

/** Both queues are written to by the rules: one by their target, the other when that fails. */
function rulesSend(queue: string, ruleArns: readonly Json[]): Json {
  return {
    Sid: "RulesSend",
    Effect: "Allow",
    Principal: { Service: "events.amazonaws.com" },
    Action: "sqs:SendMessage",
    Resource: arnOf(queue),
    Condition: { ArnEquals: { "aws:SourceArn": ruleArns } },
  };
}

/**
 * An event taken out of the function's queue is never heard, and SQS tells of no message that is taken. So nobody takes any but Lambda, which polls in the
 * function's role; whoever means to has to change this policy first, and that is heard.
 */
function keep(id: string, fn: string): readonly Json[] {
  const deny = { Effect: "Deny", Principal: "*", Resource: arnOf(`${id}Queue`) };
  return [
    { Sid: "NobodyPurges", ...deny, Action: "sqs:PurgeQueue" },
    {
      Sid: "OnlyTheFunctionTakes",
      ...deny,
      Action: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"],
      Condition: { ArnNotEquals: { "aws:PrincipalArn": arnOf(`${fn}Role`) } },
    },
  ];
}
