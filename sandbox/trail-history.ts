import type { EventBridgeEvent } from "./cloudtrail.ts";
import type { IamUser } from "./iam/users.ts";
import type { IdSequence } from "./sequence.ts";

/** A record that is in CloudTrail's history without a call. */
export interface TrailEventSeed {
  /** For example `sts.amazonaws.com`. */
  eventSource: string;
  eventName: string;
  /** Epoch ms; now by default. */
  at?: number;
  /** The sandbox's own by default. */
  account?: string;
  /** The sandbox's own by default, us-east-1 for IAM. */
  region?: string;
  /** Signed with this key, by the user it belongs to as far as it is known. */
  accessKeyId?: string;
  /** Further members of the record, over those made up: userIdentity, requestParameters, responseElements, resources, errorCode, readOnly. */
  record?: Readonly<Record<string, unknown>>;
}

/** What LookupEvents is told to do that AWS does by itself. */
export interface LookupLimits {
  /** Calls a second for each account and Region, AWS's being 2; any number by default. */
  perSecond: number;
  /** How long an event takes until it is found; none by default, where AWS takes minutes. */
  delayMs: number;
}

/** Management events of every account and Region, in the order they came. */
export interface TrailHistory {
  limits: LookupLimits;
  add(event: EventBridgeEvent): void;
  /** What happened in an account and Region within the last 90 days, the latest first. */
  find(place: { account: string; region: string }, now: number): readonly EventBridgeEvent[];
  /** Whether one more call is within the limit; counts it if so. */
  admit(place: { account: string; region: string }, now: number): boolean;
}

const KEPT_MS = 90 * 86_400_000;

/** Nothing has happened yet. */
export function createTrailHistory(): TrailHistory {
  const events: EventBridgeEvent[] = [];
  const calls = new Map<string, number[]>();
  const limits: LookupLimits = { perSecond: Infinity, delayMs: 0 };
  return {
    limits,
    add(event) {
      if (event.detail.eventCategory === "Management") events.push(event);
    },
    find: ({ account, region }, now) =>
      events
        .filter((event) => event.account === account && event.region === region)
        .map((event) => ({ event, at: Date.parse(event.time) }))
        .filter(({ at }) => at >= now - KEPT_MS && at <= now - limits.delayMs)
        .reverse()
        .sort((a, b) => b.at - a.at)
        .map(({ event }) => event),
    admit({ account, region }, now) {
      const place = `${account}/${region}`;
      const recent = (calls.get(place) ?? []).filter((at) => now - at < 1000);
      const isWithin = recent.length < limits.perSecond;
      calls.set(place, isWithin ? [...recent, now] : recent);
      return isWithin;
    },
  };
}

/** A seed as the event it would have been. `ownerOf` tells whose a key is. */
export function describeTrailSeed(
  seed: TrailEventSeed,
  home: { account: string; region: string; now: number },
  ids: IdSequence,
  ownerOf: (accessKeyId: string) => IamUser | undefined,
): EventBridgeEvent {
  const { eventSource, eventName, account = home.account, at = home.now, accessKeyId } = seed;
  const region = seed.region ?? (eventSource === "iam.amazonaws.com" ? "us-east-1" : home.region);
  const time = `${new Date(at).toISOString().slice(0, 19)}Z`;
  const owner = accessKeyId === undefined ? undefined : ownerOf(accessKeyId);
  const user = owner && { principalId: owner.id, arn: owner.arn, userName: owner.name };
  const detail = {
    eventVersion: "1.11",
    userIdentity: { type: "IAMUser", accountId: account, ...(accessKeyId !== undefined && { accessKeyId }), ...user },
    eventTime: time,
    eventSource,
    eventName,
    awsRegion: region,
    sourceIPAddress: "198.51.100.7",
    userAgent: "aws-cli/2.34.0",
    requestParameters: null,
    responseElements: null,
    requestID: ids.uuid(),
    eventID: ids.uuid(),
    readOnly: false,
    resources: [],
    eventType: "AwsApiCall",
    managementEvent: true,
    recipientAccountId: account,
    eventCategory: "Management",
    ...seed.record,
  };
  return {
    version: "0",
    id: ids.uuid(),
    "detail-type": "AWS API Call via CloudTrail",
    source: `aws.${eventSource.split(".")[0]}`,
    account,
    time,
    region,
    resources: [],
    detail,
  };
}
