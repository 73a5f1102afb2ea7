import { describe, expect, it, onTestFinished } from "vitest";
import { type Sandbox, startSandbox, type Template } from "../../sandbox/index.ts";

/** Publish as the SDK does, with what it would not send. */
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

  it("answers in its own Region only", async () => {
    const sandbox = await start(template({ Ref: "Topic" }));

    expect(
      await publish(sandbox, { TopicArn: "arn:aws:sns:eu-west-1:111122223333:topic", Message: "m" }),
    ).toMatchObject({ status: 400, text: expect.stringContaining("Invalid parameter: TopicArn") });
  });

  it("gives queues the attributes, but not of a message with a text for each protocol", async () => {
    const sandbox = await start(template({ Ref: "Topic" }));
    const attribute = {
      "MessageAttributes.entry.1.Name": "n",
      "MessageAttributes.entry.1.Value.DataType": "Number",
      "MessageAttributes.entry.1.Value.StringValue": "1",
    };

    await publish(sandbox, { TopicArn, Message: "m", ...attribute });
    await publish(sandbox, {
      TopicArn,
      Message: JSON.stringify({ default: "d", sqs: "q" }),
      MessageStructure: "json",
      ...attribute,
    });

    expect(sandbox.published.map(({ attributes }) => attributes)).toEqual([
      { n: { type: "Number", value: "1" } },
      { n: { type: "Number", value: "1" } },
    ]);
    const [first, second] = bodies(sandbox).map((body) => JSON.parse(body));
    expect(first).toMatchObject({ Message: "m", MessageAttributes: { n: { Type: "Number", Value: "1" } } });
    expect(second.Message).toBe("q");
    expect(second).not.toHaveProperty("MessageAttributes");
  });

  it.each<[string, Record<string, string>, string]>([
    ["no message", {}, "Empty message"],
    ["a subject with a line break", { Message: "m", Subject: "a\nb" }, "Subject"],
    ["a subject of 100 letters", { Message: "m", Subject: "x".repeat(100) }, "Subject"],
    ["a subject beyond ASCII", { Message: "m", Subject: "\u00e9" }, "Subject"],
    ["more than 256 KB", { Message: "\u00e9".repeat(131_073) }, "Message too long"],
    ["a structure that is none", { Message: "m", MessageStructure: "xml" }, "MessageStructure"],
    ["a structure that can't be read", { Message: "m", MessageStructure: "json" }, "JSON message body failed to parse"],
    ["a structure without default", { Message: '{"sqs":"q"}', MessageStructure: "json" }, "No default entry"],
    ["a default that is no text", { Message: '{"default":1}', MessageStructure: "json" }, "No default entry"],
    ["a group with a space", { Message: "m", MessageGroupId: "a b" }, "MessageGroupId"],
    [
      "a deduplication id, for it is no FIFO topic",
      { Message: "m", MessageDeduplicationId: "a" },
      "not valid for this",
    ],
    ["an attribute without a value", attributeOf("n", "String", ""), "non-empty"],
    ["an attribute of a strange type", attributeOf("n", "Text", "a"), "invalid message attribute type"],
    ["an attribute with AWS's name", attributeOf("AWS.n", "String", "a"), "name"],
    ["an attribute that is no number", attributeOf("n", "Number", "a"), "number"],
  ])("refuses %s", async (_, parameters, text) => {
    const sandbox = await start(template({ Ref: "Topic" }));

    expect(await publish(sandbox, { TopicArn, ...parameters })).toMatchObject({
      status: 400,
      text: expect.stringContaining(text),
    });
    expect(sandbox.published).toEqual([]);
  });

  it("that is FIFO wants a group and an id, and takes the same message once in five minutes", async () => {
    const sandbox = await start({
      Resources: { Topic: { Type: "AWS::SNS::Topic", Properties: { TopicName: "topic.fifo", FifoTopic: true } } },
    });
    const send = (parameters: Record<string, string>) =>
      publish(sandbox, { TopicArn: `${TopicArn}.fifo`, Message: "m", ...parameters });

    expect(await send({})).toMatchObject({ status: 400, text: expect.stringContaining("MessageGroupId") });
    expect(await send({ MessageGroupId: "g" })).toMatchObject({ text: expect.stringContaining("ContentBased") });
    const both = { MessageGroupId: "g", MessageDeduplicationId: "d" };
    const ids = [await send(both), await send(both)].map(({ text }) => /<MessageId>(.*)<.MessageId>/.exec(text)?.[1]);
    sandbox.clock.advance(300_000);
    await send(both);

    expect(ids[0]).toBe(ids[1]);
    expect(sandbox.published).toHaveLength(2);
  });
});

function attributeOf(name: string, type: string, value: string): Record<string, string> {
  const entry = "MessageAttributes.entry.1";
  return {
    Message: "m",
    [`${entry}.Name`]: name,
    [`${entry}.Value.DataType`]: type,
    [`${entry}.Value.StringValue`]: value,
  };
}
