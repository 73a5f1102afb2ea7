import { describe, expect, it, onTestFinished } from "vitest";
import { type Sandbox, startSandbox, type Template } from "../../sandbox/index.ts";

/** Publish as the SDK does, which would only be needed for this. */
async function publish(
  sandbox: Sandbox,
  parameters: Record<string, string>,
): Promise<{ status: number; text: string }> {
  const { AWS_ACCESS_KEY_ID, AWS_REGION } = sandbox.environment();
  const response = await fetch(sandbox.endpoint, {
    method: "POST",
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${AWS_ACCESS_KEY_ID}/20300101/${AWS_REGION}/sns/aws4_request`,
    },
    body: new URLSearchParams({ Action: "Publish", Version: "2010-03-31", ...parameters }),
  });
  return { status: response.status, text: await response.text() };
}

function template(source: unknown, RawMessageDelivery = false): Template {
  const queue = { "Fn::GetAtt": ["Queue", "Arn"] };
  const statement = {
    Effect: "Allow",
    Principal: { Service: "sns.amazonaws.com" },
    Action: "sqs:SendMessage",
    Resource: queue,
    Condition: { ArnEquals: { "aws:SourceArn": source } },
  };
  return {
    Resources: {
      Topic: { Type: "AWS::SNS::Topic", Properties: { TopicName: "topic" } },
      Queue: { Type: "AWS::SQS::Queue", Properties: { QueueName: "queue" } },
      Policy: {
        Type: "AWS::SQS::QueuePolicy",
        Properties: { Queues: [{ Ref: "Queue" }], PolicyDocument: { Statement: statement } },
      },
      Subscription: {
        Type: "AWS::SNS::Subscription",
        Properties: { TopicArn: { Ref: "Topic" }, Protocol: "sqs", Endpoint: queue, RawMessageDelivery },
      },
    },
  };
}

async function start(from: Template): Promise<Sandbox> {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  sandbox.deployTemplate(from);
  return sandbox;
}

const TopicArn = "arn:aws:sns:eu-central-1:111122223333:topic";
const bodies = (sandbox: Sandbox) => (sandbox.queues.queue ?? []).map(({ body }) => body);

describe("a topic", () => {
  it("gives its queues what was published, in its envelope", async () => {
    const sandbox = await start(template({ Ref: "Topic" }));

    const { status, text } = await publish(sandbox, { TopicArn, Message: "m", Subject: "s" });

    expect([status, text]).toEqual([200, expect.stringMatching(/<MessageId>.{36}<\/MessageId>/)]);
    expect(bodies(sandbox).map((body) => JSON.parse(body))).toMatchObject([
      { Type: "Notification", TopicArn, Subject: "s", Message: "m" },
    ]);
    expect(sandbox.published).toMatchObject([{ topicArn: TopicArn, subject: "s", message: "m" }]);
  });

  it("gives the message alone where that is asked for", async () => {
    const sandbox = await start(template({ Ref: "Topic" }, true));

    await publish(sandbox, { TopicArn, Message: "m" });

    expect(bodies(sandbox)).toEqual(["m"]);
  });

  it("gives nothing to a queue whose policy doesn't let it", async () => {
    const sandbox = await start(template("arn:aws:sns:eu-central-1:111122223333:other"));

    await publish(sandbox, { TopicArn, Message: "m" });

    expect([bodies(sandbox), sandbox.published.length]).toEqual([[], 1]);
  });

  it("has to be there", async () => {
    const sandbox = await start({ Resources: {} });

    expect(await publish(sandbox, { TopicArn, Message: "m" })).toMatchObject({ status: 404 });
  });
});
