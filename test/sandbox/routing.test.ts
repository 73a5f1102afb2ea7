import {
  DisableRuleCommand,
  EnableRuleCommand,
  EventBridgeClient,
  RemoveTargetsCommand,
} from "@aws-sdk/client-eventbridge";
import { PutBucketVersioningCommand } from "@aws-sdk/client-s3";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type EventBridgeEvent,
  type Sandbox,
  type SandboxOptions,
  startSandbox,
  type Template,
} from "../../sandbox/index.ts";
import { clientConfig, s3Client } from "./clients.ts";

const HOME = "111122223333";
const MEMBER = "444455556666";
const STRANGER = "999999999999";

async function start(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ startAt: Date.parse("2030-01-01T00:00:00Z"), ...options });
  onTestFinished(() => sandbox.close());
  return sandbox;
}

const event = (more: Partial<EventBridgeEvent> = {}): EventBridgeEvent => ({
  version: "0",
  id: "1",
  "detail-type": "Test",
  source: "test",
  account: HOME,
  time: "2030-01-01T00:00:00Z",
  region: "eu-central-1",
  resources: [],
  detail: {},
  ...more,
});
const arn = (id: string) => ({ "Fn::GetAtt": [id, "Arn"] });

/** A cell: a bus of its own that others may send to, and a queue that a rule on each of two buses fills. */
function cell(
  senders: unknown = { AWS: `arn:aws:iam::${MEMBER}:root` },
  allowed: unknown = [arn("Rule"), arn("BusRule")],
): Template {
  const properties = { EventPattern: { source: ["test", "aws.s3"] }, Targets: [{ Id: "queue", Arn: arn("Queue") }] };
  return {
    Resources: {
      Queue: { Type: "AWS::SQS::Queue", Properties: { QueueName: "queue" } },
      Bus: { Type: "AWS::Events::EventBus", Properties: { Name: "cell" } },
      BusPolicy: {
        Type: "AWS::Events::EventBusPolicy",
        Properties: {
          EventBusName: { Ref: "Bus" },
          StatementId: "members",
          Statement: { Effect: "Allow", Principal: senders, Action: "events:PutEvents", Resource: arn("Bus") },
        },
      },
      Rule: { Type: "AWS::Events::Rule", Properties: { Name: "rule", ...properties } },
      BusRule: {
        Type: "AWS::Events::Rule",
        Properties: { Name: "bus-rule", EventBusName: { Ref: "Bus" }, ...properties },
      },
      QueuePolicy: {
        Type: "AWS::SQS::QueuePolicy",
        Properties: {
          Queues: [{ Ref: "Queue" }],
          PolicyDocument: {
            Statement: {
              Effect: "Allow",
              Principal: { Service: "events.amazonaws.com" },
              Action: "sqs:SendMessage",
              Resource: arn("Queue"),
              Condition: { ArnEquals: { "aws:SourceArn": allowed } },
            },
          },
        },
      },
    },
  };
}

/** A member's forwarder to the cell's bus. */
function forwarder(
  target = `arn:aws:events:eu-central-1:${HOME}:event-bus/cell`,
  role: "may" | "may not" | "none" = "may",
): Template {
  return {
    Resources: {
      Role: {
        Type: "AWS::IAM::Role",
        Properties: {
          RoleName: { "Fn::Sub": "forward-${AWS::Region}" },
          AssumeRolePolicyDocument: {
            Statement: { Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Action: "sts:AssumeRole" },
          },
          Policies: [
            {
              PolicyName: "forward",
              PolicyDocument: {
                Statement: {
                  Effect: "Allow",
                  Action: role === "may" ? "events:PutEvents" : "events:Nothing",
                  Resource: target,
                },
              },
            },
          ],
        },
      },
      Rule: {
        Type: "AWS::Events::Rule",
        Properties: {
          Name: "forward",
          EventPattern: { source: [{ prefix: "" }] },
          Targets: [{ Id: "bus", Arn: target, ...(role !== "none" && { RoleArn: arn("Role") }) }],
        },
      },
    },
  };
}

const received = (sandbox: Sandbox): EventBridgeEvent[] =>
  (sandbox.queues.queue ?? []).map(({ body }) => JSON.parse(body));

