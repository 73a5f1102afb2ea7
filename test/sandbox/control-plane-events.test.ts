import {
  DeleteEventBusCommand,
  DeleteRuleCommand,
  DescribeEventBusCommand,
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  EventBridgeClient,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  PutPermissionCommand,
  PutRuleCommand,
  type PutRuleCommandInput,
  PutTargetsCommand,
  RemovePermissionCommand,
  RemoveTargetsCommand,
} from "@aws-sdk/client-eventbridge";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { clientConfig, failureOf } from "./clients.ts";

const PLACE = { account: "111122223333", region: "eu-central-1" };
const ARN = "arn:aws:events:eu-central-1:111122223333:rule/cordon-guard";
const BUS_ARN = "arn:aws:events:eu-central-1:111122223333:event-bus/cordon";
const QUEUE = "arn:aws:sqs:eu-central-1:111122223333:cordon-guard";

let sandbox: Sandbox;
let events: EventBridgeClient;
beforeEach(async () => {
  sandbox = await startSandbox();
  events = new EventBridgeClient(clientConfig(sandbox));
  sandbox.registry.put({
    ...PLACE,
    type: "AWS::Events::Rule",
    identifier: ARN,
    arn: ARN,
    properties: {
      Name: "cordon-guard",
      EventPattern: { source: ["aws.s3"] },
      State: "ENABLED",
      Targets: [{ Id: "queue", Arn: QUEUE }],
    },
  });
  sandbox.registry.put({
    ...PLACE,
    type: "AWS::Events::EventBus",
    identifier: "cordon",
    arn: BUS_ARN,
    properties: { Name: "cordon" },
  });
});
afterEach(() => sandbox.close());

/** A queue that rules may fill; returns its ARN. */
const openQueue = (name: string): string => {
  const url = sandbox.createQueue(name);
  const arn = `arn:aws:sqs:eu-central-1:111122223333:${name}`;
  const send = { Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Action: "sqs:SendMessage" };
  sandbox.registry.put({
    ...PLACE,
    type: "AWS::SQS::QueuePolicy",
    identifier: "policy",
    arn: "policy",
    properties: { Queues: [url], PolicyDocument: { Statement: [{ ...send, Resource: arn }] } },
  });
  return arn;
};
const configured = () => sandbox.registry.find("AWS::Events::Rule", ARN, PLACE.account, PLACE.region)?.properties;
const trail = () => sandbox.events.map(({ source, region, detail }) => [source, region, detail.eventName]);

