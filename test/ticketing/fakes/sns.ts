import { AwsQueryProtocol } from "@aws-sdk/core/protocols";
import { type Sandbox, startSandbox } from "../../../sandbox/index.ts";
import type { Setting } from "../../../shared/ticketing/tracker.ts";
import type { FakeVendor, Kept } from "../adapter-contract.ts";
import { awsOfSandbox, type CheckInput, serverOf } from "./aws.ts";
import { mistakesOf } from "./aws-schema.ts";

/** A message by the SDK's own schema of it. A queue with raw delivery gets nothing of one with more attributes: https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html */
export const checkMessage: CheckInput = (schema, input) => {
  const { MessageAttributes = {} } = input as { readonly MessageAttributes?: object };
  const isTooMany = Object.keys(MessageAttributes).length > 10;
  return [...mistakesOf(schema, input), ...(isTooMany ? ["/MessageAttributes must be at most 10"] : [])];
};

export const HOME = "arn:aws:sns:eu-central-1:111122223333";

/** The sandbox's topics, with a queue that gets what is published. */
export interface FakeSns extends FakeVendor {
  readonly sandbox: Sandbox;
  readonly asked: readonly [account: string, region: string][];
  /** What the queue behind the topic `tickets` has got. */
  received(): readonly { readonly Message: string; readonly MessageAttributes?: Record<string, unknown> }[];
}

export async function openSns(settings: Readonly<Record<string, Setting>> = {}): Promise<FakeSns> {
  const sandbox = await startSandbox();
  const asked: [string, string][] = [];
  const topic = (TopicName: string) => ({ Type: "AWS::SNS::Topic", Properties: { TopicName } });
  sandbox.deployTemplate({
    Resources: { Topic: topic("tickets"), Fifo: topic("tickets.fifo"), ...queueBehind("Topic") },
  });
  sandbox.deployTemplate({ Resources: { Far: topic("far") } }, { region: "eu-west-1" });
  let begun = 0;
  const messages = () =>
    sandbox.published.slice(begun).map((each) => ({ ...each, key: each.attributes.findingId?.value ?? "" }));
  const server = serverOf(sandbox, "AuthorizationError");
  return {
    sandbox,
    asked,
    server,
    url: sandbox.endpoint,
    settings: { topic: `${HOME}:tickets`, ...settings },
    secret: {},
    aws: awsOfSandbox(sandbox, { server, protocol: AwsQueryProtocol, check: checkMessage, asked }),
    received: () => (sandbox.queues.mails ?? []).map(({ body }) => JSON.parse(body)),
    clear() {
      begun = sandbox.published.length;
    },
    /** A topic keeps nothing: a finding's ticket is what its messages have said of it. */
    kept: () =>
      [...Map.groupBy(messages(), ({ key }) => key)].map(([key, all]): Kept => {
        const last = all.at(-1);
        const text = all.map(({ message, subject }) => `${subject}\n${message}`).join("\n\n");
        const isResolved = last?.attributes.change?.value === "resolve";
        return { key, state: isResolved ? "resolved" : "open", title: last?.subject ?? "", text, notes: [] };
      }),
  };
}

function queueBehind(topic: string) {
  const queue = { "Fn::GetAtt": ["Mails", "Arn"] };
  return {
    Mails: { Type: "AWS::SQS::Queue", Properties: { QueueName: "mails" } },
    MailsPolicy: {
      Type: "AWS::SQS::QueuePolicy",
      Properties: {
        Queues: [{ Ref: "Mails" }],
        PolicyDocument: {
          Statement: {
            Effect: "Allow",
            Principal: { Service: "sns.amazonaws.com" },
            Action: "sqs:SendMessage",
            Resource: queue,
          },
        },
      },
    },
    MailsOfTopic: {
      Type: "AWS::SNS::Subscription",
      Properties: { TopicArn: { Ref: topic }, Protocol: "sqs", Endpoint: queue },
    },
  };
}