describe("an event", () => {
  it("reaches the queue by rules of the default bus of its own account and Region, and no others", async () => {
    const sandbox = await start();
    sandbox.deployTemplate(cell());

    sandbox.putEvent(event({ id: "here" }));
    sandbox.putEvent(event({ id: "other source", source: "other" }));
    sandbox.putEvent(event({ id: "other Region", region: "us-east-1" }));
    sandbox.putEvent(event({ id: "other account", account: MEMBER }));
    sandbox.putEvent(event({ id: "cell's bus", account: MEMBER }), {
      bus: "cell",
      account: HOME,
      region: "eu-central-1",
    });
    sandbox.putEvent(event({ id: "by ARN", account: MEMBER }), {
      bus: `arn:aws:events:eu-central-1:${HOME}:event-bus/cell`,
    });

    expect(received(sandbox).map(({ id }) => id)).toEqual(["here", "cell's bus", "by ARN"]);
    expect(sandbox.undelivered).toEqual([]);
  });

  it("of a call in another Region reaches the cell through a forwarder there, as the event it was", async () => {
    const sandbox = await start();
    sandbox.deployTemplate(cell());
    sandbox.createBucket({ name: "far", region: "us-west-2" });
    const enable = () =>
      s3Client(sandbox, "us-west-2").send(
        new PutBucketVersioningCommand({ Bucket: "far", VersioningConfiguration: { Status: "Enabled" } }),
      );

    await enable();
    const before = received(sandbox).length;
    sandbox.deployTemplate(forwarder(), { region: "us-west-2" });
    await enable();

    expect(before).toBe(0);
    expect(received(sandbox)).toMatchObject([
      { region: "us-west-2", account: HOME, detail: { eventName: "PutBucketVersioning" } },
    ]);
  });

  it("that came from another bus is not forwarded again", async () => {
    const sandbox = await start();
    sandbox.deployTemplate(cell());
    const relay = `arn:aws:events:us-east-1:${MEMBER}:event-bus/default`;
    sandbox.deployTemplate(forwarder(relay), { account: MEMBER, region: "us-west-2" });
    sandbox.deployTemplate(forwarder(), { account: MEMBER, region: "us-east-1" });

    sandbox.putEvent(event({ account: MEMBER, region: "us-west-2" }));
    const twice = received(sandbox).length;
    sandbox.putEvent(event({ account: MEMBER, region: "us-east-1" }));

    expect([twice, received(sandbox).length]).toEqual([0, 1]);
  });

  it("of a member's schedule, its heartbeat, reaches the cell's bus by the rule's target", async () => {
    const sandbox = await start();
    const template = forwarder();
    Object.assign(template.Resources.Rule?.Properties ?? {}, {
      EventPattern: { Ref: "AWS::NoValue" },
      ScheduleExpression: "rate(1 hour)",
    });
    const home = cell();
    Object.assign(home.Resources.BusRule?.Properties ?? {}, {
      EventPattern: { source: ["aws.events"], "detail-type": ["Scheduled Event"] },
    });
    sandbox.deployTemplate(home);
    sandbox.deployTemplate(template, { account: MEMBER, region: "us-west-2" });

    sandbox.clock.advance(3_600_000);

    expect(received(sandbox)).toMatchObject([
      { account: MEMBER, region: "us-west-2", resources: [`arn:aws:events:us-west-2:${MEMBER}:rule/forward`] },
    ]);
  });

  it("reaches a topic whose policy lets it, and what its target says instead of itself", async () => {
    const sandbox = await start();
    const Input = JSON.stringify({ said: "so" });
    const statement = { Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Action: "sns:Publish" };
    const template = withTarget({ Ref: "Topic" }, { Input });
    sandbox.deployTemplate({
      Resources: {
        ...template.Resources,
        Topic: { Type: "AWS::SNS::Topic", Properties: { TopicName: "t" } },
        TopicPolicy: {
          Type: "AWS::SNS::TopicPolicy",
          Properties: {
            Topics: [{ Ref: "Topic" }],
            PolicyDocument: { Statement: { ...statement, Resource: { Ref: "Topic" } } },
          },
        },
      },
    });

    sandbox.putEvent(event());

    expect(sandbox.published).toMatchObject([{ topicArn: `arn:aws:sns:eu-central-1:${HOME}:t`, message: Input }]);
  });

  it("reaches a queue again as soon as its rule is enabled, and no more without its target", async () => {
    const sandbox = await start();
    sandbox.deployTemplate(cell());
    const api = new EventBridgeClient(clientConfig(sandbox));

    await api.send(new DisableRuleCommand({ Name: "rule" }));
    sandbox.putEvent(event({ id: "while disabled" }));
    await api.send(new EnableRuleCommand({ Name: "rule" }));
    sandbox.putEvent(event({ id: "enabled" }));
    await api.send(new RemoveTargetsCommand({ Rule: "rule", Ids: ["queue"] }));
    sandbox.putEvent(event({ id: "without target" }));

    expect(received(sandbox).map(({ id }) => id)).toEqual(["enabled"]);
  });
});

