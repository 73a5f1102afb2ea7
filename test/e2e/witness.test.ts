import { describe, expect, it, onTestFinished } from "vitest";
import { stackResources } from "../../deploy/resources.ts";
import { startSandbox, type Template } from "../../sandbox/index.ts";
import { HOME } from "./cell.ts";

const TOPIC = `arn:aws:sns:${HOME}:111122223333:cordon-alarms`;

/** The witness with nothing of the guard: its rules, the topic, and what somebody could do something to. */
async function open() {
  const sandbox = await startSandbox({ region: HOME });
  onTestFinished(() => sandbox.close());
  const all = stackResources("cordon") as Template["Resources"];
  const Resources = Object.fromEntries(
    Object.entries(all).filter(([id]) => /^(Witness|AlarmTopic)/.test(id)),
  ) as Template["Resources"];
  sandbox.deployTemplate({ Resources });
  sandbox.seedTrail();
  const tell = (service: string, eventName: string, record: object) => {
    sandbox.putEvent({
      version: "0",
      id: "e",
      source: `aws.${service}`,
      "detail-type": "AWS API Call via CloudTrail",
      account: "111122223333",
      region: HOME,
      time: "2026-03-01T09:00:00Z",
      resources: [],
      detail: { eventSource: `${service}.amazonaws.com`, eventName, userIdentity: { type: "IAMUser" }, ...record },
    });
    return sandbox.published.map(({ topicArn }) => topicArn);
  };
  return { sandbox, tell };
}

const fn = (name: string) => ({ requestParameters: { functionName: name } });
const byStack = { userIdentity: { type: "AWSService", invokedBy: "cloudformation.amazonaws.com" } };
const arnOf = (name: string) => `arn:aws:lambda:${HOME}:111122223333:function:${name}`;
const queue = (name: string) => ({ requestParameters: { queueUrl: `https://sqs.${HOME}.amazonaws.com/1/${name}` } });
const alarm = { requestParameters: { alarmNames: ["cordon-GuardCellHeartbeat"] } };
const stack = (stackName: string) => ({ requestParameters: { stackName } });

describe("the witness tells the topic, without any function, that", () => {
  it.each<readonly [string, string, string, object]>([
    ["the guard is throttled", "lambda", "PutFunctionConcurrency20171031", fn("cordon-guard-cell")],
    ["the guard gets other code", "lambda", "UpdateFunctionCode20150331v2", fn(arnOf("cordon-guard-cell"))],
    ["tickets' settings change", "lambda", "UpdateFunctionConfiguration20150331v2", fn("cordon-open-tickets")],
    [
      "tickets' mapping is disabled",
      "lambda",
      "UpdateEventSourceMapping20150331",
      {
        requestParameters: { uUID: "u", enabled: false },
        responseElements: { functionArn: arnOf("cordon-open-tickets") },
      },
    ],
    ["the guard's queue is emptied", "sqs", "PurgeQueue", queue("cordon-guard-cell")],
    [
      "the guard's rule is disabled",
      "events",
      "DisableRule",
      { requestParameters: { name: "cordon-guard-cell-rule-1" } },
    ],
    ["the witness loses a target", "events", "RemoveTargets", { requestParameters: { rule: "cordon-witness-alarms" } }],
    ["the topic gets another policy", "sns", "SetTopicAttributes", { requestParameters: { topicArn: TOPIC } }],
    ["a subscriber is gone", "sns", "Unsubscribe", { requestParameters: { subscriptionArn: `${TOPIC}:u` } }],
    ["an alarm is deleted", "monitoring", "DeleteAlarms", alarm],
    ["an alarm is silenced", "monitoring", "DisableAlarmActions", alarm],
    ["an alarm's state is set", "monitoring", "SetAlarmState", { requestParameters: { alarmName: "cordon-Refused" } }],
    ["alarms are muted", "monitoring", "PutAlarmMuteRule", { requestParameters: { name: "quiet" } }],
    ["the stack is deleted", "cloudformation", "DeleteStack", stack("cordon")],
    [
      "the stack loses its protection",
      "cloudformation",
      "UpdateTerminationProtection",
      stack(`arn:aws:cloudformation:${HOME}:1:stack/cordon/u`),
    ],
  ])("%s", async (_, service, eventName, record) => {
    const { tell } = await open();
    expect(tell(service, eventName, record)).toEqual([TOPIC]);
  });

  it.each<readonly [string, string, string, object]>([
    ["what a deployment does", "lambda", "UpdateFunctionCode20150331v2", { ...fn("cordon-guard-cell"), ...byStack }],
    ["another function's settings", "lambda", "UpdateFunctionConfiguration20150331v2", fn("orders")],
    ["what failed", "monitoring", "DeleteAlarms", { ...alarm, errorCode: "AccessDenied" }],
    ["another stack", "cloudformation", "DeleteStack", stack("cordon-of-others")],
    ["another cell", "sqs", "PurgeQueue", queue("cordon-prod-guard-cell-2")],
  ])("and nothing of %s", async (_, service, eventName, record) => {
    const { tell } = await open();
    expect(tell(service, eventName, record)).toEqual([]);
  });
});
