import { type Input, isRecord, readText } from "./control-plane/input.ts";
import { ServiceError } from "./errors.ts";

/** A message attribute, as it is published. */
export interface MessageAttribute {
  readonly type: string;
  readonly value: string;
}

/** What a Publish asks to be sent. */
export interface TopicMessage {
  readonly message: string;
  /** The text of each protocol that has one of its own, where MessageStructure is `json`. */
  readonly perProtocol: Readonly<Record<string, string>> | undefined;
  readonly subject: string | undefined;
  readonly attributes: Readonly<Record<string, MessageAttribute>>;
  readonly groupId: string | undefined;
  readonly deduplicationId: string | undefined;
}

/** Body and attributes together; a topic's MaximumMessageSize may raise it, which is not known here. */
const MAX_BYTES = 262_144;
const ID = /^[A-Za-z0-9!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]{1,128}$/;
const ATTRIBUTE_NAME = /^(?!(?:AWS|Amazon)\.)(?!\.)(?!.*\.\.)[\w.-]{1,256}(?<!\.)$/i;

/**
 * A Publish as SNS checks it. Stricter than the service where its pages differ: a subject is ASCII (its older pages), and less than 100 characters.
 *
 * @throws ServiceError InvalidParameter, InvalidParameterValue
 * @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
 */
export function parseMessage(input: Input, isFifo: boolean): TopicMessage {
  const message = readText(input, "Message");
  if (message === undefined) throw invalid("Empty message");
  const subject = typeof input.Subject === "string" ? input.Subject : undefined;
  if (subject !== undefined && !/^[!-~][ -~]{0,98}$/.test(subject)) throw invalid("Subject");
  const attributes = readAttributes(input);
  const sizes = Object.entries(attributes).map(([name, { type, value }]) => bytes(name) + bytes(type) + bytes(value));
  if (bytes(message) + sizes.reduce((sum, size) => sum + size, 0) > MAX_BYTES) throw invalid("Message too long");
  const groupId = readId(input, "MessageGroupId");
  const deduplicationId = readId(input, "MessageDeduplicationId");
  if (isFifo && groupId === undefined) throw invalid("The MessageGroupId parameter is required for FIFO topics");
  if (!isFifo && deduplicationId !== undefined)
    throw invalid(
      "MessageDeduplicationId Reason: The request includes a parameter that is not valid for this queue type",
    );
  return { message, perProtocol: readStructure(input, message), subject, attributes, groupId, deduplicationId };
}

function readStructure(input: Input, message: string): Readonly<Record<string, string>> | undefined {
  if (input.MessageStructure === undefined) return undefined;
  if (input.MessageStructure !== "json") throw invalid("MessageStructure");
  const parsed = ((): unknown => {
    try {
      return JSON.parse(message);
    } catch {
      return undefined;
    }
  })();
  if (!isRecord(parsed)) throw invalid("Message Structure - JSON message body failed to parse");
  const texts = Object.entries(parsed).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  if (!texts.some(([protocol]) => protocol === "default"))
    throw invalid("Message Structure - No default entry in JSON message body");
  return Object.fromEntries(texts);
}

/** `MessageAttributes.entry.N.Name` and `.Value.DataType`, `.Value.StringValue`. */
function readAttributes(input: Input): Readonly<Record<string, MessageAttribute>> {
  const numbers = new Set(
    Object.keys(input).flatMap((key) => /^MessageAttributes\.entry\.(\d+)\./.exec(key)?.[1] ?? []),
  );
  return Object.fromEntries(
    [...numbers].map((number) => {
      const entry = `MessageAttributes.entry.${number}`;
      const name = String(input[`${entry}.Name`] ?? "");
      const type = String(input[`${entry}.Value.DataType`] ?? "");
      const value = String(input[`${entry}.Value.StringValue`] ?? input[`${entry}.Value.BinaryValue`] ?? "");
      if (!ATTRIBUTE_NAME.test(name)) throw wrong(`The message attribute name '${name}' is not valid`);
      if (!/^(String|Number|Binary|String\.Array)(\.[\w.-]+)?$/.test(type))
        throw wrong(`The message attribute '${name}' has an invalid message attribute type`);
      if (value === "") throw wrong(`The message attribute '${name}' must contain non-empty message attribute value`);
      if (type === "Number" && !Number.isFinite(Number(value)))
        throw wrong(`Could not cast message attribute '${name}' value to number.`);
      return [name, { type, value }];
    }),
  );
}

function readId(input: Input, member: string): string | undefined {
  const id = readText(input, member);
  if (id !== undefined && !ID.test(id)) throw invalid(member);
  return id;
}

function invalid(what: string): ServiceError {
  return new ServiceError("InvalidParameter", `Invalid parameter: ${what}`, 400);
}

function wrong(message: string): ServiceError {
  return new ServiceError("ParameterValueInvalid", message, 400);
}

function bytes(text: string): number {
  return Buffer.byteLength(text, "utf8");
}
