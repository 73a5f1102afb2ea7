import { createHash } from "node:crypto";
import { ServiceError } from "./errors.ts";
import { type CallContext, failure, type Service, type WireResponse } from "./operation.ts";
import { deleteMessage, type Queue, type QueueMessage, receiveMessages, sendMessage } from "./queues.ts";

type Input = Record<string, unknown>;
type Handler = (queue: Queue, input: Input, context: CallContext) => unknown;

const MAX_BODY_BYTES = 1024 * 1024;
const READS = new Set(["GetQueueUrl"]);

/** The little of SQS that a Lambda needs to put messages aside and a test to look at them. Standard queues, JSON protocol. */
export function createSqs(openQueue: (name: string) => Queue, createId: () => string): Service {
  const handlers: Record<string, Handler> = {
    CreateQueue: (queue) => ({ QueueUrl: queue.url }),
    GetQueueUrl: (queue) => ({ QueueUrl: queue.url }),
    SendMessage(queue, input, { at }) {
      const body = String(input.MessageBody ?? "");
      if (body === "" || Buffer.byteLength(body) > MAX_BODY_BYTES) {
        const reason = `Message must be at least one and at most ${MAX_BODY_BYTES} bytes long.`;
        throw new ServiceError("InvalidParameterValue", `One or more parameters are invalid. Reason: ${reason}`, 400);
      }
      const messageId = createId();
      const delayMs = Number(input.DelaySeconds ?? 0) * 1000;
      sendMessage(queue, { messageId, body, attributes: readAttributes(input.MessageAttributes), at, delayMs });
      return { MessageId: messageId, MD5OfMessageBody: md5(body) };
    },
    ReceiveMessage(queue, input, { at }) {
      const messages = receiveMessages(queue, Number(input.MaxNumberOfMessages ?? 1), at, createId);
      if (input.VisibilityTimeout !== undefined) {
        for (const message of messages) message.visibleAt = at + Number(input.VisibilityTimeout) * 1000;
      }
      return { Messages: messages.map(writeMessage) };
    },
    DeleteMessage(queue, input) {
      deleteMessage(queue, findReceipt(queue, input));
      return {};
    },
    ChangeMessageVisibility(queue, input, { at }) {
      findReceipt(queue, input).visibleAt = at + Number(input.VisibilityTimeout) * 1000;
      queue.arrived();
      return {};
    },
  };
  return {
    name: "sqs",
    throttled: failure("RequestThrottled", "Rate exceeded", 400),
    broken: failure("InternalFailure", "The request processing has failed because of an unknown error.", 500),
    unknownKey: failure("InvalidClientTokenId", "The security token included in the request is invalid.", 403),
    fail: ({ code, message, status, headers, members }) =>
      answer(status, { __type: `com.amazonaws.sqs#${code}`, message, ...members }, headers),
    parse(request) {
      const name = request.headers["x-amz-target"]?.split(".").at(-1) ?? "";
      const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
      if (!handler) throw new ServiceError("InvalidAction", `The sandbox does not implement sqs ${name}`, 400);
      const input: Input = JSON.parse(request.body.toString("utf8"));
      const resource =
        String(input.QueueName ?? input.QueueUrl ?? "")
          .split("/")
          .at(-1) ?? "";
      if (resource === "") throw new ServiceError("InvalidParameterValue", "A queue's name or URL is expected", 400);
      return {
        name,
        resource,
        input,
        actions: [`sqs:${name}`],
        mutating: !READS.has(name),
        execute: (context) => answer(200, handler(openQueue(resource), input, context), {}),
      };
    },
  };
}

function findReceipt(queue: Queue, input: Input): QueueMessage {
  const message = queue.messages.find(({ receiptHandle }) => receiptHandle === input.ReceiptHandle);
  if (!message) throw new ServiceError("ReceiptHandleIsInvalid", "The specified receipt handle isn't valid.", 400);
  return message;
}

function readAttributes(value: unknown): Record<string, string> {
  const entries = Object.entries((value ?? {}) as Record<string, { StringValue?: string; BinaryValue?: string }>);
  return Object.fromEntries(
    entries.map(([name, { StringValue, BinaryValue }]) => [name, StringValue ?? BinaryValue ?? ""]),
  );
}

function writeMessage(message: QueueMessage): Record<string, unknown> {
  const attributes = Object.entries(message.attributes).map(([name, text]) => [
    name,
    { DataType: "String", StringValue: text },
  ]);
  return {
    MessageId: message.messageId,
    ReceiptHandle: message.receiptHandle,
    Body: message.body,
    MD5OfBody: md5(message.body),
    Attributes: systemAttributes(message),
    ...(attributes.length > 0 ? { MessageAttributes: Object.fromEntries(attributes) } : {}),
  };
}

/** What SQS says about a message besides its content. */
export function systemAttributes(message: QueueMessage): Record<string, string> {
  return {
    ApproximateReceiveCount: String(message.receiveCount),
    SentTimestamp: String(Math.round(message.sentAt)),
    SenderId: "sandbox",
    ApproximateFirstReceiveTimestamp: String(Math.round(message.firstReceivedAt ?? message.sentAt)),
  };
}

/** SQS names the MD5 of bodies so that clients can check them. */
export function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}

function answer(status: number, content: unknown, headers: Record<string, string>): WireResponse {
  return {
    status,
    headers: { "content-type": "application/x-amz-json-1.0", ...headers },
    body: JSON.stringify(content),
  };
}