describe("a rule", () => {
  it("is told as the registry has it", async () => {
    expect(await events.send(new DescribeRuleCommand({ Name: "cordon-guard" }))).toMatchObject({
      Arn: ARN,
      EventBusName: "default",
      EventPattern: '{"source":["aws.s3"]}',
      State: "ENABLED",
    });
    const { Targets } = await events.send(new ListTargetsByRuleCommand({ Rule: "cordon-guard" }));
    expect(Targets).toEqual([{ Id: "queue", Arn: QUEUE }]);
    expect(sandbox.events).toEqual([]);
  });

  it("is disabled and enabled in place, and CloudTrail says so", async () => {
    let changes = 0;
    sandbox.registry.onChange(() => {
      changes += 1;
    });

    await events.send(new DisableRuleCommand({ Name: "cordon-guard" }));
    expect(configured()).toMatchObject({ State: "DISABLED" });
    await events.send(new EnableRuleCommand({ Name: "cordon-guard", EventBusName: "default" }));

    expect(configured()).toMatchObject({ State: "ENABLED", EventPattern: { source: ["aws.s3"] } });
    expect(changes).toBe(2);
    expect(sandbox.events).toMatchObject([
      {
        source: "aws.events",
        account: "111122223333",
        region: "eu-central-1",
        "detail-type": "AWS API Call via CloudTrail",
        detail: {
          eventSource: "events.amazonaws.com",
          eventName: "DisableRule",
          awsRegion: "eu-central-1",
          requestParameters: { name: "cordon-guard" },
          readOnly: false,
        },
      },
      { detail: { eventName: "EnableRule", requestParameters: { name: "cordon-guard", eventBusName: "default" } } },
    ]);
  });

  it("is not deleted while it has targets", async () => {
    const failure = await failureOf(events.send(new DeleteRuleCommand({ Name: "cordon-guard" })));
    expect(failure).toMatchObject({
      name: "ValidationException",
      message: "Rule can't be deleted since it has targets.",
    });

    await events.send(new RemoveTargetsCommand({ Rule: "cordon-guard", Ids: ["queue"] }));
    await events.send(new DeleteRuleCommand({ Name: "cordon-guard" }));

    expect(configured()).toBeUndefined();
    expect(sandbox.events.map(({ detail }) => [detail.eventName, detail.errorCode])).toEqual([
      ["DeleteRule", "ValidationException"],
      ["RemoveTargets", undefined],
      ["DeleteRule", undefined],
    ]);
    expect(sandbox.events[1]?.detail.requestParameters).toEqual({ rule: "cordon-guard", ids: ["queue"] });
  });

  it("put again loses what is left out, and keeps its targets", async () => {
    await events.send(
      new PutRuleCommand({ Name: "cordon-guard", EventPattern: '{"source":["aws.sqs"]}', Description: "new" }),
    );
    await events.send(new PutRuleCommand({ Name: "cordon-guard", ScheduleExpression: "rate(1 hour)" }));

    expect(configured()).toEqual({
      Name: "cordon-guard",
      ScheduleExpression: "rate(1 hour)",
      State: "ENABLED",
      Targets: [{ Id: "queue", Arn: QUEUE }],
    });
  });

  it("is made on a bus of its own, and listed there only", async () => {
    await events.send(
      new PutRuleCommand({ Name: "heartbeat", EventBusName: "cordon", EventPattern: '{"source":["aws.events"]}' }),
    );
    await events.send(
      new PutTargetsCommand({ Rule: "heartbeat", EventBusName: BUS_ARN, Targets: [{ Id: "q", Arn: QUEUE }] }),
    );
    await events.send(
      new PutTargetsCommand({ Rule: "heartbeat", EventBusName: "cordon", Targets: [{ Id: "q", Arn: `${QUEUE}-2` }] }),
    );

    const list = async (EventBusName?: string) =>
      (await events.send(new ListRulesCommand({ EventBusName }))).Rules?.map(({ Arn }) => Arn);
    expect(await list("cordon")).toEqual(["arn:aws:events:eu-central-1:111122223333:rule/cordon/heartbeat"]);
    expect(await list()).toEqual([ARN]);
    const { Targets } = await events.send(new ListTargetsByRuleCommand({ Rule: "heartbeat", EventBusName: "cordon" }));
    expect(Targets).toEqual([{ Id: "q", Arn: `${QUEUE}-2` }]);
    expect(sandbox.events[1]?.detail.requestParameters).toEqual({
      rule: "heartbeat",
      eventBusName: BUS_ARN,
      targets: [{ id: "q", arn: QUEUE }],
    });
  });

  it.each<[string, Partial<PutRuleCommandInput>, string]>([
    [
      "with a pattern EventBridge doesn't know",
      { EventPattern: '{"source":"aws.s3"}' },
      "InvalidEventPatternException",
    ],
    ["with a schedule it doesn't know", { ScheduleExpression: "sometimes" }, "ValidationException"],
    [
      "with a schedule on a bus of its own",
      { EventBusName: "cordon", ScheduleExpression: "rate(1 hour)" },
      "ValidationException",
    ],
    ["without either", {}, "ValidationException"],
  ])("is refused %s", async (_what, input, name) => {
    const put = events.send(new PutRuleCommand({ Name: "new", ...input }));

    expect(await failureOf(put)).toMatchObject({ name });
    expect(sandbox.registry.list("AWS::Events::Rule")).toHaveLength(1);
  });

  it("hears of others, and of its own end no more", async () => {
    openQueue("cordon-guard");
    const EventPattern = '{"source":["aws.events"],"detail":{"eventName":[{"prefix":"Disable"}]}}';
    await events.send(new PutRuleCommand({ Name: "cordon-guard", EventPattern }));
    await events.send(new PutRuleCommand({ Name: "other", ScheduleExpression: "rate(1 hour)" }));

    await events.send(new DisableRuleCommand({ Name: "other" }));
    await events.send(new DisableRuleCommand({ Name: "cordon-guard" }));
    await sandbox.settle();

    const heard = sandbox.queues["cordon-guard"]?.map(({ body }) => JSON.parse(body).detail.requestParameters);
    expect(heard).toEqual([{ name: "other" }]);
  });

  it("of another Region is another rule", async () => {
    const elsewhere = new EventBridgeClient(clientConfig(sandbox, "eu-west-1"));

    const failure = await failureOf(elsewhere.send(new DisableRuleCommand({ Name: "cordon-guard" })));

    expect(failure).toMatchObject({ name: "ResourceNotFoundException" });
    expect(configured()).toMatchObject({ State: "ENABLED" });
    expect(trail()).toEqual([["aws.events", "eu-west-1", "DisableRule"]]);
  });

  it("denied stays, and leaves AccessDenied in the trail", async () => {
    sandbox.deny({ action: "events:DisableRule", resource: "cordon-guard" });

    const failure = await failureOf(events.send(new DisableRuleCommand({ Name: "cordon-guard" })));

    expect(failure).toMatchObject({ name: "AccessDeniedException", $metadata: { httpStatusCode: 400 } });
    expect(configured()).toMatchObject({ State: "ENABLED" });
    expect(sandbox.events[0]?.detail).toMatchObject({ eventName: "DisableRule", errorCode: "AccessDenied" });
  });
});