describe("a target that does not take the event", () => {
  const fromMember = event({ account: MEMBER });
  const failed = (sandbox: Sandbox) => sandbox.undelivered.map(({ reason }) => reason);

  it.each<[string, Template, Template | undefined, EventBridgeEvent, RegExp | undefined]>([
    ["the queue's policy names the rule", cell(), undefined, event(), undefined],
    [
      "the queue's policy names another rule",
      cell("*", [arn("BusRule")]),
      undefined,
      event(),
      /no resource policy lets .*rule\/rule do sqs:SendMessage/,
    ],
    ["the bus lets the account in", cell(), forwarder(), fromMember, undefined],
    [
      "the bus lets another account in",
      cell({ AWS: STRANGER }),
      forwarder(),
      fromMember,
      /does not let account 444455556666/,
    ],
    ["the forwarder has no role", cell(), forwarder(undefined, "none"), fromMember, /has no RoleArn/],
    [
      "the forwarder's role may not",
      cell(),
      forwarder(undefined, "may not"),
      fromMember,
      /role .*forward-eu-central-1 does not allow/,
    ],
    [
      "there is no such bus",
      cell(),
      forwarder(`arn:aws:events:eu-central-1:${HOME}:event-bus/gone`),
      fromMember,
      /no event bus/,
    ],
    ["there is no such queue", withTarget(`arn:aws:sqs:eu-central-1:${HOME}:gone`), undefined, event(), /no queue/],
    [
      "there is no such function",
      withTarget(`arn:aws:lambda:eu-central-1:${HOME}:function:gone`),
      undefined,
      event(),
      /no function/,
    ],
    ["there is no such topic", withTarget(`arn:aws:sns:eu-central-1:${HOME}:gone`), undefined, event(), /no topic/],
    [
      "it is of a kind not known",
      withTarget(`arn:aws:states:eu-central-1:${HOME}:stateMachine:x`),
      undefined,
      event(),
      /no targets like/,
    ],
  ])("%s", async (_name, home, away, sent, reason) => {
    const sandbox = await start();
    sandbox.deployTemplate(home);
    if (away) sandbox.deployTemplate(away, { account: MEMBER });

    sandbox.putEvent(sent);

    expect(failed(sandbox)).toEqual(reason ? [expect.stringMatching(reason)] : []);
    expect(received(sandbox)).toHaveLength(reason ? 0 : 1);
  });

  it("has its dead-letter queue, where that lets it", async () => {
    const sandbox = await start();
    const template = withTarget("arn:aws:sqs:eu-central-1:111122223333:gone", {
      DeadLetterConfig: { Arn: arn("Queue") },
    });
    sandbox.deployTemplate(template);

    sandbox.putEvent(event({ id: "lost?" }));

    expect(sandbox.queues.queue).toMatchObject([
      {
        body: expect.stringContaining("lost?"),
        attributes: { RULE_ARN: `arn:aws:events:eu-central-1:${HOME}:rule/rule` },
      },
    ]);
  });

  it("takes what an organisation's accounts send when the bus asks for the organisation", async () => {
    const bus = cell("*");
    const statement = bus.Resources.BusPolicy?.Properties?.Statement as Record<string, unknown>;
    statement.Condition = { StringEquals: { "aws:PrincipalOrgID": "o-one" } };
    const sandbox = await start({ organization: { id: "o-one", accounts: [HOME, MEMBER] } });
    sandbox.deployTemplate(bus);
    for (const account of [MEMBER, STRANGER]) sandbox.deployTemplate(forwarder(), { account });

    for (const account of [MEMBER, STRANGER]) sandbox.putEvent(event({ account }));

    expect(received(sandbox).map(({ account }) => account)).toEqual([MEMBER]);
    expect(failed(sandbox)).toHaveLength(1);
  });
});

function withTarget(target: unknown, more: Record<string, unknown> = {}): Template {
  const template = cell();
  Object.assign(template.Resources.Rule?.Properties ?? {}, { Targets: [{ Id: "one", Arn: target, ...more }] });
  return template;
}

describe("a call that only reads", () => {
  const call = (readOnly: unknown) =>
    event({ "detail-type": "AWS API Call via CloudTrail", detail: { eventName: "ListBuckets", readOnly } });

  it.each<[unknown, string, number]>([
    [true, "ENABLED", 0],
    ["true", "ENABLED", 0],
    [false, "ENABLED", 1],
    [true, "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", 1],
    [false, "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", 1],
    [true, "DISABLED", 0],
    [false, "DISABLED", 0],
  ])("readOnly %s comes to a rule that is %s %i times", async (readOnly, State, times) => {
    const sandbox = await start();
    const template = cell();
    (template.Resources.Rule as { Properties: Record<string, unknown> }).Properties.State = State;
    sandbox.deployTemplate(template);
    sandbox.putEvent(call(readOnly));
    expect(sandbox.queues.queue ?? []).toHaveLength(times);
  });
});
