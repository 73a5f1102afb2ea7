import { afterEach, beforeEach, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/index.ts";

const PLACE = { account: "111122223333", region: "eu-central-1" };

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(() => sandbox.close());

/** As the clients of CloudWatch and CloudWatch Logs call, which are no dependencies: AWS JSON. */
const call = async (service: string, target: string, input: unknown): Promise<number> => {
  const { AWS_ACCESS_KEY_ID } = sandbox.environment();
  const response = await fetch(sandbox.endpoint, {
    method: "POST",
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${AWS_ACCESS_KEY_ID}/20300101/eu-central-1/${service}/aws4_request`,
      "x-amz-target": target,
    },
    body: JSON.stringify(input),
  });
  return response.status;
};
const alarms = (operation: string, input: unknown) =>
  call("monitoring", `GraniteServiceVersion20100801.${operation}`, input);
const logs = (operation: string, input: unknown) => call("logs", `Logs_20140328.${operation}`, input);
const trail = () => sandbox.events.map(({ source, detail }) => [source, detail.eventName, detail.requestParameters]);

it("silences and deletes alarms", async () => {
  const alarm = () => sandbox.registry.find("AWS::CloudWatch::Alarm", "dead-letters", PLACE.account, PLACE.region);
  const AlarmName = "dead-letters";
  await alarms("PutMetricAlarm", { AlarmName, Threshold: 1, EvaluationPeriods: 1 });
  expect(alarm()?.properties).toMatchObject({ Threshold: 1 });

  expect(await alarms("DisableAlarmActions", { AlarmNames: [AlarmName] })).toBe(200);
  expect(alarm()?.properties).toMatchObject({ ActionsEnabled: false });
  await alarms("DeleteAlarms", { AlarmNames: [AlarmName] });

  expect(alarm()).toBeUndefined();
  expect(sandbox.calls.map(({ actions }) => actions)).toEqual([
    ["cloudwatch:PutMetricAlarm"],
    ["cloudwatch:DisableAlarmActions"],
    ["cloudwatch:DeleteAlarms"],
  ]);
  expect(trail().slice(1)).toEqual([
    ["aws.monitoring", "DisableAlarmActions", { alarmNames: [AlarmName] }],
    ["aws.monitoring", "DeleteAlarms", { alarmNames: [AlarmName] }],
  ]);
});

it("changes how long logs are kept, and deletes them", async () => {
  const logGroupName = "/aws/lambda/cordon-sweep";
  sandbox.registry.put({
    ...PLACE,
    type: "AWS::Logs::LogGroup",
    identifier: logGroupName,
    arn: `arn:aws:logs:eu-central-1:111122223333:log-group:${logGroupName}:*`,
    properties: { LogGroupName: logGroupName, RetentionInDays: 365 },
  });
  const group = () => sandbox.registry.find("AWS::Logs::LogGroup", logGroupName, PLACE.account, PLACE.region);

  await logs("PutRetentionPolicy", { logGroupName, retentionInDays: 1 });
  expect(group()?.properties).toMatchObject({ RetentionInDays: 1 });
  await logs("DeleteLogGroup", { logGroupName });

  expect(group()).toBeUndefined();
  expect(await logs("DeleteLogGroup", { logGroupName })).toBe(400);
  expect(trail()).toEqual([
    ["aws.logs", "PutRetentionPolicy", { logGroupName, retentionInDays: 1 }],
    ["aws.logs", "DeleteLogGroup", { logGroupName }],
    ["aws.logs", "DeleteLogGroup", { logGroupName }],
  ]);
});