describe("a bus", () => {
  it("takes and loses permissions", async () => {
    await events.send(
      new PutPermissionCommand({
        EventBusName: "cordon",
        StatementId: "members",
        Action: "events:PutEvents",
        Principal: "444455556666",
      }),
    );
    const policy = async () => (await events.send(new DescribeEventBusCommand({ Name: "cordon" }))).Policy;
    expect(JSON.parse((await policy()) ?? "")).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "members",
          Effect: "Allow",
          Principal: { AWS: "arn:aws:iam::444455556666:root" },
          Action: "events:PutEvents",
          Resource: BUS_ARN,
        },
      ],
    });

    await events.send(new RemovePermissionCommand({ EventBusName: "cordon", StatementId: "members" }));

    expect(await policy()).toBeUndefined();
    expect(sandbox.registry.list("AWS::Events::EventBusPolicy")).toEqual([]);
    expect(trail().map(([, , name]) => name)).toEqual(["PutPermission", "RemovePermission"]);
  });

  it("is not deleted while it has rules, the default one never", async () => {
    await events.send(new PutRuleCommand({ Name: "r", EventBusName: "cordon", EventPattern: '{"source":["shop"]}' }));
    const remove = (Name: string) => events.send(new DeleteEventBusCommand({ Name }));
    expect(await failureOf(remove("cordon"))).toMatchObject({
      name: "ValidationException",
      message: "EventBus can't be deleted since it has rules.",
    });
    expect(await failureOf(remove("default"))).toMatchObject({ name: "ValidationException" });

    await events.send(new DeleteRuleCommand({ Name: "r", EventBusName: "cordon" }));
    await remove("cordon");

    expect(await failureOf(events.send(new DescribeEventBusCommand({ Name: "cordon" })))).toMatchObject({
      name: "ResourceNotFoundException",
    });
  });
});

describe("PutEvents", () => {
  it("puts events on the bus that is named", async () => {
    const arn = openQueue("orders");
    const own = { Rule: "r", EventBusName: "cordon" };
    await events.send(new PutRuleCommand({ Name: "r", EventBusName: "cordon", EventPattern: '{"source":["shop"]}' }));
    await events.send(new PutTargetsCommand({ ...own, Targets: [{ Id: "queue", Arn: arn }] }));
    const entry = (EventBusName: string | undefined, number: number) => ({
      Source: "shop",
      DetailType: "Order",
      Detail: JSON.stringify({ number }),
      ...(EventBusName && { EventBusName }),
    });

    await events.send(new PutEventsCommand({ Entries: [entry("cordon", 1), entry(undefined, 2), entry(BUS_ARN, 3)] }));
    await sandbox.settle();

    expect(sandbox.queues.orders?.map(({ body }) => JSON.parse(body))).toMatchObject([
      { source: "shop", "detail-type": "Order", account: PLACE.account, detail: { number: 1 } },
      { detail: { number: 3 } },
    ]);
  });

  it("takes custom events, refuses AWS's own sources one by one, and leaves no management event", async () => {
    const entry = { Source: "shop", DetailType: "Order", Detail: "{}" };

    const { FailedEntryCount, Entries } = await events.send(
      new PutEventsCommand({
        Entries: [entry, { ...entry, Source: "aws.s3" }, { ...entry, Detail: "[" }, { ...entry, DetailType: "" }],
      }),
    );

    expect(FailedEntryCount).toBe(3);
    expect(Entries).toMatchObject([
      { EventId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      { ErrorCode: "NotAuthorizedForSourceException" },
      { ErrorCode: "MalformedDetail" },
      { ErrorCode: "InvalidArgument" },
    ]);
    expect(sandbox.events).toEqual([]);
  });
});
