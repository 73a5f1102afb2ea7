import type { ControlMeta } from "../shared/control.ts";
import { DENIED_CALLS, WITH_READS } from "./denied-calls.ts";
import { eventPatterns } from "./functions.ts";
import { arnOf, type Json, policy, sub } from "./json.ts";
import { mergePatterns, type Pattern } from "./merge-patterns.ts";
import type { Template } from "./template-yaml.ts";

const HEAD = `What a cell of Cordon hears of one Region of one account: the events its controls react to (controls/<id>/meta.ts), sent from the account's own
bus to the cell's, and a heartbeat, whose absence tells that nothing is heard any more.

Deploy it in every enabled Region of every account that the cell serves, as a StackSet with CAPABILITY_NAMED_IAM: copies that are pulled are seen where they
arrive only, and what happens to IAM in one Region only (us-east-1, us-gov-west-1, cn-north-1). The cell's home Region in its own account doesn't need it:
the main stack hears that itself. docs/deploy.md says how.`;

const HEARTBEAT_MINUTES = 15;
const MAX_NAME = 31;
/** The stack's parameter, in a text. */
const NAME = "${Name}";

/**
 * `deploy/forwarder.yml`: the rules that bring a member's events to the cell's bus.
 *
 * @throws Error when a pattern is longer than EventBridge allows
 */
export function forwarder(controls: readonly ControlMeta[]): Template {
  const rules = forwardingRules(controls);
  const [firstRule = ""] = Object.keys(rules);
  return {
    head: HEAD,
    comments: {
      "Resources.SendRole":
        "EventBridge sends in this role: one action on one bus, and only for the rules below. Its name has the Region in it, for IAM is global.",
      "Resources.UndeliveredQueue":
        "What the cell's bus didn't take for 24 hours, such as while its policy didn't let this account in. Not lost: it can be sent again from here.",
      "Resources.UndeliveredQueuePolicy": "EventBridge puts them there, for the rules below only.",
      [`Resources.${firstRule}`]:
        "One rule for each service whose events controls react to. Calls that failed changed nothing and are not sent.",
      "Resources.Heartbeat":
        "Tells the cell that this Region is heard. A beat that comes late is none, so it is not kept: the next one follows.",
    },
    body: {
      AWSTemplateFormatVersion: "2010-09-09",
      Description: "Cordon: sends what its controls react to from this Region to the cell's bus",
      Parameters: {
        CellBusArn: {
          Type: "String",
          AllowedPattern: "arn:aws[a-z-]*:events:[a-z0-9-]+:\\d{12}:event-bus/[\\w.-]+",
          ConstraintDescription: "an event bus's ARN",
          Description:
            "The cell's own bus, of its main stack (output EventBusArn); its policy has to let this account in",
        },
        Name: {
          Type: "String",
          Default: "cordon",
          AllowedPattern: `[a-z][a-z0-9-]{1,${MAX_NAME - 1}}`,
          ConstraintDescription: `2 to ${MAX_NAME} lower-case letters, digits and dashes`,
          Description:
            "How the names of these resources begin: the name of the cell's stack, by which the cell guards them",
        },
      },
      Resources: {
        SendRole: sendRole(),
        UndeliveredQueue: {
          Type: "AWS::SQS::Queue",
          Properties: {
            QueueName: sub("${Name}-undelivered"),
            MessageRetentionPeriod: 1_209_600,
            SqsManagedSseEnabled: true,
          },
        },
        UndeliveredQueuePolicy: queuePolicy(),
        ...rules,
        Heartbeat: {
          Type: "AWS::Events::Rule",
          Properties: {
            Name: sub("${Name}-heartbeat"),
            Description: "Tells Cordon's cell that this Region of this account is heard",
            State: "ENABLED",
            ScheduleExpression: `rate(${HEARTBEAT_MINUTES} minutes)`,
            Targets: [{ ...target(), RetryPolicy: { MaximumEventAgeInSeconds: HEARTBEAT_MINUTES * 60 } }],
          },
        },
      },
      Outputs: {
        UndeliveredQueueUrl: { Description: "Where undelivered events wait", Value: { Ref: "UndeliveredQueue" } },
      },
    },
  };
}

