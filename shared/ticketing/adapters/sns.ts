import type { PublishCommandInput, SNSClient } from "@aws-sdk/client-sns";
import { awsOf, deliveryErrorOf } from "../aws-delivery.ts";
import type { Ticket } from "../ticket.ts";
import { type AdapterDefinition, DeliveryError, TOPICS, type TrackerPorts, type TrackerRoute } from "../tracker.ts";
import { documentOf, humanText, idOf, shortText, subjectOf, type Told } from "./sns-text.ts";

const TOPIC = /^arn:aws[a-z-]*:sns:([a-z0-9-]+):\d{12}:([\w-]{1,256}(?:\.fifo)?)$/;

interface Topic {
  readonly arn: string;
  readonly region: string;
  readonly name: string;
  readonly isFifo: boolean;
}

/**
 * Messages on a topic of SNS: what happens to a ticket is published, and who subscribes makes of it what they like. Nothing can be searched or changed, so that the same opening twice
 * is two messages, with the same id; a FIFO topic drops the second for five minutes.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
 */
export const sns: AdapterDefinition = {
  name: "sns",
  url: { use: "none", meaning: "the topic's ARN says where it is" },
  secret: {},
  settings: {
    topic: {
      type: "text",
      isRequired: true,
      meaning: "The topic's ARN, such as arn:aws:sns:eu-central-1:111122223333:cordon-tickets-alerts",
    },
    message: {
      type: "text",
      oneOf: ["text", "json", "each"],
      meaning:
        "What subscribers get: the text that people read (default); the JSON document; or `each` its own: queues, functions and web hooks the document, telephones one line, others the text. With `each`, SNS passes no message attributes on, so that no subscription can filter by them",
    },
  },
  example: { secret: {}, settings: { topic: "arn:aws:sns:eu-central-1:111122223333:cordon-tickets-alerts" } },
  check(route) {
    const { arn, region, name } = topicOf(route) ?? {};
    if (arn === undefined || region === undefined || name === undefined)
      return [{ at: "topic", message: noTopic(route) }];
    const { places } = route;
    return [
      ...(name.startsWith(TOPICS)
        ? []
        : [{ at: "topic", message: `found the topic "${name}", expected a name that begins with ${TOPICS}` }]),
      ...(places.includes(region)
        ? []
        : [
            {
              at: "topic",
              message: `found a topic in ${region}, expected one where the route lies: ${listOf(places)}`,
            },
          ]),
    ];
  },
  make(route, ports) {
    // Kept for the container's life.
    let client: Promise<SNSClient> | undefined;
    const publish = async (ticket: Ticket, told: Told): Promise<void> => {
      const topic = topicOf(route);
      if (topic === undefined) throw new DeliveryError("never", noTopic(route));
      const what = `Publish to ${topic.name} in ${topic.region}`;
      const aws = awsOf(ports, "sns");
      try {
        const { PublishCommand } = await import("@aws-sdk/client-sns");
        client ??= clientIn(topic.region, aws);
        const sent = await (await client).send(new PublishCommand(messageOf(ticket, told, topic, route)));
        if (!sent.MessageId) throw new DeliveryError("later", `${what}: an answer without MessageId`, { isWide: true });
      } catch (error) {
        client = undefined;
        throw deliveryErrorOf(error, what, true);
      }
    };
    return {
      async open(ticket) {
        await publish(ticket, { change: "open" });
        return { id: ticket.key, state: "open" };
      },
      async change(remote, ticket, { kind, note }) {
        // A message can't be changed, and one more is not silent.
        if (kind === "update" && note === undefined) return remote;
        await publish(ticket, { change: kind, note });
        return kind === "update" ? remote : { ...remote, state: kind === "resolve" ? "resolved" : "open" };
      },
    };
  },
};

/** In the topic's Region, with the function's own rights: a topic of another account lets it in by its policy. */
async function clientIn(region: string, { account, configFor }: NonNullable<TrackerPorts["aws"]>): Promise<SNSClient> {
  const { SNSClient } = await import("@aws-sdk/client-sns");
  return new SNSClient({ ...(await configFor(account, region)), region });
}

function topicOf({ settings: { topic } }: TrackerRoute): Topic | undefined {
  const [arn, region, name] = TOPIC.exec(String(topic ?? "")) ?? [];
  if (arn === undefined || region === undefined || name === undefined) return undefined;
  return { arn, region, name, isFifo: name.endsWith(".fifo") };
}

function noTopic({ settings: { topic } }: TrackerRoute): string {
  return `settings.topic is no ARN of a topic: ${String(topic).slice(0, 200)}`;
}

function listOf(places: readonly string[]): string {
  return `${places.slice(0, 5).join(", ")}${places.length > 5 ? ", ..." : ""}`;
}

/** One message as it is published. Pure. */
function messageOf(
  ticket: Ticket,
  told: Told,
  { arn, isFifo }: Topic,
  { settings }: TrackerRoute,
): PublishCommandInput {
  const text = humanText(ticket, told);
  const json = JSON.stringify(documentOf(ticket, told));
  const each = { default: text, sms: shortText(ticket), lambda: json, sqs: json, https: json, http: json };
  return {
    TopicArn: arn,
    Subject: subjectOf(ticket),
    ...(settings.message === "each"
      ? { Message: JSON.stringify(each), MessageStructure: "json" }
      : { Message: settings.message === "json" ? json : text }),
    MessageAttributes: attributesOf(ticket, told),
    ...(isFifo && { MessageGroupId: ticket.key, MessageDeduplicationId: idOf(ticket, told.change) }),
  };
}

/** What subscriptions filter by. Ten at most: a queue with raw delivery gets nothing of a message with more. */
function attributesOf({ key, severity, state, version, isWaiting, labels }: Ticket, { change }: Told) {
  const { control, account, region } = labels;
  const texts = { findingId: key, change, severity, state, control, account, region, waiting: String(isWaiting) };
  return {
    ...Object.fromEntries(
      Object.entries(texts)
        .filter(([, StringValue]) => StringValue !== "")
        .map(([name, StringValue]) => [name, { DataType: "String", StringValue }]),
    ),
    version: { DataType: "Number", StringValue: String(version) },
  };
}
