import { DisableRuleCommand, EnableRuleCommand, EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { describe, expect, it, onTestFinished } from "vitest";
import { parseSchedule } from "../../sandbox/events/schedule.ts";
import { type EventBridgeEvent, type Sandbox, startSandbox, type Template } from "../../sandbox/index.ts";
import { clientConfig } from "./clients.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A Tuesday. */
const START = Date.parse("2030-01-01T00:00:00Z");

describe("a schedule is due", () => {
  it.each<[string, string, string]>([
    ["rate(15 minutes)", "2030-01-01T00:00:00Z", "2030-01-01T00:15:00Z"],
    ["rate(15 minutes)", "2030-01-01T00:15:00Z", "2030-01-01T00:30:00Z"],
    ["rate(1 hour)", "2030-01-01T05:59:59Z", "2030-01-01T06:00:00Z"],
    ["rate(1 day)", "2030-01-01T05:59:59Z", "2030-01-02T00:00:00Z"],
    ["cron(0 3 * * ? *)", "2030-01-01T00:00:00Z", "2030-01-01T03:00:00Z"],
    ["cron(0 3 * * ? *)", "2030-01-01T03:00:00Z", "2030-01-02T03:00:00Z"],
    ["cron(0/20 * * * ? *)", "2030-01-01T00:21:00Z", "2030-01-01T00:40:00Z"],
    ["cron(5,10 0 * * ? *)", "2030-01-01T00:05:00Z", "2030-01-01T00:10:00Z"],
    ["cron(0 8-10 * * ? *)", "2030-01-01T10:00:00Z", "2030-01-02T08:00:00Z"],
    ["cron(0 0 ? * MON-FRI *)", "2030-01-04T00:00:00Z", "2030-01-07T00:00:00Z"],
    ["cron(0 0 ? * 1 *)", "2030-01-01T00:00:00Z", "2030-01-06T00:00:00Z"],
    ["cron(0 0 15 MAR,JUN ? *)", "2030-04-01T00:00:00Z", "2030-06-15T00:00:00Z"],
  ])("%s, after %s, at %s", (expression, after, due) => {
    const next = parseSchedule(expression)(Date.parse(after), START);

    expect(new Date(next ?? 0).toISOString()).toBe(new Date(due).toISOString());
  });

  it("never when its year is over", () => {
    expect(parseSchedule("cron(0 0 1 1 ? 2020)")(START, START)).toBeUndefined();
  });
});

it.each([
  "rate(1 hours)",
  "rate(2 hour)",
  "rate(0 minutes)",
  "rate(5)",
  "every hour",
  "cron(0 3 * * *)",
  "cron(0 3 * * * *)",
  "cron(61 3 * * ? *)",
  "cron(0 3 L * ? *)",
])("%s is no schedule", (expression) => {
  expect(() => parseSchedule(expression)).toThrow(/ScheduleExpression is not valid/);
});

describe("a rule with a schedule", () => {
  const template: Template = {
    Resources: {
      Queue: { Type: "AWS::SQS::Queue", Properties: { QueueName: "queue" } },
      QueuePolicy: {
        Type: "AWS::SQS::QueuePolicy",
        Properties: {
          Queues: [{ Ref: "Queue" }],
          PolicyDocument: {
            Statement: { Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Action: "sqs:SendMessage" },
          },
        },
      },
      Hourly: {
        Type: "AWS::Events::Rule",
        Properties: {
          Name: "hourly",
          ScheduleExpression: "rate(1 hour)",
          Targets: [{ Id: "queue", Arn: { "Fn::GetAtt": ["Queue", "Arn"] } }],
        },
      },
      // Schedules come on no bus: this one hears nothing of it.
      Listening: {
        Type: "AWS::Events::Rule",
        Properties: {
          Name: "listening",
          EventPattern: { source: ["aws.events"], "detail-type": ["Scheduled Event"] },
          Targets: [{ Id: "queue", Arn: { "Fn::GetAtt": ["Queue", "Arn"] } }],
        },
      },
    },
  };
  async function start(): Promise<Sandbox> {
    const sandbox = await startSandbox({ startAt: START, schedule: { serial: true } });
    onTestFinished(() => sandbox.close());
    sandbox.deployTemplate(template);
    return sandbox;
  }
  const received = (sandbox: Sandbox): EventBridgeEvent[] =>
    (sandbox.queues.queue ?? []).map(({ body }) => JSON.parse(body));

  it("fires when the clock is moved past its time, once for each", async () => {
    const sandbox = await start();

    sandbox.clock.advance(HOUR_MS - 1);
    const early = received(sandbox).length;
    sandbox.clock.advance(1);
    sandbox.clock.advance(MINUTE_MS);
    sandbox.clock.advance(2 * HOUR_MS);

    expect(early).toBe(0);
    expect(received(sandbox).map(({ time }) => time)).toEqual([
      "2030-01-01T01:00:00Z",
      "2030-01-01T02:00:00Z",
      "2030-01-01T03:00:00Z",
    ]);
    expect(received(sandbox)[0]).toEqual({
      version: "0",
      id: expect.any(String),
      "detail-type": "Scheduled Event",
      source: "aws.events",
      account: "111122223333",
      time: "2030-01-01T01:00:00Z",
      region: "eu-central-1",
      resources: ["arn:aws:events:eu-central-1:111122223333:rule/hourly"],
      detail: {},
    });
  });

  it("doesn't fire while it is disabled, nor for that time later", async () => {
    const sandbox = await start();
    const api = new EventBridgeClient(clientConfig(sandbox));

    await api.send(new DisableRuleCommand({ Name: "hourly" }));
    sandbox.clock.advance(90 * MINUTE_MS);
    await api.send(new EnableRuleCommand({ Name: "hourly" }));
    sandbox.clock.advance(30 * MINUTE_MS);

    expect(received(sandbox).map(({ time }) => time)).toEqual(["2030-01-01T02:00:00Z"]);
  });

  it("doesn't fire for what drain passes over", async () => {
    const sandbox = await start();
    sandbox.deploy({
      name: "none",
      bundle: "/nowhere.js",
      environment: {},
      timeoutMs: 3_600_000,
      patterns: [{ source: ["x"] }],
    });
    sandbox.putEvent({ ...event, source: "x" });

    await sandbox.drain();

    expect(sandbox.clock.now()).toBeGreaterThan(START + 2 * HOUR_MS);
    expect(received(sandbox)).toEqual([]);
    expect(sandbox.deadLetters).toHaveLength(1);
  });

  const event: EventBridgeEvent = {
    version: "0",
    id: "1",
    "detail-type": "Test",
    source: "test",
    account: "111122223333",
    time: "2030-01-01T00:00:00Z",
    region: "eu-central-1",
    resources: [],
    detail: {},
  };
});
