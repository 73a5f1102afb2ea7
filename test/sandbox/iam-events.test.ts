import { IAMClient, UpdateAccessKeyCommand } from "@aws-sdk/client-iam";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type EventBridgeEvent, type Sandbox, startSandbox, type Template } from "../../sandbox/index.ts";
import { clientConfig } from "./clients.ts";

const HOME = "111122223333";
const KEY = "AKIAANNANNANNANNANN1";
const BUS = `arn:aws:events:eu-central-1:${HOME}:event-bus/cell`;

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox({ startAt: Date.parse("2030-06-01T00:00:00Z"), schedule: { serial: true } });
  sandbox.createUser({ name: "ann", keys: [{ id: KEY }] });
});
afterEach(() => sandbox.close());

const arn = (id: string) => ({ "Fn::GetAtt": [id, "Arn"] });
const service = { Effect: "Allow", Principal: { Service: "events.amazonaws.com" } };

/** A queue that a rule fills with what comes to a bus. */
function listener(rule: Record<string, unknown>): Template {
  const EventPattern = { source: [{ prefix: "aws." }] };
  return {
    Resources: {
      Queue: { Type: "AWS::SQS::Queue", Properties: { QueueName: "queue" } },
      Bus: { Type: "AWS::Events::EventBus", Properties: { Name: "cell" } },
      QueuePolicy: {
        Type: "AWS::SQS::QueuePolicy",
        Properties: {
          Queues: [{ Ref: "Queue" }],
          PolicyDocument: { Statement: { ...service, Action: "sqs:SendMessage", Resource: arn("Queue") } },
        },
      },
      Rule: {
        Type: "AWS::Events::Rule",
        Properties: { Name: "rule", EventPattern, Targets: [{ Id: "queue", Arn: arn("Queue") }], ...rule },
      },
    },
  };
}

/** What sends a Region's events about IAM to the cell's bus. */
const forwarder: Template = {
  Resources: {
    Role: {
      Type: "AWS::IAM::Role",
      Properties: {
        RoleName: "forward",
        AssumeRolePolicyDocument: { Statement: { ...service, Action: "sts:AssumeRole" } },
        Policies: [
          {
            PolicyName: "send",
            PolicyDocument: { Statement: { Effect: "Allow", Action: "events:PutEvents", Resource: BUS } },
          },
        ],
      },
    },
    Rule: {
      Type: "AWS::Events::Rule",
      Properties: {
        Name: "forward",
        EventPattern: { source: ["aws.iam"] },
        Targets: [{ Id: "cell", Arn: BUS, RoleArn: arn("Role") }],
      },
    },
  },
};

const deactivate = () =>
  new IAMClient(clientConfig(sandbox)).send(
    new UpdateAccessKeyCommand({ UserName: "ann", AccessKeyId: KEY, Status: "Inactive" }),
  );
const received = (queue = "queue"): EventBridgeEvent[] =>
  (sandbox.queues[queue] ?? []).map(({ body }) => JSON.parse(body));

describe("a change of a key", () => {
  it("is heard by rules in us-east-1", async () => {
    sandbox.deployTemplate(listener({}), { region: "us-east-1" });
    await deactivate();
    expect(sandbox.events).toMatchObject([{ region: "us-east-1", detail: { eventName: "UpdateAccessKey" } }]);
    expect(received(`arn:aws:sqs:us-east-1:${HOME}:queue`)).toEqual(sandbox.events);
  });

  it("is not heard in the cell's Region, unless a rule in us-east-1 sends it to the cell's bus", async () => {
    sandbox.deployTemplate(listener({ EventBusName: "cell" }));
    await deactivate();
    expect(received()).toEqual([]);
    sandbox.deployTemplate(forwarder, { region: "us-east-1" });
    await deactivate();
    expect(received()).toMatchObject([{ region: "us-east-1", detail: { eventName: "UpdateAccessKey" } }]);
  });
});

describe("a management event that only reads", () => {
  const reads = async () => {
    for (const eventName of ["ListBuckets", "PutBucketPolicy"]) {
      const record = { readOnly: eventName === "ListBuckets", errorCode: "AccessDenied" };
      const seed = { eventSource: "s3.amazonaws.com", eventName, accessKeyId: KEY, record };
      sandbox.putEvent(sandbox.recordEvent(seed));
    }
    await new STSClient(clientConfig(sandbox)).send(
      new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${HOME}:role/deployer`, RoleSessionName: "build" }),
    );
    return received().map(({ detail }) => detail.eventName);
  };

  it.each([
    [["PutBucketPolicy"], "ENABLED"],
    [["ListBuckets", "PutBucketPolicy", "AssumeRole"], "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"],
    [[], "DISABLED"],
  ])("comes as %j to a rule that is %s", async (names, State) => {
    sandbox.deployTemplate(listener({ State }));
    expect(await reads()).toEqual(names);
  });
});
