import type { EventBridgeEvent } from "../cloudtrail.ts";
import { ServiceError } from "../errors.ts";
import type { TrailHistory } from "../trail-history.ts";
import type { ControlHandler } from "./control-service.ts";
import { type Input, isRecord, readList } from "./input.ts";
import { takePage } from "./page.ts";

const MAX_RESULTS = 50;

/** What each attribute is compared with. */
const ATTRIBUTES: Readonly<Record<string, (event: FoundEvent) => readonly unknown[]>> = {
  AccessKeyId: ({ AccessKeyId }) => [AccessKeyId],
  EventId: ({ EventId }) => [EventId],
  EventName: ({ EventName }) => [EventName],
  EventSource: ({ EventSource }) => [EventSource],
  ReadOnly: ({ ReadOnly }) => [ReadOnly],
  Username: ({ Username }) => [Username],
  ResourceName: ({ Resources }) => Resources.map(({ ResourceName }) => ResourceName),
  ResourceType: ({ Resources }) => Resources.map(({ ResourceType }) => ResourceType),
};

type FoundEvent = ReturnType<typeof describeEvent>;

/**
 * LookupEvents: the account's management events of the call's Region and the last 90 days, the latest first. Of calls that change nothing
 * only STS's are recorded. No Insights events.
 */
export function lookupHandler(history: TrailHistory): ControlHandler {
  return {
    arn: () => "*",
    run(input, { account, region, at }) {
      if (!history.admit({ account, region }, at)) throw refused("ThrottlingException", "Rate exceeded");
      if (input.EventCategory !== undefined) {
        throw refused("UnsupportedOperationException", "The sandbox does not implement EventCategory of LookupEvents");
      }
      const limit = input.MaxResults ?? MAX_RESULTS;
      if (!(Number.isInteger(limit) && Number(limit) >= 1 && Number(limit) <= MAX_RESULTS)) {
        throw refused("InvalidMaxResultsException", `MaxResults has to be from 1 to ${MAX_RESULTS}`);
      }
      const isWithin = readTimes(input);
      const isMeant = readAttribute(input);
      const found = history
        .find({ account, region }, at)
        .filter(({ time }) => isWithin(Date.parse(time)))
        .map(describeEvent)
        .filter(isMeant);
      const token = readToken(input);
      const { items, next } = takePage(found, token, limit, "InvalidNextTokenException");
      return { Events: items, ...(next && { NextToken: `${next}/${fingerprint(input)}` }) };
    },
  };
}

function describeEvent({ time, detail }: EventBridgeEvent) {
  const identity = isRecord(detail.userIdentity) ? detail.userIdentity : {};
  return {
    EventId: detail.eventID,
    EventName: detail.eventName,
    ReadOnly: String(detail.readOnly),
    AccessKeyId: identity.accessKeyId,
    EventTime: Date.parse(time) / 1000,
    EventSource: detail.eventSource,
    Username: usernameOf(identity),
    Resources: readList(detail.resources)
      .filter(isRecord)
      .map(({ type, ARN }) => ({ ResourceType: type, ResourceName: ARN })),
    CloudTrailEvent: JSON.stringify(detail),
  };
}

/** Of a role's session it is the session's name. */
function usernameOf({ type, userName, arn }: Record<string, unknown>): unknown {
  if (type === "Root") return "root";
  return type === "AssumedRole"
    ? String(arn ?? "")
        .split("/")
        .at(-1)
    : userName;
}

function readTimes({ StartTime, EndTime }: Input): (at: number) => boolean {
  const start = StartTime === undefined ? -Infinity : Number(StartTime) * 1000;
  const end = EndTime === undefined ? Infinity : Number(EndTime) * 1000;
  if (!(start <= end)) throw refused("InvalidTimeRangeException", "The start time is after the end time.");
  return (at) => at >= start && at <= end;
}

function readAttribute({ LookupAttributes }: Input): (event: FoundEvent) => boolean {
  const [attribute, ...others] = readList(LookupAttributes).filter(isRecord);
  if (!attribute) return () => true;
  const { AttributeKey, AttributeValue } = attribute;
  const valuesOf = ATTRIBUTES[String(AttributeKey)];
  if (others.length > 0 || !valuesOf || typeof AttributeValue !== "string") {
    throw refused("InvalidLookupAttributesException", "One lookup attribute with a known key and a value is expected.");
  }
  return (event) => valuesOf(event).includes(AttributeValue);
}

/** A token goes with the parameters it was given for. */
function readToken(input: Input): string | undefined {
  if (input.NextToken === undefined) return undefined;
  const [, index, print] = /^(\d+)\/(.*)$/.exec(String(input.NextToken)) ?? [];
  if (print === fingerprint(input)) return index;
  throw refused(
    "InvalidNextTokenException",
    "Invalid token, or one that was used in a request with different parameters.",
  );
}

function fingerprint({ NextToken: _, ...parameters }: Input): string {
  return Buffer.from(JSON.stringify(parameters)).toString("base64url");
}

function refused(code: string, message: string): ServiceError {
  return new ServiceError(code, message, 400);
}
