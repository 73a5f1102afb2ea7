import type { SQSEvent } from "aws-lambda";
import { cut } from "../cut.ts";
import { type ControlEvents, parseCloudTrailRecord } from "./cloudtrail.ts";
import { parseConfigNotification, parseConfigurationItem } from "./config.ts";
import type { Parsed } from "./parsed.ts";
import { asList, asObject, asText, describeShape, type Json, parseJson } from "./shapes.ts";

export type { Parsed } from "./parsed.ts";

const EXPECTED =
  "expected an EventBridge event, a CloudTrail record, an AWS Config item or notification, an SNS notification, or an SQS batch of these";

/** Wrappers nest (SQS around SNS around EventBridge around Config); deeper than this nobody nests in good faith. */
const MAX_DEPTH = 6;

/**
 * Unknown JSON -> signals. Unwraps whatever AWS delivers an event in and normalises each event found.
 *
 * Total: every input ends in signals, `ignored` (understood, nothing for these controls) or `refused` (not understood, with what
 * was found and what was expected); it never throws. No side effects.
 *
 * @param input anything: a parsed Lambda event or the parsed body of a message
 * @param events what the controls listen to
 */
export function parseSignals(input: unknown, events: ControlEvents, depth = 0): readonly Parsed[] {
  if (depth > MAX_DEPTH) return [{ kind: "refused", reason: `wrapped more than ${MAX_DEPTH} times; ${EXPECTED}` }];
  const event = asObject(input);
  if (event === undefined) return [{ kind: "refused", reason: `found ${describeShape(input)}; ${EXPECTED}` }];
  const unwrap = (inner: unknown) => parseSignals(inner, events, depth + 1);
  // As it stands only: what lies in a wrapper was written by others.
  const direct = depth === 0 ? events.direct?.(event, events.ownAccount) : undefined;
  if (direct !== undefined) return direct;

  if (Array.isArray(event.Records) && event.Records.length === 0) {
    return [{ kind: "refused", reason: `found an empty list of Records; ${EXPECTED}` }];
  }
  if (Array.isArray(event.Records)) return event.Records.flatMap((record) => parseRecord(record, events, unwrap));
  if (event["detail-type"] !== undefined && event.source !== undefined) return parseEventBridge(event, events, unwrap);
  if (event.Type === "Notification" && event.Message !== undefined)
    return unwrapText(event.Message, "SNS Message", unwrap);
  if (asText(event.invokingEvent) !== undefined) return unwrapText(event.invokingEvent, "invokingEvent", unwrap);
  if (asText(event.messageType) !== undefined) return parseConfigNotification(event, events);
  if (asText(event.eventName) !== undefined && asText(event.eventSource) !== undefined) {
    return parseCloudTrailRecord(event, undefined, events);
  }
  if (asText(event.resourceType) !== undefined && asText(event.configurationItemStatus) !== undefined) {
    return [parseConfigurationItem(event, events)];
  }
  return [{ kind: "refused", reason: `found ${describeShape(input)}; ${EXPECTED}` }];
}

/** One element of `Records`: an SQS message, an SNS delivery, an S3 notification, or a record of a CloudTrail log file. */
function parseRecord(
  input: unknown,
  events: ControlEvents,
  unwrap: (inner: unknown) => readonly Parsed[],
): readonly Parsed[] {
  const record = asObject(input);
  if (record === undefined)
    return [{ kind: "refused", reason: `found ${describeShape(input)} in Records; ${EXPECTED}` }];
  if (record.eventSource === "aws:sqs") return unwrapText(record.body, "SQS body", unwrap);
  const sns = asObject(record.Sns);
  if (sns !== undefined) return unwrapText(sns.Message, "SNS Message", unwrap);
  if (record.eventSource === "aws:s3") {
    if (events.notification !== undefined) return [events.notification(record, events.ownAccount)];
    return [
      {
        kind: "ignored",
        reason: `no control listens to the S3 notification ${cut(asText(record.eventName) ?? "", 80)}`,
      },
    ];
  }
  return unwrap(record);
}

function unwrapText(text: unknown, where: string, unwrap: (inner: unknown) => readonly Parsed[]): readonly Parsed[] {
  // Recorded notifications carry the message parsed at times; AWS itself always sends text.
  if (asObject(text) !== undefined) return unwrap(text);
  const source = asText(text);
  if (source === undefined) return [{ kind: "refused", reason: `${where} is ${describeShape(text)}; ${EXPECTED}` }];
  const parsed = parseJson(source);
  if (!parsed.ok) return [{ kind: "refused", reason: `${where} is not JSON; ${EXPECTED}` }];
  return unwrap(parsed.value);
}

function parseEventBridge(
  event: Json,
  events: ControlEvents,
  unwrap: (inner: unknown) => readonly Parsed[],
): readonly Parsed[] {
  const type = cut(asText(event["detail-type"]) ?? describeShape(event["detail-type"]), 120);
  const detail = asObject(event.detail);
  if (detail === undefined) {
    return [
      {
        kind: "refused",
        reason: `the EventBridge event "${type}" has no detail: found ${describeShape(event.detail)}; expected an object`,
      },
    ];
  }
  if (type.endsWith("via CloudTrail")) {
    const doubt = forged(event, detail);
    return doubt === undefined ? parseCloudTrailRecord(detail, event, events) : [{ kind: "refused", reason: doubt }];
  }
  if (type === "Config Configuration Item Change") return unwrap(detail);
  const noticed = events.notice?.(type, event, detail);
  if (noticed !== undefined) return [noticed].flat();
  return [
    { kind: "ignored", reason: `no control listens to the event "${type}" of ${cut(asText(event.source) ?? "?", 80)}` },
  ];
}

/**
 * Why a CloudTrail record was not put into its envelope by AWS; undefined when it may have been. Whoever may put events on a bus writes the record as he likes, but neither
 * a source that begins with `aws.` nor another account than his own.
 */
function forged(event: Json, record: Json): string | undefined {
  const [source, service] = [asText(event.source), asText(record.eventSource)?.replace(".amazonaws.com", "")];
  if (service !== undefined && source !== `aws.${service}`)
    return `an event of ${cut(source ?? "no source", 80)} holds a record of ${cut(service, 80)}; expected the source aws.${cut(service, 80)}`;
  const [account, recipient] = [asText(event.account), asText(record.recipientAccountId)];
  if (account !== undefined && recipient !== undefined && account !== recipient)
    return `an event of account ${cut(account, 20)} holds a record of ${cut(recipient, 20)}'s; expected one of its own`;
  return undefined;
}

/** The messages of a batch one by one, so that one bad message can't hold back its neighbours. */
export function isSqsBatch(input: unknown): input is SQSEvent {
  const records = asList(asObject(input)?.Records);
  return records.length > 0 && records.every((record) => asObject(record)?.eventSource === "aws:sqs");
}
