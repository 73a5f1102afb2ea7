import { createHash } from "node:crypto";
import { ServiceError } from "./errors.ts";
import { type CallContext, failure, type Permission, type Service, type WireResponse } from "./operation.ts";
import { deleteMessage, type Queue, type QueueMessage, type QueueStore } from "./queues.ts";

type Input = Record<string, unknown>;
type Handler = (queue: Queue, input: Input, context: CallContext) => unknown;

const MAX_BODY_BYTES = 1024 * 1024;
const MAX_BATCH = 10;
const READS = new Set(["GetQueueUrl"]);

/** Messages of standard queues over the JSON protocol. A queue that is not there is refused; CreateQueue and templates make them. */
export function createSqs(queues: QueueStore, createId: () => string): Service {
  const send = (queue: Queue, input: Input, at: number) => {
    const body = String(input.MessageBody ?? "");
    if (body === "" || Buffer.byteLength(body) > MAX_BODY_BYTES) {
      const reason = `Message must be at least one and at most ${MAX_BODY_BYTES} bytes long.`;
      throw invalid(`One or more parameters are invalid. Reason: ${reason}`);
    }
    const messageId = createId();
    const delay = input.DelaySeconds === undefined ? {} : { delayMs: Number(input.DelaySeconds) * 1000 };
    queues.send(queue, { messageId, body, attributes: readAttributes(input.MessageAttributes), at, ...delay });
    return { MessageId: messageId, MD5OfMessageBody: md5(body) };
  };
  const handlers: Record<string, Handler> = {
    CreateQueue: (queue) => ({ QueueUrl: queue.url }),
    GetQueueUrl: (queue) => ({ QueueUrl: queue.url }),
    SendMessage: (queue, input, { at }) => send(queue, input, at),
    SendMessageBatch: (queue, input, { at }) => eachEntry(input, (entry) => send(queue, entry, at)),
    ReceiveMessage(queue, input, { at }) {
      const messages = queues.receive(queue, Number(input.MaxNumberOfMessages ?? 1), at);
      if (input.VisibilityTimeout !== undefined) {
        for (const message of messages) message.visibleAt = at + Number(input.VisibilityTimeout) * 1000;
      }
      return { Messages: messages.map(writeMessage) };
    },
    DeleteMessage(queue, input) {
      deleteMessage(queue, findReceipt(queue, input));
      return {};
    },
    DeleteMessageBatch: (queue, input) =>
      eachEntry(input, (entry) => {
        deleteMessage(queue, findReceipt(queue, entry));
        return {};
      }),
    ChangeMessageVisibility(queue, input, { at }) {
      findReceipt(queue, input).visibleAt = at + Number(input.VisibilityTimeout) * 1000;
      queues.touched();
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
      const [owner, resource = ""] = input.QueueUrl
        ? String(input.QueueUrl).split("/").slice(-2)
        : [undefined, String(input.QueueName ?? "")];
      if (resource === "") throw invalid("A queue's name or URL is expected");
      const accountOf = ({ principal }: CallContext): string =>
        owner ?? String(input.QueueOwnerAWSAccountId ?? principal.account);
      const find = (context: CallContext): Queue => {
        const account = accountOf(context);
        if (name === "CreateQueue")
          return queues.open(resource, { account, region: context.region }, settingsOf(input));
        const queue = queues.find(resource, account, context.region);
        if (queue) return queue;
        throw new ServiceError("QueueDoesNotExist", "The specified queue does not exist.", 400);
      };
      return {
        name,
        resource,
        input,
        actions: [actionOf(name)],
        permissions: (context): Permission[] => {
          const account = accountOf(context);
          return [
            { action: actionOf(name), resource: `arn:aws:sqs:${context.region}:${account}:${resource}`, account },
          ];
        },
        mutating: !READS.has(name),
        ...(name === "CreateQueue" ? {} : { locate: (context: CallContext) => void find(context) }),
        // The rest are data events.
        ...(name === "CreateQueue" && {
          trail: (context: CallContext) => describeTrail(input, context, accountOf(context)),
        }),
        execute: (context) => answer(200, handler(find(context), input, context), {}),
      };
    },
  };
}

/** A batch is asked for as its single call is. */
function actionOf(name: string): string {
  return `sqs:${name.replace(/Batch$/, "")}`;
}

function settingsOf(input: Input): Record<string, unknown> {
  return (input.Attributes ?? {}) as Record<string, unknown>;
}

function describeTrail(input: Input, { region }: CallContext, account: string) {
  const names = Object.entries(input).map(([name, value]) => [name.charAt(0).toLowerCase() + name.slice(1), value]);
  return {
    eventSource: "sqs.amazonaws.com",
    region,
    account,
    requestParameters: Object.fromEntries(names),
    resources: [],
  };
}

/** Do `work` for each entry of a batch; what is refused is told as failed. Throws for a batch that is empty or too long. */
function eachEntry(input: Input, work: (entry: Input) => object): unknown {
  const entries = (input.Entries ?? []) as Input[];
  if (entries.length === 0)
    throw new ServiceError("EmptyBatchRequest", "There should be at least one entry in the request.", 400);
  if (entries.length > MAX_BATCH)
    throw new ServiceError(
      "TooManyEntriesInBatchRequest",
      `Maximum number of entries per request are ${MAX_BATCH}.`,
      400,
    );
  const Successful: object[] = [];
  const Failed: object[] = [];
  for (const entry of entries) {
    try {
      Successful.push({ Id: entry.Id, ...work(entry) });
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      Failed.push({ Id: entry.Id, SenderFault: true, Code: error.code, Message: error.message });
    }
  }
  return { Successful, Failed };
}

function invalid(message: string): ServiceError {
  return new ServiceError("InvalidParameterValue", message, 400);
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