/** As few rules as match what the controls react to, each named after the service it hears. */
function forwardingRules(controls: readonly ControlMeta[]): Record<string, Json> {
  const rules: Record<string, Json> = {};
  for (const pattern of mergePatterns(controls.flatMap(patternsOf), deployedLength)) {
    const service = String([pattern.source].flat()[0]).replace(/^aws\./, "");
    const title = service.replace(/(^|[^a-z0-9])([a-z0-9])/g, (_, _between, letter: string) => letter.toUpperCase());
    const number = Object.keys(rules).filter((id) => new RegExp(`^Forward${title}\\d*$`).test(id)).length + 1;
    const suffix = number === 1 ? "" : String(number);
    rules[`Forward${title}${suffix}`] = forwardingRule({
      Name: sub(`\${Name}-forward-${service}${suffix}`),
      Description: `Sends Cordon's cell the events of ${service} that its controls react to`,
      State: "ENABLED",
      EventPattern: withName(pattern),
    });
  }
  if (controls.some(({ hearsDenials }) => hearsDenials === true)) {
    rules.ForwardDenied = forwardingRule({
      Name: sub("${Name}-forward-denied"),
      Description: "Sends Cordon's cell the calls that AWS denied to access keys, those that only read too",
      State: WITH_READS,
      EventPattern: DENIED_CALLS,
    });
  }
  return rules;
}

function forwardingRule(properties: Json): Json {
  const Targets = [{ ...target(), DeadLetterConfig: { Arn: arnOf("UndeliveredQueue") } }];
  return { Type: "AWS::Events::Rule", Properties: { ...properties, Targets } };
}

/** Of what a cell's stack consists of, a member has rules and roles only: calls to other services are not about Cordon there. */
const OF_THE_STACK_IN_MEMBERS: readonly unknown[] = ["aws.events", "aws.iam"];

/** Whether forwarders send what a control's pattern matches; the rest is heard where the cell lies only. */
export function isForwarded({ resourceType }: ControlMeta, { source }: Pattern): boolean {
  if (resourceType !== "AWS::CloudFormation::Stack") return true;
  return [source].flat().every((each) => OF_THE_STACK_IN_MEMBERS.includes(each));
}

/** What a control about Cordon's own resources listens to has their names in it, which only the deployed stack knows. */
function patternsOf(control: ControlMeta): readonly Pattern[] {
  const patterns = control.narrow?.(NAME) ?? eventPatterns(control);
  return patterns.filter((pattern) => isForwarded(control, pattern));
}

function withName(value: unknown): unknown {
  if (typeof value === "string") return value.includes(NAME) ? sub(value) : value;
  if (Array.isArray(value)) return value.map(withName);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withName(inner)]));
}

/** With the longest name there can be in it. */
function deployedLength(pattern: Pattern): number {
  return JSON.stringify(pattern).replaceAll(NAME, "n".repeat(MAX_NAME)).length;
}

/** Across accounts and Regions EventBridge sends in a role of the sender's. */
function target(): Json {
  return { Id: "cell", Arn: { Ref: "CellBusArn" }, RoleArn: arnOf("SendRole") };
}

/** Rules of this stack and no others; by their names, because they in turn name the role. */
function forTheseRules(): Json {
  const rule = "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/${Name}";
  return {
    StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } },
    ArnLike: { "aws:SourceArn": [sub(`${rule}-forward-*`), sub(`${rule}-heartbeat`)] },
  };
}

function sendRole(): Json {
  const service = { Service: "events.amazonaws.com" };
  const send = { Sid: "SendToTheCell", Effect: "Allow", Action: "events:PutEvents", Resource: { Ref: "CellBusArn" } };
  return {
    Type: "AWS::IAM::Role",
    Properties: {
      RoleName: sub("${Name}-forwarder-${AWS::Region}"),
      Description: "EventBridge sends events to Cordon's cell in it",
      AssumeRolePolicyDocument: policy([
        { Effect: "Allow", Principal: service, Action: "sts:AssumeRole", Condition: forTheseRules() },
      ]),
      Policies: [{ PolicyName: "send", PolicyDocument: policy([send]) }],
    },
  };
}

function queuePolicy(): Json {
  return {
    Type: "AWS::SQS::QueuePolicy",
    Properties: {
      Queues: [{ Ref: "UndeliveredQueue" }],
      PolicyDocument: policy([
        {
          Sid: "KeepUndelivered",
          Effect: "Allow",
          Principal: { Service: "events.amazonaws.com" },
          Action: "sqs:SendMessage",
          Resource: arnOf("UndeliveredQueue"),
          Condition: forTheseRules(),
        },
      ]),
    },
  };
}
